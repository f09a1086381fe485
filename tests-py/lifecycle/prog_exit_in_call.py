"""`os._exit` while engine threads work ends the process at once."""

import os
import threading
import time

import samples

samples.read_small()
threading.Thread(target=samples.read_long).start()
time.sleep(0.3)
print("done", flush=True)
os._exit(0)
