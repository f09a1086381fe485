"""The FITS files of one run, written by astropy to memory-backed storage and removed at the end."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

if TYPE_CHECKING:
    from types import TracebackType

SHARED_MEMORY = Path("/dev/shm")

#: numpy dtype of each BITPIX.
DTYPES = {8: "u1", 16: "i2", 32: "i4", 64: "i8", -32: "f4", -64: "f8"}

_PATTERN_ELEMENTS = 1 << 20


class BenchFiles:
    """A folder of images that lives as long as the ``with`` block."""

    def __enter__(self) -> BenchFiles:
        """Make the folder."""
        parent = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix=f"torchfits-bench-{os.getpid()}-", dir=parent)
        self.root = Path(self._folder.name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the folder and all files in it."""
        self._folder.cleanup()

    def images(self, bitpix: int, side: int, count: int = 1) -> list[str]:
        """Paths of ``count`` different images of ``side`` x ``side`` pixels; those there are kept."""
        paths = [self.root / f"{bitpix}_{side}_{index:04d}.fits" for index in range(count)]
        for index, path in enumerate(paths):
            if not path.exists():
                _write_image(path, bitpix, side, index)
        return [str(path) for path in paths]

    def remove(self, paths: list[str]) -> None:
        """Delete files that no later case needs."""
        for path in paths:
            Path(path).unlink()


def _write_image(path: Path, bitpix: int, side: int, index: int) -> None:
    data = np.resize(_pattern(bitpix), side * side).reshape(side, side)
    data[0, 0] = index % 100
    hdu = fits.PrimaryHDU(data)
    hdu.header.update(_CARDS)
    hdu.header["FRAME"] = (index, "number of the frame")
    hdu.writeto(path)


@cache
def _pattern(bitpix: int) -> np.ndarray:
    random = np.random.default_rng(bitpix % 251)
    dtype = np.dtype(DTYPES[bitpix])
    if dtype.kind == "f":
        return random.standard_normal(_PATTERN_ELEMENTS).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, _PATTERN_ELEMENTS, dtype, endpoint=True)


_CARDS = {
    "OBJECT": ("M 51", "name of the target"),
    "TELESCOP": ("Benchmark 0.6 m", "telescope"),
    "FILTER": ("r", "filter"),
    "EXPTIME": (30.0, "[s] exposure time"),
    "DATE-OBS": ("2024-03-01T04:05:06.789", "start of exposure"),
    "AIRMASS": (1.234, "airmass at start"),
    "GAIN": (1.7, "[e/adu] gain"),
    "RDNOISE": (4.5, "[e] read noise"),
    "GUIDING": (True, "guider locked"),
    "CTYPE1": ("RA---TAN", "axis 1: right ascension"),
    "CTYPE2": ("DEC--TAN", "axis 2: declination"),
    "CRVAL1": (202.469575, "[deg] right ascension at CRPIX"),
    "CRVAL2": (47.195258, "[deg] declination at CRPIX"),
    "CRPIX1": (32.5, "[pix] reference pixel"),
    "CRPIX2": (32.5, "[pix] reference pixel"),
    "CD1_1": (-7.3e-05, "[deg/pix]"),
    "CD1_2": (0.0, "[deg/pix]"),
    "CD2_1": (0.0, "[deg/pix]"),
    "CD2_2": (7.3e-05, "[deg/pix]"),
}
