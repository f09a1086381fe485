"""A process forked after the JVM was started is told so at once, collects its garbage, and ends normally."""

import gc
import os
import sys
from collections.abc import Callable

import samples
from torchfits import EngineForkError, read_batch, read_header


def in_child(body: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        body()
        sys.exit(7)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def use_torchfits() -> None:
    for call in (samples.read_small, lambda: read_header(samples.SMALL), lambda: read_batch([samples.SMALL])):
        try:
            call()
        except EngineForkError as error:
            for way_out in ("forkserver", "spawn", "before the workers are forked", "num_workers=0"):
                assert way_out in str(error), error
        else:
            raise AssertionError("no EngineForkError")


tensor = samples.read_large()
in_child(use_torchfits)
in_child(lambda: [gc.collect() for _ in range(5)])
in_child(lambda: in_child(use_torchfits))
samples.exercise()
print("done")
