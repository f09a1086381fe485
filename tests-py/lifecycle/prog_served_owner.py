"""Prints the process that runs the engine for a forked child, which goes on; then ends, or waits to be killed."""

import os
import sys
import time

import samples
import served

OWNER = os.getpid()


def read_and_stay() -> None:
    samples.read_small()
    print("engine", *served.engines(OWNER), flush=True)
    os.write(written, b"x")
    time.sleep(3)
    samples.read_small()  # by another process, if the parent has ended
    print("read again", flush=True)


samples.read_small()
waiting, written = os.pipe()
served.fork(read_and_stay)
os.read(waiting, 1)
if "stay" in sys.argv:
    time.sleep(60)
print("done", flush=True)
