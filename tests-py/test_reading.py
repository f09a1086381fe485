"""`read`: which HDU it takes, what it makes of it, and which options go with that; values against astropy."""

from __future__ import annotations

import inspect
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torchfits
from _programs import loaded_python
from astropy.io import fits
from torchfits import reading

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reading") / "x.fits"
    table = fits.BinTableHDU.from_columns(
        [fits.Column("N", "J", array=np.arange(9)), fits.Column("S", "2A", array=["a", "b", "b"] * 3)], name="CAT"
    )
    image = fits.ImageHDU(np.arange(12, dtype="f4").reshape(3, 4), name="SCI")
    fits.HDUList([fits.PrimaryHDU(), table, image]).writeto(path)
    return path


def test_read_withoutHdu_takesTheFirstWithData(path: Path, tmp_path: Path) -> None:
    first = torchfits.read(path)
    assert isinstance(first, torchfits.MaterializedFrame)
    assert first == torchfits.read_table(path)
    fits.writeto(tmp_path / "image.fits", np.ones((2, 3), "i2"))
    fits.append(tmp_path / "image.fits", np.zeros(2))
    image = torchfits.read(tmp_path / "image.fits")
    assert isinstance(image, torch.Tensor)
    assert (image.dtype, image.tolist()) == (torch.int16, [[1] * 3] * 2)


@pytest.mark.parametrize("hdu", [2, "sci", ("SCI", 1)])
def test_read_ofAnImage_takesItsOptions(path: Path, hdu: Any) -> None:
    image = torchfits.read(path, hdu=hdu, section=(slice(1, 3), 2), dtype=torch.float64)
    assert isinstance(image, torch.Tensor)
    assert (image.dtype, image.tolist()) == (torch.float64, [6, 10])


def test_read_ofATable_takesItsOptions(path: Path) -> None:
    frame = torchfits.read(path, columns=["N", "S"], where="N > 3", stypes={"N": "other"})
    assert isinstance(frame, torchfits.MaterializedFrame)
    assert torch.as_tensor(frame.others["N"]).tolist() == [4, 5, 6, 7, 8]
    assert torchfits.read(path, rows=slice(2, 4)).num_rows == 2  # type: ignore[union-attr]


def test_read_withHeader_givesThatOfTheHdu(path: Path) -> None:
    frame, header = torchfits.read(path, header=True)
    assert isinstance(frame, torchfits.MaterializedFrame)
    assert header["EXTNAME"] == "CAT"
    image, header = torchfits.read(f"{path}[SCI]", header=True)
    assert isinstance(image, torch.Tensor)
    assert header["NAXIS1"] == 4


def test_read_withBrackets_isAsInTheOtherReaders(path: Path) -> None:
    assert torch.as_tensor(torchfits.read(f"{path}[SCI][2:3,1:2]")).tolist() == [[1, 2], [5, 6]]
    frame: Any = torchfits.read(f"{path}[CAT][N > 5]")
    assert frame.num_rows == 3
    assert frame.schema["N"].form == "J"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"hdu": 2, "where": "N > 1"}, r"x.fits\[2\] holds an image: where is none of its options"),
        ({"hdu": 1, "section": 3, "dtype": None}, r"x.fits\[1\] holds a table: dtype, section is none"),
        ({"hdu": 1, "colums": ["N"]}, "colums is none of its options, which are columns, rows, stypes, where"),
    ],
)
def test_read_withOptionsOfTheOtherKind_isATypeError(path: Path, options: dict[str, Any], match: str) -> None:
    with pytest.raises(TypeError, match=match):
        torchfits.read(path, **options)


def test_read_ofNothing_isAnError(path: Path, tmp_path: Path) -> None:
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(torchfits.HduNotFoundError, match="HDU with an image or a table"):
        torchfits.read(tmp_path / "empty.fits")
    with pytest.raises(torchfits.HduNotFoundError):
        torchfits.read(path, hdu=7)
    with pytest.raises(ValueError, match="both"):
        torchfits.read(f"{path}[1]", hdu=1)


def test_options_areThoseOfTheReaders() -> None:
    readers = ((torchfits.read_image, reading.OF_IMAGES), (torchfits.read_table, reading.OF_TABLES))
    for reader, options in readers:
        assert set(inspect.signature(reader).parameters) - {"path", "hdu"} == options


def test_read_ofAnImage_importsNoTorchFrame(path: Path) -> None:
    program = f"import sys, torchfits; torchfits.read({str(path)!r}, hdu=2); assert 'torch_frame' not in sys.modules"
    subprocess.run([*loaded_python(), "-c", program], check=True)
