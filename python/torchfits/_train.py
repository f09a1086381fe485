"""Makes the JVM's ahead-of-time cache: `python -m torchfits._train FILE`.

A child process reads images and tables of each kind while its JVM records what it loads, a second one makes the cache
of it.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import torch

from torchfits import _engine, _jvm
from torchfits.errors import EngineError, FitsError

_KEPT_CACHES = 3
_SIDES = {64: 600, 1024: 12}  # side of the image in pixels: how often it is read, enough for a profile
_FIRST = (_engine.FIRST_IMAGE, None, 0)
_FORMS = {"B": 1, "I": 2, "J": 4, "K": 8, "E": 4, "D": 8}  # of the columns of a table, with the bytes of each
_FILES, _WINDOWS = 64, 100  # of a window, and windows of each kind
_TABLE = (_engine.FIRST_TABLE, None, 0)
_RICE_SHAPE, _RICE_TIMES = (64, 1024), 20
_RICE_BLOCK = 32
_ROWS = {1000: 100, 100_000: 6}  # rows of the table: how often it is read
_QUERIED_ROWS, _QUERIES = 400_000, 4  # of a table that is large enough for a zone map, and rounds of conditions on it


def make(cache: Path) -> None:
    """Makes a cache and puts it in place of `cache` when it is complete."""
    os.nice(10)
    with tempfile.TemporaryDirectory(dir=cache.parent) as folder:
        recording = Path(folder) / "recording"
        unfinished = Path(folder) / "cache"
        subprocess.run((sys.executable, "-m", __spec__.name, "--record", recording), check=True)
        subprocess.run(_assembling(recording, unfinished), check=True)
        unfinished.replace(cache)
    _remove_old(cache.parent)


def record(recording: Path) -> None:
    """Reads images and tables while the JVM records what it loads and runs."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # the engine's caches: the user's own are left alone
        _jvm.start("-XX:AOTMode=record", f"-XX:AOTConfiguration={recording}")
        _read_everything(Path(folder))


def _assembling(recording: Path, cache: Path) -> list[str]:
    java = _jvm.library_path().parents[2] / "bin" / "java"
    modes = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={recording}", f"-XX:AOTCache={cache}")
    class_path = os.pathsep.join(map(os.fspath, _jvm.class_path()))
    return [os.fspath(java), *_jvm.flags(), *modes, "-cp", class_path]


def _remove_old(folder: Path) -> None:
    """Keeps the newest caches: those of other versions and JDKs that may still be in use."""
    caches = sorted(folder.glob("engine-*.aot"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in caches[_KEPT_CACHES:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".lock").unlink(missing_ok=True)


def _read_everything(folder: Path) -> None:
    for side, times in _SIDES.items():
        for bitpix in (8, 16, 32, 64, -32, -64):
            path = folder / f"{bitpix}-{side}.fits"
            path.write_bytes(_image(bitpix, side))
            _read(str(path), times)
    for rows, times in _ROWS.items():
        path = folder / f"{rows}.fits"
        path.write_bytes(_table(rows))
        _read_table(str(path), times)
    path = folder / "queried.fits"
    path.write_bytes(_table(_QUERIED_ROWS))
    _query(str(path))
    path = folder / "rice.fits"
    path.write_bytes(rice_file(noise(*_RICE_SHAPE)))
    _read(str(path), _RICE_TIMES)
    _read_boxes(str(path), _RICE_TIMES)
    paths = [str(folder / f"{number}.fits") for number in range(_FILES)]
    for path in paths:
        Path(path).write_bytes(_image(-32, 64))
    _engine.read_batch(_engine.Items(paths, [_FIRST], None, None), None)
    _read_windows(paths, 64)
    with contextlib.suppress(FitsError):
        _engine.read_header(str(folder / "missing.fits"), (0, None, 0))
    with contextlib.suppress(EngineError):
        _engine.describe()


def _read(path: str, times: int) -> None:
    for _ in range(times):
        for dtype in (None, "FLOAT32"):
            _engine.read_image(path, _FIRST, section=None, scaled=True, dtype=dtype, general=False)
    _engine.read_image(path, _FIRST, section="1:9,2:7", scaled=True, dtype=None, general=False)
    _engine.read_header(path, (0, None, 0))
    _engine.list_hdus(path)


def _read_windows(paths: list[str], side: int) -> None:
    """Batches of whole images and of boxes, as loaders ask for them: memory is the loader's once a shape is known."""
    whole = torch.stack([torch.arange(len(paths)), torch.zeros(len(paths), dtype=torch.int64)], dim=1)
    box = torch.tensor([8, side, -4, side - 12]).expand(len(whole), 4)
    batches = [len(paths) // 2] * 2
    for number in range(_WINDOWS):
        for items in (whole, torch.cat([whole, box], dim=1)):
            for dtype in (None, "FLOAT32"):
                window = _engine.Window(paths, [_FIRST], items, batches, dtype=dtype, keep_going=True)
                if number > 0:
                    shape = (side, side) if items is whole else (side - 8, side - 8)
                    outs = [torch.empty(count, *shape) for count in batches]
                    window = window._replace(shape=shape, outs=outs)
                _engine.begin_window(window).result()


def _read_boxes(path: str, times: int) -> None:
    """Boxes of a compressed image, whose tiles are kept."""
    items = torch.tensor([0, 0, 8, 40, 100, 132]).repeat(16, 1)
    for _ in range(times):
        window = _engine.Window([path], [_FIRST], items, [len(items)], dtype="FLOAT32", keep_going=True)
        _engine.begin_window(window).result()


def _read_table(path: str, times: int) -> None:
    _engine.describe_table(path, _TABLE)
    for _ in range(times):
        columns = _engine.read_columns(path, _TABLE, None, _engine.Rows())
        _engine.read_columns(path, _TABLE, ["CE", "CD"], _engine.Rows(), "CE < 1 and CJ >= 0")
        numbers = [column.blocks[0] for column in columns]
        _engine.make_numerical_block(numbers, [None] * len(numbers))
        _engine.read_columns(path, _TABLE, None, _engine.Rows(), together=range(len(numbers)))
    _engine.read_columns(path, _TABLE, None, _engine.Rows(slice="10:20:2"))
    _engine.read_columns(path, _TABLE, None, _engine.Rows(numbers=torch.arange(10)))


def _query(path: str) -> None:
    """Conditions on columns of which nothing is known, then of which there is a zone map."""
    for _ in range(_QUERIES):
        _engine.read_columns(path, _TABLE, None, _engine.Rows(), together=range(len(_FORMS)))
        for form in _FORMS:
            _engine.clear_caches(disk=True)
            for _ in range(2):
                _engine.read_columns(path, _TABLE, None, _engine.Rows(), f"C{form} < 5")


def _image(bitpix: int, side: int) -> bytes:
    """A FITS file with an image of zeros."""
    values = {"SIMPLE": "T", "BITPIX": bitpix, "NAXIS": 2, "NAXIS1": side, "NAXIS2": side}
    return _header(values) + _blocks(bytes(abs(bitpix) // 8 * side * side))


def noise(height: int, width: int) -> list[list[int]]:
    """The rows of an image."""
    random = Random(height)
    return [[round(random.gauss(1000, 20)) for _ in range(width)] for _ in range(height)]


def rice_file(rows: list[list[int]]) -> bytes:
    """A FITS file with an image of positive int16, in tiles of one row compressed by Rice."""
    height, width = len(rows), len(rows[0])
    tiles = [_rice_tile(row) for row in rows]
    primary = {"SIMPLE": "T", "BITPIX": 8, "NAXIS": 0}
    values = {"XTENSION": "'BINTABLE'", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 8, "NAXIS2": height}
    values |= {"PCOUNT": sum(map(len, tiles)), "GCOUNT": 1, "TFIELDS": 1}
    values |= {"TTYPE1": "'COMPRESSED_DATA'", "TFORM1": "'1PB'", "ZIMAGE": "T", "ZCMPTYPE": "'RICE_1'"}
    values |= {"ZBITPIX": 16, "ZNAXIS": 2, "ZNAXIS1": width, "ZNAXIS2": height, "ZTILE1": width, "ZTILE2": 1}
    values |= {"ZNAME1": "'BLOCKSIZE'", "ZVAL1": _RICE_BLOCK, "ZNAME2": "'BYTEPIX'", "ZVAL2": 2}
    starts = itertools.accumulate(map(len, tiles), initial=0)
    pointers = b"".join(struct.pack(">ii", len(tile), start) for tile, start in zip(tiles, starts, strict=False))
    return _header(primary) + _header(values) + _blocks(pointers + b"".join(tiles))


def _rice_tile(values: list[int]) -> bytes:
    """The first value, then blocks of differences: how many of the low bits stand as they are, and of each its bits."""
    bits = [f"{values[0]:016b}"]
    differences = [value - before for before, value in itertools.pairwise([values[0], *values])]
    folded = [2 * difference if difference >= 0 else -2 * difference - 1 for difference in differences]
    for start in range(0, len(folded), _RICE_BLOCK):
        block = folded[start : start + _RICE_BLOCK]
        low = max(1, (sum(block) // len(block)).bit_length() - 1)
        bits.append(f"{low + 1:04b}")
        bits += ["0" * (value >> low) + "1" + f"{value & ((1 << low) - 1):0{low}b}" for value in block]
    text = "".join(bits)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def _table(rows: int) -> bytes:
    """A FITS file with a table of numbers, bytes of any kind."""
    row_bytes = sum(_FORMS.values())
    primary = {"SIMPLE": "T", "BITPIX": 8, "NAXIS": 0}
    values = {"XTENSION": "'BINTABLE'", "BITPIX": 8, "NAXIS": 2, "NAXIS1": row_bytes, "NAXIS2": rows}
    values |= {"PCOUNT": 0, "GCOUNT": 1, "TFIELDS": len(_FORMS)}
    for number, form in enumerate(_FORMS, 1):
        values |= {f"TTYPE{number}": f"'C{form}'", f"TFORM{number}": f"'{form}'"}
    pattern = bytes(byte % 251 for byte in range(row_bytes * 251))
    data = (pattern * (rows // 251 + 1))[: rows * row_bytes]
    return _header(primary) + _header(values) + _blocks(data)


def _header(values: dict[str, str | int]) -> bytes:
    cards = "".join(f"{key:<8}= {value:>20}".ljust(80) for key, value in values.items()) + "END"
    return _blocks(cards.ljust(-(-len(cards) // 2880) * 2880).encode())


def _blocks(data: bytes) -> bytes:
    """With zeros up to a whole FITS block."""
    return data + bytes(-len(data) % 2880)


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description="Make the ahead-of-time cache of the engine's JVM.")
    parser.add_argument("file", type=Path, help="the cache, or the recording")
    parser.add_argument("--record", action="store_true", help="only record")
    arguments = parser.parse_args()
    (record if arguments.record else make)(arguments.file)


if __name__ == "__main__":
    main()
