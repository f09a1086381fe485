"""CHECKSUM and DATASUM of the HDUs of datasets, as astropy writes and checks them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from astropy.io import fits
from torchfits.data import (
    CutoutDataset,
    DataLoader,
    Failure,
    ImageDataset,
    SpectrumDataset,
    TableDataset,
    ZipDataset,
)

BLOCK = 2880


def write(path: Path, *hdus: Any, checksum: Any = True) -> str:
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path, checksum=checksum)
    return str(path)


def pixels(seed: int = 1, shape: tuple[int, ...] = (37, 41), dtype: str = "f4") -> Any:
    return np.random.default_rng(seed).integers(-1000, 1000, shape).astype(dtype)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Two images, of which the second is compressed, and a table."""
    table = fits.BinTableHDU.from_columns([fits.Column("A", "PE()", array=[pixels(3, (n,)) for n in (2, 0, 7)])])
    return write(
        tmp_path / "whole.fits", fits.ImageHDU(pixels(), name="SCI"), fits.CompImageHDU(pixels(2, dtype="i2")), table
    )


def spoil(path: str, byte: int) -> None:
    content = bytearray(Path(path).read_bytes())
    content[byte] ^= 0x10
    Path(path).write_bytes(content)


def astropy_agrees(path: str) -> bool:
    """Whether astropy finds that all sums fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with fits.open(path, checksum=True, disable_image_compression=True) as hdus:
            assert len(hdus) == 4
    return not any("failed" in str(warning.message) for warning in caught)


def data_of(path: str, hdu: int) -> tuple[int, int]:
    """Where the data of an HDU begin and end."""
    with fits.open(path, disable_image_compression=True) as hdus:
        info: Any = hdus.fileinfo(hdu)
        return info["datLoc"], info["datLoc"] + info["datSpan"]


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "f4", "f8"])
@pytest.mark.parametrize("shape", [(1,), (5, 3), (720, 1), (700, 1100)])
def test_verify_filesOfAstropy_fit(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    stored = np.random.default_rng(4).integers(0, 255, np.prod(shape) * np.dtype(dtype).itemsize).astype("u1")
    data = np.nan_to_num(stored.view(dtype).reshape(shape))
    dataset = ImageDataset([write(tmp_path / "one.fits", fits.ImageHDU(data))], hdu=1)
    found = dataset.verify()
    assert (found.failed, found.verified, found.unverified) == ([], 1, 0)


@pytest.mark.parametrize("hdu", [1, 2, 3])
def test_verify_ofEachKindOfHdu_findsWhatAstropyFinds(path: str, hdu: int) -> None:
    dataset: Any = TableDataset(path, hdu=hdu) if hdu == 3 else ImageDataset([path], hdu=hdu)
    assert dataset.verify().verified == 1
    assert astropy_agrees(path)
    first, last = data_of(path, hdu)
    for byte in (first, (first + last) // 2, last - 1):
        spoil(path, byte)
        assert not astropy_agrees(path)
        found = dataset.verify()
        assert [(failure.file, failure.hdu) for failure in found.failed] == [(path, hdu)]
        assert f"{path}[{hdu}]: DATASUM is " in found.failed[0].reason
        assert found.verified == 0
        spoil(path, byte)
    spoil(path, first - BLOCK + 79)  # the last blank of a card
    assert not astropy_agrees(path)
    (failure,) = dataset.verify().failed
    assert failure == Failure(path, hdu, f"{path}[{hdu}]: header and data do not fit CHECKSUM")


def test_verify_otherHdusOfTheFile_areNotRead(path: str) -> None:
    spoil(path, data_of(path, 3)[0])
    found = ImageDataset([path, path], hdu="SCI").verify()
    assert (found.failed, found.verified) == ([], 1)
    assert ImageDataset([path]).verify().verified == 1  # the first image is HDU 1


@pytest.mark.parametrize(("checksum", "fit"), [("datasum", 1), (False, 0)])
def test_verify_withoutSums_countsApart(tmp_path: Path, checksum: Any, fit: int) -> None:
    path = write(tmp_path / "one.fits", fits.ImageHDU(pixels()), checksum=checksum)
    found = ImageDataset([path]).verify()
    assert (found.failed, found.verified, found.unverified) == ([], fit, 1 - fit)
    Path(path).write_bytes(Path(path).read_bytes()[:-BLOCK])
    assert "before the end of HDU 1" in ImageDataset([path]).verify().failed[0].reason


def test_verify_emptySums_areUndefined(tmp_path: Path) -> None:
    hdu = fits.ImageHDU(pixels())
    hdu.header["CHECKSUM"] = ""
    hdu.header["DATASUM"] = ""
    found = ImageDataset([write(tmp_path / "one.fits", hdu, checksum=False)]).verify()
    assert (found.failed, found.unverified) == ([], 1)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_verify_compressedFiles_areReadAsTheyAre(path: str, compress: Any) -> None:
    content = Path(path).read_bytes()
    Path(path).write_bytes(compress(content))
    assert TableDataset(path).verify().verified == 1
    broken = bytearray(content)
    broken[-BLOCK] ^= 1
    Path(path).write_bytes(compress(bytes(broken)))
    assert "DATASUM" in TableDataset(path).verify().failed[0].reason
    Path(path).write_bytes(compress(content)[:-1000])
    assert len(TableDataset(path).verify().failed) == 1


def test_verify_compressedOtherwise_countsApart(path: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path)
    assert ImageDataset([str(tmp_path / "whole.zip")], hdu=1).verify().unverified == 1


def test_verify_bytes_areRead(path: str) -> None:
    content = Path(path).read_bytes()
    found = ImageDataset([content, bytearray(content)], hdu=1).verify()
    assert (found.failed, found.verified) == ([], 2)


def test_verify_filesThatCannotBeRead_fail(path: str, tmp_path: Path) -> None:
    cut, other = tmp_path / "cut.fits", tmp_path / "other.fits"
    cut.write_bytes(Path(path).read_bytes()[: data_of(path, 1)[0] + 1000])
    other.write_bytes(b"no FITS file")
    found = ImageDataset([path, str(tmp_path / "gone.fits"), str(cut), str(other)], hdu=1).verify()
    assert found.verified == 1
    assert [(Path(failure.file).name, failure.hdu) for failure in found.failed] == [
        ("gone.fits", None),
        ("cut.fits", 1),
        ("other.fits", None),
    ]
    assert "cut.fits[1]: it ends 7640 bytes before" in found.failed[1].reason
    assert ImageDataset([path], hdu=9).verify().failed[0].hdu is None


def test_verify_withoutPaddingAtTheEnd_fits(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "one.fits", fits.ImageHDU(pixels(shape=(3, 5), dtype="u1"))))
    path.write_bytes(path.read_bytes()[: data_of(str(path), 1)[0] + 15])
    assert ImageDataset([path], hdu=1).verify().verified == 1


def test_verify_ofSeveralParts_readsEachHduOnce(path: str, tmp_path: Path) -> None:
    boxes = [(slice(row, row + 4), slice(0, 4)) for row in range(3)]
    rows: Any = [[(path, 1, box), (path, 2, box), (str(tmp_path / "gone.fits"), 0, box)] for box in boxes]
    filled = CutoutDataset(rows, missing="fill")
    found = ZipDataset(image=filled, again=CutoutDataset([(path, 1, box) for box in boxes])).verify()
    assert (found.failed, found.verified) == ([], 2)
    assert len(CutoutDataset(rows).verify().failed) == 1
    spectra = SpectrumDataset([path, path], layout="images", flux="SCI")
    assert spectra.verify().verified == 1
    joined = torchfits.table(path).head(2).join(torchfits.table(path), on=torchfits.sky(1, left=("A", "A")))
    assert len(TableDataset(joined).all_places()) == 1
    assert TableDataset(torchfits.read_table(path)).verify().verified == 0


# Bad from then on


@pytest.fixture
def many(tmp_path: Path) -> list[str]:
    """Images of their numbers, of which the third's data and the eighth's were changed."""
    paths = [write(tmp_path / f"{n}.fits", fits.ImageHDU(np.full((5, 5), n, "i2"))) for n in range(10)]
    for spoilt in (2, 7):
        spoil(paths[spoilt], data_of(paths[spoilt], 1)[0] + 1)
    return paths


def test_loaderVerify_skipped_leavesThemOut(many: list[str]) -> None:
    loader = DataLoader(ImageDataset(many), 4, on_bad="skip")
    assert sum(len(batch) for batch in loader) == 10  # they can be read
    found = loader.verify()
    assert [failure.file for failure in found.failed] == [many[2], many[7]]
    assert found.verified == 8
    assert [batch.sample_ids.tolist() for batch in loader] == [[0, 1, 3], [4, 5, 6], [8, 9]]
    assert list(loader.bad) == [2, 7]
    assert "DATASUM is" in loader.bad[7]


def test_loaderVerify_substituted_takesOthers(many: list[str]) -> None:
    loader = DataLoader(ImageDataset(many), 4, on_bad="substitute", shuffle=True)
    loader.verify()
    for _ in range(8):
        ids = torch.cat([batch.sample_ids for batch in loader]).tolist()
        assert len(ids) == 10
        assert not {2, 7} & set(ids)


def test_loaderVerify_raised_namesTheFile(many: list[str]) -> None:
    loader = DataLoader(ImageDataset(many), 2)
    loader.verify()
    batches = iter(loader)
    assert next(batches).sample_ids.tolist() == [0, 1]
    with pytest.raises(torchfits.CorruptDataError, match=r"2\.fits\[1\]: DATASUM is"):
        next(batches)
