"""`read_image` and `read_batch` on made files: both paths against numpy, astropy and each other, bit by bit."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _descriptors import open_descriptors
from _fitsbytes import BITPIX, card, empty_primary, image, image_header, raw_card
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

STORED_TYPES = list(BITPIX)
INTEGERS = ["u1", "i2", "i4", "i8"]
BACKENDS: list[Any] = ["auto", "cfitsio"]

# Tests that hypothesis calls again and again may share a folder: each call writes its file anew.
sharing_files = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(folder: Path, *hdus: bytes, name: str = "image.fits") -> Path:
    path = folder / name
    path.write_bytes(b"".join(hdus))
    return path


def read_both(path: Path, **options: Any) -> np.ndarray:
    """What the direct path reads, once cfitsio has read the same."""
    values = torchfits.read_image(path, **options).numpy()
    assert_bits_equal(torchfits.read_image(path, backend="cfitsio", **options).numpy(), values)
    return values


def read_by_astropy(path: Path, **options: Any) -> np.ndarray:
    data: Any = fits.getdata(path, memmap=False, **options)
    return data.astype(data.dtype.newbyteorder("="))


def assert_bits_equal(actual: np.ndarray, expected: np.ndarray) -> None:
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    assert actual.tobytes() == expected.tobytes()


def random_values(stored_type: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Every bit is random, so NaNs with all payloads are among the floats."""
    dtype = np.dtype(stored_type)
    count = int(np.prod(shape))
    return np.frombuffer(np.random.default_rng(seed).bytes(count * dtype.itemsize), dtype).reshape(shape)


# Stored values

any_values = st.sampled_from(STORED_TYPES).flatmap(
    lambda stored_type: st.tuples(st.just(stored_type), hnp.array_shapes(max_dims=5, max_side=7), st.integers(0, 1000))
)


@sharing_files
@given(any_values)
def test_readImage_anyTypeAndShape_areTheStoredBits(tmp_path: Path, made: tuple) -> None:
    stored = random_values(*made)
    path = write(tmp_path, image(stored))

    assert_bits_equal(read_both(path), stored)
    assert_bits_equal(read_by_astropy(path), stored)


HEADER_BYTES = 2880
WINDOW_BYTES = 32 << 10  # read at once with the header
SCRATCH_BYTES = 256 << 10  # decoded at once, and the smallest piece for a thread
PIECE_BYTES = 2 << 20  # the largest piece for a thread

BORDERS = [WINDOW_BYTES - HEADER_BYTES, WINDOW_BYTES, SCRATCH_BYTES, 2 * SCRATCH_BYTES, PIECE_BYTES]


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("stored_type", STORED_TYPES)
def test_readImage_sizesAroundBorder_areTheStoredBits(tmp_path: Path, stored_type: str, border: int) -> None:
    for count in range(border // np.dtype(stored_type).itemsize - 1, border // np.dtype(stored_type).itemsize + 2):
        stored = random_values(stored_type, (count,))
        assert_bits_equal(read_both(write(tmp_path, image(stored))), stored)


@pytest.mark.parametrize("stored_type", ["u1", "i2", "f4", "f8"])
def test_readImage_manyPieces_areTheStoredBits(tmp_path: Path, stored_type: str) -> None:
    columns = 1021  # prime: no border of a row is one of a piece
    rows = 9 * PIECE_BYTES // columns // np.dtype(stored_type).itemsize
    stored = random_values(stored_type, (rows, columns))
    assert_bits_equal(read_both(write(tmp_path, image(stored))), stored)


@pytest.mark.parametrize("shift", [1, 2879])
def test_readImage_dataAcrossWindow_areTheStoredBits(tmp_path: Path, shift: int) -> None:
    """An image that begins within the bytes read with the header, and ends behind them."""
    first = random_values("u1", (WINDOW_BYTES - 3 * HEADER_BYTES - shift,), seed=1)
    second = random_values("i2", (5000,), seed=2)
    path = write(tmp_path, image(first), image(second, extension=True))
    assert_bits_equal(read_both(path, hdu=1), second)


FLOAT32_BITS = [
    0x00000000, 0x80000000, 0x7F800000, 0xFF800000, 0x00000001, 0x807FFFFF, 0x00800000, 0x7F7FFFFF,
    0x7FC00000, 0xFFC00001, 0x7F800001, 0xFFBFFFFF, 0x7FFFFFFF,
]  # fmt: skip
FLOAT64_BITS = [
    0x0000000000000000, 0x8000000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x0000000000000001,
    0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001,
    0xFFF7FFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF,
]  # fmt: skip


@pytest.mark.parametrize(("stored_type", "unsigned", "bits"), [("f4", "u4", FLOAT32_BITS), ("f8", "u8", FLOAT64_BITS)])
def test_readImage_zerosInfinitiesNaNsDenormals_keepTheirBits(
    tmp_path: Path, stored_type: str, unsigned: str, bits: list[int]
) -> None:
    stored = np.array(bits, unsigned).view(stored_type)
    path = write(tmp_path, image(stored))
    assert_bits_equal(read_both(path), stored)
    assert_bits_equal(read_by_astropy(path), stored)


# Unsigned integers and signed bytes

CONVENTIONS = {"u1": ("i1", -(1 << 7)), "i2": ("u2", 1 << 15), "i4": ("u4", 1 << 31), "i8": ("u8", 1 << 63)}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 1001, SCRATCH_BYTES + 3])
@pytest.mark.parametrize("stored_type", INTEGERS)
def test_readImage_unsignedConvention_hasThatType(tmp_path: Path, stored_type: str, count: int) -> None:
    stored = random_values(stored_type, (count,))
    exact_type, zero = CONVENTIONS[stored_type]
    path = write(tmp_path, image(stored, card("BZERO", zero)))

    values = read_both(path)

    expected = np.array([int(value) + zero for value in stored], dtype=exact_type)
    assert_bits_equal(values, expected)
    assert_bits_equal(read_by_astropy(path), expected)
    assert_bits_equal(read_both(path, scale=False), stored)


@pytest.mark.parametrize("text", ["32768", "32768.0", "3.2768E4", "3.2768D+04", "+32768"])
def test_readImage_bzeroWrittenOtherwise_isTheSameNumber(tmp_path: Path, text: str) -> None:
    stored = np.array([-32768, 0, 32767], "i2")
    path = write(tmp_path, image(stored, raw_card("BSCALE", "1.0"), raw_card("BZERO", text)))
    assert_bits_equal(read_both(path), np.array([0, 32768, 65535], "u2"))


# Scaling

EXACT_SCALED = {"u1": "f4", "i2": "f4", "i4": "f8", "i8": "f8", "f4": "f4", "f8": "f8"}

reals = st.floats(-1e30, 1e30, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-30)


def scaled(stored: np.ndarray, scale: float, zero: float, dtype: str) -> np.ndarray:
    """In double precision, rounded once."""
    with np.errstate(all="ignore"):
        return (stored.astype("f8") * scale + zero).astype(dtype)


@sharing_files
@given(st.sampled_from(STORED_TYPES), reals, reals, st.integers(0, 1000))
def test_readImage_scaled_isComputedInDoublePrecision(
    tmp_path: Path, stored_type: str, scale: float, zero: float, seed: int
) -> None:
    dtype = np.dtype(stored_type)
    stored = random_values(stored_type, (257,), seed)
    if dtype.kind == "f":
        stored = np.random.default_rng(seed).normal(0, 1e5, 257).astype(dtype)
    exact = EXACT_SCALED[stored_type]
    if scale == 1 and zero in (0, CONVENTIONS.get(stored_type, ("", 0))[1]):
        return
    path = write(tmp_path, image(stored, card("BSCALE", scale), card("BZERO", zero)))

    assert_bits_equal(read_both(path), scaled(stored, scale, zero, exact))
    assert_bits_equal(read_both(path, dtype=torch.float32), scaled(stored, scale, zero, "f4"))
    assert_bits_equal(read_both(path, dtype=torch.float64), scaled(stored, scale, zero, "f8"))
    assert_bits_equal(read_both(path, scale=False), stored)


@pytest.mark.parametrize("stored_type", STORED_TYPES)
def test_readImage_scaled_hasTheTypeOfAstropy(tmp_path: Path, stored_type: str) -> None:
    stored = np.arange(100).astype(stored_type)
    path = write(tmp_path, image(stored, card("BSCALE", 0.25), card("BZERO", 3.0)))

    values = read_both(path)

    # Powers of two: astropy's single precision is exact as well.
    assert_bits_equal(values, read_by_astropy(path))


def test_readImage_scaleWithoutNumber_givesStoredValuesOnly(tmp_path: Path) -> None:
    stored = np.arange(5, dtype="i2")
    path = write(tmp_path, image(stored, card("BSCALE", "two")))

    for backend in BACKENDS:
        with pytest.raises(torchfits.HeaderError, match=r"image\.fits\[0\]: BSCALE or BZERO is not a number"):
            torchfits.read_image(path, backend=backend)
    assert_bits_equal(read_both(path, scale=False), stored)
    assert torchfits.read_header(path)["BSCALE"] == "two"


# BLANK


@pytest.mark.parametrize("count", [7, SCRATCH_BYTES + 1])
@pytest.mark.parametrize("stored_type", INTEGERS)
def test_readImage_blankScaled_isNaN(tmp_path: Path, stored_type: str, count: int) -> None:
    stored = (np.arange(count) % 100).astype(stored_type)
    path = write(tmp_path, image(stored, card("BSCALE", 0.5), card("BZERO", 1.0), card("BLANK", 3)))

    values = read_both(path)

    expected = scaled(stored, 0.5, 1, EXACT_SCALED[stored_type])
    expected[stored == 3] = np.nan
    assert_bits_equal(values, expected)
    np.testing.assert_array_equal(values, read_by_astropy(path))


@pytest.mark.parametrize("stored_type", INTEGERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_readImage_blankUnscaled_isNaNInFloatsOnly(tmp_path: Path, stored_type: str, dtype: torch.dtype) -> None:
    stored = np.arange(7).astype(stored_type)
    path = write(tmp_path, image(stored, card("BLANK", 3)))

    assert_bits_equal(read_both(path), stored)
    for backend in BACKENDS:
        floats = torchfits.read_image(path, dtype=dtype, backend=backend)
        assert floats.dtype == dtype
        np.testing.assert_array_equal(floats.double().numpy(), read_by_astropy(path))
        stored_floats = torchfits.read_image(path, dtype=dtype, backend=backend, scale=False)
        assert stored_floats.tolist() == stored.tolist()


def test_readImage_blankUnsigned_isNaNInFloatsOnly(tmp_path: Path) -> None:
    path = write(tmp_path, image(np.arange(4, dtype="i2"), card("BZERO", 32768), card("BLANK", 2)))

    assert_bits_equal(read_both(path), np.array([32768, 32769, 32770, 32771], "u2"))
    floats = read_both(path, dtype=torch.float32)
    np.testing.assert_array_equal(floats, np.array([32768, 32769, np.nan, 32771], "f4"))


@pytest.mark.parametrize("stored_type", ["f4", "f8"])
def test_readImage_blankOfFloats_isIgnored(tmp_path: Path, stored_type: str) -> None:
    stored = np.arange(4).astype(stored_type)
    path = write(tmp_path, image(stored, card("BSCALE", 2.0), card("BLANK", 2)))
    assert_bits_equal(read_both(path), stored * 2)


@pytest.mark.parametrize("text", ["65538", "2.5", "'2'"])
def test_readImage_blankNoSuchValue_isIgnored(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, image(np.arange(4, dtype="i2"), card("BSCALE", 2.0), raw_card("BLANK", text)))
    assert_bits_equal(read_both(path), np.array([0, 2, 4, 6], "f4"))


# Which HDU


def several_hdus(folder: Path) -> Path:
    """Empty primary; SCI 1, ERR, SCI 2, a table, and an image without name; each image holds its index."""
    table = (
        card("XTENSION", "BINTABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 1),
        card("NAXIS2", 1), card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 1), card("TFORM1", "B"),
    )  # fmt: skip

    def filled(index: int, *cards: bytes) -> bytes:
        return image(np.full((2, 3), index, "i2"), *cards, extension=True)

    return write(
        folder,
        empty_primary(),
        filled(1, card("EXTNAME", "SCI"), card("EXTVER", 1)),
        filled(2, card("EXTNAME", "ERR")),
        filled(3, card("EXTNAME", "sci"), card("EXTVER", 2)),
        b"".join(table) + b"END".ljust(HEADER_BYTES - 80 * len(table)) + b"\1".ljust(HEADER_BYTES, b"\0"),
        filled(5),
    )


@pytest.mark.parametrize(
    ("hdu", "index"),
    [
        (None, 1), (1, 1), (np.int64(2), 2), (5, 5), ("SCI", 1), ("sci", 1), ("Sci  ", 1), ("ERR", 2),
        (("SCI", 1), 1), (("SCI", 2), 3), (("SCI", np.int32(2)), 3), (("ERR", 1), 2),
    ],
)  # fmt: skip
def test_readImage_hdu_isFound(tmp_path: Path, hdu: Any, index: int) -> None:
    assert np.unique(read_both(several_hdus(tmp_path), hdu=hdu)) == index


@pytest.mark.parametrize("hdu", [6, 2**31 - 1, "XYZ", ("SCI", 3), ("ERR", 2)])
def test_readImage_hduMissing_saysHowManyThereAre(tmp_path: Path, hdu: Any) -> None:
    with pytest.raises(torchfits.HduNotFoundError, match=r"image\.fits: no HDU .*the file has 6 HDUs") as caught:
        torchfits.read_image(several_hdus(tmp_path), hdu=hdu)
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize(("hdu", "reason"), [(0, "NAXIS = 0"), ("PRIMARY", "NAXIS = 0"), (4, "a table, not an image")])
def test_readImage_hduWithoutImage_saysWhy(tmp_path: Path, hdu: Any, reason: str) -> None:
    for backend in BACKENDS:
        with pytest.raises(torchfits.HduKindError, match=rf"image\.fits\[\d\]: .*{reason}"):
            torchfits.read_image(several_hdus(tmp_path), hdu=hdu, backend=backend)


def test_readImage_primaryWithName_isFoundByBoth(tmp_path: Path) -> None:
    """PRIMARY means the first HDU for astropy too, whatever its EXTNAME."""
    stored = np.arange(3, dtype="u1")
    path = write(tmp_path, image(stored, card("EXTNAME", "SCI")), image(stored + 1, extension=True))
    for name in ("SCI", "PRIMARY", "primary"):
        theirs: Any = fits.getdata(path, name)
        assert_bits_equal(read_both(path, hdu=name), theirs)
        assert torchfits.open(path)[name].index == 0


def test_readImage_axisThatLooksLikeAnother_isNotTaken(tmp_path: Path) -> None:
    stored = np.arange(6, dtype="u1")
    first, rest = image(stored)[:240], image(stored)[240:]
    path = write(tmp_path, first + raw_card("NAXIS01", "3") + rest[:2480] + rest[2560:])
    assert torchfits.read_image(path).tolist() == stored.tolist()


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 4)])
@pytest.mark.parametrize("stored_type", ["i2", "f8"])
def test_readImage_axisOfLength0_isEmpty(tmp_path: Path, shape: tuple[int, ...], stored_type: str) -> None:
    path = write(tmp_path, image_header(BITPIX[stored_type], shape))
    assert_bits_equal(read_both(path), np.zeros(shape, stored_type))
    assert read_both(path, dtype=torch.float32).shape == shape


# The result


def test_readImage_result_ownsItsMemory(tmp_path: Path) -> None:
    stored = random_values("i4", (40, 50))
    path = write(tmp_path, image(stored))
    tensor = torchfits.read_image(path)
    path.unlink()

    assert tensor.is_contiguous()
    assert not tensor.requires_grad
    tensor += 1
    assert torch.equal(tensor, torch.from_numpy(stored + 1))


@pytest.mark.parametrize("device", ["meta", torch.device("cpu"), "cpu"])
def test_readImage_device_isWhereTheResultIs(tmp_path: Path, device: Any) -> None:
    path = write(tmp_path, image(np.zeros((2, 3), "i2")))
    tensor = torchfits.read_image(path, device=device)
    assert tensor.device == torch.device(device)
    assert tensor.shape == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"backend": "numpy"}, ValueError),
        ({"hdu": -1}, ValueError),
        ({"hdu": 2**31}, ValueError),
        ({"hdu": ""}, ValueError),
        ({"hdu": (" ", 1)}, ValueError),
        ({"hdu": ("SCI", 2**31)}, ValueError),
        ({"hdu": 1.5}, TypeError),
        ({"hdu": True}, TypeError),
        ({"hdu": (1, 2)}, TypeError),
        ({"hdu": ("SCI", "1")}, TypeError),
        ({"dtype": "float32"}, TypeError),
        ({"dtype": np.float32}, TypeError),
        ({"section": "1:2"}, TypeError),
        ({"section": (None,)}, TypeError),
        ({"section": (True,)}, TypeError),
        ({"section": slice(4, 0, -2)}, ValueError),
        ({"section": (..., ...)}, ValueError),
        ({"section": slice(0, 1.5)}, TypeError),
    ],
)
def test_readImage_wrongArgument_isRefusedBeforeTheFileIsTouched(arguments: Any, error: type) -> None:
    with pytest.raises(error) as caught:
        torchfits.read_image("no such file.fits", **arguments)
    assert not isinstance(caught.value, torchfits.FitsError)


@pytest.mark.parametrize("path", [["a.fits"], 3, None, 1.5])
@pytest.mark.parametrize("function", [torchfits.read_image, torchfits.read_header, torchfits.open])
def test_read_pathOfOtherType_isRefused(function: Any, path: Any) -> None:
    with pytest.raises(TypeError):
        function(path)


# Batches


def many_files(folder: Path, count: int, stored_type: str = "i2", shape: tuple[int, ...] = (5, 7)) -> list[Path]:
    return [write(folder, image(random_values(stored_type, shape, seed=i)), name=f"{i}.fits") for i in range(count)]


@pytest.mark.parametrize("stored_type", STORED_TYPES)
@pytest.mark.parametrize("count", [1, 2, 33])
def test_readBatch_files_areTheStackOfSingleReads(tmp_path: Path, stored_type: str, count: int) -> None:
    paths = many_files(tmp_path, count, stored_type)
    expected = np.stack([torchfits.read_image(path).numpy() for path in paths])
    assert_bits_equal(torchfits.read_batch(paths).numpy(), expected)


def test_readBatch_thousandFiles_areTheStackOfSingleReads(tmp_path: Path) -> None:
    paths = many_files(tmp_path, 1000, shape=(3,))
    expected = torch.stack([torchfits.read_image(path) for path in paths])
    assert torch.equal(torchfits.read_batch(path for path in paths), expected)


def test_readBatch_largeImages_areTheStackOfSingleReads(tmp_path: Path) -> None:
    paths = many_files(tmp_path, 3, "f4", (601, 999))
    expected = np.stack([torchfits.read_image(path).numpy() for path in paths])
    assert_bits_equal(torchfits.read_batch(paths).numpy(), expected)


def test_readBatch_sameFileTwice_isThereTwice(tmp_path: Path) -> None:
    (path,) = many_files(tmp_path, 1)
    batch = torchfits.read_batch([path, str(path)])
    assert torch.equal(batch[0], batch[1])


def test_readBatch_hduSectionDtype_meanWhatTheyMeanForOne(tmp_path: Path) -> None:
    path = several_hdus(tmp_path)
    options: Any = {"hdu": ("SCI", 2), "section": (slice(0, 1), -1), "dtype": torch.float64}
    batch = torchfits.read_batch([path, path], **options)
    assert batch.shape == (2, 1)
    assert torch.equal(batch[1], torchfits.read_image(path, **options))


def test_readBatch_imagesOfNoPixels_areEmpty(tmp_path: Path) -> None:
    path = write(tmp_path, image_header(16, (0, 3)))
    assert torchfits.read_batch([path, path]).shape == (2, 0, 3)


def test_readBatch_tileCompressed_isTheStackOfSingleReads(tmp_path: Path) -> None:
    pixels = np.arange(300, dtype="i2").reshape(20, 15)
    paths = [tmp_path / f"{i}.fits" for i in range(3)]
    for i, path in enumerate(paths):
        fits.CompImageHDU(pixels + i).writeto(path)
    assert torch.equal(torchfits.read_batch(paths), torch.stack([torch.from_numpy(pixels + i) for i in range(3)]))


def test_readBatch_names_areLiteral(tmp_path: Path) -> None:
    path = several_hdus(tmp_path)
    with pytest.raises(torchfits.MissingFileError):
        torchfits.read_batch([f"{path}[1]"])


def test_readBatch_out_isFilledInPlace(tmp_path: Path) -> None:
    paths = many_files(tmp_path, 4)
    out = torch.full((4, 5, 7), -1, dtype=torch.int16)
    address = out.data_ptr()

    result = torchfits.read_batch(paths, out=out)

    assert result is out
    assert out.data_ptr() == address
    assert torch.equal(out, torchfits.read_batch(paths))


def test_readBatch_outIsPartOfATensor_leavesTheRestAlone(tmp_path: Path) -> None:
    paths = many_files(tmp_path, 2)
    whole = torch.full((4, 5, 7), -1, dtype=torch.int16)
    torchfits.read_batch(paths, out=whole[1:3])
    assert torch.equal(whole[1:3], torchfits.read_batch(paths))
    assert torch.all(whole[[0, 3]] == -1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int32])
def test_readBatch_outOfOtherDtype_givesTheDtype(tmp_path: Path, dtype: torch.dtype) -> None:
    paths = many_files(tmp_path, 2)
    out = torch.empty(2, 5, 7, dtype=dtype)
    torchfits.read_batch(paths, out=out)
    assert torch.equal(out, torchfits.read_batch(paths).to(dtype))


def test_readBatch_outInSharedMemory_isFilled(tmp_path: Path) -> None:
    paths = many_files(tmp_path, 2)
    out = torch.empty(2, 5, 7, dtype=torch.int16).share_memory_()
    torchfits.read_batch(paths, out=out)
    assert torch.equal(out, torchfits.read_batch(paths))
    assert out.is_shared()


@pytest.mark.parametrize(
    "out",
    [
        torch.empty(2, 5, 8, dtype=torch.int16),
        torch.empty(3, 5, 7, dtype=torch.int16),
        torch.empty(2, 35, dtype=torch.int16),
    ],
    ids=lambda out: f"{tuple(out.shape)} {out.dtype}",
)
def test_readBatch_outDoesNotFit_namesBoth(tmp_path: Path, out: torch.Tensor) -> None:
    paths = many_files(tmp_path, 2)
    with pytest.raises(torchfits.MismatchError, match=r"out is .*the batch is 2 x .*0\.fits\[0\]"):
        torchfits.read_batch(paths, out=out)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"out": torch.empty(2, 7, 5, dtype=torch.int16).transpose(1, 2)}, "contiguous"),
        ({"out": torch.empty(2, 5, 7, dtype=torch.int16, device="meta")}, "on the CPU"),
        ({"out": torch.empty(2, 5, 7), "dtype": torch.float64}, "dtype is"),
        ({"out": torch.empty(2, 5, 7), "device": "meta"}, "device is"),
        ({"dtype": torch.int8}, "which int8 does not hold"),
        ({"dtype": torch.bool}, "pixels cannot be"),
        ({"out": torch.empty(2, 5, 7, dtype=torch.complex64)}, "pixels cannot be"),
    ],
)
def test_readBatch_argumentsThatContradict_areRefused(tmp_path: Path, arguments: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        torchfits.read_batch(many_files(tmp_path, 2), **arguments)


@pytest.mark.parametrize("paths", ["a.fits", Path("a.fits")])
def test_readBatch_onePath_isRefused(paths: Any) -> None:
    with pytest.raises(TypeError, match="several paths"):
        torchfits.read_batch(paths)


def test_readBatch_noPath_isRefused() -> None:
    with pytest.raises(ValueError, match="at least one path"):
        torchfits.read_batch([])


@pytest.mark.parametrize("odd", [random_values("i2", (5, 8)), random_values("i4", (5, 7)), random_values("i2", (35,))])
def test_readBatch_imagesThatDiffer_namesBothFiles(tmp_path: Path, odd: np.ndarray) -> None:
    paths = [*many_files(tmp_path, 20), write(tmp_path, image(odd), name="odd.fits")]
    with pytest.raises(torchfits.MismatchError, match=r"odd\.fits\[0\].*does not fit into .*/0\.fits\[0\]"):
        torchfits.read_batch(paths)


def test_readBatch_imagesOfOtherTypes_areOneTypeIfToldWhich(tmp_path: Path) -> None:
    one = write(tmp_path, image(np.array([1], "i2")), name="1.fits")
    other = write(tmp_path, image(np.array([2.5])), name="2.fits")
    assert torchfits.read_batch([one, other], dtype=torch.float32).tolist() == [[1], [2.5]]


@pytest.mark.parametrize("position", [0, 10, 19])
def test_readBatch_fileMissing_isNamedAndNothingStaysOpen(tmp_path: Path, position: int) -> None:
    paths = many_files(tmp_path, 20)
    paths[position].unlink()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    with pytest.raises(torchfits.MissingFileError, match=rf"/{position}\.fits: no such file"):
        torchfits.read_batch(paths)

    assert open_descriptors(tmp_path) == 0
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208 - idle ones may be closed meanwhile


def test_readBatch_truncatedFile_isNamed(tmp_path: Path) -> None:
    paths = many_files(tmp_path, 9)
    paths[5].write_bytes(paths[5].read_bytes()[:2900])
    with pytest.raises(torchfits.TruncatedFileError, match=r"/5\.fits\[0\]"):
        torchfits.read_batch(paths)
