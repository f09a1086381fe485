"""The FITS files of one run, written by astropy to memory-backed storage and removed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

if TYPE_CHECKING:
    from types import TracebackType

SHARED_MEMORY = Path("/dev/shm")

#: numpy dtype of each BITPIX.
DTYPES = {8: "u1", 16: "i2", 32: "i4", 64: "i8", -32: "f4", -64: "f8"}

#: numpy dtype and how astropy shall compress, of each kind of tiled image.
TILED: dict[str, tuple[str, dict[str, Any]]] = {
    "RICE_1 int16": ("i2", {"compression_type": "RICE_1"}),
    "RICE_1 int32": ("i4", {"compression_type": "RICE_1"}),
    "RICE_1 int16, 256x256 tiles": ("i2", {"compression_type": "RICE_1", "tile_shape": (256, 256)}),
    "RICE_1 quantised float32": ("f4", {"compression_type": "RICE_1", "quantize_method": 1, "dither_seed": 1}),
    "GZIP_1 int16": ("i2", {"compression_type": "GZIP_1"}),
    "GZIP_2 int16": ("i2", {"compression_type": "GZIP_2"}),
    "PLIO_1 mask": ("u1", {"compression_type": "PLIO_1"}),
    "HCOMPRESS_1 int16": ("i2", {"compression_type": "HCOMPRESS_1"}),
}

#: Formats of the columns C0, C1, ... and number of rows of each kind of table.
TABLES: dict[str, tuple[list[str], int]] = {
    "7 numbers": (["K", "D", "D", "E", "E", "I", "J"], 2_000_000),
    "7 numbers of 1,000 rows": (["K", "D", "D", "E", "E", "I", "J"], 1_000),
    "200 numbers": (["E", "D", "J", "I"] * 50, 100_000),
    "vectors": (["K", "500E", "100D"], 20_000),
    "variable length": (["K", "PE()", "QD()"], 200_000),
    "ASCII": (["I10", "F14.8", "E15.7", "D24.16"], 200_000),
}

#: BITPIX, BSCALE and BZERO of each kind of scaled image. Powers of two: astropy rounds other scales differently.
SCALED: dict[str, tuple[int, float, float]] = {
    "int16 with BSCALE": (16, 0.5, 1000.0),
    "int32 with BSCALE": (32, 0.25, -8.0),
    "uint16": (16, 1.0, 32768.0),
}

#: Formats of the columns of the table that is streamed.
STREAM_FORMS = ("D", "E", "E", "J")

_PATTERN_ELEMENTS = 1 << 20
_BLOCK_BYTES = 2880


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

    def compressed(self, kind: str, side: int) -> str:
        """Path of an image of ``side`` x ``side`` in the tiles of HDU 1; the kinds are those of ``TILED``."""
        path = self.root / f"{kind.replace(' ', '_')}_{side}.fits"
        if not path.exists():
            dtype, options = TILED[kind]
            fits.CompImageHDU(_sky(side, dtype), **options).writeto(path)
        return str(path)

    def compressed_images(self, count: int, side: int) -> list[str]:
        """Paths of images of ``side`` x ``side``, int16 in RICE_1 tiles of HDU 1, no two the same."""
        paths = [self.root / f"rice_{side}_{index:04}.fits" for index in range(count)]
        for index, path in enumerate(paths):
            if not path.exists():
                fits.CompImageHDU(_sky(side, "i2") + np.int16(index), compression_type="RICE_1").writeto(path)
        return [str(path) for path in paths]

    def scaled(self, kind: str, side: int) -> str:
        """Path of an image of ``side`` x ``side`` whose stored values are scaled; the kinds are those of ``SCALED``."""
        path = self.root / f"{kind.replace(' ', '_')}_{side}.fits"
        if not path.exists():
            bitpix, scale, zero = SCALED[kind]
            hdu = fits.PrimaryHDU(np.resize(_pattern(bitpix), (side, side)))
            hdu.header.update(BSCALE=scale, BZERO=zero)
            hdu.writeto(path)
        return str(path)

    def gzipped(self, side: int) -> str:
        """Path of a whole file of an int16 sky, compressed by gzip."""
        path = self.root / f"sky_{side}.fits.gz"
        if not path.exists():
            fits.PrimaryHDU(_sky(side, "i2")).writeto(path)
        return str(path)

    def table(self, kind: str) -> str:
        """Path of a table in HDU 1; the kinds are those of ``TABLES``."""
        path = self.root / f"table_{kind.replace(' ', '_')}.fits"
        if not path.exists():
            forms, rows = TABLES[kind]
            random = np.random.default_rng(rows)
            ascii_table = kind == "ASCII"
            columns = [
                fits.Column(f"C{index}", form, array=_values(random, form, rows), ascii=ascii_table)
                for index, form in enumerate(forms)
            ]
            hdu = fits.TableHDU if ascii_table else fits.BinTableHDU
            hdu.from_columns(columns).writeto(path)
        return str(path)

    def tables(self, kind: str, count: int) -> list[str]:
        """Paths of ``count`` copies of a table; the kinds are those of ``TABLES``."""
        first = Path(self.table(kind))
        paths = [first.with_name(f"{first.stem}_{index:04d}.fits") for index in range(count)]
        for path in paths:
            if not path.exists():
                shutil.copyfile(first, path)
        return [str(path) for path in paths]

    def stream(self, rows: int) -> str:
        """Path of a table of four columns in HDU 1, 20 bytes a row, whose rows repeat themselves."""
        path = self.root / f"stream_{rows}.fits"
        if not path.exists():
            _write_stream(path, rows)
        return str(path)

    def sorted_table(self, rows: int) -> str:
        """Path of a table in HDU 1 of four numbers a row, of which C0 is the row's number; written in parts."""
        path = self.root / f"sorted_{rows}.fits"
        if not path.exists():
            part = 1 << 20
            random = np.random.default_rng(rows)
            table = np.zeros(part, dtype=[("C0", ">f8"), ("C1", ">i8"), ("C2", ">f4"), ("C3", ">i4")])
            for name, form in (("C1", "K"), ("C2", "E"), ("C3", "J")):
                table[name] = _values(random, form, part)
            header = fits.BinTableHDU(table[:1]).header
            header["NAXIS2"] = rows
            with path.open("wb") as file:
                file.write(fits.PrimaryHDU().header.tostring().encode() + header.tostring().encode())
                for first in range(0, rows, part):
                    table["C0"] = np.arange(first, first + part)
                    file.write(table[: rows - first].tobytes())
                file.write(bytes(-file.tell() % 2880))
        return str(path)

    def extensions(self, count: int, side: int) -> str:
        """Path of one file with ``count`` float32 images in HDUs 1 and on."""
        path = self.root / f"mef_{count}_{side}.fits"
        if not path.exists():
            images = [fits.ImageHDU(_sky(side, "f4") + index) for index in range(count)]
            fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
        return str(path)

    def remove(self, paths: list[str]) -> None:
        """Delete files that no later case needs."""
        for path in paths:
            Path(path).unlink()


def _write_stream(path: Path, rows: int) -> None:
    random = np.random.default_rng(rows)
    some = min(rows, _PATTERN_ELEMENTS)
    columns = [
        fits.Column(f"C{index}", form, array=_values(random, form, some)) for index, form in enumerate(STREAM_FORMS)
    ]
    hdu = fits.BinTableHDU.from_columns(columns)
    data = hdu.data.view(np.ndarray).tobytes()
    row_bytes = len(data) // some
    hdu.header["NAXIS2"] = rows
    with path.open("wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode() + hdu.header.tostring().encode())
        for first in range(0, rows, some):
            file.write(data[: min(some, rows - first) * row_bytes])
        file.write(bytes(-rows * row_bytes % _BLOCK_BYTES))


def _values(random: np.random.Generator, form: str, rows: int) -> np.ndarray:
    """What a column of that format holds."""
    if "(" in form:
        cells = np.empty(rows, dtype=object)
        cells[:] = [random.random(count) for count in random.integers(1, 40, rows)]
        return cells
    elements = int(form[:-1]) if form[0].isdigit() else 1
    values = random.random((rows, elements) if elements > 1 else rows)
    return (values * 30_000).astype("i8") if form.strip("0123456789.") in "IJK" else values


def _write_image(path: Path, bitpix: int, side: int, index: int) -> None:
    data = np.resize(_pattern(bitpix), side * side).reshape(side, side)
    data[0, 0] = index % 100
    hdu = fits.PrimaryHDU(data)
    hdu.header.update(_CARDS)
    hdu.header["FRAME"] = (index, "number of the frame")
    hdu.writeto(path)


@cache
def _sky(side: int, dtype: str) -> np.ndarray:
    """Noise and stars as a camera gives them, or (``u1``) a mask of the stars."""
    random = np.random.default_rng(side)
    sky = random.normal(1000, 12, (side, side)).astype("f4")
    rows, columns = random.integers(8, side - 8, (2, side * side // 2000))
    y, x = np.mgrid[-6:7, -6:7]
    star = np.exp(-(x * x + y * y) / 6)
    for row, column, peak in zip(rows, columns, random.exponential(2000, len(rows)), strict=True):
        sky[row - 6 : row + 7, column - 6 : column + 7] += peak * star
    return (sky > 1200).astype("u1") if dtype == "u1" else sky.astype(dtype)


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
