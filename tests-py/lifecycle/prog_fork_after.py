"""A process forked after the JVM was started reads by another process, collects its garbage, and ends normally."""

import gc
import os
import sys
from collections.abc import Callable

import samples
import torch
from torchfits import MissingFileError, read_batch, read_header, read_image


def in_child(body: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)  # as workers do: the threads of OpenMP do not survive a fork either
        body()
        sys.exit(7)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def use_torchfits() -> None:
    samples.read_small()
    samples.read_large()
    assert read_header(samples.SMALL) == header
    batch = torch.zeros(2, 64, 64)
    assert read_batch([samples.SMALL] * 2, out=batch) is batch
    assert torch.equal(batch[1], small)
    try:
        read_image("missing.fits")
    except MissingFileError as error:
        assert str(error) == "missing.fits: no such file", error
    else:
        raise AssertionError("no MissingFileError")


tensor = samples.read_large()
header = read_header(samples.SMALL)
small = samples.read_small()
in_child(use_torchfits)
in_child(lambda: [gc.collect() for _ in range(5)])
in_child(lambda: in_child(use_torchfits))
in_child(lambda: [use_torchfits(), in_child(use_torchfits), use_torchfits()])
samples.exercise()
print("done")
