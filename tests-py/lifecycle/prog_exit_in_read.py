"""The process ends while daemon threads are in a long read, in short ones, and between them."""

import threading
import time

import samples


def read_for_ever() -> None:
    while True:
        samples.read_small()


samples.read_large()
for target in (samples.read_long, read_for_ever, read_for_ever):
    threading.Thread(target=target, daemon=True).start()
time.sleep(0.5)
print("done")
