"""Tables as TensorFrames, against torch_frame's own materialization of the same data by way of pandas."""

# What torch_frame gives is annotated as a union of everything.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false, reportIndexIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalSubscript=false

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
import torch_frame
import torchfits
from _frames import assert_same_frames
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time
from torch_frame.config.text_embedder import TextEmbedderConfig
from torch_frame.data import DataLoader, Dataset
from torch_frame.data.stats import StatType
from torchfits import StringColumn
from torchfits.frames import MaterializedFrame, materialize
from torchfits.tables import describe_table

if TYPE_CHECKING:
    from pathlib import Path

stype = torch_frame.stype
pytestmark = pytest.mark.usefixtures("quiet_astropy")

ROWS = 500


def _columns() -> dict[str, Any]:
    random = np.random.default_rng(3)
    days = 58000 + random.random(ROWS) * 1000
    mag = random.normal(18, 2, ROWS).astype("f4")
    mag[::17] = np.nan
    return {
        "MAG": mag,
        "RA": random.random(ROWS) * 360,
        "FLAG": random.integers(0, 50, ROWS).astype("i2"),
        "ID": np.arange(ROWS, dtype="i8") + 2**40,
        "CLASS": random.choice(["STAR", "GALAXY", "QSO", ""], ROWS, p=[0.5, 0.3, 0.1, 0.1]),
        "VAR": random.random(ROWS) < 0.2,
        "NAME": np.array([f"J{i:05d}" for i in range(ROWS)]),
        "MJD": days,
        "DATE": Time(days, format="mjd").isot,
        "SPECTRUM": random.random((ROWS, 5)).astype("f4"),
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frames") / "catalog.fits"
    table = Table(_columns())
    table["MAG"].unit = "mag"
    table["MJD"].unit = "d"
    table.write(path)
    return path


@pytest.fixture(scope="module")
def frame(path: Path) -> MaterializedFrame:
    return torchfits.read_table(path)


def _by_torch_frame(stypes: dict[str, stype], columns: dict[str, Any], **options: Any) -> Dataset:
    return Dataset(pd.DataFrame(columns), stypes, **options).materialize()


def _assert_stats(found: dict[StatType, Any], expected: dict[StatType, Any]) -> None:
    assert found.keys() == expected.keys()
    for stat, value in expected.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(found[stat], value), stat
        elif stat is StatType.COUNT:
            assert dict(zip(*found[stat], strict=True)) == dict(zip(*value, strict=True))
            assert found[stat][1] == value[1]
        else:
            assert np.allclose(found[stat], value, rtol=1e-6), stat


def test_readTable_anyColumns_haveTheStypesThatFollow(frame: MaterializedFrame) -> None:
    assert frame.col_names_dict == {
        stype.numerical: ["MAG", "RA", "FLAG"],
        stype.categorical: ["CLASS", "VAR"],
        stype.timestamp: ["MJD", "DATE"],
        stype.embedding: ["SPECTRUM"],
    }
    assert list(frame.others) == ["ID", "NAME"]
    assert frame.others["ID"].tolist() == (np.arange(ROWS) + 2**40).tolist()
    assert frame.others["NAME"][7] == "J00007"
    assert frame.units == {"MAG": "mag", "MJD": "d"}
    assert frame.schema["MAG"].form == "E"
    assert len(frame) == ROWS


def test_readTable_numbers_areThoseOfTorchFrame(frame: MaterializedFrame) -> None:
    names = ["MAG", "RA", "FLAG"]
    columns = {name: _columns()[name] for name in names}
    expected = _by_torch_frame(dict.fromkeys(names, stype.numerical), columns)
    assert expected.tensor_frame.col_names_dict[stype.numerical] == sorted(names)
    for name in names:
        assert torch.equal(
            frame.get_col_feat(name).nan_to_num(-99), expected.tensor_frame.get_col_feat(name).nan_to_num(-99)
        )
        _assert_stats(frame.col_stats[name], expected.col_stats[name])
    block = frame.feat_dict[stype.numerical]
    assert block.dtype == torch.float32
    assert block.is_contiguous()


def test_readTable_categories_areThoseOfTorchFrame(frame: MaterializedFrame) -> None:
    columns = {"CLASS": [word or None for word in _columns()["CLASS"]], "VAR": _columns()["VAR"]}
    expected = _by_torch_frame(dict.fromkeys(columns, stype.categorical), columns)
    for name in columns:
        assert torch.equal(frame.get_col_feat(name), expected.tensor_frame.get_col_feat(name))
        _assert_stats(frame.col_stats[name], expected.col_stats[name])
    assert frame.vocabulary["CLASS"] == ["STAR", "GALAXY", "QSO"]


def test_readTable_times_areThoseOfTorchFrame(frame: MaterializedFrame) -> None:
    times = pd.to_datetime(pd.Series(_columns()["DATE"]), format="ISO8601")
    expected = _by_torch_frame({"DATE": stype.timestamp}, {"DATE": times})
    assert torch.equal(frame.get_col_feat("DATE"), expected.tensor_frame.get_col_feat("DATE"))
    _assert_stats(frame.col_stats["DATE"], expected.col_stats["DATE"])
    # The strings have milliseconds, the numbers more: they may lie in two seconds.
    seconds = frame.get_col_feat("MJD")[:, 0] == frame.get_col_feat("DATE")[:, 0]
    assert seconds.all(dim=1).float().mean() > 0.99


def test_readTable_vectors_areThoseOfTorchFrame(frame: MaterializedFrame) -> None:
    vectors = _columns()["SPECTRUM"]
    expected = _by_torch_frame({"SPECTRUM": stype.embedding}, {"SPECTRUM": vectors.tolist()})
    found = frame.feat_dict[stype.embedding]
    assert torch.equal(found.values, expected.tensor_frame.feat_dict[stype.embedding].values)
    assert torch.equal(found.offset, expected.tensor_frame.feat_dict[stype.embedding].offset)
    assert frame.col_stats["SPECTRUM"] == {StatType.EMB_DIM: 5} == expected.col_stats["SPECTRUM"]


def test_readTable_partOfATable_isThatPart(path: Path) -> None:
    frame = torchfits.read_table(path, ["MAG", "CLASS"], rows=slice(10, 40), where="MAG < 18")
    columns = _columns()
    wanted = [row for row in range(10, 40) if columns["MAG"][row] < 18]
    assert torch.equal(frame.get_col_feat("MAG")[:, 0], torch.from_numpy(columns["MAG"][wanted]))
    words = [
        frame.vocabulary["CLASS"][code] if code >= 0 else "" for code in frame.get_col_feat("CLASS")[:, 0].tolist()
    ]
    assert words == columns["CLASS"][wanted].tolist()


def _numbers_of_all_forms(path: Path, rows: int) -> Path:
    """A table with numbers in every form, other columns between them, NaN and null values."""
    random = np.random.default_rng(rows)
    numbers = random.normal(0, 100, rows)
    numbers[::13] = np.nan
    small = random.integers(-100, 100, rows)
    columns = [
        fits.Column("E", "E", array=numbers.astype("f4")),
        fits.Column("D", "D", array=numbers),
        fits.Column("NAME", "4A", array=random.choice(["a", "bc", "def", ""], rows)),
        fits.Column("I", "I", array=small.astype("i2")),
        fits.Column("J", "J", array=small.astype("i4") * 1000),
        fits.Column("K", "K", array=small.astype("i8") * 1000),
        fits.Column("B", "B", array=(small + 100).astype("u1")),
        fits.Column("FLAGS", "11X", array=random.random((rows, 11)) < 0.3),
        fits.Column("SIGNED", "B", bzero=-128, array=small.astype("i1")),
        fits.Column("U2", "I", bzero=2**15, array=(small + 30_000).astype("u2")),
        fits.Column("U4", "J", bzero=2**31, array=(small + 2**20).astype("u4")),
        fits.Column("U8", "K", bzero=2**63, array=(small + 2**20).astype("u8")),
        fits.Column("SCALED", "I", array=small.astype("i2")),
        fits.Column("NULL2", "I", null=7, array=small.astype("i2") % 10),
        fits.Column("NULL8", "K", null=7, array=small.astype("i8") % 10),
        fits.Column("LARGE", "K", array=small + 2**40),
        fits.Column("LATE", "J", array=np.where(np.arange(rows) == rows - 1, 2**24 + 1, small).astype("i4")),
        fits.Column("EDGE", "J", array=np.where(np.arange(rows) == rows // 2, 2**24, small).astype("i4")),
        fits.Column("MJD", "D", unit="d", array=58_000 + numbers),
        fits.Column("VECTOR", "3E", array=random.random((rows, 3)).astype("f4")),
        fits.Column("LAST", "E", array=numbers.astype("f4") + 1),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    fits.setval(path, "TSCAL13", value=0.5, ext=1)
    fits.setval(path, "TZERO13", value=3.0, ext=1)
    return path


@pytest.mark.parametrize("rows", [1, 3, 1000, 2049, 33_000, 70_001])
def test_readTable_numbersOfAllForms_areThoseOfTheirColumns(tmp_path: Path, rows: int) -> None:
    # Numbers go from the rows into the frame; by way of columns all must be the same.
    path = _numbers_of_all_forms(tmp_path / "forms.fits", rows)
    schema = describe_table(path)
    choices: list[dict[str, Any]] = [
        {},
        {"rows": slice(None, None, -1)},
        {"rows": slice(rows // 3, None, 2)},
        {"rows": torch.arange(rows).flip(0)[: rows // 2 + 1]},
        {"where": "J > 0 or B < 50"},
        {"columns": ["LAST", "K", "NAME", "E", "LARGE", "I"]},
        {"columns": [4, "E", -1, 4, "e"]},
        {"columns": "D"},
    ]
    for choice in choices:
        columns = torchfits.read_columns(path, **choice)
        expected = materialize(columns, {name: schema[name] for name in columns})
        assert_same_frames(torchfits.read_table(path, **choice), expected)


def test_readTable_stypesOfNumbers_areFollowed(tmp_path: Path) -> None:
    path = _numbers_of_all_forms(tmp_path / "forms.fits", 3000)
    columns = torchfits.read_columns(path)
    schema = describe_table(path)
    stypes = {"LARGE": "numerical", "U8": stype.numerical, "I": "categorical", "E": "other", "MJD": "numerical"}
    expected = materialize(columns, {name: schema[name] for name in columns}, stypes=stypes)
    frame = torchfits.read_table(path, stypes=stypes)
    assert_same_frames(frame, expected)
    assert frame.others["E"].dtype == torch.float32
    with pytest.raises(KeyError, match="NOBODY"):
        torchfits.read_table(path, stypes={"NOBODY": "numerical"})
    with pytest.raises(ValueError, match=r"'NAME' .strings. cannot be numerical"):
        torchfits.read_table(path, stypes={"NAME": "numerical"})


def test_readTable_otherSources_areThoseOfTheirColumns(tmp_path: Path) -> None:
    path = _numbers_of_all_forms(tmp_path / "forms.fits", 40_000)
    schema = describe_table(path)
    packed = tmp_path / "forms.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    for source in (f"{path}[1][J > 0]", path.read_bytes(), packed):
        columns = torchfits.read_columns(source)
        expected = materialize(columns, {name: schema[name] for name in columns})
        assert_same_frames(torchfits.read_table(source), expected)


def test_readTable_longRows_areThoseOfTheirColumns(tmp_path: Path) -> None:
    path = tmp_path / "wide.fits"
    Table({f"C{i}": np.arange(1500) * (i + 0.5) for i in range(60)}).write(path)
    columns = torchfits.read_columns(path)
    schema = describe_table(path)
    expected = materialize(columns, {name: schema[name] for name in columns})
    assert_same_frames(torchfits.read_table(path), expected)


def test_readTable_missingColumn_isAnError(path: Path) -> None:
    for wanted in (["MAG", "NOBODY"], [0, 99], [-11], "nobody", 10):
        with pytest.raises(torchfits.ColumnNotFoundError):
            torchfits.read_table(path, wanted)


def test_frame_rows_areTakenOfAll(frame: MaterializedFrame) -> None:
    for index in (7, slice(3, 30, 4), [5, 1, 1], torch.arange(ROWS) % 3 == 0):
        part = frame[index]
        numbers = np.arange(ROWS)[index if isinstance(index, int | slice) else np.asarray(index)].reshape(-1)
        assert isinstance(part, MaterializedFrame)
        assert part.others["ID"].tolist() == (numbers + 2**40).tolist()
        assert part.others["NAME"].to_list() == [f"J{i:05d}" for i in numbers]
        assert torch.equal(part.get_col_feat("RA"), frame.get_col_feat("RA")[torch.from_numpy(numbers)])
        assert part.col_stats is frame.col_stats
    assert len(frame) == ROWS


def strings(words: list[str]) -> StringColumn:
    lengths = torch.tensor([0, *map(len, words)])
    return StringColumn(torch.frombuffer(bytearray("".join(words), "ascii"), dtype=torch.uint8), lengths.cumsum(0))


def test_frame_embeddedText_isThatOfTorchFrame() -> None:
    notes = [f"note {i} {'x' * (i % 5)}" for i in range(7)]
    columns = {"NOTE": strings(notes), "V": torch.rand(7, 2), "A": torch.arange(7.0)}
    frame = materialize(columns, stypes={"NOTE": "other"}).with_target("A")

    def embedder(texts: list[str]) -> torch.Tensor:
        assert len(texts) <= 3
        return torch.tensor([[len(text), ord(text[5])] for text in texts], dtype=torch.float32)

    embedded = frame.with_embedded_text("NOTE", embedder, batch_size=3)
    expected = torch_frame.data.Dataset(
        pd.DataFrame({"V": columns["V"].tolist(), "NOTE": notes}),
        {"V": stype.embedding, "NOTE": stype.text_embedded},
        col_to_text_embedder_cfg=TextEmbedderConfig(embedder, batch_size=3),
    ).materialize()
    assert embedded.col_names_dict == expected.tensor_frame.col_names_dict
    block, wanted = (one.feat_dict[stype.embedding] for one in (embedded, expected.tensor_frame))
    assert torch.equal(block.values, wanted.values)
    assert torch.equal(block.offset, wanted.offset)
    assert embedded.col_stats["NOTE"] == expected.col_stats["NOTE"]
    assert embedded.others == {}
    assert list(frame.others) == ["NOTE"]
    assert torch.equal(embedded.y, columns["A"])
    assert len(embedded[2:4]) == 2


def test_frame_textThatCannotBeEmbedded_isRefused() -> None:
    frame = materialize({"NOTE": strings(["a", "b"]), "ID": torch.tensor([2**40, 1])}, stypes={"NOTE": "other"})
    with pytest.raises(KeyError, match="NOT_THERE"):
        frame.with_embedded_text("NOT_THERE", lambda texts: torch.zeros(len(texts), 1))
    with pytest.raises(ValueError, match="'ID' is not of single strings"):
        frame.with_embedded_text("ID", lambda texts: torch.zeros(len(texts), 1))
    with pytest.raises(ValueError, match="3 rows of 2 texts"):
        frame.with_embedded_text("NOTE", lambda _: torch.zeros(3, 1))
    with pytest.raises(ValueError, match=r"'NOTE' \(torch.float32 \(2,\)\) cannot be embedding"):
        frame.with_embedded_text("NOTE", lambda texts: torch.zeros(len(texts)))


def test_readTable_variableLength_areSequences(tmp_path: Path) -> None:
    fluxes = [np.arange(n, dtype="f4") for n in (3, 0, 2)]
    times = [np.arange(n, dtype="f8") * 10 for n in (1, 2, 0)]
    members = [np.array(cell, dtype="i2") for cell in ([7, 9], [9], [])]
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("FLUX", "PE()", array=np.array([*fluxes, None], dtype=object)[:3]),
            fits.Column("TIME", "PD()", array=np.array([*times, None], dtype=object)[:3]),
            fits.Column("IN", "PI()", array=np.array([*members, None], dtype=object)[:3]),
            fits.Column("BITS", "3X", array=np.array([[1, 0, 1], [0, 0, 0], [0, 0, 1]], dtype=bool)),
        ]
    )
    path = tmp_path / "curves.fits"
    table.writeto(path)
    frame = torchfits.read_table(path, stypes={"IN": "multicategorical"})
    sequences = frame.feat_dict[stype.sequence_numerical]
    for row in range(3):
        assert sequences[row, 0].tolist() == fluxes[row].tolist()
        assert sequences[row, 1].tolist() == times[row].tolist()
    assert frame.col_stats["FLUX"][StatType.MEAN] == pytest.approx(np.concatenate(fluxes).mean())
    assert frame.col_names_dict[stype.multicategorical] == ["IN", "BITS"]
    sets = frame.feat_dict[stype.multicategorical]
    for row in range(3):
        assert [frame.vocabulary["IN"][code] for code in sets[row, 0].tolist()] == members[row].tolist()
    assert [[frame.vocabulary["BITS"][code] for code in sets[row, 1].tolist()] for row in range(3)] == [[0, 2], [], [2]]
    assert frame.col_stats["BITS"] == {StatType.MULTI_COUNT: ([2, 0], [2, 1])}


def test_readTable_nullIntegers_areMissing(tmp_path: Path) -> None:
    columns = [
        fits.Column("N", "J", null=-99, array=np.array([5, -99, 7])),
        fits.Column("U", "I", null=-32768 + 3, bzero=32768, array=np.array([1, 3, 9], dtype="u2")),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "nulls.fits")
    frame = torchfits.read_table(tmp_path / "nulls.fits")
    assert frame.get_col_feat("N")[:, 0].isnan().tolist() == [False, True, False]
    assert frame.get_col_feat("U")[:, 0].isnan().tolist() == [False, True, False]
    coded = torchfits.read_table(tmp_path / "nulls.fits", stypes={"N": "categorical"})
    assert coded.get_col_feat("N")[:, 0].tolist() == [0, -1, 1]
    assert coded.vocabulary["N"] == [5, 7]


@pytest.mark.parametrize("dtype", [torch.uint64, torch.float16, torch.int8, torch.uint32])
def test_materialize_unusualNumbers_areTheirFloats(dtype: torch.dtype) -> None:
    values = torch.tensor([1, 2, 3]).to(dtype)
    assert materialize({"A": values}).get_col_feat("A")[:, 0].tolist() == [1, 2, 3]


def test_materialize_stypes_areFollowed() -> None:
    columns = {"ID": torch.tensor([2**40, 5, 5]), "V": torch.rand(3, 4), "MJD": torch.tensor([51544.5, 51545.0, 0.0])}
    frame = materialize(columns, stypes={"ID": "numerical", "V": stype.sequence_numerical, "MJD": "timestamp"})
    assert frame.get_col_feat("ID")[:, 0].tolist() == [2.0**40, 5, 5]
    assert torch.equal(frame.feat_dict[stype.sequence_numerical].values, columns["V"].reshape(-1))
    assert frame.get_col_feat("MJD")[0, 0].tolist() == [2000, 0, 0, 5, 12, 0, 0]
    assert list(materialize(columns, stypes={"V": "other"}).others) == ["ID", "V"]
    with pytest.raises(ValueError, match=r"column 'V' \(torch.float32 \(3, 4\)\) cannot be categorical"):
        materialize(columns, stypes={"V": "categorical"})
    with pytest.raises(KeyError, match="'W'"):
        materialize(columns, stypes={"W": "categorical"})
    with pytest.raises(ValueError, match="lengths"):
        materialize({"A": torch.rand(3), "B": torch.rand(4)})


def test_materialize_nothing_isAnEmptyFrame() -> None:
    assert len(materialize({})) == 0
    none = materialize({"A": torch.empty(0)})
    assert none.get_col_feat("A").shape == (0, 1)
    assert np.isnan(none.col_stats["A"][StatType.MEAN])


def test_materialize_vectorsThatAreNotFinite_stayAsTheyAre() -> None:
    columns = {"V": torch.tensor([[1.0, torch.nan]]), "C": torch.tensor([1j])}
    assert list(materialize(columns).others) == ["V", "C"]


def test_materialize_datesThatAreNone_areWords(tmp_path: Path) -> None:
    Table({"D": ["2024-02-30", "2024-02-30", "2024-01-01", "2024-01-01"]}).write(tmp_path / "dates.fits")
    assert torchfits.read_table(tmp_path / "dates.fits").vocabulary == {"D": ["2024-01-01", "2024-02-30"]}


def test_frame_modelAndLoader_train(frame: MaterializedFrame) -> None:
    dataset = frame.dataset("VAR")
    assert dataset.num_classes == 2
    assert "VAR" not in dataset.tensor_frame.col_names_dict[stype.categorical]
    train, test = dataset[:0.8], dataset[0.8:]
    assert (len(train), len(test)) == (400, 100)
    model = torch_frame.nn.models.MLP(
        channels=8,
        out_channels=dataset.num_classes,
        num_layers=2,
        col_stats=dataset.col_stats,
        col_names_dict=dataset.tensor_frame.col_names_dict,
        stype_encoder_dict={
            stype.numerical: torch_frame.nn.LinearEncoder(na_strategy=torch_frame.NAStrategy.MEAN),
            stype.categorical: torch_frame.nn.EmbeddingEncoder(),
            stype.timestamp: torch_frame.nn.TimestampEncoder(),
            stype.embedding: torch_frame.nn.LinearEmbeddingEncoder(),
        },
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(8):
        for batch in DataLoader(train.tensor_frame, batch_size=100, shuffle=True):
            assert isinstance(batch, MaterializedFrame)
            loss = torch.nn.functional.cross_entropy(model(batch), batch.y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert sum(losses[-4:]) < sum(losses[:4])  # the last epoch and the first one


def test_frame_targets_areNumbersAndClassesAlone(frame: MaterializedFrame) -> None:
    dataset = frame.dataset("MAG")
    assert torch.equal(dataset.tensor_frame.y.nan_to_num(0), frame.get_col_feat("MAG")[:, 0].nan_to_num(0))
    assert dataset.tensor_frame.col_names_dict[stype.numerical] == ["RA", "FLAG"]
    with pytest.raises(KeyError, match="SPECTRUM"):
        frame.dataset("SPECTRUM")
