"""Forked DataLoader workers of a process whose JVM runs give what this process reads, and leave nothing behind."""

import os
from pathlib import Path

import samples
import torch
from torch.utils.data import DataLoader
from torchfits import MissingFileError
from torchfits.data import ImageDataset


def forked(dataset: object, **options: object) -> DataLoader:
    return DataLoader(dataset, batch_size=4, num_workers=2, multiprocessing_context="fork", **options)  # pyright: ignore[reportArgumentType]


def engines() -> list[str]:
    """The processes that run the engine for forked ones of this process."""
    found: list[str] = []
    for folder in Path("/proc").iterdir():
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # no process, or none any more
            continue
        if any(b"torchfits._served" in argument for argument in arguments) and str(os.getpid()).encode() in arguments:
            found.append(folder.name)
    return found


def segments(process: int | str) -> list[str]:
    """The shared memory that a process has open."""
    opened = [link.readlink().name for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()]
    return [name for name in opened if "memfd:torchfits" in name]


samples.read_large()

numbers = list(range(100))
for _ in range(2):
    assert [int(number) for batch in forked(numbers) for number in batch] == numbers
assert engines() == []

images = ImageDataset([samples.FOLDER / f"plane-{number:02}.fits" for number in range(16)] * 4)
expected = list(DataLoader(images, batch_size=4))
persistent = forked(images, persistent_workers=True)
for loader in (forked(images), persistent, persistent):
    read = list(loader)
    assert len(read) == len(expected)
    assert all(torch.equal(batch, other) for batch, other in zip(read, expected, strict=True))
(engine,) = engines()
assert segments(engine) == []
del persistent, loader, read

try:
    list(forked(ImageDataset([samples.SMALL] * 4 + [samples.FOLDER / "missing.fits"])))
except MissingFileError as error:
    assert "missing.fits: no such file" in str(error)
else:
    raise AssertionError("no MissingFileError")

assert engines() == [engine]
assert segments(os.getpid()) == []
assert len(list(DataLoader(images, batch_size=4))) == 16
print("done")
