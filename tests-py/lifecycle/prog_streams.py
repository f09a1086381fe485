"""Streams that are under way when the process is forked, when Ctrl-C comes, and when the interpreter ends."""

import gc
import os
import signal
import sys
import threading

import samples
import torchfits
from torchfits import EngineForkError

stream = torchfits.table(samples.TABLE).iter_batches(1 << 20)
next(stream)

child = os.fork()
if child == 0:
    try:
        for _ in stream:  # what was read before the fork, then what was only begun
            pass
    except EngineForkError:
        del stream
        gc.collect()
        sys.exit(7)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7
assert sum(len(batch["N"]) for batch in stream) == samples.TABLE_ROWS - (1 << 20)

for delay in (0.05, 0.2, 0.35):
    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        while True:
            for _ in torchfits.table(samples.TABLE).iter_batches(100_000):
                pass
    except KeyboardInterrupt:
        samples.read_small()

left = torchfits.table(samples.TABLE).iter_batches(100_000)
assert len(next(left)["N"]) == 100_000
print("done")
