"""What goes to a GPU, by us and by fitsio: images, and epochs of batches. Prints the table of RESULTS.md's section.

    .venv/bin/python benchmarks/gpu.py

Each library has its turn after the other in one process, ours first read and last timed in no fixed order: rounds
rotate. Worker processes of torch's DataLoader are kept between epochs and started by forkserver.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import fitsio
import torch
import torchfits
from files import BenchFiles
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchfits.data import DataLoader as OwnLoader
from torchfits.data import ImageDataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

GPU = torch.device("cuda")
ROUNDS = 5
WORKERS = (0, 2, 8)


class FitsioImages(Dataset[torch.Tensor]):
    """What a user writes around fitsio."""

    def __init__(self, paths: list[str], hdu: int) -> None:
        """Keep what to read."""
        self.paths = paths
        self.hdu = hdu

    def __len__(self) -> int:
        """Count of files."""
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Image ``index``, from 0."""
        return torch.from_numpy(fitsio.read(self.paths[index], ext=self.hdu))


def seconds(work: Callable[[], object]) -> float:
    """Of the work, all of it done on the GPU."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - started


def medians(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each, in rounds of one turn each, after one that is not timed."""
    for work in works.values():
        work()
    names = list(works)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(ROUNDS):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            found[name].append(seconds(works[name]))
    return {name: statistics.median(times) for name, times in found.items()}


def to_gpu(batches: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Of torch's DataLoader with pinned memory."""
    for batch in batches:
        yield batch.to(GPU, non_blocking=True)


def image_rows(files: BenchFiles) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Milliseconds of one large image."""
    for bitpix in (16, -32):
        (path,) = files.images(bitpix, 6144)
        assert torch.equal(torchfits.read_image(path, device=GPU).cpu(), torch.from_numpy(fitsio.read(path)))
        works: dict[str, Callable[[], object]] = {
            "torchfits": lambda path=path: torchfits.read_image(path, device=GPU),
            "fitsio": lambda path=path: torch.from_numpy(fitsio.read(path)).to(GPU),
        }
        times = medians(works)
        yield f"image: 6144x6144 BITPIX {bitpix}", "ms", {name: 1000 * time for name, time in times.items()}


def sets(files: BenchFiles) -> dict[str, tuple[list[str], int, int]]:
    """Files, HDU and batch size of each kind of training set."""
    return {
        "2,000 files of 64x64 float32, batch 256": (files.images(-32, 64, 2000), 0, 256),
        "400 files of 512x512 float32, batch 32": (files.images(-32, 512, 400), 0, 32),
        "400 files of 512x512 Rice int16, batch 32": (files.compressed_images(400, 512), 1, 32),
    }


def model(batch: torch.Tensor) -> torch.Tensor:
    """One step's work of a small convolutional network, forward and backward."""
    images = batch[:, None].float()
    return NETWORK(images).sum().backward()


NETWORK = nn.Sequential(
    nn.Conv2d(1, 32, 5, stride=2), nn.ReLU(), nn.Conv2d(32, 64, 3, stride=2), nn.ReLU(), nn.Conv2d(64, 64, 3, stride=2)
).to(GPU)


def loader_rows(files: BenchFiles) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Images a second of epochs, of loading alone and with a network between."""
    for name, (paths, hdu, batch_size) in sets(files).items():
        own = OwnLoader(ImageDataset(paths, hdu=hdu, dtype=None), batch_size, shuffle=True, device=GPU)
        loaders: dict[str, Callable[[], Iterable[torch.Tensor]]] = {"torchfits": lambda own=own: own}
        for workers in WORKERS:
            theirs = DataLoader(
                FitsioImages(paths, hdu),
                batch_size,
                shuffle=True,
                num_workers=workers,
                pin_memory=True,
                persistent_workers=workers > 0,
                multiprocessing_context="forkserver" if workers else None,
            )
            loaders[f"fitsio, {workers} workers"] = lambda theirs=theirs: to_gpu(theirs)
        for what, use in (("loading", lambda batch: batch), ("training", model)):
            works: dict[str, Callable[[], object]] = {
                each: lambda make=make, use=use: [use(batch) for batch in make()] and None
                for each, make in loaders.items()
            }
            times = medians(works)
            yield f"{what}: {name}", "images/s", {each: len(paths) / time for each, time in times.items()}
        print(own.report(), file=sys.stderr)


def main() -> None:
    """Print the table."""
    print(f"- GPU: {torch.cuda.get_device_name()}, torch {torch.__version__}, {torch.get_num_threads()} cores\n")
    torchfits.cache.resize(0)  # every epoch decodes, as those of the peers do
    with BenchFiles() as files:
        rows = [*image_rows(files), *loader_rows(files)]
    columns = ["torchfits", "fitsio", *(f"fitsio, {workers} workers" for workers in WORKERS)]
    print("| case | unit | " + " | ".join(columns) + " | vs best peer |")
    print("|---" * (len(columns) + 3) + "|")
    for name, unit, values in rows:
        ours, peers = values["torchfits"], [value for each, value in values.items() if each != "torchfits"]
        ratio = min(peers) / ours if unit == "ms" else ours / max(peers)
        cells: list[Any] = [f"{values[column]:.4g}" if column in values else "-" for column in columns]
        print("| " + " | ".join([name, unit, *cells, f"{ratio:.2f}x"]) + " |")


if __name__ == "__main__":
    main()
