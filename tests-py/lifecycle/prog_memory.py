"""Bytes are read after forks, by interrupted reads and after they are gone, without a crash."""

import gc
import gzip
import os
import signal
import sys
import time

import numpy as np
import samples
import torch
from torchfits import HduNotFoundError, open, read_batch, read_image, table

HEAD = b"".join(
    card.ljust(80).encode()
    for card in ("SIMPLE  =                    T", "BITPIX  =                   16", "NAXIS   =                    2",
                 "NAXIS1  =                 4096", "NAXIS2  =                 4096", "END")
).ljust(2880)  # fmt: skip
PIXELS = np.arange(4096 * 4096, dtype=">i2")
LARGE = HEAD + PIXELS.tobytes().ljust(-(-2 * 4096 * 4096 // 2880) * 2880, b"\0")
"""32 MiB, mapped by itself: to read it when it is gone ends the process."""


class Interrupted(Exception):
    """What Ctrl-C would raise."""


def interrupt(*_: object) -> None:
    raise Interrupted


def interrupted(source: bytearray, seconds: float) -> bool:
    """Begins a read that ends in an interrupt, unless it is sooner."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        image = read_image(source, dtype=torch.float64)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Interrupted:
        return True
    assert image.shape == (4096, 4096)
    return False


small = samples.SMALL.read_bytes()
child = os.fork()
assert torch.equal(read_image(bytearray(small)), samples.read_small())
if child == 0:
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

hdus = open(small)
lazy = table(small)
child = os.fork()
if child == 0:
    torch.set_num_threads(1)
    for read in (lambda: hdus[0].data, lambda: read_image(bytearray(small)), lambda: read_batch([small])[0]):
        assert torch.equal(read(), torch.arange(64.0 * 64).reshape(64, 64))
    assert torch.equal(read_image(LARGE), torch.from_numpy(PIXELS.astype("i2")).reshape(4096, 4096))
    try:
        lazy.count()
    except HduNotFoundError:
        pass
    else:
        raise AssertionError("no HduNotFoundError")
    del hdus, lazy
    gc.collect()
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

signal.signal(signal.SIGALRM, interrupt)
compressed = gzip.compress(LARGE, 1)
outcomes = []
for turn in range(30):
    seconds = 0.001 * (1 + turn % 15)
    outcomes.append(interrupted(bytearray(compressed if turn % 3 == 0 else LARGE), seconds))
    if turn % 10 == 0:
        gc.collect()
        time.sleep(0.05)
assert any(outcomes)
assert torch.equal(read_image(LARGE), torch.from_numpy(PIXELS.astype("i2")).reshape(4096, 4096))
assert torch.equal(read_image(bytearray(compressed)), torch.from_numpy(PIXELS.astype("i2")).reshape(4096, 4096))
print("done")
