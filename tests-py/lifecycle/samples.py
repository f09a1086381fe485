"""What the programs read: files that the test made in the folder that it names as the first argument."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torchfits

FOLDER = Path(sys.argv[1])
SMALL = FOLDER / "small.fits"
"""float32, 64 x 64: 0, 1, 2, ..."""
LARGE = FOLDER / "large.fits"
"""int16, 2048 x 2048, all 7: engine threads take part."""
LONG = FOLDER / "long.fits"
"""uint8, sparse: its first column is one byte in 64, read one by one, which takes minutes."""
TABLE = FOLDER / "table.fits"
"""Sparse, of zeros: columns X and N, TABLE_ROWS rows."""

TABLE_ROWS = 10_000_000

FIRST_COLUMN = (slice(None), slice(0, 1))


def read_small() -> torch.Tensor:
    """Reads the small image and checks it."""
    image = torchfits.read_image(SMALL)
    assert torch.equal(image, torch.arange(64.0 * 64).reshape(64, 64))
    return image


def read_large() -> torch.Tensor:
    """Reads the large image and checks it."""
    image = torchfits.read_image(LARGE)
    assert image.shape == (2048, 2048)
    assert bool((image == 7).all())
    return image


def read_long() -> None:
    """Reads for minutes."""
    torchfits.read_image(LONG, section=FIRST_COLUMN)


def exercise() -> None:
    """Reads by several threads, and makes Java rely on HotSpot's signal handlers."""
    import jpype

    read_small()
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read_large) for _ in range(12)]
        for _ in range(20):
            jpype.JClass("java.lang.System").gc()
            read_small()
        for read in reads:
            read.result()
    read_small()
    try:
        # HotSpot finds a null by the fault of using it; without its handler the process ends here.
        jpype.JClass("java.lang.String")("a").concat(None)
    except jpype.JException as error:
        assert "NullPointerException" in str(type(error))
        return
    raise AssertionError("no NullPointerException")


def status(field: str) -> int:
    """A number from /proc/self/status, such as Threads or VmRSS (kB)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise KeyError(field)
