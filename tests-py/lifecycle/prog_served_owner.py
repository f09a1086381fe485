"""Prints the process that runs the engine for a forked child, which goes on; then ends, or waits to be killed."""

import os
import sys
import time

import samples
import served


def read_and_stay() -> None:
    samples.read_small()
    print("engine", *served.engines(os.getppid()), flush=True)
    time.sleep(3)
    samples.read_small()  # by another process, if the parent has ended
    print("read again", flush=True)


samples.read_small()
child = served.fork(read_and_stay)
if "stay" in sys.argv:
    time.sleep(60)
print("done", flush=True)
