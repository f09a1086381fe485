"""`offset=` and `gain=` of `read_image` against the same steps in torch's float32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import BITPIX, card, image
from astropy.io import fits

BACKENDS: list[Any] = ["auto", "cfitsio"]
DTYPES = [torch.float32, torch.float16, torch.bfloat16]
SHAPE = (67, 131)


def write(folder: Path, stored: np.ndarray, *cards: bytes) -> Path:
    path = folder / "raw.fits"
    path.write_bytes(image(stored, *cards))
    return path


def raw(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.random.default_rng(3).integers(-(1 << 15), 1 << 15, shape).astype("i2")


def numbers(seed: int, shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 3 - 1


def values_of(stored: np.ndarray, zero: int) -> torch.Tensor:
    return torch.from_numpy(stored.astype("f8") + zero).float()


CALIBRATIONS = [
    (None, 0.5), (100, None), (1.1, 0.3), (numbers(1), None), (None, numbers(2)), (numbers(1), 0.7),
    (7.7, numbers(2)), (numbers(1), numbers(2)),
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("calibration", CALIBRATIONS, ids=range(len(CALIBRATIONS)))
@pytest.mark.parametrize("zero", [0, 1 << 15])
def test_calibrated_everyCombination_isThatOfTorch(
    tmp_path: Path, zero: int, calibration: tuple[Any, Any], dtype: torch.dtype, backend: Any
) -> None:
    offset, gain = calibration
    path = write(tmp_path, raw(), card("BZERO", zero))
    result = torchfits.read_image(path, dtype=dtype, offset=offset, gain=gain, backend=backend)
    expected = (values_of(raw(), zero) - (0 if offset is None else offset)) * (1 if gain is None else gain)
    assert result.dtype == dtype
    assert torch.equal(result, expected.to(dtype))


@pytest.mark.parametrize("stored_type", BITPIX)
def test_calibrated_anyStoredType_isThatOfTorch(tmp_path: Path, stored_type: str) -> None:
    stored = (np.arange(67 * 131) % 120).astype(stored_type).reshape(SHAPE)
    path = write(tmp_path, stored, card("BSCALE", 0.5))
    for backend in BACKENDS:
        result = torchfits.read_image(path, offset=numbers(1), gain=numbers(2), backend=backend)
        expected = (torch.from_numpy(stored.astype("f4")) * 0.5 - numbers(1)) * numbers(2)
        assert torch.equal(result, expected)


def test_calibrated_float32Image_isNotTakenForStoredBits(tmp_path: Path) -> None:
    stored = np.arange(1000, dtype="f4")
    result = torchfits.read_image(write(tmp_path, stored), gain=2)
    assert torch.equal(result, torch.from_numpy(stored) * 2)


def test_calibrated_largeImage_isThatOfTorch(tmp_path: Path) -> None:
    shape = (1900, 1501)
    path = write(tmp_path, raw(shape))
    offset, gain = numbers(1, shape), numbers(2, shape)
    expected = ((values_of(raw(shape), 0) - offset) * gain).bfloat16()
    for backend in BACKENDS:
        values = torchfits.read_image(path, dtype=torch.bfloat16, offset=offset, gain=gain, backend=backend)
        assert torch.equal(values, expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_calibrated_section_takesImagesOfItsShape(tmp_path: Path, backend: Any) -> None:
    path = write(tmp_path, raw())
    section = (slice(5, 60), slice(10, 131, 3))
    part = values_of(raw(), 0)[section]
    offset = numbers(4, tuple(part.shape))
    assert torch.equal(torchfits.read_image(path, section=section, offset=offset, backend=backend), part - offset)
    with pytest.raises(
        torchfits.MismatchError, match=r"offset is FLOAT32 \[67, 131\], the result has shape \[55, 41\]"
    ):
        torchfits.read_image(path, section=section, offset=numbers(1), backend=backend)


@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_1"])
def test_calibrated_compressedImage_isThatOfTorch(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "a.fits"
    fits.CompImageHDU(raw(), compression_type=compression).writeto(path)
    expected = ((values_of(raw(), 0) - numbers(1)) * numbers(2)).half()
    for backend in BACKENDS:
        values = torchfits.read_image(path, dtype=torch.float16, offset=numbers(1), gain=numbers(2), backend=backend)
        assert torch.equal(values, expected)


def test_calibrated_blank_isNaN(tmp_path: Path) -> None:
    path = write(tmp_path, np.array([1, 7, 3], "i2"), card("BLANK", 7))
    assert torchfits.read_image(path, offset=1).isnan().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"offset": "1"}, TypeError),
        ({"gain": True}, TypeError),
        ({"offset": torch.zeros(67, 131, dtype=torch.float64)}, ValueError),
        ({"gain": torch.zeros(131, 67).T}, ValueError),
        ({"gain": torch.zeros(67, 131, device="meta")}, ValueError),
        ({"gain": 1, "dtype": torch.float64}, ValueError),
        ({"offset": 1, "dtype": torch.int16}, ValueError),
        ({"gain": torch.zeros(131, 67)}, torchfits.MismatchError),
        ({"gain": torch.zeros(())}, torchfits.MismatchError),
    ],
)
def test_calibrated_wrongArgument_isRefused(tmp_path: Path, arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        torchfits.read_image(write(tmp_path, raw()), **arguments)
