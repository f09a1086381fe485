"""Statistics of tables in one pass: against numpy and pandas on what astropy reads, and merged in any way."""

import itertools
import json
import math
import random
import subprocess
from pathlib import Path
from typing import Any

import astropy.io.fits
import numpy as np
import pandas as pd
import pytest
import torch
import torchfits
from _programs import loaded_python
from torchfits import _batching
from torchfits._sketch import Sketch
from torchfits.data import Statistics, TableDataset, statistics

fits: Any = astropy.io.fits  # whose functions have hardly any types

PROGRAM = Path(__file__).parent / "programs" / "statistics_ranks.py"

ROWS = 24_000
WITHIN = 1e-3  # of the values, for quantiles


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of columns of every kind, many of them odd, written by astropy."""
    rng = np.random.default_rng(5)
    normal = rng.normal(size=ROWS)
    holes = np.where(rng.random(ROWS) < 0.1, np.nan, normal)
    infinite = holes.copy()
    infinite[[3, 50]] = np.inf
    infinite[77] = -np.inf
    words = rng.choice(["STAR", "QSO", "GALAXY", ""], ROWS, p=[0.5, 0.2, 0.2, 0.1])
    dates = np.array(["2020-01-02", "", "1999-12-31T23:59:59", "2021-05-06"])[rng.integers(0, 4, ROWS)]
    cells = np.empty(ROWS, object)
    cells[:] = [np.arange(i % 4, dtype="f4") + i for i in range(ROWS)]
    column = fits.Column
    columns = [
        column("F4", "E", array=normal.astype("f4")),
        column("F8", "D", unit="Jy", array=1e9 + normal),
        column("HOLES", "D", array=holes),
        column("INFINITE", "E", array=infinite.astype("f4")),
        column("ALLNULL", "E", array=np.full(ROWS, np.nan, "f4")),
        column("CONSTANT", "D", array=np.full(ROWS, 0.1)),
        column("HUGE", "D", array=np.where(normal > 0, 1e300, -1e300)),
        column("I2", "I", null=-99, array=np.where(normal > 1, -99, 100 * normal).astype("i2")),
        column("ALLTNULL", "J", null=7, array=np.full(ROWS, 7, "i4")),
        column("NIGHT", "J", array=rng.integers(0, 30, ROWS).astype("i4")),
        column("ID", "K", array=rng.integers(-(2**62), 2**62, ROWS)),
        column("U1", "B", array=rng.integers(0, 256, ROWS).astype("u1")),
        column("U2", "I", bzero=2**15, array=rng.integers(0, 2**16, ROWS).astype("u2")),
        column("U8", "K", bzero=2**63, array=rng.integers(0, 2**64, ROWS, dtype="u8")),
        column("CLASS", "6A", array=words),
        column("NAME", "8A", array=np.array([f"s{i}" for i in range(ROWS)])),
        column("EMPTY", "4A", array=np.full(ROWS, "")),
        column("DATE", "19A", array=dates),
        column("MJD", "D", unit="d", array=55_000 + 1000 * rng.random(ROWS)),
        column("GOOD", "L", array=normal > 0.5),
        column("FLAGS", "5X", array=rng.random((ROWS, 5)) < 0.3),
        column("VECTOR", "3E", array=rng.normal(size=(ROWS, 3)).astype("f4")),
        column("GAPS", "2D", array=np.stack([normal, holes], 1)),
        column("TIMES", "PE()", array=cells),
        column("COMPLEX", "C", array=(normal + 1j).astype("c8")),
    ]
    path = tmp_path_factory.mktemp("statistics") / "catalog.fits"
    fits.BinTableHDU.from_columns(columns).writeto(path)
    return path


NUMBERS = [
    "F4", "F8", "HOLES", "INFINITE", "ALLNULL", "CONSTANT", "I2", "ALLTNULL", "NIGHT", "ID", "U1", "U2", "U8",
    "MJD", "VECTOR", "GAPS", "TIMES",
]  # fmt: skip


def astropys(path: Path, name: str) -> tuple[Any, int]:
    """The finite values of a column as astropy reads them, and how many are missing."""
    with fits.open(path) as hdus:
        if name == "TIMES":
            return np.concatenate([np.asarray(cell) for cell in hdus[1].data[name]]), 0
        data = np.asarray(hdus[1].data[name]).reshape(-1)
        null = hdus[1].columns[name].null
    missing = np.isnan(data) if data.dtype.kind == "f" else (data == null if null is not None else np.zeros(1, bool))
    kept = data[~missing] if missing.any() else data
    return kept[np.isfinite(kept)], int(missing.sum())


def requirePlaces(summary: Any, values: Any, within: float = WITHIN) -> None:
    """Quantiles stand, among the sorted values, about where they should."""
    ordered = np.sort(values)
    for part in (0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1):
        found, place = summary.quantile(part), part * (len(ordered) - 1)
        first, last = np.searchsorted(ordered, found, "left"), np.searchsorted(ordered, found, "right")
        assert first - 1 - within * len(ordered) <= place <= last + within * len(ordered), (part, found)


def requireSame(one: Statistics, other: Statistics, path: Path) -> None:
    """Exact where statistics are, and otherwise near: those of all rows."""
    assert one.keys() == other.keys()
    assert one.samples == other.samples
    for name in one:
        a: Any = one[name]
        b: Any = other[name]
        assert (a.count, a.nulls) == (b.count, b.nulls), name
        if name in NUMBERS:
            assert (a.infinities, str(a.min), str(a.max)) == (b.infinities, str(b.min), str(b.max)), name
            np.testing.assert_allclose([a.mean, a.std], [b.mean, b.std], rtol=1e-11, atol=1e-13)
            if a.count:
                requirePlaces(a, astropys(path, name)[0])
        elif name != "HUGE":
            assert a.categories == b.categories, name


@pytest.fixture(scope="module")
def found(catalog: Path) -> Statistics:
    return statistics(catalog)


# Of all rows


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_areThoseOfNumpy(catalog: Path, found: Statistics, name: str) -> None:
    values, missing = astropys(catalog, name)
    summary: Any = found[name]
    assert (summary.count, summary.nulls) == (len(values), missing)
    assert summary.infinities == (3 if name == "INFINITE" else 0)
    if not len(values):
        assert all(map(math.isnan, [summary.mean, summary.std, summary.min, summary.max, *summary.quartiles]))
        return
    assert (summary.min, summary.max) == (values.min().item(), values.max().item())
    wide = values.astype("f8")
    np.testing.assert_allclose([summary.mean, summary.std], [wide.mean(), wide.std()], rtol=1e-11, atol=1e-14)
    requirePlaces(summary, values)


def test_numbers_ofSomeRows_areThoseOfPandas(catalog: Path) -> None:
    names = ["F4", "F8", "NIGHT", "U2"]
    few = statistics(catalog, names, where="HOLES > -100", samples=range(20_000))
    assert list(few) == names
    data = fits.getdata(catalog, 1)
    rows = np.flatnonzero(np.asarray(data["HOLES"]) > -100)[:20_000]
    described: Any = pd.DataFrame({name: np.asarray(data[name])[rows].astype("f8") for name in names}).describe()
    for name in names:
        summary: Any = few[name]
        expected = described[name]
        assert (summary.count, summary.min, summary.max) == (expected["count"], expected["min"], expected["max"])
        deviation = expected["std"] * math.sqrt(1 - 1 / summary.count)
        np.testing.assert_allclose([summary.mean, summary.std], [expected["mean"], deviation], rtol=1e-9)


def test_constants_haveTheirMeanAndNoDeviation(found: Statistics) -> None:
    summary: Any = found["CONSTANT"]
    assert (summary.mean, summary.std, summary.quartiles) == (0.1, 0.0, (0.1, 0.1, 0.1))


def test_huge_overflowsInItsDeviationAlone(found: Statistics) -> None:
    summary: Any = found["HUGE"]
    assert (summary.min, summary.max) == (-1e300, 1e300)
    assert math.isfinite(summary.mean)
    assert summary.quantile(0.5) in (-1e300, 1e300)


def test_categories_areCounted(catalog: Path, found: Statistics) -> None:
    data = fits.getdata(catalog, 1)
    words: Any = pd.Series(np.asarray(data["CLASS"]))
    expected: dict[str, int] = words[words != ""].value_counts().to_dict()
    summary: Any = found["CLASS"]
    assert summary.categories == expected
    assert next(iter(summary.categories)) == "STAR"
    assert (summary.count, summary.nulls, summary.distinct) == (sum(expected.values()), int((words == "").sum()), 3)
    good: Any = found["GOOD"]
    assert good.categories == {False: int((~data["GOOD"]).sum()), True: int(data["GOOD"].sum())}
    flags: Any = found["FLAGS"]
    assert flags.categories == dict(enumerate(data["FLAGS"].sum(0).tolist()))
    many: Any = found["NAME"]
    assert (many.count, many.nulls, many.categories, many.distinct) == (ROWS, 0, None, None)
    empty: Any = found["EMPTY"]
    assert (empty.count, empty.nulls, empty.categories) == (0, ROWS, {})
    assert "COMPLEX" not in found
    nights: Any = statistics(catalog, ["NIGHT", "I2"], categories=["NIGHT", "I2"])
    assert nights["NIGHT"].categories == pd.Series(data["NIGHT"].tolist()).value_counts().to_dict()
    assert nights["I2"].nulls == int((data["I2"] == -99).sum())
    assert -99 not in nights["I2"].categories


def test_sources_giveTheSame(catalog: Path, found: Statistics) -> None:
    for source in (catalog.read_bytes(), torchfits.table(catalog), TableDataset(catalog)):
        assert statistics(source).to_json() == found.to_json()
    with pytest.raises(TypeError, match="a frame in memory has its statistics"):
        statistics(TableDataset(torchfits.read_table(catalog, ["F4"])))


def test_arguments_thatDoNotFit_areErrors(catalog: Path) -> None:
    with pytest.raises(ValueError, match="of datasets, not of tables"):
        statistics(catalog, weighted=True)
    with pytest.raises(KeyError, match="no column 'NONE'"):
        statistics(catalog, categories=["NONE"])
    with pytest.raises(ValueError, match=r"'F4' .* has no integers"):
        statistics(catalog, categories=["F4"])
    with pytest.raises(ValueError, match="has its HDU"):
        statistics(torchfits.table(catalog), hdu=1)
    with pytest.raises(TypeError, match="samples are numbers"):
        statistics(catalog, samples=[True, False])
    with pytest.raises(TypeError):
        statistics([str(catalog)])  # pyright: ignore[reportArgumentType]
    with pytest.raises(torchfits.MissingFileError):
        statistics("missing.fits")


def test_noRows_haveSummariesOfNone(catalog: Path, found: Statistics) -> None:
    none = statistics(catalog, where="F4 > 100")
    assert none.keys() == found.keys()
    assert none.samples == 0
    assert {summary.count for summary in none.values()} == {0}  # pyright: ignore[reportAttributeAccessIssue]
    requireSame(none.merge(found, none), found, catalog)
    only = statistics(catalog, ["COMPLEX"])
    assert (len(only), only.samples) == (0, ROWS)


# Parts


def test_windows_giveWhatOneWindowGives(catalog: Path, found: Statistics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_batching, "_WINDOW_ROWS", 997)
    requireSame(statistics(catalog), found, catalog)


def test_parts_mergedInAnyOrder_areThoseOfAll(catalog: Path, found: Statistics) -> None:
    chance = random.Random(3)
    ends = [0, *sorted(chance.sample(range(ROWS), 11)), ROWS]
    parts = [statistics(torchfits.table(catalog)[a:b]) for a, b in itertools.pairwise(ends)]
    for _ in range(3):
        chance.shuffle(parts)
        requireSame(parts[0].merge(*parts[1:]), found, catalog)
    while len(parts) > 1:  # two at a time, in a tree
        parts = [parts[i].merge(*parts[i + 1 : i + 2]) for i in range(0, len(parts), 2)]
    requireSame(parts[0], found, catalog)


def test_merge_ofFewValues_isExact() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=4000)
    parts = [Sketch.of_sorted(np.sort(part)) for part in np.array_split(rng.permutation(values), 9)]
    left = Sketch.merged([Sketch.merged(parts[:5]), *parts[5:]])
    right = Sketch.merged([parts[8], Sketch.merged(parts[:8])])
    places = [part * 3999 for part in (0, 0.1, 0.25, 0.5, 0.77, 1)]
    assert left.at(places) == right.at(places)
    np.testing.assert_allclose(left.at(places), np.quantile(values, [0, 0.1, 0.25, 0.5, 0.77, 1]), rtol=1e-14)


@pytest.mark.parametrize("pieces", [1, 7, 3000])
@pytest.mark.parametrize("kind", ["normal", "sorted", "few", "heavy", "alternating"])
def test_sketch_ofAnyValues_isWithinItsBound(kind: str, pieces: int) -> None:
    rng = np.random.default_rng(pieces)
    n = 200_003
    values = {
        "normal": lambda: rng.normal(size=n),
        "sorted": lambda: np.arange(n) / 7,
        "few": lambda: rng.integers(0, 5, n).astype("f8"),
        "heavy": lambda: rng.standard_cauchy(n),
        "alternating": lambda: np.where(np.arange(n) % 2, np.arange(n), -np.arange(n)).astype("f8"),
    }[kind]()
    sketch = Sketch()
    for piece in np.array_split(values, pieces):
        sketch = Sketch.merged([sketch, Sketch.of_sorted(np.sort(piece))])
    assert sketch.count() == n
    assert sum(map(len, sketch.levels)) < 20_000
    ordered = np.sort(values)
    places = np.linspace(0, n - 1, 101)
    for place, found in zip(places, sketch.at(places.tolist()), strict=True):
        first, last = np.searchsorted(ordered, found, "left"), np.searchsorted(ordered, found, "right")
        assert first - 1 - WITHIN * n <= place <= last + WITHIN * n


def test_merge_ofOthers_isAnError(catalog: Path, found: Statistics, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"statistics of other columns: only some have .*F8"):
        found.merge(statistics(catalog, ["F4"]))
    torchfits.write(tmp_path / "mJy.fits", {"F8": torch.ones(3)}, columns={"F8": torchfits.Column(unit="mJy")})
    with pytest.raises(ValueError, match=r"F8: unit: 'Jy' and 'mJy' do not go together"):
        statistics(catalog, ["F8"]).merge(statistics(tmp_path / "mJy.fits"))
    torchfits.write(tmp_path / "words.fits", {"F8": ["a", "b"]})
    with pytest.raises(ValueError, match="F8: CategorySummary and NumberSummary"):
        statistics(catalog, ["F8"]).merge(statistics(tmp_path / "words.fits"))


def test_json_keepsEverything(catalog: Path, found: Statistics) -> None:
    text = found.to_json()
    again = Statistics.from_json(text)
    assert again.to_json() == text
    assert again == found
    assert again != statistics(torchfits.table(catalog).head(10))
    assert json.loads(text)["samples"] == ROWS
    assert repr(again) == repr(found)
    merged: Any = again.merge(found)["I2"]
    assert merged.count == 2 * found["I2"].count  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told.pop("summaries"),
        lambda told: told.update(format=99),
        lambda told: told["summaries"]["F4"].update(kind="other"),
        lambda told: told["summaries"]["F4"].update(count=3),
        lambda told: told["summaries"]["F4"].update(sketch=["AAAA"]),
        lambda told: told["summaries"]["F4"].update(sketch=[""] * 100),
        lambda told: told["summaries"]["CLASS"].update(counts=[["A", 1]]),
        lambda told: told["summaries"]["CLASS"].pop("nulls"),
    ],
)
def test_json_ofAnotherKind_isAnError(found: Statistics, spoil: Any) -> None:
    told = json.loads(found.to_json())
    spoil(told)
    with pytest.raises(ValueError, match=r"."):
        Statistics.from_json(json.dumps(told))


def test_ranks_getThoseOfAll(catalog: Path, found: Statistics, tmp_path: Path) -> None:
    command = [*loaded_python(), PROGRAM, catalog, tmp_path / "meet"]
    ranks = [
        subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    outputs = [rank.communicate(timeout=240) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], outputs
    first, second = (output for output, _ in outputs)
    assert first == second
    requireSame(Statistics.from_json(first), found, catalog)


# For frames


def test_colStats_areThoseOfReadTable(catalog: Path, found: Statistics) -> None:
    frame = torchfits.read_table(catalog)
    told = found.col_stats()
    assert told.keys() == frame.col_stats.keys()
    for name, expected in frame.col_stats.items():
        if name in ("F8", "HUGE"):  # float32 holds no deviation of the one, and no value of the other
            continue
        assert told[name].keys() == expected.keys(), name
        for stat, value in expected.items():
            requireStat(
                told[name][stat], value, stat.value, None if name not in NUMBERS else astropys(catalog, name)[0]
            )


def requireStat(told: Any, expected: Any, stat: str, values: Any) -> None:
    if stat == "QUANTILES" and not np.isnan(expected).any():
        ordered = np.sort(values.astype("f4"))
        for part, found in zip((0, 0.25, 0.5, 0.75, 1), np.asarray(told, "f4"), strict=True):
            first, last = np.searchsorted(ordered, found, "left"), np.searchsorted(ordered, found, "right")
            slack = 1 + WITHIN * len(ordered)
            assert first - slack <= part * (len(ordered) - 1) <= last + slack
    elif stat == "MEDIAN_TIME":
        assert told[0] == expected[0]
    elif stat in ("MEAN", "STD", "QUANTILES"):
        np.testing.assert_allclose(told, expected, rtol=1e-5, atol=1e-6)
    else:
        assert str(told) == str(expected)


def test_colStats_ofFewRows_areExact(catalog: Path) -> None:
    names = ["F4", "HOLES", "I2", "CLASS", "DATE", "GOOD", "TIMES"]
    rows = torchfits.table(catalog)[:900].select(names)
    told, expected = statistics(rows).col_stats(), rows.materialize().col_stats
    assert told.keys() == expected.keys()
    for name, stats in expected.items():
        for stat, value in stats.items():
            if stat.value in ("MEAN", "STD", "QUANTILES"):
                np.testing.assert_allclose(told[name][stat], value, rtol=2e-7, atol=1e-7)
            else:
                assert str(told[name][stat]) == str(value)


def test_tableDataset_likeStatistics_readsTheSameBatches(catalog: Path) -> None:
    names = ["F4", "I2", "CLASS", "DATE", "GOOD", "FLAGS", "VECTOR", "TIMES", "NAME", "COMPLEX", "MJD", "ID"]
    plain = TableDataset(catalog, names, target="F4")
    told = statistics(catalog, names)
    fitted = TableDataset(str(catalog), names, target="F4", like=told)
    again = TableDataset.from_spec(json.loads(json.dumps(fitted.spec())))
    ids = [5, 0, ROWS - 1, 77]
    expected: Any = plain.__getitems__(ids)
    for dataset in (fitted, again):
        frame: Any = dataset.__getitems__(ids)
        assert frame.col_names_dict == expected.col_names_dict
        assert frame.vocabulary == expected.vocabulary
        assert frame.others.keys() == expected.others.keys()
        assert torch.equal(frame.y, expected.y)
        for stype, block in expected.feat_dict.items():
            mine = frame.feat_dict[stype]
            if isinstance(block, torch.Tensor):
                assert torch.equal(mine.nan_to_num(-9e9), block.nan_to_num(-9e9)), stype
            else:
                assert torch.equal(mine.values, block.values)
                assert torch.equal(mine.offset, block.offset)
        assert frame.col_stats["CLASS"] == expected.col_stats["CLASS"]
    with pytest.raises(ValueError, match="no statistics of F4"):
        TableDataset(catalog, ["F4", "I2"], like=statistics(catalog, ["I2"]))[0]


def test_tableDataset_likeStatistics_readsNoOtherRows(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchfits import frames

    told = statistics(catalog, ["F4", "CLASS"])
    monkeypatch.setattr(frames, "materialize", None)  # what makes a frame of all rows
    assert len(TableDataset(catalog, ["F4", "CLASS"], like=told).__getitems__([1, 2])) == 2


def test_colStats_makeTheEncodersOfTorchFrame(catalog: Path) -> None:
    from torch_frame import stype
    from torch_frame.nn import EmbeddingEncoder, LinearEncoder, StypeWiseFeatureEncoder, TimestampEncoder

    names = ["F4", "I2", "CLASS", "DATE"]
    told = statistics(catalog, names)
    frame: Any = TableDataset(catalog, names, like=told).__getitems__([0, 4, 9])
    encoders: dict[Any, Any] = {
        stype.numerical: LinearEncoder(),
        stype.categorical: EmbeddingEncoder(),
        stype.timestamp: TimestampEncoder(),
    }
    encode = StypeWiseFeatureEncoder(8, told.col_stats(), frame.col_names_dict, encoders)
    encoded, columns = encode(frame)
    assert sorted(columns) == sorted(names)
    assert encoded.shape == (3, 4, 8)
