"""Decoding by torch, as it happens on a GPU, against the engine's own decoding: all of it on the CPU."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import BITPIX, card, image
from astropy.io import fits
from torchfits import _engine, _staging
from torchfits._location import locate

FLOATING = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTEGERS = [
    torch.uint8, torch.int8, torch.int16, torch.uint16, torch.int32, torch.uint32, torch.int64, torch.uint64,
]  # fmt: skip
DTYPES = [None, *FLOATING, *INTEGERS]
ZEROS = {"u1": -(1 << 7), "i2": 1 << 15, "i4": 1 << 31, "i8": 1 << 63}
SCALINGS = ["none", "shifted", "scaled", "blank", "shifted blank", "scaled blank", "blank outside"]


def cards(stored_type: str, scaling: str) -> list[bytes]:
    found: list[bytes] = []
    if "scaled" in scaling:
        found += [card("BSCALE", 0.1), card("BZERO", -2.5)]
    if "shifted" in scaling:
        found += [card("BZERO", ZEROS.get(stored_type, 32768))]
    if "blank" in scaling:
        found += [card("BLANK", 7 if scaling != "blank outside" else 1 << 40)]
    return found


def values_of(stored_type: str, kind: str) -> np.ndarray:
    dtype = np.dtype(stored_type)
    if kind == "small":
        return (np.arange(1003) % 30).astype(dtype)
    rng = np.random.default_rng(5)
    if dtype.kind == "f":
        special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 2.0**63, 2.0**64, -(2.0**63), 1e300])
        with np.errstate(over="ignore"):
            return np.concatenate([special, rng.normal(0, 1e5, 1000)]).astype(dtype)
    info = np.iinfo(dtype)
    return np.concatenate([np.array([0, 7, info.min, info.max], dtype), rng.integers(info.min, info.max, 999, dtype)])


def staged(path: Path, section: Any = None, *, scale: bool = True, **options: Any) -> torch.Tensor | None:
    name, selector, part = locate(path, None, section)
    options = {"dtype": None, "device": torch.device("cpu"), "chunk_bytes": 1000, **options}
    return _staging.read_to_device(name, selector, section=part, scaled=scale, **options)


def assert_same(actual: torch.Tensor | None, expected: torch.Tensor) -> None:
    assert actual is not None
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    if expected.is_floating_point():
        assert torch.equal(actual.isnan(), expected.isnan())
        numbers = ~expected.isnan()
        assert torch.equal(actual[numbers], expected[numbers])
        assert torch.equal(actual[numbers].signbit(), expected[numbers].signbit())
    else:
        assert actual.numpy().tobytes() == expected.numpy().tobytes()


@pytest.mark.parametrize("kind", ["small", "wide"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("stored_type", BITPIX)
def test_readToDevice_everyFormat_isWhatTheEngineDecodes(
    tmp_path: Path, stored_type: str, scaling: str, dtype: torch.dtype | None, kind: str
) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(image(values_of(stored_type, kind), *cards(stored_type, scaling)))
    assert_decodes_alike(path, scale=True, dtype=dtype)
    assert_decodes_alike(path, scale=False, dtype=dtype)


def assert_decodes_alike(path: Path, read: Any = staged, **options: Any) -> None:
    """Reads the same values as the engine, or refuses the same pixel."""
    refused = ""
    expected = torch.empty(0)
    try:
        expected = torchfits.read_image(path, **options)
    except torchfits.ValueRangeError as error:
        refused = str(error).split(" is ")[0]
    if refused:
        with pytest.raises(torchfits.ValueRangeError) as caught:
            read(path, **options)
        assert str(caught.value).split(" is ")[0] == refused
    else:
        assert_same(read(path, **options), expected)


@pytest.mark.parametrize("section", [None, (slice(3, 50), slice(7, 60)), (..., slice(2, 60, 7)), (5,), (slice(9, 9),)])
@pytest.mark.parametrize("chunk_bytes", [2, 1000, 1 << 26])
def test_readToDevice_sectionsAndChunks_areWhatTheEngineDecodes(tmp_path: Path, section: Any, chunk_bytes: int) -> None:
    stored = np.random.default_rng(1).integers(-(1 << 15), 1 << 15, (61, 67)).astype("i2")
    path = tmp_path / "a.fits"
    path.write_bytes(image(stored[:20, :30] if chunk_bytes == 2 and section is None else stored))
    for dtype in (None, torch.float16):
        actual = staged(path, section, dtype=dtype, chunk_bytes=chunk_bytes)
        assert_same(actual, torchfits.read_image(path, section=section, dtype=dtype))


def test_readToDevice_largeImage_isWhatTheEngineDecodes(tmp_path: Path) -> None:
    stored = np.random.default_rng(1).normal(0, 1, (1300, 1100)).astype("f4")
    path = tmp_path / "a.fits"
    path.write_bytes(image(stored))
    assert_same(staged(path, chunk_bytes=3 << 20), torch.from_numpy(stored))


def test_readToDevice_valueNotHeldInALaterChunk_namesThePixel(tmp_path: Path) -> None:
    stored = np.zeros((40, 50), "i2")
    stored[30, 20] = 256
    path = tmp_path / "a.fits"
    path.write_bytes(image(stored))
    with pytest.raises(torchfits.ValueRangeError, match=r"a\.fits\[0\]: pixel \[30, 20\] is 256, which uint8 does not"):
        staged(path, dtype=torch.uint8)


def test_readToDevice_compressedImage_isLeftToTheEngine(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    fits.CompImageHDU(np.zeros((10, 10), "i2")).writeto(path)
    assert staged(path) is None


def test_readToDevice_scaleWithoutNumber_isRefused(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(image(np.zeros(3, "i2"), card("BSCALE", "two")))
    with pytest.raises(torchfits.HeaderError, match="not a number"):
        staged(path)
    assert_same(staged(path, scale=False), torch.zeros(3, dtype=torch.int16))


@pytest.mark.parametrize(("count", "first"), [(3, 0), (8, 1), (2, -1), (10, 0)])
def test_readStored_bytesThatAreNotThose_areRefused(tmp_path: Path, count: int, first: int) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(image(np.zeros(4, "i2")))
    name, selector, _ = locate(path, None, None)
    with pytest.raises(torchfits.MismatchError, match=r"a\.fits\[0\]"):
        _engine.read_stored(name, selector, section=None, first=first, out=torch.empty(count, dtype=torch.uint8))
