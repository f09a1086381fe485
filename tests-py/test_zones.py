"""Zone maps of tables: the next query with a condition, in this process and in others, against astropy's masks."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torchfits
from _programs import loaded_python, share_engine_cache
from astropy.io import fits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 400_000

#: Reads the numbers of the rows that are found, twice, and prints them.
PROGRAM = """
import sys, torchfits
for _ in range(2):
    print(torchfits.read_columns(sys.argv[1], "N", where=sys.argv[2])["N"].tolist())
"""


def catalog(first: int = 0) -> np.ndarray:
    """Rows in the order of N, the time and, in waves, the angle; the rest in none."""
    random = np.random.default_rng(first)
    table = np.zeros(ROWS, dtype=[("N", ">i4"), ("T", ">f8"), ("A", ">f4"), ("FLAG", ">i2"), ("NAME", "S8")])
    table["N"] = np.arange(first, first + ROWS)
    table["T"] = 60_000 + table["N"] / 1000
    table["A"] = np.abs(np.arange(ROWS) % 2000 - 1000)
    table["A"][::13] = np.nan
    table["FLAG"] = random.integers(0, 100, ROWS)
    table["NAME"] = random.choice(np.array([b"STAR", b"QSO", b""]), ROWS)
    return table


def write(path: Path, table: np.ndarray) -> None:
    """A file that did not change just now, so that what is learnt of it is kept."""
    fits.BinTableHDU(table).writeto(path, overwrite=True)
    settle()


def settle() -> None:
    time.sleep(0.15)


def found(path: Path, where: str, **options: Any) -> list[int]:
    column = torchfits.read_columns(path, ["N"], where=where, **options)["N"]
    assert isinstance(column, torch.Tensor)
    return column.tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "table.fits"
    write(path, catalog())
    return path


CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "T >= 60100 and T < 60100.02": lambda d: (d["T"] >= 60100) & (d["T"] < 60100.02),
    "not (T < 60399.9)": lambda d: ~(d["T"] < 60399.9),
    "N in (5, 300000, 399999, 400000)": lambda d: np.isin(d["N"], [5, 300000, 399999]),
    "N = 77 or FLAG = 100": lambda d: d["N"] == 77,
    "N < 100 and A is null": lambda d: (d["N"] < 100) & np.isnan(d["A"]),
    "A > 999.5": lambda d: d["A"] > 999.5,
    "FLAG > 98 and T > 60399": lambda d: (d["FLAG"] > 98) & (d["T"] > 60399),
    "NAME = 'STAR' and N < 1000": lambda d: (d["NAME"] == b"STAR") & (d["N"] < 1000),
    "T < 0": lambda d: np.zeros(len(d), bool),
}


def test_condition_again_selects_what_astropy_does(path: Path) -> None:
    data = np.asarray(fits.getdata(path, 1))
    for _ in range(3):
        for where, mask in CONDITIONS.items():
            assert found(path, where) == np.flatnonzero(mask(data)).tolist(), where


@pytest.mark.parametrize("rows", [slice(123, 300_001), slice(0, 5), slice(399_999, 10, -7), [3, 399_998, 77, 77]])
def test_condition_on_some_rows_again(path: Path, rows: Any) -> None:
    data = np.asarray(fits.getdata(path, 1))
    for _ in range(2):
        for where, mask in CONDITIONS.items():
            some = data[rows]
            assert found(path, where, rows=rows) == some["N"][np.asarray(mask(some))].tolist(), where


def test_lazy_table_again(path: Path) -> None:
    for _ in range(2):
        table = torchfits.table(path).filter("T >= 60100 and FLAG < 50")
        data = np.asarray(fits.getdata(path, 1))
        expected = data["N"][(data["T"] >= 60100) & (data["FLAG"] < 50)]
        assert table.count() == len(expected)
        first: Any = table.head(3)["N"]
        assert first.tolist() == expected[:3].tolist()


def test_replaced_file_is_read_anew(path: Path) -> None:
    assert found(path, "N < 5") == [0, 1, 2, 3, 4]
    other = path.with_name("other.fits")
    write(other, catalog(first=ROWS)[::-1].copy())
    other.rename(path)
    assert found(path, "N < 5") == []
    assert found(path, f"N < {ROWS + 2}") == [ROWS + 1, ROWS]


def test_file_edited_in_place_is_read_anew(path: Path) -> None:
    for _ in range(2):
        assert found(path, "N = -7") == []
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(2 * 2880 + 200_000 * catalog(0).dtype.itemsize)
        file.write((-7).to_bytes(4, "big", signed=True))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    for _ in range(2):
        assert found(path, "N = -7") == [-7]
        settle()


def test_truncated_file_is_an_error(path: Path) -> None:
    assert found(path, "N = 3") == [3]
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(torchfits.TruncatedFileError):
        found(path, "N = 3")


class Cache:
    """A cache folder of its own, and processes that use it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def maps(self) -> list[Path]:
        return sorted((self.root / "torchfits" / "zones").glob("*"))

    def start(self, path: Path, where: str) -> subprocess.Popen[str]:
        command = [*loaded_python(), "-c", PROGRAM, path, where]
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.root)}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def found(self, path: Path, where: str) -> str:
        first, second = finished(self.start(path, where))
        assert first == second
        return first


def finished(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return output.splitlines()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    share_engine_cache(tmp_path / "cache")
    return Cache(tmp_path / "cache")


def test_map_is_kept_for_other_processes_and_checked(path: Path, cache: Cache) -> None:
    where = "T >= 60100 and T < 60100.004"
    expected = "[100000, 100001, 100002, 100003]"
    assert cache.found(path, where) == expected
    (kept,) = cache.maps
    content = kept.read_bytes()
    assert len(content) < 10_000
    for changed in (content[:100], content[::-1], b"", content[:200] + b"\xff" * 8 + content[208:], content * 2):
        kept.write_bytes(changed)
        assert cache.found(path, where) == expected
        assert kept.read_bytes() == content


def test_folder_that_cannot_be_written_costs_nothing_but_time(path: Path, cache: Cache) -> None:
    (cache.root / "torchfits" / "zones").write_text("no folder")
    assert cache.found(path, "N in (7, 300000)") == "[7, 300000]"


def test_two_processes_at_once_leave_a_whole_map(path: Path, cache: Cache) -> None:
    processes = [cache.start(path, where) for where in ("N = 1", "T = 60000.001")]
    assert [finished(process) for process in processes] == [["[1]", "[1]"]] * 2
    assert len(cache.maps) == 1
    assert cache.found(path, "N = 1 and T = 60000.001") == "[1]"
