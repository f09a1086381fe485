"""The JVM is started by a thread that ends, others race for the start, and the main thread reads at last."""

import sys
import threading

import samples

threads = [threading.Thread(target=samples.read_small) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if sys.argv[2:] == ["main-reads"]:
    samples.exercise()
print("done")
