"""Tile-compressed images: the engine's own path against cfitsio's, astropy's, and what was written."""

import io
import itertools
import random
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import CARD, raw_card
from _realdata import real_files, shipped_files
from astropy.io import fits
from torchfits import _train

LOSSLESS = {
    "RICE_1": ("u1", "i2", "u2", "i4", "u4"),
    "GZIP_1": ("u1", "i2", "u2", "i4", "u4", "f4", "f8"),
    "GZIP_2": ("u1", "i2", "u2", "i4", "u4", "f4", "f8"),
    "PLIO_1": ("u1", "i2", "u2", "i4"),
    "HCOMPRESS_1": ("u1", "i2", "u2", "i4"),
}
"""What cfitsio compresses without loss by each algorithm."""

SHAPE = (30, 41)
TILES = ((1, 41), (7, 10), (30, 41), (8, 41))


pytestmark = pytest.mark.usefixtures("quiet_astropy")


def values(dtype: str, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> np.ndarray:
    """A smooth slope with noise that stays where PLIO can hold it, and beyond 15 bits where the type can."""
    noise = np.random.default_rng(seed).normal(0, 5, shape)
    slope = np.arange(np.prod(shape)).reshape(shape) * (200 / np.prod(shape))
    scaled = np.clip(20 + slope + noise, 0, 255)
    return (scaled * (1 if dtype in ("u1", "i2") else 200)).astype(dtype)


def write(path: Path, image: np.ndarray, algorithm: str, tile: tuple[int, ...], **options: Any) -> Path:
    with fitsio.FITS(str(path), "rw", clobber=True) as file:
        options["tile_dims"] = tile
        file.write(image, compress=algorithm.removesuffix("_1"), **options)
    return path


def read(path: Path, **options: Any) -> np.ndarray:
    return torchfits.read_image(path, hdu=1, **options).numpy()


def assert_same(actual: np.ndarray, expected: np.ndarray) -> None:
    """Shape, dtype and values; one NaN is as good as another."""
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype.newbyteorder("="))
    np.testing.assert_array_equal(actual, expected)


def assert_as_cfitsio(path: Path, hdu: int = 1) -> np.ndarray:
    """Values of the exact type, stored ones and floats of all widths; returns the first."""
    dtypes = (torch.float32, torch.float64, torch.float16)
    requests: list[dict[str, Any]] = [{}, {"scale": False}, *({"dtype": dtype} for dtype in dtypes)]
    results = []
    for request in requests:
        actual = torchfits.read_image(path, hdu=hdu, **request).numpy()
        assert_same(actual, torchfits.read_image(path, hdu=hdu, backend="cfitsio", **request).numpy())
        results.append(actual)
    return results[0]


def by_astropy(path: Path, hdu: int = 1) -> np.ndarray:
    opened: Any = fits.open(path)
    with opened as hdus:
        return np.array(hdus[hdu].data)


# What was written


@pytest.mark.parametrize("tile", TILES, ids=str)
@pytest.mark.parametrize(
    ("algorithm", "dtype"), [(name, dtype) for name, dtypes in LOSSLESS.items() for dtype in dtypes]
)
def test_read_lossless_isWhatWasWritten(tmp_path: Path, algorithm: str, dtype: str, tile: tuple[int, ...]) -> None:
    if algorithm == "HCOMPRESS_1" and tile[0] < 4:
        tile = (10, 41)
    image = values(dtype)
    options = {"qlevel": 0} if dtype[0] == "f" else {}
    path = write(tmp_path / "x.fits", image, algorithm, tile, **options)
    assert_same(assert_as_cfitsio(path), image)


@pytest.mark.parametrize("algorithm", ["RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8"])
def test_read_writtenByAstropy_isWhatWasWritten(tmp_path: Path, algorithm: str, dtype: str) -> None:
    if dtype == "i8" and algorithm == "RICE_1":
        dtype = "i4"
    image = values(dtype)
    path = tmp_path / "x.fits"
    fits.CompImageHDU(image, compression_type=algorithm, tile_shape=(7, 11)).writeto(path)
    assert_same(read(path), image)
    assert_same(read(path, section=(slice(5, 20), slice(9, 33))), image[5:20, 9:33])


@pytest.mark.parametrize("dtype", ["i2", "i4"])
def test_read_riceOfExtremes_isWhatWasWritten(tmp_path: Path, dtype: str) -> None:
    """Differences that overflow, and blocks that are not coded at all."""
    limits = np.iinfo(dtype)
    image = np.random.default_rng(1).integers(limits.min, limits.max, SHAPE, dtype, endpoint=True)
    image[3] = limits.min
    image[4, ::2] = limits.max
    path = write(tmp_path / "x.fits", image, "RICE_1", (5, 41))
    assert_same(assert_as_cfitsio(path), image)


@pytest.mark.parametrize(
    ("shape", "tile"),
    [((1000,), (1000,)), ((1000,), (33,)), ((5, 6, 7), (1, 1, 7)), ((5, 6, 7), (2, 4, 3)), ((3, 4, 5, 6), (2, 2, 2, 5)),
     ((1, 1), (1, 1)), ((9, 1), (2, 1))],
    ids=str,
)  # fmt: skip
def test_read_anyNumberOfAxes_isWhatWasWritten(tmp_path: Path, shape: tuple[int, ...], tile: tuple[int, ...]) -> None:
    image = values("i2", shape)
    path = tmp_path / "x.fits"
    fits.CompImageHDU(image, compression_type="RICE_1", tile_shape=tile).writeto(path)
    assert_same(read(path), image)
    for box in boxes(shape, 20):
        assert_same(read(path, section=box), image[box])


def boxes(shape: tuple[int, ...], count: int) -> Iterator[tuple[slice, ...]]:
    """Random boxes, some without pixels, some of every step-th pixel."""
    draw = random.Random(str(shape))
    for _ in range(count):
        cuts = [sorted(draw.choices(range(length + 1), k=2)) for length in shape]
        yield tuple(slice(low, high, draw.choice((1, 1, 1, 2, 13))) for low, high in cuts)


@pytest.mark.parametrize("algorithm", ["RICE_1", "GZIP_2"])
@pytest.mark.parametrize("tile", TILES, ids=str)
def test_read_section_isThePartOfTheWhole(tmp_path: Path, algorithm: str, tile: tuple[int, ...]) -> None:
    image = values("u2")
    path = write(tmp_path / "x.fits", image, algorithm, tile)
    for box in boxes(SHAPE, 60):
        assert_same(read(path, section=box), image[box])
        assert_same(read(path, section=box, dtype=torch.float32), image[box].astype("f4"))
    assert_same(read(path, section=7), image[7])
    assert_same(read(path, section=(slice(None), -1)), image[:, -1])


def test_read_largeImage_isWhatWasWritten(tmp_path: Path) -> None:
    """Shared by threads, in pieces of many tiles."""
    image = values("i2", (1700, 1900))
    for number, tile in enumerate([(1, 1900), (100, 100), (1700, 1900), (3, 1000)]):
        path = write(tmp_path / f"{number}.fits", image, "RICE_1", tile)
        assert_same(read(path), image)
        assert_same(read(path, section=(slice(3, 1600), slice(77, 1850))), image[3:1600, 77:1850])


def test_readBatch_otherTiles_isTheBatch(tmp_path: Path) -> None:
    """Not all in as many pieces as the first one."""
    images = [values("i2", (1000, 1500), seed) for seed in range(4)]
    tiles = [(1000, 1500), (1, 1500), (100, 100), (30, 1500)]
    for order in itertools.permutations(range(4), 2):
        paths = [write(tmp_path / f"{i}.fits", images[i], "RICE_1", tiles[i]) for i in order]
        batch = torchfits.read_batch(paths, hdu=1).numpy()
        assert_same(batch, np.stack([images[i] for i in order]))


# Scaled integers, types and nulls


@pytest.mark.parametrize("algorithm", ["RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4"])
@pytest.mark.parametrize(("scale", "zero"), [(0.1, 3.7), (2, 0), (1, 5)])
def test_read_scaled_isAsCfitsio(tmp_path: Path, algorithm: str, dtype: str, scale: float, zero: float) -> None:
    image = values(dtype)
    path = write(tmp_path / "x.fits", image, algorithm, (10, 41))
    with fitsio.FITS(str(path), "rw") as file:
        file[1].write_key("BSCALE", float(scale))
        file[1].write_key("BZERO", float(zero))
        file[1].write_key("BLANK", int(image[0, 0]))
    actual = assert_as_cfitsio(path)
    wide = "f8" if dtype == "i4" else "f4"
    expected = (image * float(scale) + zero).astype(wide)
    expected[image == image[0, 0]] = np.nan
    assert_same(actual, expected)
    assert_same(read(path, scale=False), image)


@pytest.mark.parametrize("algorithm", LOSSLESS)
def test_read_otherDtype_isAsCfitsio(tmp_path: Path, algorithm: str) -> None:
    path = write(tmp_path / "x.fits", values("i2"), algorithm, (10, 30))
    for dtype in (torch.uint8, torch.int64, torch.uint16, torch.bfloat16):
        for section in (None, (slice(3, 28, 2), slice(5, 40))):
            options: dict[str, Any] = {"section": section}
            actual = torchfits.read_image(path, hdu=1, dtype=dtype, **options)
            expected = torchfits.read_image(path, hdu=1, dtype=dtype, backend="cfitsio", **options)
            assert actual.dtype == dtype
            assert torch.equal(actual, expected)


def test_read_dtypeThatDoesNotHoldAPixel_namesIt(tmp_path: Path) -> None:
    image = values("i2")
    image[17, 23] = 300
    path = write(tmp_path / "x.fits", image, "RICE_1", (7, 10))
    with pytest.raises(torchfits.FitsError, match=re.escape(f"{path}[1]: pixel [17, 23] is 300, which uint8")):
        torchfits.read_image(path, hdu=1, dtype=torch.uint8)


# Tiles that are kept for the next section


def settle(path: Path) -> None:
    """Makes the file look as if it was written a while ago: only of such files anything is kept."""
    written = path.stat()
    wait = written.st_ctime + 0.25 - time.time()
    time.sleep(max(wait, 0))


@pytest.mark.parametrize(
    ("algorithm", "dtype"), [("RICE_1", "i2"), ("RICE_1", "u2"), ("GZIP_1", "u4"), ("RICE_1", "f4")]
)
def test_read_sectionAgain_isTheSame(tmp_path: Path, algorithm: str, dtype: str) -> None:
    path = write(tmp_path / "x.fits", values(dtype, (400, 500)), algorithm, (100, 120))
    settle(path)
    whole = {
        request: torchfits.read_image(path, hdu=1, dtype=request) for request in (None, torch.float32, torch.float64)
    }
    for box in [
        (slice(7, 350, 3), slice(60, 300)),
        (slice(90, 120), slice(100, 140)),
        (slice(0, 400), slice(3, 5)),
    ] * 3:
        for request, expected in whole.items():
            actual = torchfits.read_image(path, hdu=1, section=box, dtype=request)
            assert torch.equal(actual, expected[box])
    stored = torchfits.read_image(path, hdu=1, scale=False)
    assert torch.equal(torchfits.read_image(path, hdu=1, scale=False, section=(slice(5, 90),)), stored[5:90])


def test_read_sectionOfFileThatChanged_isNew(tmp_path: Path) -> None:
    path = tmp_path / "x.fits"
    for seed in range(3):
        image = values("i2", (400, 500), seed)
        write(path, image, "RICE_1", (100, 120))
        for _ in range(2):
            assert_same(read(path, section=(slice(7, 350), slice(60, 300))), image[7:350, 60:300])
            settle(path)


# Quantised floats

DITHERS = ["NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2"]


@pytest.mark.parametrize("dither", DITHERS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    ("algorithm", "tile"),
    [("RICE_1", (1, 41)), ("RICE_1", (7, 10)), ("GZIP_1", (3, 41)), ("GZIP_2", (5, 9)), ("HCOMPRESS_1", (10, 41))],
)
def test_read_quantized_isAsCfitsioAndAstropy(
    tmp_path: Path, algorithm: str, tile: tuple[int, ...], dtype: str, dither: str
) -> None:
    image = values(dtype) / 7
    image[3, 4:9] = 0
    image[11:13, 2:30] = np.nan
    image[17] = np.nan
    path = write(tmp_path / "x.fits", image, algorithm, tile, qlevel=4, qmethod=dither, dither_seed=123)
    actual = assert_as_cfitsio(path)
    assert np.isnan(actual[17]).all()
    if not (algorithm == "HCOMPRESS_1" and dither == "SUBTRACTIVE_DITHER_2"):
        np.testing.assert_array_equal(np.isnan(actual), np.isnan(image))
    np.testing.assert_allclose(actual, by_astropy(path), rtol=2e-7 if dtype == "f4" else 1e-15, atol=1e-6)


@pytest.mark.parametrize("dither", ["NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2"])
@pytest.mark.parametrize("shape", [(3, 20011), (1, 10001), (250, 251)])
def test_read_dithered_takesTheNumbersInTurn(tmp_path: Path, dither: str, shape: tuple[int, int]) -> None:
    """Longer than the 10,000 random numbers, and with a seed near their end."""
    image = values("f4", shape)
    tile = (1, shape[1]) if shape[0] < 10 else shape
    path = write(tmp_path / "x.fits", image, "RICE_1", tile, qlevel=4, qmethod=dither, dither_seed=9999)
    assert_as_cfitsio(path)


@pytest.mark.parametrize(("scale", "zero"), [(2.5, 0.0), (1.0, -7.0), (0.3, 11.0)])
def test_read_quantizedWithScale_isAsCfitsio(tmp_path: Path, scale: float, zero: float) -> None:
    path = write(tmp_path / "x.fits", values("f4"), "RICE_1", (7, 41), qlevel=4)
    plain = read(path)
    with fitsio.FITS(str(path), "rw") as file:
        file[1].write_key("BSCALE", scale)
        file[1].write_key("BZERO", zero)
    np.testing.assert_allclose(assert_as_cfitsio(path), plain.astype("f8") * scale + zero, rtol=1e-6)


def test_read_exactTileWithScale_isScaledToo(tmp_path: Path) -> None:
    """As by astropy; cfitsio forgets BSCALE for the tiles that are not quantised."""
    image = values("f4")
    path = write(tmp_path / "x.fits", image, "RICE_1", (7, 10), qlevel=4)
    with fitsio.FITS(str(path), "rw") as file:
        file[1].write_key("BSCALE", 0.5)
        file[1].write_key("BZERO", 3.0)
    actual = read(path)
    np.testing.assert_allclose(actual, by_astropy(path), rtol=1e-6)
    assert_same(actual[:, 40], image[:, 40] * np.float32(0.5) + np.float32(3))


def test_read_tileThatCannotBeQuantized_isExact(tmp_path: Path) -> None:
    """Its floats are in GZIP_COMPRESSED_DATA."""
    image = values("f4")
    image[5] = 3.25
    image[6] = [1e30, *image[6, 1:]]
    path = write(tmp_path / "x.fits", image, "RICE_1", (1, 41), qlevel=4)
    actual = assert_as_cfitsio(path)
    assert_same(actual[5:7], image[5:7])
    assert (actual[7] != image[7]).any()


# Real files


# The stored value of ZBLANK stands for NaN by cfitsio's path too; BLANK means nothing in an image of floats.
HIDDEN_BY_ASTROPY = {"fpack__ushort.plio.fits.fz"}  # PLIO with BZERO = 32768: astropy adds BZERO twice
ROUNDED_OTHERWISE_BY_ASTROPY = {"fpack__gc2mass.hcomp.fits.fz", "fpack__gc2mass.rice.fits.fz"}


def compressed_files() -> list[Path]:
    """Real files with a compressed image, by the bytes of their headers."""
    plain = (path for path in real_files() + shipped_files() if path.suffix not in (".gz", ".bz2"))
    return [path for path in plain if b"ZIMAGE  =                    T" in path.read_bytes()]


@pytest.mark.parametrize("path", compressed_files(), ids=lambda path: path.name)
def test_read_realFile_isAsCfitsioAndAstropy(path: Path) -> None:
    for hdu in torchfits.open(path):
        if hdu.kind != "COMPRESSED_IMAGE":
            continue
        whole = assert_as_cfitsio(path, hdu.index)
        for box in boxes(whole.shape, 10):
            assert_same(torchfits.read_image(path, hdu=hdu.index, section=box).numpy(), whole[box])
        if path.name in HIDDEN_BY_ASTROPY:
            continue
        exact = whole.dtype.kind in "iu"
        tolerance = 0 if exact else 2e-7 if whole.dtype.itemsize == 4 else 1e-15
        np.testing.assert_allclose(whole, by_astropy(path, hdu.index), rtol=tolerance, atol=0)


# Damage


@pytest.fixture
def rice(tmp_path: Path) -> Path:
    return write(tmp_path / "x.fits", values("i2"), "RICE_1", (5, 41))


def patch(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def set_card(path: Path, keyword: str, text: str) -> None:
    content = path.read_bytes()
    at = content.index(f"{keyword:8}= ".encode())
    patch(path, at, raw_card(keyword, text)[:CARD])


def table_offset(path: Path) -> int:
    return fitsio.FITS(str(path))[1].get_offsets()["data_start"] if path.exists() else 0


def assert_refused(path: Path, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=re.escape(f"{path}[1]: ") + reason):
        torchfits.read_image(path, hdu=1)


@pytest.mark.parametrize(
    ("keyword", "text", "reason"),
    [
        ("ZTILE1", "0", "ZTILE1 = 0 is not a valid value"),
        ("ZTILE2", "-5", "ZTILE2 = -5 is not a valid value"),
        ("ZTILE1", str(2**31), "ZTILE1 = 2147483648 is not a valid value"),
        ("ZTILE1", str(2**62), "ZTILE1 = .* is not a valid value"),
        ("ZTILE2", "7", "the table has 6 rows for 5 tiles"),
        ("ZNAXIS2", "300000", "the table has 6 rows for 60000 tiles"),
        ("ZNAXIS1", "82", "the table has 6 rows for 12 tiles"),
        ("ZCMPTYPE", "'LZW_1   '", "ZCMPTYPE = 'LZW_1' is not an algorithm"),
        ("ZVAL1", "0", "ZVAL1 = 0 is not a valid value"),
        ("ZVAL2", "3", "BYTEPIX of RICE_1 is 3"),
        ("ZVAL2", "'two'", "ZVAL2 = 'two' *is not a valid value"),
        ("ZBITPIX", "-32", "ZSCALE.* is missing"),
        ("TTYPE1", "'COMPRESSED'", "the column COMPRESSED_DATA is missing"),
        ("TFORM1", "'8B      '", "the column COMPRESSED_DATA does not hold arrays"),
        ("TFORM1", "'1Q B    '", "TFORM1 = '1Q B' is not a valid value"),
        ("TFORM1", "'1QB(99) '", "the columns take 16 bytes of rows of 8"),
    ],
)
def test_read_headerOfTilesThatCannotBe_saysWhy(rice: Path, keyword: str, text: str, reason: str) -> None:
    set_card(rice, keyword, text)
    assert_refused(rice, torchfits.HeaderError, reason)


@pytest.mark.parametrize(
    ("count", "offset", "reason"),
    [(2**31 - 1, 0, ".* not within the heap"), (1, 2**31 - 1, ".* not within the heap"),
     (-1, 0, ".* not within the heap"), (0, 0, "the table has no bytes of it"), (10, 0, ""), (1, 0, "")],
)  # fmt: skip
def test_read_descriptorThatLies_namesTheTile(rice: Path, count: int, offset: int, reason: str) -> None:
    patch(rice, table_offset(rice) + 2 * 8, np.array([count, offset], ">i4").tobytes())
    assert_refused(rice, torchfits.CorruptDataError, "tile 2: " + reason)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("column", [0, 1])
def test_read_scaleThatIsNoNumber_namesTheTile(tmp_path: Path, column: int, value: float) -> None:
    path = write(tmp_path / "x.fits", values("f4"), "RICE_1", (5, 41), qlevel=4)
    row_bytes = fitsio.read_header(str(path), ext=1).get("NAXIS1", 24)
    patch(path, table_offset(path) + row_bytes * 3 + 8 + 8 * column, np.array([value], ">f8").tobytes())
    assert_refused(path, torchfits.CorruptDataError, "tile 3: ZSCALE = .* are not both numbers")


def test_read_descriptorThatLies_hidesNoOtherTile(rice: Path) -> None:
    patch(rice, table_offset(rice) + 2 * 8, np.array([-1, -1], ">i4").tobytes())
    for rows in (slice(0, 10), slice(15, 30)):
        assert_same(read(rice, section=(rows,)), values("i2")[rows])


@pytest.mark.parametrize("algorithm", LOSSLESS)
def test_read_fileEndsInHeap_isTruncated(tmp_path: Path, algorithm: str) -> None:
    path = write(tmp_path / "x.fits", values("i2", (300, 400)), algorithm, (50, 400))
    path.write_bytes(path.read_bytes()[: table_offset(path) + 6 * 8 + 200])
    assert_refused(path, torchfits.TruncatedFileError, r"tile \d: its bytes end at byte .*, the file at byte")


def test_read_fileEndsInRows_isTruncated(rice: Path) -> None:
    rice.write_bytes(rice.read_bytes()[: table_offset(rice) + 20])
    assert_refused(rice, torchfits.TruncatedFileError, "the file ends before the table of its tiles does")


@pytest.mark.parametrize("algorithm", ["GZIP_1", "GZIP_2"])
@pytest.mark.parametrize("at", [0, 2, 15, 40])
def test_read_gzipThatIsDamaged_namesTheTile(tmp_path: Path, algorithm: str, at: int) -> None:
    path = write(tmp_path / "x.fits", values("i4"), algorithm, (5, 41))
    first = table_offset(path) + 6 * 8
    byte = path.read_bytes()[first + at]
    patch(path, first + at, bytes([byte ^ 0x55]))
    assert_refused(path, torchfits.CorruptDataError, "tile 0: (its|it) ")


def test_read_gzipOfOtherSize_namesTheTile(tmp_path: Path) -> None:
    path = write(tmp_path / "x.fits", values("i4"), "GZIP_1", (5, 41))
    row = table_offset(path)
    count, offset = np.frombuffer(path.read_bytes()[row : row + 8], ">i4")
    patch(path, row + 6 * 8 + int(offset + count) - 4, np.array([7], "<i4").tobytes())
    assert_refused(path, torchfits.CorruptDataError, "tile 0: 7 bytes are not 205 pixels")


@pytest.mark.parametrize(("algorithm", "dtype"), [*((name, "i2") for name in LOSSLESS), ("RICE_1", "f4")])
def test_read_damagedAtRandom_isAnErrorOrAnImage(tmp_path: Path, algorithm: str, dtype: str) -> None:
    """Never a crash, another error, or another shape."""
    path = write(tmp_path / "x.fits", values(dtype), algorithm, (10, 41))
    original = path.read_bytes()
    start = original.index(b"XTENSION")
    draw = random.Random(algorithm + dtype)
    outcomes = {"image": 0, "error": 0}
    for _ in range(1500):
        damaged = bytearray(original)
        for _ in range(draw.choice((1, 1, 3, 20))):
            damaged[draw.randrange(start, len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged[: draw.choice((len(damaged), len(damaged), draw.randrange(start, len(damaged))))])
        outcomes[outcome(path)] += 1
    assert outcomes["error"] > 300
    assert outcomes["image"] > 30


def outcome(path: Path) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", torchfits.FitsWarning)
            shape = torchfits.open(path)[1].shape
        if np.prod(shape, dtype="f8") > 1e7:
            return "error"
        assert torchfits.read_image(path, hdu=1).shape == shape
    except (torchfits.FitsError, IndexError):
        return "error"
    return "image"


def test_read_fileOfTraining_isWhatWasCompressed() -> None:
    """The image that the JVM's cache is made with."""
    rows = _train.noise(20, 70)
    content = _train.rice_file(rows)
    image: Any = fits.getdata(io.BytesIO(content), 1)
    assert image.tolist() == rows
    assert torchfits.read_image(content).tolist() == rows
