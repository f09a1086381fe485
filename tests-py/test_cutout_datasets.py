"""Cutouts and sub-cubes as datasets: items against astropy's reads of the same files."""

import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import astropy.io.fits
import numpy as np
import pytest
import torch
import torchfits
from _programs import loaded_python
from astropy.nddata import Cutout2D
from torch.utils.data import DataLoader
from torchfits.data import CubeDataset, CutoutDataset

fits: Any = astropy.io.fits  # whose functions have hardly any types

PROGRAM = Path(__file__).parent / "programs" / "load_datasets_by_workers.py"


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """a.fits and b.fits (float32), rice.fits (int16, tiles) in HDU 1, all 50 x 70; cube.fits (6, 20, 30)."""
    folder = tmp_path_factory.mktemp("sky")
    rng = np.random.default_rng(1)
    for name in ("a", "b"):
        fits.PrimaryHDU(rng.normal(size=(50, 70)).astype("f4")).writeto(folder / f"{name}.fits")
    counts = rng.integers(0, 1000, (50, 70)).astype("i2")
    hdu = fits.CompImageHDU(counts, compression_type="RICE_1", tile_shape=(10, 70), name="SCI")
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(folder / "rice.fits")
    fits.PrimaryHDU(rng.normal(size=(6, 20, 30)).astype("f8")).writeto(folder / "cube.fits")
    return folder


def astropys(path: Path, box: tuple[slice, ...], hdu: int = 0) -> torch.Tensor:
    """A box as numpy cuts it out of what astropy reads, NaN outside."""
    image = fits.getdata(path, hdu).astype("f4")
    margin = 100
    padded = np.pad(image, margin, constant_values=np.nan)
    return torch.from_numpy(padded[tuple(slice(part.start + margin, part.stop + margin) for part in box)].copy())


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a.nan_to_num(-9e9), b.nan_to_num(-9e9))


BOXES = [
    (slice(0, 8), slice(0, 9)),
    (slice(-3, 5), slice(66, 75)),
    (slice(42, 50), slice(20, 29)),
    (slice(90, 98), slice(0, 9)),
]


def test_cutouts_ofSeveralFiles_areThoseOfAstropy(sky: Path) -> None:
    rows: list[Any] = [(sky / name, box) for box in BOXES for name in ("a.fits", "b.fits")]
    rows += [(sky / "rice.fits", "SCI", box) for box in BOXES]
    dataset = CutoutDataset(rows)
    expected = [astropys(row[0], row[-1], 1 if len(row) == 3 else 0) for row in rows]
    assert len(dataset) == 12
    for made, wanted in zip(dataset.__getitems__(list(range(12))), expected, strict=True):
        assert same(made, wanted)
    assert same(dataset[-1], expected[-1])
    with pytest.raises(IndexError):
        dataset[12]
    (batch,) = DataLoader(dataset, batch_size=12)
    (own,) = torchfits.data.DataLoader(dataset, batch_size=12)
    assert same(batch, torch.stack(expected))
    assert same(own, batch)


def test_cutouts_ofBands_areStackedWithAMask(sky: Path) -> None:
    box = BOXES[0]
    rows: list[Any] = [
        [(sky / "a.fits", box), (sky / "rice.fits", 1, box), (sky / "b.fits", box)],
        [(sky / "a.fits", box), None, ("", box)],
        [(float("nan"), box), (None, box), (sky / "b.fits", box)],
    ]
    dataset = CutoutDataset(rows, fill=-1)
    items = dataset.__getitems__([2, 0, 1])
    a, r, b = (astropys(sky / name, box, hdu) for name, hdu in (("a.fits", 0), ("rice.fits", 1), ("b.fits", 0)))
    none = torch.full_like(a, -1)
    assert same(items[0]["image"], torch.stack([none, none, b]))
    assert same(items[1]["image"], torch.stack([a, r, b]))
    assert same(items[2]["image"], torch.stack([a, none, none]))
    assert [item["mask"].all(dim=(1, 2)).tolist() for item in items] == [
        [True, True, False],
        [False] * 3,
        [False, True, True],
    ]
    assert all(item["mask"].shape == (3, 8, 9) and item["mask"].dtype == torch.bool for item in items)
    (batch,) = DataLoader(dataset, batch_size=3)
    (own,) = torchfits.data.DataLoader(dataset, batch_size=3)
    assert list(batch) == list(own) == ["image", "mask"]
    assert same(batch["image"], own["image"])
    assert torch.equal(batch["mask"], own["mask"])


def test_cutouts_fileThatDoesNotExist_isRaisedOrFilled(sky: Path) -> None:
    (sky / "notes.fits").write_text("no FITS")
    box = BOXES[0]
    rows: list[Any] = [
        [(sky / "gone.fits", box), (sky / "a.fits", box)],
        [(sky / "gone.fits", box), (sky / "notes.fits", box)],
    ]
    with pytest.raises(torchfits.MissingFileError, match=r"gone\.fits"):
        CutoutDataset(rows)[0]
    dataset = CutoutDataset(rows, missing="fill")
    item = dataset[0]
    assert item["image"][0].isnan().all()
    assert same(item["image"][1], astropys(sky / "a.fits", box))
    assert item["mask"].all(dim=(1, 2)).tolist() == [True, False]
    with pytest.raises(torchfits.NotFitsError, match=r"notes\.fits"):
        dataset[1]
    loader = torchfits.data.DataLoader(dataset, batch_size=2, on_bad="skip")
    (batch,) = loader
    assert batch.sample_ids.tolist() == [0]
    assert list(loader.bad) == [1]
    assert "notes.fits" in loader.bad[1]


@pytest.mark.parametrize("kind", ["fits", "parquet", "csv"])
def test_cutouts_fromCatalog_areThoseOfCutout2D(sky: Path, tmp_path: Path, kind: str) -> None:
    import pandas as pd

    x, y = [10.0, 10.3, 69.4, 35.5, 0.0], [20.0, 20.7, 1.0, 48.2, 49.0]
    files = ["a.fits", "b.fits", "a.fits", "", "b.fits"]
    path = tmp_path / f"catalog.{kind}"
    if kind == "fits":
        torchfits.write(path, {"NAME": files, "XPOS": torch.tensor(x) + 1, "YPOS": torch.tensor(y) + 1})
    else:
        frame = pd.DataFrame({"NAME": files, "XPOS": [v + 1 for v in x], "YPOS": [v + 1 for v in y]})
        frame.to_parquet(path) if kind == "parquet" else frame.to_csv(path, index=False)
    for size in (8, (5, 8)):
        dataset = CutoutDataset.from_catalog(path, size=size, file="NAME", x="XPOS", y="YPOS", origin=1, folder=sky)
        assert len(dataset) == 5
        for i, item in enumerate(dataset.__getitems__(range(5))):
            if files[i]:
                image = fits.getdata(sky / files[i])
                position = tuple(float(np.float32(v + 1)) - 1 if kind == "fits" else v for v in (x[i], y[i]))
                cutout = Cutout2D(image, position, size, mode="partial", fill_value=np.nan)
                assert same(item, torch.from_numpy(cutout.data.astype("f4")))
            else:
                assert item.isnan().all()
    bands = CutoutDataset.from_catalog(path, size=8, file=["NAME", "NAME"], x="XPOS", y="YPOS", origin=1, folder=sky)
    item = bands[0]
    assert item["image"].shape == (2, 8, 8)
    assert same(item["image"][0], item["image"][1])


def test_cutouts_fromCatalogThatMakesNoSense_areRefused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.fits"
    torchfits.write(path, {"FILE": ["a", "b"], "X": torch.tensor([1.0, float("nan")]), "Y": torch.tensor([1.0, 1.0])})
    with pytest.raises(ValueError, match="row 1 of the catalog"):
        CutoutDataset.from_catalog(path)
    with pytest.raises(ValueError, match="no names of files"):
        CutoutDataset.from_catalog(path, file="X")
    with pytest.raises(ValueError, match="no positions"):
        CutoutDataset.from_catalog(path, x="FILE")
    with pytest.raises(torchfits.ColumnNotFoundError):
        CutoutDataset.from_catalog(path, file="NAMES")
    with pytest.raises(ValueError, match="HDUs"):
        CutoutDataset.from_catalog(path, hdu=[1, 2])
    (tmp_path / "catalog.csv").write_text("FILE,X\na,1\n")
    with pytest.raises(ValueError, match="no column 'Y'"):
        CutoutDataset.from_catalog(tmp_path / "catalog.csv")


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (["a.fits"], TypeError, "row 0"),
        ([("a.fits", (slice(0, 2),)), ("a.fits", (slice(0, 3),))], ValueError, "row 1 .* is of size"),
        ([("a.fits", (slice(3, 2),))], ValueError, "goes from 3 to 2"),
        ([("a.fits", (slice(0, 2**63),))], ValueError, "goes from"),
        ([("a.fits", (slice(None, 2),))], ValueError, "start and stop"),
        ([(3, (slice(0, 2),))], TypeError, "names no file"),
        ([[("a.fits", (slice(0, 2),))], ("a.fits", (slice(0, 2),))], ValueError, "bands"),
        ([[]], ValueError, "at least one band"),
        ([[None]], ValueError, "no row of the manifest has a box"),
    ],
)
def test_cutouts_manifestThatMakesNoSense_isRefused(rows: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CutoutDataset(rows)


def test_cutouts_boxOfOtherAxes_isAnErrorOfTheFile(sky: Path) -> None:
    dataset = CutoutDataset([(sky / "cube.fits", (slice(0, 2), slice(0, 2)))])
    with pytest.raises(torchfits.SectionError, match=r"cube\.fits\[0\].* 2 axes"):
        dataset[0]


def test_cutouts_writtenDown_areTheSame(sky: Path) -> None:
    rows: list[Any] = [[(str(sky / "rice.fits"), ("SCI", 1), box), None] for box in BOXES]
    dataset = CutoutDataset(rows, fill=0, dtype=torch.float64)
    again = CutoutDataset.from_spec(json.loads(json.dumps(dataset.spec())))
    assert again.fingerprint() == dataset.fingerprint()
    assert same(again[1]["image"], dataset[1]["image"])
    others = [CutoutDataset(rows), CutoutDataset(rows[:3], fill=0, dtype=torch.float64)]
    assert len({other.fingerprint() for other in [dataset, *others]}) == 3
    assert dataset.describe(1) == f"{sky / 'rice.fits'}[SCI,1][-3:5, 66:75]"
    spec = dataset.spec()
    spec["manifest"]["numbers"][0][0] = 7
    with pytest.raises(ValueError, match="do not belong together"):
        CutoutDataset.from_spec(spec)


def test_cutouts_ofManyObjects_areCompact() -> None:
    x = torch.arange(100_000)
    from torchfits.data._manifest import from_centres

    codes = (x % 10).numpy()
    centres = torch.stack([x, x], dim=1).double().numpy()
    files = [f"{i}.fits" for i in range(10)]
    dataset = CutoutDataset(from_centres([(codes, files)], [None], centres, (64, 64), stacked=False))
    assert len(pickle.dumps(dataset)) < 20 * len(dataset)
    assert dataset.describe(12) == "2.fits[-20:44, -20:44]"


def test_cubes_boxesPlanesAndSpaxels_areThoseOfAstropy(sky: Path) -> None:
    path = sky / "cube.fits"
    cube = torch.from_numpy(fits.getdata(path).astype("f4"))
    boxes = CubeDataset(
        [(path, (slice(1, 4), slice(2, 7), slice(3, 9))), (path, (slice(2, 5), slice(0, 5), slice(0, 6)))]
    )
    assert same(boxes[0], cube[1:4, 2:7, 3:9])
    planes = CubeDataset([(path, (i, slice(None), slice(None))) for i in range(6)])
    assert same(torch.stack(planes.__getitems__(range(6))), cube)
    spaxels = CubeDataset([(path, (slice(None), 7, 9)), (path, (slice(None), 0, 29))], dtype=None)
    assert torch.equal(spaxels[1], torch.from_numpy(fits.getdata(path)[:, 0, 29].astype("f8")))
    (batch,) = torchfits.data.DataLoader(spaxels, batch_size=2)
    assert batch.shape == (2, 6)
    bands: Any = [[(path, (slice(0, 2), 3, slice(0, 4))), None]]
    assert CubeDataset(bands)[0]["mask"].shape == (2, 2, 4)
    with pytest.raises(ValueError, match="2 axes, not 3"):
        CubeDataset([(path, (slice(0, 2), slice(0, 2)))])


def test_cubes_fromCatalog_haveThreeAxes(sky: Path, tmp_path: Path) -> None:
    path = tmp_path / "catalog.fits"
    torchfits.write(path, {"FILE": ["cube.fits"], "X": [10.0], "Y": [9.0], "CHANNEL": [3.0]})
    dataset = CubeDataset.from_catalog(path, size=(2, 4, 6), folder=sky, z="CHANNEL")
    assert same(dataset[0], torch.from_numpy(fits.getdata(sky / "cube.fits")[2:4, 7:11, 7:13].astype("f4")))


def test_transform_thatFails_namesTheSample(sky: Path) -> None:
    def fails(image: torch.Tensor) -> float:
        return len(image) / 0

    dataset = CutoutDataset([(sky / "a.fits", BOXES[0]), (sky / "b.fits", BOXES[1])], transform=fails)
    with pytest.raises(ZeroDivisionError) as caught:
        dataset[1]
    told = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert "sample 1" in told
    assert "b.fits[-3:5, 66:75]" in told


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_datasets_byWorkers_giveWhatIsStored(tmp_path: Path, method: str) -> None:
    image = np.arange(20, dtype="f4").reshape(5, 4)
    cube = np.arange(80, dtype="f4").reshape(4, 5, 4)
    fits.PrimaryHDU(image).writeto(tmp_path / "image.fits")
    fits.PrimaryHDU(cube).writeto(tmp_path / "cube.fits")
    column = fits.Column("MAG", "E", array=np.arange(4))
    fits.BinTableHDU.from_columns([column]).writeto(tmp_path / "table.fits")
    command = [*loaded_python(), PROGRAM, tmp_path, method]
    paths = [str(PROGRAM.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    given = json.loads(done.stdout)

    cutouts = [[image[row : row + 2, :3].tolist() for row in pair] for pair in ((0, 1), (2, 3))]
    assert given["cutouts"] == cutouts
    assert given["cubes"] == [[cube[row, row : row + 2, :3].tolist() for row in pair] for pair in ((0, 1), (2, 3))]
    assert given["spectra"] == [{"flux": image[:2].tolist()}, {"flux": image[2:4].tolist()}]
    assert [pair["image"] for pair in given["pairs"]] == cutouts
    assert [pair["row"] for pair in given["pairs"]] == [[[[0.0], [1.0]]], [[[2.0], [3.0]]]]
