"""Streams of batches: equal to what is read at once, in bounded memory, and what happens when they are disturbed."""

from __future__ import annotations

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torchfits
from _descriptors import open_descriptors
from _programs import loaded_python
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchfits import RaggedColumn, StringColumn, _batching

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 1000
PROGRAMS = Path(__file__).parent / "programs"
BOUND_MEGABYTES = 400


def write(path: Path, first: int = 0, rows: int = ROWS) -> Path:
    """A table of several kinds of columns, larger than what the first read of a file brings."""
    rng = np.random.default_rng(first)
    arrays = np.empty(rows, object)
    arrays[:] = [rng.random(length) for length in rng.integers(0, 4, rows)]
    columns = [
        fits.Column("ID", "K", array=np.arange(first, first + rows)),
        fits.Column("X", "D", array=rng.random(rows)),
        fits.Column("NAME", "6A", array=[f"n{number}" for number in range(rows)]),
        fits.Column("OK", "L", array=rng.random(rows) < 0.5),
        fits.Column("V", "3E", array=rng.random((rows, 3))),
        fits.Column("S", "I", array=rng.integers(0, 60_000, rows).astype("u2"), bzero=32768),
        fits.Column("A", "PD()", array=arrays),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path, overwrite=True)
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("streams") / "table.fits")


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", 100)


def plain(columns: dict[str, Any]) -> dict[str, list[Any]]:
    """Columns as lists."""
    return {
        name: data.to_list() if isinstance(data, StringColumn | RaggedColumn) else data.tolist()
        for name, data in columns.items()
    }


def joined(batches: Iterator[dict[str, Any]]) -> dict[str, list[Any]]:
    """All rows of batches."""
    rows: dict[str, list[Any]] = {}
    for batch in batches:
        for name, values in plain(batch).items():
            rows.setdefault(name, []).extend(values)
    return rows


def comparable(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: [v.tolist() if isinstance(v, torch.Tensor) else v for v in values] for name, values in rows.items()}


@given(
    size=st.integers(1, 1200),
    window=st.integers(1, 1200),
    condition=st.sampled_from([None, "OK", "X < 0.02", "ID in (3, 998)", "ID < 0"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_stream_isWhatIsReadAtOnce(
    path: Path, monkeypatch: pytest.MonkeyPatch, size: int, window: int, condition: str | None
) -> None:
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", window)
    table = torchfits.table(path)
    chosen = table if condition is None else table.filter(condition)
    batches = list(chosen.iter_batches(size))
    whole = torchfits.read_columns(path, where=condition)
    count = len(whole["ID"])
    assert [len(batch["ID"]) for batch in batches] == [size] * (count // size) + [count % size] * (count % size > 0)
    if count:
        assert comparable(joined(iter(batches))) == comparable(plain(whole))


def test_stream_shuffled_hasEachRowOnce(path: Path) -> None:
    batches = list(torchfits.table(path).iter_batches(70, shuffle=True, seed=3))
    whole = plain(torchfits.read_columns(path, ["ID", "NAME"]))
    rows = joined({name: batch[name] for name in ("ID", "NAME")} for batch in batches)
    assert sorted(rows["ID"]) == whole["ID"]
    assert dict(zip(rows["ID"], rows["NAME"], strict=True)) == dict(zip(whole["ID"], whole["NAME"], strict=True))


def test_stream_ofSortedRows_isInTheirOrder(path: Path) -> None:
    ordered = torchfits.table(path).sort("X", descending=True)
    data: Any = fits.getdata(path, 1)
    expected = np.argsort(-data["X"], kind="stable").tolist()
    assert joined(ordered.select("ID").iter_batches(64))["ID"] == expected


def test_batches_ofWholeWindows_areViews(path: Path) -> None:
    first, second, *_ = torchfits.table(path).select("ID").iter_batches(50)
    assert isinstance(first["ID"], torch.Tensor)
    assert isinstance(second["ID"], torch.Tensor)
    assert first["ID"].untyped_storage().data_ptr() == second["ID"].untyped_storage().data_ptr()


def test_memory_staysBelowABound(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*loaded_python(), PROGRAMS / "stream_zeros.py", tmp_path / "zeros.fits"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, file_megabytes, grown = map(int, ended.stdout.split())
    assert rows == 60_000_000
    assert grown < BOUND_MEGABYTES < file_megabytes


def test_streamsThatAreLeft_freeWhatTheyHold(path: Path) -> None:
    torchfits.read_columns(path)
    kept = max(1, open_descriptors(path))
    for _ in range(40):
        next(torchfits.table(path).iter_batches(10))
    assert open_descriptors(path) <= kept


def test_exceptionOfTheConsumer_endsTheStream(path: Path) -> None:
    def consume() -> None:
        for batch in torchfits.table(path).iter_batches(10):
            raise LookupError(len(batch))

    for _ in range(20):
        with pytest.raises(LookupError):
            consume()
    assert open_descriptors(path) <= 1
    assert len(joined(torchfits.table(path).iter_batches(10))["ID"]) == ROWS


def read_until_it_fails(batches: Iterator[dict[str, Any]]) -> tuple[list[int], torchfits.FitsError]:
    numbers: list[int] = []
    with pytest.raises(torchfits.FitsError) as failure:
        numbers.extend(number for batch in batches for number in batch["ID"].tolist())
    return numbers, failure.value


def test_fileReplacedMeanwhile_isAnError(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits")
    batches = torchfits.table(path).iter_batches(20)
    next(batches)
    write(tmp_path / "b.fits", first=5000).replace(path)
    numbers, error = read_until_it_fails(batches)
    assert isinstance(error, torchfits.ChangedFileError)
    assert str(path) in str(error)
    assert numbers == list(range(20, 20 + len(numbers)))
    assert len(numbers) < ROWS - 20
    assert open_descriptors(path) <= 1


def test_fileRewrittenMeanwhile_isAnError(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits")
    batches = torchfits.table(path).iter_batches(20)
    next(batches)
    path.write_bytes(write(tmp_path / "b.fits", rows=2 * ROWS).read_bytes())
    _, error = read_until_it_fails(batches)
    assert isinstance(error, torchfits.ChangedFileError)
    assert str(path) in str(error)


def test_fileTruncatedMeanwhile_isAnError(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits")
    batches = torchfits.table(path).iter_batches(20)
    next(batches)
    os.truncate(path, 9000)
    _, error = read_until_it_fails(batches)
    assert isinstance(error, torchfits.ChangedFileError | torchfits.TruncatedFileError)
    assert str(path) in str(error)
    assert open_descriptors(path) <= 1


def test_fileRemovedMeanwhile_isAnError(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits")
    batches = torchfits.table(path).iter_batches(20)
    next(batches)
    path.unlink()
    _, error = read_until_it_fails(batches)
    assert isinstance(error, torchfits.MissingFileError)


def test_fileLinkedMeanwhile_isTheSame(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits")
    batches = torchfits.table(path).iter_batches(20)
    first = next(batches)["ID"]
    os.link(path, tmp_path / "b.fits")
    path.chmod(0o444)
    assert isinstance(first, torch.Tensor)
    assert first.tolist() + joined(batches)["ID"] == list(range(ROWS))


def test_readsOfAnOldTable_refuseAChangedFile(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits")
    table = torchfits.table(path).sort("X")
    assert table.count() == ROWS
    write(path, first=3, rows=ROWS + 1)
    with pytest.raises(torchfits.ChangedFileError, match=r"a\.fits\[1\]: the file changed"):
        table.to_dict()
    assert torchfits.table(path).count() == ROWS + 1


def test_streamsSideBySideAndNested_doNotDisturbEachOther(path: Path) -> None:
    table = torchfits.table(path).select("ID")
    left, right = table.iter_batches(30), table.iter_batches(30)
    pairs = [(a["ID"].tolist(), b["ID"].tolist()) for a, b in zip(left, right, strict=True)]  # type: ignore[union-attr]
    assert all(a == b for a, b in pairs)
    assert [number for a, _ in pairs for number in a] == list(range(ROWS))
    for batch in table.iter_batches(400):
        assert joined(table.iter_batches(170))["ID"] == list(range(ROWS))
        assert len(batch["ID"]) in (400, 200)


def test_streamsInThreads_areEqual(path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda size: joined(torchfits.table(path).iter_batches(size))["ID"], range(20, 32)))
    assert found == [list(range(ROWS))] * 12


def test_streamTakenOverByOtherThreads_goesOn(path: Path) -> None:
    batches = torchfits.table(path).iter_batches(100)
    numbers: list[int] = []

    def take() -> None:
        numbers.extend(next(batches)["ID"].tolist())  # type: ignore[union-attr]

    for _ in range(10):
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    assert numbers == list(range(ROWS))
    assert list(batches) == []
