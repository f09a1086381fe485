"""`dtype=` of `read_image` and `read_batch`: stored types and scalings against astropy and torch's `.to`."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import BITPIX, card, image
from _realdata import real_files, shipped_files
from astropy.io import fits

BACKENDS: list[Any] = ["auto", "cfitsio"]
FLOATING = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTEGERS = [
    torch.uint8, torch.int8, torch.int16, torch.uint16, torch.int32, torch.uint32, torch.int64, torch.uint64,
]  # fmt: skip
UNSIGNED_ZERO = {"u1": -(1 << 7), "i2": 1 << 15, "i4": 1 << 31, "i8": 1 << 63}
BLOCK = 1024  # pixels that the engine converts at once
BLANK = 7


@dataclass(frozen=True)
class Made:
    """An image file: the stored type and what stands in the header about scaling."""

    stored_type: str
    scale: float = 1
    zero: float = 0
    blank: int | None = None

    def __str__(self) -> str:
        return f"{self.stored_type}*{self.scale}+{self.zero}" + (" blank" if self.blank is not None else "")

    @property
    def cards(self) -> list[bytes]:
        blank = [] if self.blank is None else [card("BLANK", self.blank)]
        return [card("BSCALE", self.scale), card("BZERO", self.zero), *blank]

    def write(self, path: Path, stored: np.ndarray) -> Path:
        path.write_bytes(image(stored.astype(self.stored_type), *self.cards))
        return path


def made_files() -> list[Made]:
    files: list[Made] = []
    for stored_type in BITPIX:
        # Scales of powers of two, for which astropy's single precision is exact.
        files += [Made(stored_type), Made(stored_type, 0.25, 3), Made(stored_type, 2, -8)]
        if stored_type in UNSIGNED_ZERO:
            zero = UNSIGNED_ZERO[stored_type]
            files += [Made(stored_type, 1, zero), Made(stored_type, blank=BLANK), Made(stored_type, 2, 1, BLANK)]
            files += [Made(stored_type, 1, zero, BLANK)]
    return files


# astropy fails to put NaN into signed bytes.
READ_BY_ASTROPY = [made for made in made_files() if made != Made("u1", 1, -128, BLANK)]

by_made = pytest.mark.parametrize("made", made_files(), ids=str)
by_floating = pytest.mark.parametrize("dtype", FLOATING, ids=str)
by_integer = pytest.mark.parametrize("dtype", INTEGERS, ids=str)


def small_values(stored_type: str) -> np.ndarray:
    """Multiples of 4 up to 124, and BLANK; more than two blocks of them."""
    values = (np.arange(2 * BLOCK + 77) % 32 * 4).astype(stored_type)
    values[5::1000] = BLANK
    return values


def wide_values(stored_type: str) -> np.ndarray:
    """Of the whole range of the stored type, with its extremes."""
    dtype = np.dtype(stored_type)
    rng = np.random.default_rng(1)
    if dtype.kind == "f":
        special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 65504, 65519.99, 65520, 3.4e38, 1e300])
        spread = rng.normal(0, 1, 3000) * 2.0 ** rng.integers(-30, 30, 3000)
        with np.errstate(over="ignore"):
            return np.concatenate([special, spread]).astype(dtype)
    info = np.iinfo(dtype)
    special = np.array([0, 1, BLANK, info.min, info.min + 1, info.max, info.max - 1], dtype)
    near = np.array([(1 << b) + d for b in range(dtype.itemsize * 8 - 2) for d in (-1, 1)], "i8").astype(dtype)
    return np.concatenate([special, near, rng.integers(info.min, info.max, 3000, dtype)])


def by_astropy(path: Path) -> torch.Tensor:
    opened: Any = fits.open(path, memmap=False)
    with opened as hdus:
        data = hdus[0].data
    return torch.from_numpy(data.astype(data.dtype.newbyteorder("=")))


def physical(made: Made, stored: np.ndarray) -> torch.Tensor:
    """What FITS says the values are: exact where nothing is scaled, else in double precision."""
    if made.scale == 1 and made.stored_type in UNSIGNED_ZERO:
        values = [int(value) + int(made.zero) for value in stored]
        return torch.from_numpy(np.array(values, "u8" if made.zero == 1 << 63 else "i8"))
    if made.scale == 1:
        return torch.from_numpy(stored)
    return torch.from_numpy(stored.astype("f8") * made.scale + made.zero)


def assert_same(actual: torch.Tensor, expected: torch.Tensor) -> None:
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    if expected.is_floating_point():
        bits = {2: torch.int16, 4: torch.int32, 8: torch.int64}[expected.itemsize]
        assert torch.equal(actual.isnan(), expected.isnan())
        numbers = ~expected.isnan()
        assert torch.equal(actual.view(bits)[numbers], expected.view(bits)[numbers])
    else:
        assert actual.numpy().tobytes() == expected.numpy().tobytes()


# Floating dtypes


@pytest.mark.parametrize("backend", BACKENDS)
@by_floating
@by_made
def test_toFloating_anyValues_areRoundedAsTorchDoes(
    tmp_path: Path, made: Made, dtype: torch.dtype, backend: Any
) -> None:
    stored = wide_values(made.stored_type)
    path = made.write(tmp_path / "a.fits", stored)

    expected = physical(made, stored).to(dtype)
    if made.blank is not None:
        expected[torch.from_numpy(stored == made.blank)] = math.nan
    assert_same(torchfits.read_image(path, dtype=dtype, backend=backend), expected)


@pytest.mark.parametrize("backend", BACKENDS)
@by_floating
@pytest.mark.parametrize("made", READ_BY_ASTROPY, ids=str)
def test_toFloating_smallValues_areThoseOfAstropy(tmp_path: Path, made: Made, dtype: torch.dtype, backend: Any) -> None:
    path = made.write(tmp_path / "a.fits", small_values(made.stored_type))
    theirs = by_astropy(path)
    # Where BZERO makes unsigned integers, astropy looks for BLANK among the physical values.
    if made.blank is not None and made.zero in UNSIGNED_ZERO.values():
        theirs = theirs.double()
        theirs[torch.from_numpy(small_values(made.stored_type) == BLANK)] = math.nan
    assert_same(torchfits.read_image(path, dtype=dtype, backend=backend), theirs.to(dtype))


@by_floating
@pytest.mark.parametrize("stored_type", BITPIX)
def test_toFloating_storedValues_areUnscaledAndWithoutBlank(
    tmp_path: Path, stored_type: str, dtype: torch.dtype
) -> None:
    stored = wide_values(stored_type)
    path = Made(stored_type, 0.5, 3, BLANK).write(tmp_path / "a.fits", stored)
    for backend in BACKENDS:
        values = torchfits.read_image(path, dtype=dtype, scale=False, backend=backend)
        assert_same(values, torch.from_numpy(stored).to(dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_toHalf_everyUpperHalfOfAFloat_isRoundedAsTorchDoes(tmp_path: Path, dtype: torch.dtype) -> None:
    upper = np.arange(1 << 16, dtype="u4") << 16
    lower = np.array([0, 1, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0xFFFF], "u4")
    stored = (upper[:, None] | lower).view("f4")
    path = Made("f4").write(tmp_path / "a.fits", stored)
    for backend in BACKENDS:
        values = torchfits.read_image(path, dtype=dtype, backend=backend)
        assert_same(values, torch.from_numpy(stored).to(dtype))


@by_floating
@pytest.mark.parametrize("made", [Made("i2"), Made("i2", 1, 1 << 15), Made("i2", 0.1, -7.3)], ids=str)
def test_toFloating_every16BitValue_isRoundedAsTorchDoes(tmp_path: Path, made: Made, dtype: torch.dtype) -> None:
    stored = np.arange(-(1 << 15), 1 << 15).astype("i2")
    path = made.write(tmp_path / "a.fits", stored)
    assert_same(torchfits.read_image(path, dtype=dtype), physical(made, stored).to(dtype))


def test_toFloat64_scaled_hasTheDigitsThatFloat32Lacks(tmp_path: Path) -> None:
    path = Made("i2", 0.1).write(tmp_path / "a.fits", np.array([1]))
    assert torchfits.read_image(path, dtype=torch.float64).item() == 0.1
    assert torchfits.read_image(path).item() == np.float32(0.1)


# Integer dtypes


def first_not_held(values: list[Any], dtype: torch.dtype) -> int | None:
    """Index of the first number that is no integer of the dtype."""
    bounds = torch.iinfo(dtype)
    for index, value in enumerate(values):
        if not math.isfinite(value) or value != int(value) or not bounds.min <= value <= bounds.max:
            return index
    return None


def assert_converted_or_refused(path: Path, exact: torch.Tensor, dtype: torch.dtype) -> None:
    values = exact.flatten().tolist()
    bad = first_not_held(values, dtype)
    for backend in BACKENDS:
        if bad is None:
            expected = np.array([int(value) for value in values], str(dtype).removeprefix("torch."))
            result = torchfits.read_image(path, dtype=dtype, backend=backend)
            assert_same(result, torch.from_numpy(expected.reshape(exact.shape)))
        else:
            with pytest.raises(torchfits.ValueRangeError) as caught:
                torchfits.read_image(path, dtype=dtype, backend=backend)
            place, value = str(caught.value).split(" is ", 1)
            assert place == f"{path}[0]: pixel [{bad}]"
            number, reason = value.split(",", 1)
            assert reason == f" which {str(dtype).removeprefix('torch.')} does not hold"
            read = type(values[bad])(number.replace("Infinity", "inf"))
            if isinstance(read, float) and exact.dtype == torch.float32:
                read = float(np.float32(read))
            assert read == values[bad] or (math.isnan(read) and math.isnan(values[bad]))


@by_integer
@pytest.mark.parametrize("made", READ_BY_ASTROPY, ids=str)
def test_toInteger_smallValues_areThoseOfAstropy(tmp_path: Path, made: Made, dtype: torch.dtype) -> None:
    stored = small_values(made.stored_type)
    if made.blank is not None or made.scale < 1:
        stored[stored == BLANK] = 8
    path = made.write(tmp_path / "a.fits", stored)
    assert_converted_or_refused(path, by_astropy(path), dtype)


@by_integer
@by_made
def test_toInteger_wideValues_areHeldOrNamed(tmp_path: Path, made: Made, dtype: torch.dtype) -> None:
    """In parts, so that the extremes of each are met by some dtypes that hold them and others that do not."""
    stored = wide_values(made.stored_type)
    for part in range(12):
        some = stored[:12] if part == 0 else stored[part * 11 : part * 11 + 11]
        path = made.write(tmp_path / f"part{part}.fits", some)
        exact = torchfits.read_image(path, backend="cfitsio")
        assert_converted_or_refused(path, exact, dtype)


EDGES = [2.0**k + d for k in (7, 8, 15, 16, 31, 32, 63, 64) for d in (-1, 0)] + [-(2.0**k) for k in (7, 15, 31, 63)]
EDGES += [math.nextafter(2.0**k, 0) for k in (53, 63, 64)] + [-0.0, -1.0, 0.5, math.nan, math.inf, -math.inf]
EDGES += [math.nextafter(-(2.0**k), -math.inf) for k in (31, 63)]


@by_integer
@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("stored_type", ["f4", "f8"])
def test_toInteger_floatAtAnEdge_isHeldOrNamed(
    tmp_path: Path, stored_type: str, edge: float, dtype: torch.dtype
) -> None:
    stored = np.array([1, 2, edge, 3], stored_type)
    path = Made(stored_type).write(tmp_path / "a.fits", stored)
    assert_converted_or_refused(path, torch.from_numpy(stored), dtype)


def test_toInteger_blank_staysWhereValuesAreIntegersAndIsRefusedWhereTheyAreNot(tmp_path: Path) -> None:
    stored = np.array([3, BLANK, 4], "i2")
    integers = Made("i2", blank=BLANK).write(tmp_path / "a.fits", stored)
    assert torchfits.read_image(integers, dtype=torch.int32).tolist() == [3, BLANK, 4]
    scaled = Made("i2", 2, 0, BLANK).write(tmp_path / "b.fits", stored)
    with pytest.raises(torchfits.ValueRangeError, match=r"b\.fits\[0\]: pixel \[1\] is NaN, which int32"):
        torchfits.read_image(scaled, dtype=torch.int32)
    assert torchfits.read_image(scaled, dtype=torch.int32, scale=False).tolist() == [3, BLANK, 4]


@pytest.mark.parametrize("backend", BACKENDS)
def test_toInteger_section_namesThePixelOfTheResult(tmp_path: Path, backend: Any) -> None:
    stored = np.zeros((50, 60), "i2")
    stored[30, 41] = 300
    path = Made("i2").write(tmp_path / "a.fits", stored)
    with pytest.raises(torchfits.ValueRangeError, match=r"pixel \[10, 1\] is 300, which uint8"):
        torchfits.read_image(path, section=(slice(20, 50), slice(40, 60)), dtype=torch.uint8, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_toInteger_largeImage_namesThePixel(tmp_path: Path, backend: Any) -> None:
    stored = np.zeros((3000, 700), "i2")
    stored[2900, 600] = -1
    path = Made("i2").write(tmp_path / "a.fits", stored)
    with pytest.raises(torchfits.ValueRangeError, match=r"pixel \[2900, 600\] is -1, which uint16"):
        torchfits.read_image(path, dtype=torch.uint16, backend=backend)


@pytest.mark.parametrize("dtype", [torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_dtypeThatPixelsCannotBe_isRefusedBeforeTheFileIsTouched(dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match="pixels cannot be") as caught:
        torchfits.read_image("no such file.fits", dtype=dtype)
    assert not isinstance(caught.value, torchfits.FitsError)


# Batches and compressed images


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int32, torch.uint64], ids=str)
def test_readBatch_dtype_isThatOfSingleReads(tmp_path: Path, dtype: torch.dtype) -> None:
    paths = [Made("i2").write(tmp_path / f"{i}.fits", np.arange(i, i + 5000)) for i in range(5)]
    expected = torch.stack([torch.arange(i, i + 5000).to(dtype) for i in range(5)])
    assert_same(torchfits.read_batch(paths, dtype=dtype), expected)
    out = torch.empty(5, 5000, dtype=dtype)
    assert torchfits.read_batch(paths, out=out) is out
    assert_same(out, expected)


def test_readBatch_valueThatIsNotHeld_namesFileAndPixel(tmp_path: Path) -> None:
    paths = [Made("i2").write(tmp_path / f"{i}.fits", np.full(9, 255 + i // 4)) for i in range(5)]
    with pytest.raises(torchfits.ValueRangeError, match=r"4\.fits\[0\]: pixel \[0\] is 256, which uint8"):
        torchfits.read_batch(paths, dtype=torch.uint8)


@pytest.mark.parametrize("dtype", [*FLOATING, torch.int32, torch.uint16], ids=str)
@pytest.mark.parametrize("stored_type", ["i2", "u2", "f4"])
def test_readImage_compressed_isConverted(tmp_path: Path, stored_type: str, dtype: torch.dtype) -> None:
    values = np.arange(60 * 70, dtype=stored_type).reshape(60, 70)
    path = tmp_path / "a.fits"
    fits.CompImageHDU(values, compression_type="GZIP_2", quantize_level=0).writeto(path)
    assert_same(torchfits.read_image(path, dtype=dtype), torch.from_numpy(values).to(dtype))
    with pytest.raises(torchfits.ValueRangeError, match=r"a\.fits\[1\]: pixel \[\d+, \d+\] is"):
        torchfits.read_image(path, dtype=torch.int8)


# Real files

REAL = [path for path in real_files() + shipped_files() if path.suffix not in (".gz", ".bz2", ".Z", ".xz")]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_realFile_everyDtype_isTheExactOneConverted(path: Path) -> None:
    section = (..., slice(0, 100))
    try:
        exact = torchfits.read_image(path, section=section)  # held equal to astropy's in test_real_images.py
    except torchfits.FitsError as unreadable:
        with pytest.raises(type(unreadable)):
            torchfits.read_image(path, section=section, dtype=torch.float16)
    else:
        assert_real_dtypes(path, section, exact)


def assert_real_dtypes(path: Path, section: Any, exact: torch.Tensor) -> None:
    header = torchfits.read_header(path, hdu=image_hdu(path))
    blank = "BLANK" in header and not exact.is_floating_point()
    for dtype in (torch.float16, torch.bfloat16):
        values = torchfits.read_image(path, section=section, dtype=dtype)
        expected = exact.to(dtype)
        if blank:
            expected = torchfits.read_image(path, section=section, dtype=torch.float32).to(dtype)
        assert_same(values, expected)
    assert_converted_or_refused_at_all(path, section, exact, torch.int16)
    assert_converted_or_refused_at_all(path, section, exact, torch.int64)


def assert_converted_or_refused_at_all(path: Path, section: Any, exact: torch.Tensor, dtype: torch.dtype) -> None:
    try:
        values = torchfits.read_image(path, section=section, dtype=dtype)
    except torchfits.ValueRangeError:
        assert not torch.equal(exact.to(dtype).to(exact.dtype), exact)
    else:
        assert torch.equal(values.double(), exact.double())


def image_hdu(path: Path) -> int:
    hdus = torchfits.open(path)
    kinds = ("IMAGE", "COMPRESSED_IMAGE", "RANDOM_GROUPS")
    return next(hdu.index for hdu in hdus if hdu.shape and hdu.kind in kinds)
