"""Ctrl-C ends a long read soon and completely; a signal of the user's own reaches Python."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import samples
import torchfits


def seconds_to_interrupt(read: Callable[[], object], delay: float) -> float:
    sent = 0.0

    def send() -> None:
        nonlocal sent
        sent = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    try:
        threading.Timer(delay, send).start()
        read()
    except KeyboardInterrupt:
        return time.monotonic() - sent
    raise AssertionError("the read ended")


def held() -> tuple[int, int]:
    """Open files, and MB of address space."""
    return len(list(Path("/proc/self/fd").iterdir())), samples.status("VmSize") >> 10


def long_batch() -> None:
    torchfits.read_batch([samples.LONG] * 3, section=samples.FIRST_COLUMN)


def read_for_ever() -> None:
    while True:
        torchfits.read_batch([samples.LARGE] * 4)


samples.exercise()
for read in (samples.read_long, long_batch, read_for_ever):
    seconds_to_interrupt(read, delay=0.3)  # brings what stays: scratches, arenas of the C library
    before = held()
    # The fastest: the limit is the engine's, not that of a busy machine.
    assert min(seconds_to_interrupt(read, delay) for delay in (0.005, 0.01, 0.04, 0.1, 0.2, 0.3)) < 1
    after = held()
    # The engine may keep the file itself open for the next read; a leak would be a descriptor an interrupt.
    assert after[0] <= before[0] + 1, (before, after)
    assert after[1] - before[1] < 100, (before, after)
    samples.exercise()

received: list[int] = []
signal.signal(signal.SIGUSR2, lambda number, _: received.append(number))
os.kill(os.getpid(), signal.SIGUSR2)
samples.exercise()
assert received == [signal.SIGUSR2]
print("done")
