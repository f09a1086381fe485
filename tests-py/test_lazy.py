"""Lazy tables: chains of operations against pandas, joins and the sky against pandas and astropy, and what is read."""

from __future__ import annotations

import operator
import subprocess
from typing import TYPE_CHECKING, Any

import astropy.units as u
import fitsio
import numpy as np
import pandas as pd
import pytest
import torch
import torchfits
from _programs import loaded_python
from astropy.coordinates import angular_separation
from astropy.io import fits
from astropy.table import Table
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torchfits import RaggedColumn, StringColumn, _batching, _sources, _statistics, tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 61


def write(path: Path, columns: dict[str, tuple[str, Any]], **more: dict[str, Any]) -> Path:
    made = [
        fits.Column(name, form, array=array, **{key: values[name] for key, values in more.items() if name in values})
        for name, (form, array) in columns.items()
    ]
    fits.BinTableHDU.from_columns(made).writeto(path, overwrite=True)
    return path


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(5)
    return {
        "ID": np.arange(ROWS),
        "MAG": rng.choice(np.linspace(15, 25, 20), ROWS),
        "CLS": rng.choice(["STAR", "QSO", "GAL", ""], ROWS),
        "N": rng.integers(-3, 4, ROWS).astype("i2"),
        "OK": rng.random(ROWS) < 0.6,
        "COLOR": rng.normal(size=(ROWS, 3)).astype("f4"),
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, rows: dict[str, np.ndarray[Any, Any]]) -> Path:
    forms = {"ID": "K", "MAG": "D", "CLS": "4A", "N": "I", "OK": "L", "COLOR": "3E"}
    return write(
        tmp_path_factory.mktemp("lazy") / "cat.fits",
        {name: (forms[name], array) for name, array in rows.items()},
        unit={"MAG": "mag"},
    )


@pytest.fixture(scope="module")
def frame(rows: dict[str, np.ndarray[Any, Any]]) -> Any:
    return pd.DataFrame({name: array for name, array in rows.items() if array.ndim == 1})


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is read of files from now on."""
    made: list[dict[str, Any]] = []

    def read_ahead(path: Any, columns: Any, *, content: str, **more: Any) -> Any:
        made.append({"columns": list(columns), **more})
        return tables.read_ahead(path, columns, content=content, **more)

    monkeypatch.setattr(_sources, "read_ahead", read_ahead)
    return made


def ids(table: torchfits.Table) -> list[int]:
    data = table["ID"]
    assert isinstance(data, torch.Tensor)
    return data.tolist()


# Chains

CONDITIONS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "MAG < 20": lambda f: f.MAG < 20,
    "CLS in ('STAR', 'QSO')": lambda f: f.CLS.isin(["STAR", "QSO"]),
    "N > 0 or OK": lambda f: (f.N > 0) | f.OK,
    "ID >= 1000": lambda f: f.ID >= 1000,
}

bounds = st.none() | st.integers(-70, 70)
slices = st.builds(slice, bounds, bounds, st.sampled_from([None, None, 1, 2, -1, -3]))
steps = st.one_of(
    st.tuples(st.just("filter"), st.sampled_from(list(CONDITIONS))),
    st.tuples(st.just("slice"), slices),
    st.tuples(st.just("head"), st.integers(0, 70)),
    st.tuples(st.just("sort"), st.lists(st.sampled_from(["MAG", "CLS", "N", "OK"]), min_size=1, unique=True)),
    st.tuples(st.just("sort down"), st.sampled_from(["MAG", "CLS", "N", "OK"])),
    st.tuples(st.just("mask"), st.integers(0, 9)),
    st.tuples(st.just("numbers"), st.integers(0, 9)),
    st.tuples(st.just("select"), st.just(["N", "id", "MAG", "cls", "OK"])),
)


def done(table: Any, frame: Any, step: str, what: Any) -> tuple[torchfits.Table, pd.DataFrame]:
    if step == "filter":
        return table.filter(what), frame[CONDITIONS[what](frame)]
    if step == "slice":
        return table[what], frame[what]
    if step == "head":
        return table.head(what), frame.head(what)
    if step == "sort":
        return table.sort(what), frame.sort_values(what, kind="stable")
    if step == "sort down":
        return table.sort(what, descending=True), frame.sort_values(what, kind="stable", ascending=False)
    if step == "select":
        return table.select(what), frame
    rng = np.random.default_rng(what)
    if step == "mask":
        mask = rng.random(len(frame)) < 0.5
        return table[torch.from_numpy(mask)], frame[mask]
    numbers = rng.integers(-len(frame), len(frame), 9) if len(frame) else np.empty(0, int)
    return table[numbers], frame.iloc[numbers]


@given(st.lists(steps, max_size=6), st.sampled_from([9, 25, 1000]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chain_ofAnything_isThatOfPandas(
    path: Path, frame: Any, monkeypatch: pytest.MonkeyPatch, chain: list[tuple[str, Any]], scanned: int
) -> None:
    monkeypatch.setattr(_sources, "_SCANNED_ROWS", scanned)
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", scanned)
    table = torchfits.table(path)
    for step, what in chain:
        table, frame = done(table, frame, step, what)

    assert table.count() == len(table) == len(frame)
    assert ids(table) == frame.ID.tolist()
    columns = table.to_dict()
    assert torch.as_tensor(columns["MAG"]).tolist() == frame.MAG.tolist()
    assert columns["CLS"].to_list() == frame.CLS.tolist()  # type: ignore[union-attr]
    assert [number for batch in table.iter_batches(4) for number in batch["ID"].tolist()] == frame.ID.tolist()  # type: ignore[union-attr]
    shuffled = [number for batch in table.iter_batches(4, shuffle=True) for number in batch["ID"].tolist()]  # type: ignore[union-attr]
    assert sorted(shuffled) == sorted(frame.ID)


def test_filter_afterSort_isEvaluatedBefore(path: Path, frame: Any) -> None:
    table = torchfits.table(path).filter("OK").sort("MAG").select(["ID", "MAG"]).filter("N > 0")
    assert ids(table) == frame[frame.OK & (frame.N > 0)].sort_values("MAG", kind="stable").ID.tolist()
    assert table.columns == ["ID", "MAG"]


def test_filter_ofRangeOfFilteredRows_isEvaluatedOnThem(path: Path, frame: Any) -> None:
    table = torchfits.table(path).filter("OK")[3:20].filter("N > 0").head(4)
    assert ids(table) == frame[frame.OK][3:20].query("N > 0").head(4).ID.tolist()


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (lambda t: t.filter("OK").sort("MAG").head(9), lambda f: f[f.OK].sort_values("MAG", kind="stable").head(9)),
        (lambda t: t.filter("OK")[::-2], lambda f: f[f.OK][::-2]),
        (lambda t: t.filter("OK")[-20:-3], lambda f: f[f.OK][-20:-3]),
        (lambda t: t.filter("OK")[[7, 0, 2, 7]], lambda f: f[f.OK].iloc[[7, 0, 2, 7]]),
        (lambda t: t.select("ID").filter("OK")[[7, 0, 2, 7]], lambda f: f[f.OK].iloc[[7, 0, 2, 7]]),
        (
            lambda t: t.join(t.select(["ID", "N"]), "ID"),
            lambda f: f.merge(f[["ID", "N"]], on="ID").rename(columns={"N_x": "N"}),
        ),
        (
            lambda t: t.group_by("CLS").agg({"N": "sum", "ID": "min"}),
            lambda f: f.groupby("CLS", sort=False, as_index=False).agg({"N": "sum", "ID": "min"}),
        ),
    ],
)
def test_filter_afterAnything_isThatOfPandas(path: Path, frame: Any, chosen: Any, expected: Any) -> None:
    table = chosen(torchfits.table(path)).filter("N > 0 and CLS != 'GAL'")
    rows = expected(frame)
    rows = rows[(rows.N > 0) & (rows.CLS != "GAL")]
    assert ids(table) == rows.ID.tolist()
    assert table.count() == len(rows)


def test_filter_afterJoin_mayNameAllColumns(path: Path, frame: Any) -> None:
    table = torchfits.table(path)
    joined = table.join(table.select(["ID", "MAG", "CLS"]).filter("OK"), "ID", "left")
    chosen = joined.select("ID")[:50].filter("MAG_right is null or CLS_right = 'STAR' and N > 0")
    first = frame[:50]
    expected = first[~first.OK | ((first.CLS == "STAR") & (first.N > 0))]
    assert chosen.columns == ["ID"]
    assert ids(chosen) == expected.ID.tolist()
    assert ids(chosen.filter("`MAG_RIGHT` is not null").sort("ID")) == expected[expected.OK].ID.tolist()


def test_filter_ofWhatIsNotThere_readsNothingBefore(path: Path, reads: list[dict[str, Any]]) -> None:
    table = torchfits.table(path)
    joined = table.join(table, "ID").filter("NONE > 1")
    with pytest.raises(torchfits.ExpressionError, match="no such column: the table has 11: ID, MAG"):
        joined.count()
    assert [read["columns"] for read in reads] == [["ID"], ["ID"]]
    with pytest.raises(torchfits.ExpressionError, match="COLOR' has no single number"):
        table.join(table, "ID").filter("COLOR > 1").count()
    with pytest.raises(torchfits.ValueRangeError, match=r"torchfits.table\(.*\)\.join\(.*: row 2: .* 64 bits"):
        table.join(table, "ID").filter("ID * 9223372036854775807 > 1").select("ID")[1:].count()


def test_filter_thatWouldCloseParentheses_isAnError(path: Path) -> None:
    table = torchfits.table(path).filter("OK").filter("N > 0) or (N < 0")
    with pytest.raises(torchfits.ExpressionError):
        table.count()


def test_head_ofFilteredRows_stopsWhereTheyAreFound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = torchfits.table(write(tmp_path / "x.fits", {"ID": ("J", np.arange(10_000))}))
    asked: list[slice] = []

    def find_rows(path: Any, condition: str, *, hdu: Any, rows: Any) -> torch.Tensor:
        asked.append(rows)
        return tables.find_rows(path, condition, hdu=hdu, rows=rows)

    monkeypatch.setattr(_sources, "_SCANNED_ROWS", 100)
    monkeypatch.setattr(_sources, "find_rows", find_rows)
    assert ids(table.filter("ID % 7 = 0")[20:25]) == [140, 147, 154, 161, 168]
    assert max(rows.stop for rows in asked) == 234
    assert all(rows.stop - rows.start <= 100 for rows in asked)


@pytest.mark.parametrize("row_filter", ["MAG < 20 && N > 0", "#row > 50 || OK", "MAG > 1e9"])
def test_table_withRowFilterInThePath_hasTheRowsOfFitsio(path: Path, frame: Any, row_filter: str) -> None:
    with fitsio.FITS(str(path)) as file:
        numbers = file[1].where(row_filter)
    table = torchfits.table(f"{path}[1][{row_filter}]")
    assert table.columns[:2] == ["ID", "MAG"]
    assert table.count() == len(numbers)
    assert ids(table) == numbers.tolist()
    chosen = frame.iloc[numbers]
    assert ids(table.filter("CLS != 'GAL'").sort("MAG").head(7)) == (
        chosen[chosen.CLS != "GAL"].sort_values("MAG", kind="stable").head(7).ID.tolist()
    )
    assert row_filter in repr(table)


def test_table_withBadRowFilterInThePath_failsWhenItIsRead(path: Path) -> None:
    table = torchfits.table(f"{path}[1][NONE > 3]")
    assert len(table.columns) == 6
    with pytest.raises(torchfits.FitsError):
        table.count()


def test_sample_isOfDifferentRowsAndRepeatable(path: Path) -> None:
    table = torchfits.table(path)
    drawn = ids(table.sample(20, seed=3))
    assert len(set(drawn)) == 20
    assert drawn == sorted(drawn) == ids(table.sample(20, seed=3)) != ids(table.sample(20, seed=4))
    good = ids(table.filter("OK"))
    assert set(ids(table.filter("OK").sample(5))) < set(good)
    assert ids(table.sample(ROWS)) == list(range(ROWS))
    with pytest.raises(ValueError, match="62 rows"):
        table.sample(62).count()


def test_sort_ofNullsAndNan_putsThemLast(tmp_path: Path) -> None:
    columns = {"X": ("D", [2.0, np.nan, 1.0, -0.0]), "N": ("J", [5, -1, -1, 7])}
    table = torchfits.table(write(tmp_path / "x.fits", columns, null={"N": -1}))
    assert table.sort("X")["N"].tolist() == [7, -1, 5, -1]  # type: ignore[union-attr]
    assert table.sort("X", descending=True)["N"].tolist() == [5, -1, 7, -1]  # type: ignore[union-attr]
    assert table.sort("N", descending=True)["N"].tolist() == [7, 5, -1, -1]  # type: ignore[union-attr]


# Nothing is read too early, and no more than is needed


def test_table_whoseFileIsDeleted_failsWhenItIsRead(tmp_path: Path) -> None:
    path = write(tmp_path / "x.fits", {"ID": ("J", [1, 2, 3])})
    table = torchfits.table(path).filter("ID > 1").sort("ID").head(2).select("ID")
    joined = table.join(torchfits.table(path), "ID").group_by("ID").agg({"ID": ["count"]})
    path.unlink()
    assert "x.fits" in repr(joined)
    for lazy in (table, joined):
        with pytest.raises(torchfits.MissingFileError):
            lazy.to_dict()


def test_reads_areOfWhatIsNeeded(path: Path, reads: list[dict[str, Any]]) -> None:
    table = torchfits.table(path)
    assert (len(table), table.columns[0], table.schema["MAG"].unit, table[5:9].count()) == (ROWS, "ID", "mag", 4)
    lazy = table.select(["MAG", "CLS"]).filter("N > 0")[2:]
    repr(lazy)
    assert reads == []

    table[10:20:3].select(["MAG"]).to_dict()
    assert reads == [{"columns": ["MAG"], "hdu": None, "rows": slice(10, 20, 3), "where": None}]
    reads.clear()
    table["CLS"]
    assert [read["columns"] for read in reads] == [["CLS"]]
    reads.clear()
    table.filter("N > 0").select("MAG").to_dict()
    assert [(read["columns"], read["where"]) for read in reads] == [(["MAG"], "(N > 0)")]
    reads.clear()

    first = table.sort("MAG").head(2)
    first.to_dict()
    assert [read["columns"] for read in reads] == [["MAG"], table.columns]
    assert len(reads[1]["rows"]) == 2
    first.count()
    first.select("ID").to_dict()
    assert len(reads) == 3, "a derived table knows which rows its input has"


def test_iterBatches_stopsReadingWhereItIsLeft(
    path: Path, reads: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", 8)
    batches = torchfits.table(path).select("ID").iter_batches(4)
    assert next(batches)["ID"].tolist() == [0, 1, 2, 3]  # type: ignore[union-attr]
    next(batches)
    assert [read["rows"] for read in reads] == [slice(0, 8, 1), slice(8, 16, 1)]


# Columns, rows, batches


def test_getitem_ofOneRow_isADict(path: Path, rows: dict[str, np.ndarray[Any, Any]]) -> None:
    row = torchfits.table(path)[-2]
    assert list(row) == list(rows)
    assert [row[name] for name in ("ID", "CLS", "OK")] == [rows[name][-2] for name in ("ID", "CLS", "OK")]
    assert row["COLOR"].tolist() == rows["COLOR"][-2].tolist()
    assert isinstance(row["OK"], bool)
    with pytest.raises(IndexError):
        torchfits.table(path)[ROWS]


def test_iteration_givesAllRows(path: Path, frame: Any) -> None:
    told = [{name: row[name] for name in frame.columns} for row in torchfits.table(path)]
    assert told == frame.to_dict("records")


@pytest.mark.parametrize("size", [1, 7, 61, 100])
def test_iterBatches_haveOneSize(path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", 10)
    batches = list(torchfits.table(path).iter_batches(size))
    sizes = [len(batch["ID"]) for batch in batches]
    assert sizes == [size] * (ROWS // size) + ([ROWS % size] if ROWS % size else [])
    strings = [text for batch in batches for text in batch["CLS"].to_list()]  # type: ignore[union-attr]
    assert strings == torchfits.table(path)["CLS"].to_list()  # type: ignore[union-attr]


def test_shuffle_isRepeatableAndMixes(tmp_path: Path) -> None:
    table = torchfits.table(write(tmp_path / "x.fits", {"ID": ("J", np.arange(10_000))}))

    def order(seed: int) -> list[int]:
        return [number for batch in table.iter_batches(64, shuffle=True, seed=seed) for number in batch["ID"].tolist()]  # type: ignore[union-attr]

    first = order(0)
    assert sorted(first) == list(range(10_000))
    assert first == order(0) != order(1)
    assert abs(np.corrcoef(first, np.arange(10_000))[0, 1]) < 0.05


def test_shuffle_ofWindows_reachesEveryPart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", 640)
    table = torchfits.table(write(tmp_path / "x.fits", {"ID": ("J", np.arange(10_000))}))
    batches = list(table.iter_batches(100, shuffle=True))
    assert sorted(number for batch in batches for number in batch["ID"].tolist()) == list(range(10_000))  # type: ignore[union-attr]
    spans = [int(batch["ID"].max() - batch["ID"].min()) for batch in batches]  # type: ignore[union-attr]
    assert min(spans) > 5000


def test_iterBatches_ofJoinedAndChosenRows_areThoseOfTheWhole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", 9)
    table = torchfits.table(path)
    other = table.select(["N", "CLS", "ID"]).filter("OK")
    for lazy in (table.join(other, "N"), other.sort("CLS").join(table, ["CLS", "N"], "left"), other.sort("CLS")):
        whole = lazy.to_pandas()
        parts = [batch["ID"] for batch in lazy.iter_batches(5)]
        assert torch.cat(parts).tolist() == whole.ID.tolist()  # type: ignore[arg-type]


# Joins

keys = st.lists(st.integers(-1, 4), max_size=12)
words = st.sampled_from(["A", "B", "", "AB"])


@given(keys, keys, st.sampled_from(["inner", "left", "semi", "anti"]), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_join_isThatOfPandas(tmp_path: Path, left: list[int], right: list[int], how: Any, data: st.DataObject) -> None:
    frames = []
    for name, numbers in (("left", left), ("right", right)):
        texts = data.draw(st.lists(words, min_size=len(numbers), max_size=len(numbers)))
        columns = {"K": np.array(numbers, int), "S": pd.Series(texts, dtype="str"), "ROW": np.arange(len(numbers))}
        frames.append(pd.DataFrame(columns))
        write(
            tmp_path / f"{name}.fits",
            {
                "K": ("J" if name == "left" else "I", np.array(numbers, int)),
                "S": ("2A" if name == "left" else "5A", np.array(texts, "U2")),
                "ROW": ("J", np.arange(len(numbers))),
            },
            null={"K": -1},
        )
    first, second = frames
    joined = torchfits.table(tmp_path / "left.fits").join(torchfits.table(tmp_path / "right.fits"), ["K", "S"], how)
    known = second[second.K != -1]
    if how in ("semi", "anti"):
        pairs = first.merge(known, on=["K", "S"])["ROW_x"]
        expected = first[first.ROW.isin(pairs) == (how == "semi")]
        assert joined.columns == ["K", "S", "ROW"]
        assert joined["ROW"].tolist() == expected.ROW.tolist()  # type: ignore[union-attr]
        return
    expected = first.merge(known, on=["K", "S"], how=how)
    assert joined.columns == ["K", "S", "ROW", "ROW_right"]
    assert joined["ROW"].tolist() == expected.ROW_x.tolist()  # type: ignore[union-attr]
    partners = joined.to_pandas().ROW_right
    assert partners.fillna(-7).tolist() == expected.ROW_y.fillna(-7).tolist()


def test_join_ofFloats_takesZerosAsEqualAndNanAsNothing(tmp_path: Path) -> None:
    left = write(tmp_path / "l.fits", {"X": ("E", [0.0, np.nan, 2.0]), "I": ("J", [0, 1, 2])})
    right = write(tmp_path / "r.fits", {"Y": ("D", [-0.0, np.nan, 2.0, 2.0]), "I": ("J", [0, 1, 2, 3])})
    joined = torchfits.table(left).join(torchfits.table(right), {"X": "Y"})
    assert joined.columns == ["X", "I", "I_right"]
    assert list(zip(*[joined[name].tolist() for name in ("I", "I_right")], strict=True)) == [(0, 0), (2, 2), (2, 3)]  # type: ignore[union-attr]


def test_join_ofUnsignedAndSigned_matchesValues(tmp_path: Path) -> None:
    big = np.array([5, 2**63 + 1, 2**64 - 1], "u8")
    left = write(tmp_path / "l.fits", {"X": ("K", big)}, bzero={"X": 2**63})
    right = write(tmp_path / "r.fits", {"X": ("K", [-1, 5, -(2**63) + 1])})
    assert torchfits.table(left)["X"].dtype == torch.uint64  # type: ignore[union-attr]
    assert torchfits.table(left).join(torchfits.table(right), "X")["X"].tolist() == [5]  # type: ignore[union-attr]


def test_join_left_withoutPartner_hasNoValues(tmp_path: Path) -> None:
    left = write(tmp_path / "l.fits", {"ID": ("J", [1, 2, 2])})
    columns: dict[str, tuple[str, Any]] = {
        "ID": ("J", [2, 9]),
        "B": ("B", [255, 1]),
        "U": ("K", np.array([7, 2**64 - 2], "u8")),
        "F": ("2E", [[1, 2], [3, 4]]),
        "C": ("M", [1j, 2]),
        "S": ("3A", ["abc", "d"]),
        "T": ("J", [-5, 4]),
        "L": ("L", [True, True]),
        "P": ("PJ()", np.array([np.array([1, 2, 3]), np.array([4])], dtype=object)),
    }
    right = write(tmp_path / "r.fits", columns, bzero={"U": 2**63}, null={"T": -7})
    joined = torchfits.table(left).join(torchfits.table(right), "ID", "left")
    read: dict[str, Any] = joined.to_dict()
    assert read["B"].dtype == torch.int64
    assert read["B"].tolist() == [-(2**63), 255, 255]
    assert (read["U"].dtype, read["U"].tolist()) == (torch.uint64, [2**64 - 1, 7, 7])
    assert (read["T"].dtype, read["T"].tolist()) == (torch.int32, [-7, -5, -5])
    assert read["F"][0].isnan().all()
    assert read["F"][1:].tolist() == [[1, 2], [1, 2]]
    assert read["C"].isnan().tolist() == [True, False, False]
    assert read["S"].to_list() == ["", "abc", "abc"]
    assert read["L"].tolist() == [False, True, True]
    assert read["P"].to_list() == [[], [1, 2, 3], [1, 2, 3]]
    assert {name: info.dtype for name, info in joined.schema.items() if info.kind == "TENSOR"} == {
        name: data.dtype for name, data in read.items() if isinstance(data, torch.Tensor)
    }
    arrow = joined.to_arrow()
    assert [arrow[name].null_count for name in ("B", "U", "T")] == [1, 1, 1]


def test_join_semi_keepsRowsTellable(path: Path, frame: Any) -> None:
    table = torchfits.table(path)
    bright = table.join(table.filter("MAG < 17"), "CLS", "semi").filter("OK")
    classes = frame[frame.MAG < 17].CLS.unique()
    assert ids(bright) == frame[frame.CLS.isin(classes) & frame.OK].ID.tolist()


def test_join_ofDifferentTypes_isAnError(path: Path) -> None:
    table = torchfits.table(path)
    with pytest.raises(TypeError, match=r"CLS .* N"):
        table.join(table, {"CLS": "N"}).count()
    with pytest.raises(TypeError, match="COLOR has not one"):
        table.join(table, "COLOR").count()


# Sky

angles = st.floats(-1e-3, 1e-3)
points = st.lists(
    st.one_of(
        st.tuples(angles.map(lambda x: x % 360), angles),
        st.tuples(st.floats(0, 360), angles.map(lambda x: 90 - abs(x))),
        st.tuples(st.floats(0, 360), angles.map(lambda x: abs(x) - 90)),
        st.tuples(st.floats(0, 360), st.floats(-90, 90)),
    ),
    min_size=1,
    max_size=20,
)


def sky_file(path: Path, coordinates: Any) -> torchfits.Table:
    ra, dec = np.array(coordinates, float).reshape(-1, 2).T
    return torchfits.table(write(path, {"ID": ("J", np.arange(len(ra))), "RA": ("D", ra), "DEC": ("D", dec)}))


def separations(left: Any, right: Any) -> np.ndarray[Any, Any]:
    """Of all pairs, in degrees, by Vincenty's formula."""
    ra, dec = np.radians(np.array(left, float)).T
    others = np.radians(np.array(right, float)).T
    return np.degrees(angular_separation(ra[:, None], dec[:, None], *others[:, None, :]))


def assert_pairs(joined: torchfits.Table, first: Any, second: Any, separation: Any) -> None:
    assert joined["ID"].tolist() == first.tolist()  # type: ignore[union-attr]
    assert joined["ID_right"].tolist() == second.tolist()  # type: ignore[union-attr]
    np.testing.assert_allclose(joined["separation"].numpy(), separation, rtol=1e-12, atol=1e-9)  # type: ignore[union-attr]


@given(points, points, st.sampled_from([1e-5, 1e-3, 0.3, 40.0, 170.0]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sky_findsThePairsOfAstropy(tmp_path: Path, left: Any, right: Any, radius: float) -> None:
    radius *= 1.000123
    expected = separations(left, right)
    assume(not np.isclose(expected, radius, rtol=1e-9, atol=0).any())
    one, two = np.nonzero(expected <= radius)
    joined = sky_file(tmp_path / "l.fits", left).join(sky_file(tmp_path / "r.fits", right), torchfits.sky(radius))
    assert_pairs(joined, one, two, expected[one, two])


@pytest.mark.parametrize("radius", [0.0, 0.5 / 3600, 0.05, 1.0, 30.0, 180.0])
def test_sky_ofManyPoints_findsThePairsOfAstropy(tmp_path: Path, radius: float) -> None:
    rng = np.random.default_rng(1)
    left = np.stack([rng.uniform(0, 360, 600), np.degrees(np.arcsin(rng.uniform(-1, 1, 600)))], 1)
    left[:60, 1] = 90 - rng.uniform(0, 0.1, 60)
    left[60:90, 1] = rng.uniform(0, 0.1, 30) - 90
    right = left[::2] + rng.normal(0, 0.4 / 3600, (300, 2))
    right[:, 1] = right[:, 1].clip(-90, 90)
    right[:5] = left[:5]
    expected = separations(left, right)
    close = expected <= radius if radius else expected < 1e-13
    tables = sky_file(tmp_path / "l.fits", left), sky_file(tmp_path / "r.fits", right)
    one, two = np.nonzero(close)
    assert len(one) >= 5
    assert_pairs(tables[0].join(tables[1], torchfits.sky(radius)), one, two, expected[one, two])

    matched = np.flatnonzero(close.any(axis=1))
    number = expected[matched].argmin(axis=1)
    nearest = tables[0].join(tables[1], torchfits.sky(radius, nearest=True))
    assert_pairs(nearest, matched, number, expected[matched, number])
    lonely = tables[0].join(tables[1], torchfits.sky(radius), "anti")
    assert lonely["ID"].tolist() == np.flatnonzero(~close.any(axis=1)).tolist()  # type: ignore[union-attr]
    assert tables[0].join(tables[1], torchfits.sky(radius), "semi")["ID"].tolist() == matched.tolist()  # type: ignore[union-attr]


def test_sky_left_keepsLonelyPointsAndNan(tmp_path: Path) -> None:
    left = sky_file(tmp_path / "l.fits", [(359.9999, 0), (np.nan, 0), (120, 10), (0, -90)])
    right = sky_file(tmp_path / "r.fits", [(0.0001, 0), (np.nan, 0), (77, -90), (0, np.nan)])
    joined: dict[str, Any] = left.join(right, torchfits.sky(0.001), "left").to_dict()
    assert joined["ID"].tolist() == [0, 1, 2, 3]
    assert joined["ID_right"].tolist() == [0, -(2**63), -(2**63), 2]
    np.testing.assert_allclose(joined["separation"], [0.0002, np.nan, np.nan, 0], atol=1e-12)


def test_sky_ofRadiansAndOtherNames_isInDegrees(tmp_path: Path) -> None:
    left = sky_file(tmp_path / "l.fits", [(10, 20), (30, 40)])
    columns = {"LON": ("D", np.radians([30.0])), "LAT": ("D", np.radians([40.0]))}
    right = torchfits.table(write(tmp_path / "r.fits", columns, unit={"LON": "rad", "LAT": "rad"}))
    assert left.join(right, torchfits.sky(0.01, right=("LON", "LAT")))["ID"].tolist() == [1]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="radius"):
        torchfits.sky(-1)
    with pytest.raises(TypeError, match="angle"):
        left.join(right, torchfits.sky(1, left=("ID", "DEC"), right=("LON", "LAT"))).count()


# Groups

PANDAS: dict[str, Callable[[Any], Any]] = {
    "count": lambda g: g.count(),
    "count_distinct": lambda g: g.nunique(),
    "first": lambda g: g.first(),
    "kurtosis": lambda g: g.apply(lambda x: ((x - x.mean()) ** 4).mean() / x.var(ddof=0) ** 2 - 3),
    "last": lambda g: g.last(),
    "max": lambda g: g.max(),
    "mean": lambda g: g.mean(),
    "min": lambda g: g.min(),
    "product": lambda g: g.prod(),
    "skew": lambda g: g.apply(lambda x: ((x - x.mean()) ** 3).mean() / x.var(ddof=0) ** 1.5),
    "stddev": lambda g: g.std(ddof=0),
    "sum": lambda g: g.sum(),
    "variance": lambda g: g.var(ddof=0),
}


@pytest.mark.parametrize("function", PANDAS)
@pytest.mark.parametrize("column", ["MAG", "N"])
def test_aggregate_isThatOfPandas(path: Path, frame: Any, function: str, column: str) -> None:
    made = torchfits.table(path).group_by("CLS").agg({column: function})
    grouped = PANDAS[function](frame.groupby("CLS", sort=False)[column])
    assert made.columns == ["CLS", column]
    assert made["CLS"].to_list() == grouped.index.tolist()  # type: ignore[union-attr]
    np.testing.assert_allclose(made[column].numpy(), grouped.to_numpy(), rtol=1e-12)  # type: ignore[union-attr]


def test_aggregate_ofLogicalAndStrings(path: Path, frame: Any) -> None:
    table = torchfits.table(path).group_by("N").agg({"OK": ["any", "all", "sum"], "CLS": ["min", "max", "first"]})
    made = table.to_pandas().set_index("N")
    grouped = frame.groupby("N", sort=False)
    for name, expected in {
        "OK_any": grouped.OK.any(),
        "OK_all": grouped.OK.all(),
        "OK_sum": grouped.OK.sum(),
        "CLS_min": grouped.CLS.min(),
        "CLS_max": grouped.CLS.max(),
        "CLS_first": grouped.CLS.first(),
    }.items():
        assert made[name].to_dict() == expected.to_dict()


def test_aggregate_ofLists_isRagged(path: Path, frame: Any) -> None:
    made = torchfits.table(path).filter("OK").group_by(["CLS"]).agg({"ID": ["list", "count"], "N": "distinct"})
    grouped = frame[frame.OK].groupby("CLS", sort=False)
    lists, distinct = made["ID_list"], made["N"]
    assert isinstance(lists, RaggedColumn)
    assert isinstance(distinct, RaggedColumn)
    assert lists.to_list() == grouped.ID.apply(list).tolist()
    assert [sorted(row) for row in distinct.to_list()] == [sorted(set(row)) for row in grouped.N.apply(list)]
    assert distinct.values.dtype == torch.int16
    assert made.schema["ID_list"].kind == "RAGGED"
    with pytest.raises(TypeError, match="lists of strings"):
        torchfits.table(path).group_by("N").agg({"CLS": "list"}).to_dict()


def test_approximateMedian_isNear(path: Path, frame: Any) -> None:
    made = torchfits.table(path).group_by("OK").agg({"MAG": "approximate_median"})["MAG"]
    assert made.numpy() == pytest.approx(frame.groupby("OK", sort=False).MAG.median().to_numpy(), abs=0.6)  # type: ignore[union-attr]


def test_aggregate_skipsNulls(tmp_path: Path) -> None:
    columns = {"K": ("J", [1, 1, 2, -1, -1]), "N": ("I", [5, -9, -9, 3, 4]), "X": ("D", [1, 2, np.nan, 4, np.nan])}
    table = torchfits.table(write(tmp_path / "x.fits", columns, null={"K": -1, "N": -9}))
    made: dict[str, Any] = (
        table.group_by("K").agg({"N": ["sum", "min", "count", "mean"], "X": ["mean", "max"]}).to_dict()
    )
    assert made["K"].tolist() == [1, 2, -1]
    assert made["N_sum"].tolist() == [5, -(2**63), 7]
    assert (made["N_min"].dtype, made["N_min"].tolist()) == (torch.int16, [5, -9, 3])
    assert made["N_count"].tolist() == [1, 0, 2]
    np.testing.assert_array_equal(made["N_mean"], [5, np.nan, 3.5])
    np.testing.assert_array_equal(made["X_mean"], [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(made["X_max"], [2, np.nan, 4])
    again = table.group_by("K").agg({"N": ["sum"]}).to_arrow()
    assert again.to_pydict() == {"K": [1, 2, None], "N_sum": [5, None, 7]}


def test_aggregate_ofFloatKeys_joinsZerosAndNan(tmp_path: Path) -> None:
    nan = np.array([0x7FF8000000000000, 0x7FF8000000000001], "u8").view("f8")
    table = torchfits.table(write(tmp_path / "x.fits", {"X": ("D", [0.0, nan[0], -0.0, nan[1]])}))
    assert table.group_by("X").agg({"X": ["count"]})["X_count"].tolist() == [2, 2]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("aggregates", "error"),
    [
        ({"MAG": "middle"}, ValueError),
        ({"CLS": "max"}, ValueError),
        ({"OK": "stddev"}, TypeError),
        ({"COLOR": "mean"}, TypeError),
        ({"NONE": "mean"}, torchfits.ColumnNotFoundError),
    ],
)
def test_aggregate_ofNonsense_isAnError(path: Path, aggregates: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        torchfits.table(path).group_by("CLS").agg(aggregates).to_dict()


# Statistics


def test_stats_ofNumbers_areThoseOfPandas(path: Path, frame: Any) -> None:
    found = torchfits.table(path).filter("OK").stats()
    assert list(found) == ["ID", "MAG", "CLS", "N", "OK"]
    chosen = frame[frame.OK]
    for name in ("ID", "MAG", "N"):
        stats: Any = found[name]
        column = chosen[name]
        assert (stats.count, stats.nulls) == (len(column), 0)
        assert (stats.min, stats.max) == (column.min(), column.max())
        np.testing.assert_allclose((stats.mean, stats.std), (column.mean(), column.std(ddof=0)), rtol=1e-12)
        assert stats.quartiles == pytest.approx(tuple(column.quantile([0.25, 0.5, 0.75])), rel=1e-14)


def test_stats_ofStringsAndTruths_countThem(path: Path, frame: Any) -> None:
    found: Any = torchfits.table(path).stats()
    counts = frame.CLS[frame.CLS != ""].value_counts()
    assert found["CLS"].categories == counts.to_dict()
    assert list(found["CLS"].categories.values()) == sorted(counts, reverse=True)
    assert (found["CLS"].nulls, found["CLS"].distinct) == (int((frame.CLS == "").sum()), 3)
    assert found["CLS"].count == ROWS - found["CLS"].nulls
    assert found["OK"].categories == frame.OK.value_counts().to_dict()


def test_stats_ofNullsAndLargeNumbers_areExact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_statistics, "_READ_BYTES", 8)
    columns: dict[str, tuple[str, Any]] = {
        "K": ("K", [2**62 + 1, 2**62 + 3, -1]),
        "U": ("K", np.array([2**64 - 1, 1, 2], "u8")),
        "X": ("D", [np.nan, np.nan, np.nan]),
        "F": ("D", [1.5, np.nan, np.inf]),
    }
    made = write(tmp_path / "x.fits", columns, null={"K": -1}, bzero={"U": 2**63})
    found: Any = torchfits.table(made).stats()
    assert (found["K"].count, found["K"].nulls, found["K"].min, found["K"].max) == (2, 1, 2**62 + 1, 2**62 + 3)
    assert (found["U"].min, found["U"].max, found["U"].nulls) == (1, 2**64 - 1, 0)
    assert (found["X"].count, found["X"].nulls) == (0, 3)
    assert np.isnan([found["X"].mean, found["X"].min, *found["X"].quartiles]).all()
    assert (found["F"].count, found["F"].nulls, found["F"].max, found["F"].mean) == (2, 1, np.inf, np.inf)
    assert torchfits.table(made)[:0].stats()["K"].count == 0


def test_stats_ofManyWords_holdTheCommonest(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(3000)] + ["w2999"]
    torchfits.write(tmp_path / "x.fits", {"S": words})
    stats: Any = torchfits.table(tmp_path / "x.fits").stats()["S"]
    assert (stats.distinct, len(stats.categories), next(iter(stats.categories.items()))) == (3000, 1000, ("w2999", 2))


# Memory


def test_iteration_ofALargeTable_takesConstantMemory(tmp_path: Path) -> None:
    path = tmp_path / "large.fits"
    batch = {"ID": torch.arange(500_000), "V": torch.zeros(500_000, 8, dtype=torch.float32)}
    torchfits.write(path, (batch for _ in range(12)))  # 240 MB
    program = f"""
import torchfits
def peak(): return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) >> 10
def work(table):
    batches = table.filter("ID % 2 = 0").iter_batches(1000, shuffle=True)
    rows = sum(len(batch["ID"]) for batch in batches) + table.filter("ID < 400000").count()
    return rows, next(iter(table.filter("ID > 499998")[2:]))["ID"]
table = torchfits.table({str(path)!r})
# Until the engine has the blocks that it keeps for later reads.
work(table[:3_000_000])
before = peak()
print(*work(table), peak() - before)
"""
    told = subprocess.run([*loaded_python(), "-c", program], check=True, capture_output=True, text=True).stdout
    rows, first, growth = map(int, told.split())
    assert (rows, first) == (12 * 250_000 + 12 * 400_000, 499_999)
    assert growth < 200  # three windows of 64 MiB at most


# Other libraries


@pytest.fixture(scope="module")
def all_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(2)
    columns: dict[str, tuple[str, Any]] = {
        "L": ("L", rng.random(5) < 0.5),
        "B": ("B", np.arange(5, dtype="u1")),
        "S": ("B", np.arange(-2, 3, dtype="i1")),
        "U": ("J", np.arange(5, dtype="u4") + np.uint32(2**31)),
        "N": ("J", [1, -1, 3, -1, 5]),
        "F": ("E", rng.normal(size=5).astype("f4")),
        "D": ("2D", rng.normal(size=(5, 2))),
        "T": ("6I", rng.integers(0, 9, (5, 3, 2)).astype("i2")),
        "C": ("C", (rng.normal(size=5) + 1j).astype("c8")),
        "A": ("5A", ["abc", "", "de", "fghij", "x"]),
        "AA": ("6A", np.array([["ab", "c"], ["", "x"], ["1", "2"], ["", ""], ["yy", "zz"]])),
        "P": ("PJ()", np.array([np.arange(i, dtype="i4") for i in range(5)], dtype=object)),
    }
    return write(
        tmp_path_factory.mktemp("kinds") / "kinds.fits",
        columns,
        bzero={"S": -128, "U": 2**31},
        null={"N": -1},
        dim={"T": "(2,3)", "AA": "(3,2)"},
        unit={"F": "Jy"},
    )


def test_materialize_isWhatReadTableMakes(path: Path) -> None:
    lazy = torchfits.table(path).filter("OK").select(["MAG", "CLS", "COLOR", "ID"])
    made = lazy.materialize(stypes={"ID": "other"})
    expected = torchfits.read_table(path, ["MAG", "CLS", "COLOR", "ID"], where="OK", stypes={"ID": "other"})
    assert made == expected
    assert made.col_names_dict == expected.col_names_dict
    assert made.units == expected.units
    assert made.source == repr(lazy)


def test_materialize_ofJoinedAndGroupedRows(path: Path, frame: Any) -> None:
    table = torchfits.table(path)
    means = table.group_by("CLS").agg({"MAG": ["mean", "list"], "N": "max", "OK": "any"})
    made = table.select(["ID", "CLS"]).join(means, "CLS", "left").to_frame(stypes={"ID": "numerical"})
    assert made.num_rows == ROWS
    feature: Any = made.get_col_feat("MAG_mean")
    numbers = feature[:, 0]
    expected = frame.groupby("CLS").MAG.transform("mean")
    np.testing.assert_allclose(numbers, expected, rtol=1e-6)


def test_toAstropy_isWhatAstropyReads(all_kinds: Path) -> None:
    made = torchfits.table(all_kinds).to_astropy()
    expected = Table.read(all_kinds, character_as_bytes=False)
    assert made.colnames == expected.colnames
    assert made["F"].unit == u.Jy
    assert made["N"].mask.tolist() == [False, True, False, True, False]
    for name in made.colnames:
        if name == "P":
            assert [row.tolist() for row in made[name]] == [row.tolist() for row in expected[name]]
        else:
            assert made[name].shape == expected[name].shape
            assert made[name].tolist() == expected[name].tolist()
            if name != "S":  # which astropy makes float64
                assert made[name].dtype.kind == expected[name].dtype.kind


def test_toArrow_holdsTheValues(all_kinds: Path) -> None:
    made = torchfits.table(all_kinds).to_arrow()
    expected = Table.read(all_kinds, character_as_bytes=False)
    for name in made.column_names:
        values = made[name].to_pylist()
        if name == "C":
            assert [complex(*value) for value in values] == expected[name].tolist()
        elif name == "P":
            assert values == [row.tolist() for row in expected[name]]
        else:
            assert values == expected[name].tolist()
    types = {name: str(made[name].type) for name in ("L", "S", "U", "T", "A", "AA", "P")}
    assert types == {
        "L": "bool",
        "S": "int8",
        "U": "uint32",
        "T": "fixed_size_list<item: fixed_size_list<item: int16>[2]>[3]",
        "A": "large_string",
        "AA": "fixed_size_list<item: large_string>[2]",
        "P": "large_list<item: int32>",
    }
    assert made.schema.field("F").metadata == {b"unit": b"Jy"}


def test_toArrow_ofNumbersAndStrings_copiesNothing(all_kinds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: dict[str, Any] = torchfits.read_columns(all_kinds)
    monkeypatch.setattr(_sources, "read_ahead", lambda *_, **__: lambda: read)
    made = torchfits.table(all_kinds).to_arrow()
    for name in ("B", "U", "F", "N"):
        assert made[name].chunk(0).buffers()[1].address == read[name].data_ptr()
    assert made["D"].chunk(0).buffers()[-1].address == read["D"].data_ptr()
    assert made["C"].chunk(0).buffers()[-1].address == read["C"].data_ptr()
    assert made["A"].chunk(0).buffers()[2].address == read["A"].values.data_ptr()
    assert made["P"].chunk(0).buffers()[1].address == read["P"].offsets.data_ptr()


def test_toArrow_ofLatin1_isUtf8(tmp_path: Path) -> None:
    path = write(tmp_path / "x.fits", {"S": ("3A", ["abc", "d", "e"])})
    content = path.read_bytes().replace(b"abc", b"\xe9bc")
    path.write_bytes(content)
    assert torchfits.table(path).to_arrow()["S"].to_pylist() == ["ébc", "d", "e"]


def test_toArrow_ofArraysOfNothing_isListsOfNothing(tmp_path: Path) -> None:
    torchfits.write(tmp_path / "x.fits", {"Z": torch.zeros(3, 0), "N": torch.arange(3)})
    made = torchfits.table(tmp_path / "x.fits").to_arrow()
    made.validate(full=True)
    assert made.to_pydict() == {"Z": [[], [], []], "N": [0, 1, 2]}


def test_toPandas_holdsTheValues(all_kinds: Path) -> None:
    made = torchfits.table(all_kinds).to_pandas()
    assert made.N.isna().tolist() == [False, True, False, True, False]
    assert {name: str(made[name].dtype) for name in ("L", "U", "N", "F", "C")} == {
        "L": "bool",
        "U": "uint32",
        "N": "Int32",
        "F": "float32",
        "C": "complex64",
    }
    assert made.A.tolist() == ["abc", "", "de", "fghij", "x"]
    assert np.stack(made.D.tolist()).tolist() == fits.getdata(all_kinds)["D"].tolist()  # type: ignore[index]


def test_toPolars_holdsTheValues(all_kinds: Path) -> None:
    pytest.importorskip("polars")
    made = torchfits.table(all_kinds).to_polars()
    arrow = torchfits.table(all_kinds).to_arrow()
    for name in ("L", "U", "N", "F", "A", "P"):
        assert made[name].to_list() == arrow[name].to_pylist()


def test_batches_areWritten(path: Path, tmp_path: Path) -> None:
    chosen = torchfits.table(path).filter("OK").sort("MAG")
    torchfits.write(tmp_path / "bright.fits", chosen.iter_batches(10))
    written = torchfits.table(tmp_path / "bright.fits")
    assert ids(written) == ids(chosen)
    assert written["CLS"].to_list() == chosen["CLS"].to_list()  # type: ignore[union-attr]


def test_toDict_ofNoRows_keepsTypes(all_kinds: Path) -> None:
    whole = torchfits.table(all_kinds)
    empty: dict[str, Any] = whole[:0].to_dict()
    for name, data in whole.to_dict().items():
        assert type(empty[name]) is type(data)
        assert len(empty[name]) == 0
    assert whole[:0].to_arrow().schema == whole.to_arrow().schema
    assert list(whole[:0]) == list(whole[:0].iter_batches(3)) == []
    assert isinstance(whole.filter("F > 1e9").sort("B")["A"], StringColumn)


# Wrong arguments


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda t: t["NONE"], torchfits.ColumnNotFoundError),
        (lambda t: t.select(["MAG", "NONE"]).count(), torchfits.ColumnNotFoundError),
        (lambda t: t.select([]), TypeError),
        (lambda t: t.select([1]), TypeError),
        (lambda t: t.sort([]), ValueError),
        (lambda t: t.sort(["MAG", "N"], descending=[True]), ValueError),
        (lambda t: t.sort("COLOR").count(), TypeError),
        (lambda t: t.select("ID").sort("MAG").count(), torchfits.ColumnNotFoundError),
        (lambda t: t.head(-1), ValueError),
        (lambda t: t.sample(-1), ValueError),
        (lambda t: t[::0], ValueError),
        (lambda t: t[[100]].count(), IndexError),
        (lambda t: t[[True, False]].count(), torchfits.MismatchError),
        (lambda t: t[[1.5]], TypeError),
        (lambda t: t[[[1]]], ValueError),
        (lambda t: t["MAG":"N"], TypeError),
        (lambda t: t.filter(3), TypeError),
        (lambda t: t.filter("MAG <").count(), torchfits.ExpressionError),
        (lambda t: t.join(t, "ID", "outer"), ValueError),
        (lambda t: t.join(t, []), ValueError),
        (lambda t: t.join({"ID": [1]}, "ID"), TypeError),
        (lambda t: t.group_by([]), ValueError),
        (lambda t: t.iter_batches(0), ValueError),
    ],
)
def test_nonsense_isAnError(path: Path, use: Callable[[torchfits.Table], Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        use(torchfits.table(path))


def test_repr_tellsThePlan() -> None:
    table = torchfits.table("cat.fits", hdu="CAT").filter("N > 0")[2:].sort("N", descending=True).select("ID").sample(3)
    assert repr(table) == (
        "torchfits.table('cat.fits', hdu='CAT').filter('N > 0')[2:].sort(['N'], descending=[True])"
        ".select(['ID']).sample(3, seed=0)"
    )
    assert operator.contains(repr(table.group_by("ID")), "group_by(['ID'])")
