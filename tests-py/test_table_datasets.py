"""Rows of tables as a dataset, and in step with cutouts."""

import json
import pickle
from pathlib import Path
from typing import Any

import astropy.io.fits
import numpy as np
import pytest
import torch
import torchfits
from torch.utils.data import DataLoader
from torchfits.data import CutoutDataset, StreamingDataset, TableDataset, ZipDataset, collate

fits: Any = astropy.io.fits  # whose functions have hardly any types

ROWS = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """catalog.fits with columns of each stype, and image.fits."""
    folder = tmp_path_factory.mktemp("catalog")
    rng = np.random.default_rng(2)
    columns: dict[str, Any] = {
        "ID": torch.arange(ROWS) + 2**40,
        "MAG": torch.from_numpy(rng.normal(size=ROWS).astype("f4")),
        "CLASS": ["STAR", "QSO", "GALAXY", "STAR"] * (ROWS // 4),
        "NIGHT": torch.arange(ROWS, dtype=torch.int16) % 5,
        "GOOD": torch.arange(ROWS) % 3 == 0,
        "DATE": ["2020-01-02", "", "2021-05-06T01:02:03", "1999-12-31"] * (ROWS // 4),
        "VECTOR": torch.from_numpy(rng.normal(size=(ROWS, 3)).astype("f4")),
        "TIMES": [[float(i)] * (i % 4) for i in range(ROWS)],
    }
    torchfits.write(folder / "catalog.fits", columns)
    fits.PrimaryHDU(rng.normal(size=(50, 50)).astype("f4")).writeto(folder / "image.fits")
    return folder


def blocks(frame: Any) -> dict[str, Any]:
    """All that a frame holds, as lists."""
    held: dict[str, Any] = {"y": None if frame.y is None else frame.y.tolist()}
    for stype, block in frame.feat_dict.items():
        parts = (block,) if isinstance(block, torch.Tensor) else (block.values, block.offset)
        held[stype.value] = (frame.col_names_dict[stype], [part.nan_to_num(-9e9).tolist() for part in parts])
    held["others"] = {name: column.tolist() for name, column in frame.others.items()}
    return held


def test_tableDataset_batches_areRowsOfTheWholeFrame(folder: Path) -> None:
    path = folder / "catalog.fits"
    whole = torchfits.read_table(path, stypes={"NIGHT": "categorical"})
    dataset = TableDataset(path, stypes={"NIGHT": "categorical"}, target="CLASS")
    assert len(dataset) == ROWS
    ids = [33, 2, 2, 39]
    frame: Any = dataset.__getitems__(ids)
    assert blocks(frame) == blocks(whole[ids].with_target("CLASS"))
    assert frame.vocabulary == whole.vocabulary
    assert str(frame.col_stats) == str(whole.col_stats) == str(dataset.col_stats)
    # Rows 1 and 5 have no date, and one class.
    assert blocks(dataset.__getitems__([1, 5])) == blocks(whole[[1, 5]].with_target("CLASS"))
    assert blocks(dataset[-1]) == blocks(whole[[ROWS - 1]].with_target("CLASS"))
    with pytest.raises(IndexError):
        dataset[ROWS]


def test_tableDataset_byLoaders_givesTheSameBatches(folder: Path) -> None:
    dataset = TableDataset(folder / "catalog.fits", ["MAG", "CLASS", "TIMES", "ID"], where="MAG < 0.5")
    whole = torchfits.table(folder / "catalog.fits").filter("MAG < 0.5").select(["MAG", "CLASS", "TIMES", "ID"])
    assert len(dataset) == whole.count()
    expected = [blocks(dataset.__getitems__(range(i, min(i + 7, len(dataset))))) for i in range(0, len(dataset), 7)]
    stock = list(DataLoader(dataset, batch_size=7, collate_fn=collate))
    own = list(torchfits.data.DataLoader(dataset, batch_size=7))
    assert [blocks(frame) for frame in stock] == [blocks(frame) for frame in own] == expected
    assert own[1].sample_ids.tolist() == list(range(7, 14))
    items = [dataset[i] for i in range(7)]
    assert blocks(collate(items)) == expected[0]


def test_tableDataset_ofAFrameATableAndALike_areTheSameRows(folder: Path) -> None:
    path = folder / "catalog.fits"
    whole = torchfits.read_table(path)
    ids = [4, 0, 9]
    expected = blocks(whole[ids])
    for dataset in (TableDataset(whole), TableDataset(torchfits.table(path)), TableDataset(path.read_bytes())):
        assert blocks(dataset.__getitems__(ids)) == expected
    few = torchfits.read_table(path, rows=[0, 3, 4, 7], stypes={"CLASS": "categorical"})
    frame = TableDataset(path, like=few)[1]
    place = few.col_names_dict[frame_stype("categorical")].index("CLASS")
    assert frame.feat_dict[frame_stype("categorical")][:, place].tolist() == [-1]  # QSO is not in its vocabulary
    with pytest.raises(ValueError, match="a frame is as it is"):
        TableDataset(whole, where="MAG < 1")


def frame_stype(name: str) -> Any:
    import torch_frame

    return torch_frame.stype(name)


def test_tableDataset_pickledAndWrittenDown_isTheSame(folder: Path) -> None:
    dataset = TableDataset(str(folder / "catalog.fits"), ["MAG", "CLASS"], where="NIGHT > 1", target="MAG")
    before = pickle.loads(pickle.dumps(dataset))
    expected = blocks(dataset.__getitems__([0, 3]))
    again = TableDataset.from_spec(json.loads(json.dumps(dataset.spec())))
    for other in (before, pickle.loads(pickle.dumps(dataset)), again):
        assert blocks(other.__getitems__([0, 3])) == expected
        assert other.fingerprint() == dataset.fingerprint()
    assert dataset.fingerprint() != TableDataset(str(folder / "catalog.fits"), ["MAG"]).fingerprint()
    assert dataset.describe(3).endswith("[row 3]")


def test_tableDataset_made_touchesNoFile() -> None:
    dataset = TableDataset("no such file.fits", where="A < 1")
    with pytest.raises(torchfits.MissingFileError, match=r"no such file\.fits"):
        dataset[0]


def test_zipDataset_cutoutsAndRows_comeInStep(folder: Path) -> None:
    boxes = [(slice(i, i + 6), slice(0, 5)) for i in range(ROWS)]
    cutouts = CutoutDataset([(str(folder / "image.fits"), box) for box in boxes])
    rows = TableDataset(str(folder / "catalog.fits"), ["MAG", "CLASS"])
    dataset = ZipDataset(image=cutouts, row=rows)
    assert len(dataset) == ROWS
    image, whole = fits.getdata(folder / "image.fits"), torchfits.read_table(folder / "catalog.fits", ["MAG", "CLASS"])
    (stock,) = DataLoader(dataset, batch_sampler=[[30, 1, 17]], collate_fn=collate)
    (own,) = torchfits.data.DataLoader(dataset, batch_sampler=[[30, 1, 17]])
    for batch in (stock, own):
        assert batch["image"].tolist() == [image[i : i + 6, :5].tolist() for i in (30, 1, 17)]
        assert blocks(batch["row"]) == blocks(whole[[30, 1, 17]])
    assert blocks(dataset[-1]["row"]) == blocks(whole[[ROWS - 1]])
    again = ZipDataset.from_spec(json.loads(json.dumps(dataset.spec())))
    assert again.fingerprint() == dataset.fingerprint() == pickle.loads(pickle.dumps(dataset)).fingerprint()
    assert "image.fits[3:9, 0:5]" in dataset.describe(3)
    assert "[row 3]" in dataset.describe(3)


def test_zipDataset_partsThatDoNotFit_areRefused(folder: Path) -> None:
    rows = TableDataset(folder / "catalog.fits")
    one = CutoutDataset([(folder / "image.fits", (slice(0, 2), slice(0, 2)))])
    with pytest.raises(ValueError, match=r"1 of image, 40 of row"):
        len(ZipDataset(image=one, row=rows))
    with pytest.raises(TypeError, match="no dataset of torchfits"):
        ZipDataset(image=[1, 2])  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="belongs to the ZipDataset"):
        ZipDataset(image=TableDataset(folder / "catalog.fits", transform=len))
    with pytest.raises(ValueError, match="at least one part"):
        ZipDataset()


def test_streamingDataset_overRowsAndCutouts_givesEachOnce(folder: Path) -> None:
    rows = TableDataset(folder / "catalog.fits", ["ID", "MAG"])
    stream = StreamingDataset(rows, shuffle=True, seed=4, window=32, rank=0, world_size=2)
    other = StreamingDataset(rows, shuffle=True, seed=4, window=32, rank=1, world_size=2)
    given = [int(row.others["ID"]) - 2**40 for part in (stream, other) for row in part]
    assert sorted(given) == list(range(ROWS))
    assert given != list(range(ROWS))
    (batch, *_) = DataLoader(stream, batch_size=8, collate_fn=collate)
    assert batch.others["ID"].tolist() == [2**40 + number for number in given[:8]]
    boxes = [(slice(i, i + 6), slice(0, 5)) for i in range(ROWS)] * 4
    cutouts = CutoutDataset([(folder / "image.fits", box) for box in boxes])
    image = fits.getdata(folder / "image.fits")
    streamed = list(StreamingDataset(cutouts))
    assert len(streamed) == 4 * ROWS
    assert all(np.array_equal(item.numpy(), image[box]) for item, box in zip(streamed, boxes, strict=True))
    with pytest.raises(ValueError, match="a window is from 1"):
        StreamingDataset(rows, window=0)


def test_frames_withoutFeatures_areConcatenated(tmp_path: Path) -> None:
    curves = [[1.0], [], [2.0, 3.0]]
    torchfits.write(tmp_path / "curves.fits", {"CURVE": curves, "CLASS": ["A", "B", "A"]})
    rows = TableDataset(tmp_path / "curves.fits", target="CLASS", stypes={"CURVE": "other", "CLASS": "categorical"})

    frame = torchfits.data.collate([rows[i] for i in (2, 0, 1)])

    assert len(frame) == 3
    assert frame.y.tolist() == [0, 0, 1]
    assert frame.others["CURVE"].to_list() == [[2.0, 3.0], [1.0], []]


def test_loader_collateFn_getsOneFrame(tmp_path: Path) -> None:
    torchfits.write(tmp_path / "rows.fits", {"A": torch.arange(5.0), "B": torch.arange(5.0) * 2})
    rows = TableDataset(tmp_path / "rows.fits", target="B")

    def targets(frame: Any) -> tuple[int, list[float]]:
        return len(frame), frame.y.tolist()

    own = torchfits.data.DataLoader(rows, 2, collate_fn=targets)
    stock = DataLoader(rows, 2, collate_fn=targets)

    assert list(own) == list(stock) == [(2, [0.0, 2.0]), (2, [4.0, 6.0]), (1, [8.0])]
