"""Spectra in the layouts of SDSS, DESI and vector columns, against what astropy reads."""

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
from torchfits.data import SpectrumDataset

fits: Any = astropy.io.fits  # whose functions have hardly any types


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """spec0.fits .. spec4.fits of 10 to 14 values, frames0.fits and frames1.fits with images, vectors.fits."""
    folder = tmp_path_factory.mktemp("spectra")
    rng = np.random.default_rng(3)
    for number in range(5):
        count = 10 + number
        columns = [
            fits.Column("flux", "E", array=rng.normal(size=count)),
            fits.Column("loglam", "E", array=rng.normal(size=count)),
            fits.Column("ivar", "E", array=rng.random(count)),
            fits.Column("and_mask", "J", array=rng.integers(0, 3, count)),
        ]
        table = fits.BinTableHDU.from_columns(columns, name="COADD")
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(folder / f"spec{number}.fits")
    for number, rows in enumerate((3, 4)):
        images = [
            fits.PrimaryHDU(),
            fits.ImageHDU(rng.normal(size=12), name="B_WAVELENGTH"),
            fits.ImageHDU(rng.normal(size=(rows, 12)).astype("f4"), name="B_FLUX"),
            fits.CompImageHDU(
                rng.random((rows, 12)).astype("f4"), name="B_IVAR", compression_type="GZIP_2", quantize_level=0
            ),
            fits.ImageHDU(rng.integers(0, 2, (rows, 12)).astype("u4"), name="B_MASK"),
        ]
        fits.HDUList(images).writeto(folder / f"frames{number}.fits")
    vectors: Any = {"F": torch.rand(6, 8), "I": torch.rand(6, 8), "V": [[float(i)] * i for i in range(6)]}
    torchfits.write(folder / "vectors.fits", vectors)
    return folder


def padded(values: Any, length: int, fill: float, dtype: str = "f4") -> list[Any]:
    whole = np.full(length, fill, dtype)
    whole[: min(len(values), length)] = values[:length]
    return np.nan_to_num(whole, nan=-(2.0**33)).tolist()


def listed(tensor: torch.Tensor) -> list[Any]:
    return tensor.nan_to_num(-(2.0**33)).tolist()


SDSS: Any = {"layout": "files", "flux": "FLUX", "ivar": "IVAR", "mask": "AND_MASK", "wave": "LOGLAM", "hdu": 1}


def test_spectra_ofFiles_arePaddedAndCut(folder: Path) -> None:
    paths = [str(folder / f"spec{number}.fits") for number in range(5)]
    dataset = SpectrumDataset(paths, **SDSS, length=12)
    assert len(dataset) == 5
    for path, item in zip(paths, dataset.__getitems__(range(5)), strict=True):
        stored = fits.getdata(path, 1)
        assert listed(item["flux"]) == padded(stored["flux"], 12, np.nan)
        assert listed(item["ivar"]) == padded(stored["ivar"], 12, 0)
        assert listed(item["wave"]) == padded(stored["loglam"], 12, np.nan)
        assert item["mask"].tolist() == padded(stored["and_mask"] != 0, 12, True, "?")
    (stock,) = DataLoader(dataset, batch_size=5)
    (own,) = torchfits.data.DataLoader(dataset, batch_size=5)
    assert list(stock) == list(own) == ["flux", "ivar", "mask", "wave"]
    assert all(listed(stock[name]) == listed(own[name]) for name in stock)
    same = SpectrumDataset(paths[:1] * 2, **SDSS)
    assert same[0]["flux"].shape == (10,)
    with pytest.raises(torchfits.MismatchError, match="10 to 11 values: give a length"):
        SpectrumDataset(paths, **SDSS).__getitems__([0, 1])
    loader = torchfits.data.DataLoader(SpectrumDataset([*paths, "gone.fits"], **SDSS, length=12), 6, on_bad="skip")
    (batch,) = loader
    assert batch.sample_ids.tolist() == [0, 1, 2, 3, 4]
    assert "gone.fits" in loader.bad[5]


@pytest.mark.parametrize("length", [None, 9, 15])
def test_spectra_ofImages_areTheirRows(folder: Path, length: int | None) -> None:
    paths = [folder / "frames0.fits", folder / "frames1.fits"]
    hdus: Any = {"flux": "B_FLUX", "ivar": "B_IVAR", "mask": "B_MASK", "wave": "B_WAVELENGTH"}
    dataset = SpectrumDataset(paths, layout="images", **hdus, length=length)
    assert len(dataset) == 7
    expected = [(path, row) for path, rows in zip(paths, (3, 4), strict=True) for row in range(rows)]
    items = dataset.__getitems__([6, 0, 3, 1, 2, 4, 5])
    wanted = length or 12
    for number, item in zip([6, 0, 3, 1, 2, 4, 5], items, strict=True):
        path, row = expected[number]
        with fits.open(path) as hdul:
            assert listed(item["flux"]) == padded(hdul["B_FLUX"].data[row], wanted, np.nan)
            assert listed(item["ivar"]) == padded(hdul["B_IVAR"].data[row], wanted, 0)
            assert item["mask"].tolist() == padded(hdul["B_MASK"].data[row] != 0, wanted, True, "?")
            assert listed(item["wave"]) == padded(hdul["B_WAVELENGTH"].data, wanted, np.nan)
    (batch,) = torchfits.data.DataLoader(dataset, batch_sampler=[[6, 0, 3, 1, 2, 4, 5]])
    assert listed(batch["flux"]) == [listed(item["flux"]) for item in items]
    assert dataset.describe(4) == f"{paths[1]}[B_FLUX][row 1]"


def test_spectra_ofVectorColumns_areRows(folder: Path) -> None:
    stored = fits.getdata(folder / "vectors.fits", 1)
    dataset = SpectrumDataset(folder / "vectors.fits", layout="rows", flux="F", ivar="I")
    for number, item in zip([5, 0, 2], dataset.__getitems__([5, 0, 2]), strict=True):
        assert listed(item["flux"]) == stored["F"][number].tolist()
        assert listed(item["ivar"]) == stored["I"][number].tolist()
    ragged = SpectrumDataset(folder / "vectors.fits", layout="rows", flux="V", length=3)
    assert len(ragged) == 6
    assert [listed(item["flux"]) for item in ragged.__getitems__([4, 1])] == [[4.0] * 3, [1.0, -(2.0**33), -(2.0**33)]]
    (batch,) = torchfits.data.DataLoader(ragged, 6)
    assert listed(batch["flux"]) == [padded([float(i)] * i, 3, np.nan) for i in range(6)]


def test_spectra_writtenDownAndPickled_areTheSame(folder: Path) -> None:
    datasets = [
        SpectrumDataset([str(folder / "spec0.fits")], **SDSS, length=12),
        SpectrumDataset([str(folder / "frames0.fits")], layout="images", flux=("B_FLUX", 1), dtype=torch.float64),
        SpectrumDataset(str(folder / "vectors.fits"), layout="rows", flux="F"),
    ]
    for dataset in datasets:
        item = dataset[0]
        again = SpectrumDataset.from_spec(json.loads(json.dumps(dataset.spec())))
        for other in (again, pickle.loads(pickle.dumps(dataset))):
            assert other.fingerprint() == dataset.fingerprint()
            assert listed(other[0]["flux"]) == listed(item["flux"])
            assert other[0]["flux"].dtype == item["flux"].dtype
    assert len({dataset.fingerprint() for dataset in datasets}) == 3


def test_spectra_argumentsThatMakeNoSense_areRefused(folder: Path) -> None:
    with pytest.raises(TypeError, match="one file"):
        SpectrumDataset(["a.fits", "b.fits"], layout="rows")
    with pytest.raises(TypeError, match="several files"):
        SpectrumDataset("a.fits", layout="files")
    with pytest.raises(ValueError, match="length is from 1"):
        SpectrumDataset("a.fits", layout="rows", length=0)
    with pytest.raises(ValueError, match="layout is"):
        SpectrumDataset("a.fits", layout="lines")  # pyright: ignore[reportArgumentType]
    with pytest.raises(torchfits.MismatchError, match="rows of 2 axes"):
        len(SpectrumDataset(folder / "frames0.fits", layout="images", flux="B_WAVELENGTH"))
