"""Forked DataLoader workers of a process whose JVM runs give what this process reads, and leave nothing behind."""

import os

import samples
import served
import torch
from torch.utils.data import DataLoader
from torchfits import MissingFileError
from torchfits.data import ImageDataset


def forked(dataset: object, **options: object) -> DataLoader:
    return DataLoader(dataset, batch_size=4, num_workers=2, multiprocessing_context="fork", **options)  # pyright: ignore[reportArgumentType]


samples.read_large()

numbers = list(range(100))
for _ in range(2):
    assert [int(number) for batch in forked(numbers) for number in batch] == numbers
assert served.engines(os.getpid()) == []

images = ImageDataset([samples.FOLDER / f"plane-{number:02}.fits" for number in range(16)] * 4)
expected = list(DataLoader(images, batch_size=4))
persistent = forked(images, persistent_workers=True)
for loader in (forked(images), persistent, persistent):
    read = list(loader)
    assert len(read) == len(expected)
    assert all(torch.equal(batch, other) for batch, other in zip(read, expected, strict=True))
(engine,) = served.engines(os.getpid())
del persistent, loader, read
served.await_that(lambda: not served.segments(engine))

try:
    list(forked(ImageDataset([samples.SMALL] * 4 + [samples.FOLDER / "missing.fits"])))
except MissingFileError as error:
    assert "missing.fits: no such file" in str(error)
else:
    raise AssertionError("no MissingFileError")

assert len(served.engines(os.getpid())) <= 1
assert served.segments(os.getpid()) == []
assert len(list(DataLoader(images, batch_size=4))) == 16
print("done")
