"""Files that are compressed as a whole: whatever can be read of a file can be read of its compressed form."""

import bz2
import gzip
import io
import lzma
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import astropy.io.fits
import numpy as np
import pytest
import torch
import torchfits
from _compressions import COMPRESSIONS, archive
from _fitsbytes import header, image, image_header, raw_card
from astropy.io import fits

MIB = 1 << 20


by_compression = pytest.mark.parametrize("compress", COMPRESSIONS.values(), ids=COMPRESSIONS)
CHECKED = {name: made for name, made in COMPRESSIONS.items() if name not in ("compress", "zstd")}


def sample() -> tuple[bytes, np.ndarray, np.ndarray]:
    """A file of three HDUs, and the images of the first and the last."""
    values = np.random.default_rng(5)
    first = values.integers(-3000, 3000, (60, 70)).astype("i2")
    last = values.normal(size=(300, 301)).astype("f4")
    middle = image(np.zeros((20, 3000), "u1"), extension=True)
    return image(first) + middle + image(last, raw_card("EXTNAME", "'SCI     '"), extension=True), first, last


CONTENT, FIRST, LAST = sample()


@pytest.fixture
def make(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes, name: str = "x.fits") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def read(path: Any, **options: Any) -> np.ndarray:
    return torchfits.read_image(path, **options).numpy()


# Everything that reads


@by_compression
@pytest.mark.parametrize("name", ["x.fits", "x.fits.gz", "x.zip", "x"])
def test_readImage_compressed_isTheImage(make: Any, compress: Any, name: str) -> None:
    path = make(compress(CONTENT), name)
    np.testing.assert_array_equal(read(path), FIRST)
    np.testing.assert_array_equal(read(path, hdu="SCI"), LAST)
    np.testing.assert_array_equal(read(path, hdu=2, section=(slice(10, 20), slice(5, 300))), LAST[10:20, 5:300])
    np.testing.assert_array_equal(read(f"{path}[SCI][1:5,2:3]"), LAST[1:3, :5])


@by_compression
def test_readImage_compressedByCfitsio_isTheImage(make: Any, compress: Any) -> None:
    path = make(compress(CONTENT))
    np.testing.assert_array_equal(read(path, backend="cfitsio"), FIRST)
    np.testing.assert_array_equal(read(path, hdu=2, backend="cfitsio"), LAST)


@by_compression
def test_readHeader_compressed_isTheHeader(make: Any, compress: Any) -> None:
    path = make(compress(CONTENT))
    assert torchfits.read_header(path, hdu="SCI")["NAXIS1"] == 301
    assert [hdu.shape for hdu in torchfits.open(path)] == [(60, 70), (20, 3000), (300, 301)]
    assert torchfits.open(path)["SCI"].data is not None


@by_compression
def test_readBatch_compressedAndNot_isTheBatch(make: Any, compress: Any) -> None:
    paths = [make(compress(CONTENT), "a"), make(CONTENT, "b"), make(compress(CONTENT), "c")]
    batch = torchfits.read_batch([*paths, *paths], hdu=2)
    np.testing.assert_array_equal(batch.numpy(), np.stack([LAST] * 6))
    out = torch.zeros(3, 300, 301)
    assert torchfits.read_batch(paths, hdu=2, out=out) is out
    np.testing.assert_array_equal(out.numpy(), np.stack([LAST] * 3))


def test_readImage_tileCompressedInGzip_isTheImage(make: Any, tmp_path: Path) -> None:
    fits.CompImageHDU(FIRST, compression_type="RICE_1").writeto(tmp_path / "tiles.fits")
    path = make(gzip.compress((tmp_path / "tiles.fits").read_bytes()))
    np.testing.assert_array_equal(read(path), FIRST)
    np.testing.assert_array_equal(read(path, section=(3, slice(4, 9))), FIRST[3, 4:9])


def test_readImage_lzwOfCompress_isTheImage() -> None:
    """The file that compress(1) made, in astropy's wheel; gzip(1) reads it too."""
    path = Path(astropy.io.fits.__file__).parent / "tests" / "data" / "lzw.fits.Z"
    plain = subprocess.run(["gzip", "-dc", str(path)], capture_output=True, check=True).stdout
    with fits.open(io.BytesIO(plain)) as hdus:
        found = [(i, hdu.data) for i, hdu in enumerate(hdus) if hdu.is_image and hdu.data is not None]
        assert len(torchfits.open(path)) == len(hdus)
        for i, data in found:
            np.testing.assert_array_equal(read(path, hdu=i), data)


@by_compression
def test_readImage_manyThreads_eachGetsTheImage(make: Any, compress: Any) -> None:
    path = make(compress(CONTENT))
    with ThreadPoolExecutor(16) as pool:
        for got in pool.map(lambda i: read(path, hdu=2 * (i % 2)), range(64)):
            assert got.shape in (FIRST.shape, LAST.shape)
            np.testing.assert_array_equal(got, FIRST if got.shape == FIRST.shape else LAST)


def test_readBatch_manyXzOfLargeDictionaries_waitForEachOther(make: Any) -> None:
    """Each decoder takes 65 MiB of a heap of 128."""
    content = lzma.compress(CONTENT, preset=9)
    paths = [make(content, f"{i}.fits") for i in range(12)]
    np.testing.assert_array_equal(torchfits.read_batch(paths, hdu=2).numpy(), np.stack([LAST] * 12))


# Nothing stale


def test_readImage_changedFile_isReadAnew(make: Any) -> None:
    for value in range(20):
        path = make(gzip.compress(image(np.full((50, 50), value, "i2")), 0))
        assert (read(path) == value).all()
        if value % 5 == 0:
            time.sleep(0.15)
            assert (read(path) == value).all()


def test_readImage_replacedFile_isReadAnew(make: Any, tmp_path: Path) -> None:
    path = make(gzip.compress(CONTENT))
    time.sleep(0.15)
    read(path)
    other = tmp_path / "other"
    other.write_bytes(gzip.compress(image(FIRST + 1)))
    other.replace(path)
    np.testing.assert_array_equal(read(path), FIRST + 1)


# What cannot be decompressed


# xz -9 differs from xz in the memory that each read takes, 65 MiB, not in what may be damaged.
DAMAGED = {name: made for name, made in CHECKED.items() if name != "xz -9"}


def assert_named(error: torchfits.FitsError, path: Path) -> None:
    assert str(path) in str(error)


@pytest.mark.parametrize("compress", DAMAGED.values(), ids=DAMAGED)
def test_readImage_truncated_isTruncatedOrWhole(make: Any, compress: Any) -> None:
    whole = compress(CONTENT)
    for length in [*range(8, 60, 3), *range(60, len(whole), max(1, len(whole) // 60)), len(whole) - 1]:
        path = make(whole[:length])
        try:
            np.testing.assert_array_equal(read(path, hdu=2), LAST)
        except torchfits.TruncatedFileError as error:
            assert_named(error, path)


@pytest.mark.parametrize("compress", DAMAGED.values(), ids=DAMAGED)
def test_readImage_garbageWithin_isErrorOrTheImage(make: Any, compress: Any) -> None:
    whole = compress(CONTENT)
    chance = random.Random(1)
    errors = 0
    for _ in range(60):
        at = chance.randrange(8, len(whole) - 20)
        path = make(whole[:at] + chance.randbytes(8) + whole[at + 8 :])
        try:
            np.testing.assert_array_equal(read(path, hdu=2), LAST)
        except torchfits.FitsError as error:
            assert_named(error, path)
            errors += 1
    assert errors > 40


# The decoder of zstd gives nothing before it has a whole window: 8 MiB for -19.
IN_SMALL_STEPS = {name: made for name, made in CHECKED.items() if not name.startswith("zstd")}


@pytest.mark.parametrize("compress", IN_SMALL_STEPS.values(), ids=IN_SMALL_STEPS)
def test_readImage_corruptFarBehind_isTheImage(make: Any, compress: Any) -> None:
    """What is right is served, before and after the place was seen that is not."""
    noise = np.random.default_rng(1).integers(-(2**62), 2**62, (500, 400))
    whole = bytearray(compress(image(FIRST) + image(noise, extension=True)))
    whole[len(whole) * 9 // 10] ^= 0x55
    path = make(bytes(whole))
    for _ in range(2):
        np.testing.assert_array_equal(read(path), FIRST)
        with pytest.raises(torchfits.FitsError):
            read(path, hdu=1)
        time.sleep(0.15)


@by_compression
def test_readImage_nothingCompressed_isNoFits(make: Any, compress: Any) -> None:
    with pytest.raises(torchfits.FitsError, match=r"x\.fits: "):
        read(make(compress(b"")))


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_readImage_otherContent_isNoFits(make: Any, compress: Any) -> None:
    with pytest.raises(torchfits.NotFitsError, match="does not begin with the keyword SIMPLE"):
        read(make(compress(b"a text of some length" * 500)))


@pytest.mark.parametrize("backend", ["auto", "cfitsio"])
def test_readImage_checksumWrong_isCorrupt(make: Any, backend: Any) -> None:
    whole = bytearray(gzip.compress(CONTENT))
    whole[-5] ^= 1
    with pytest.raises(torchfits.CorruptDataError, match=r"cannot be decompressed by gzip .* checksum"):
        read(make(bytes(whole)), hdu=2, backend=backend)


def test_readImage_zipWithoutFits_namesTheMembers(make: Any) -> None:
    with pytest.raises(torchfits.NotFitsError, match=r"a\.txt, b/c\.dat"):
        read(make(archive({"a.txt": b"1", "b/": b"", "b/c.dat": b"2"})))


# Bombs


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small image, then 1 GiB of zeros in an HDU of its own."""
    folder = tmp_path_factory.mktemp("bombs")
    start = image(FIRST) + image_header(8, (1 << 15, 1 << 15), extension=True)
    zeros = gzip.compress(bytes(64 * MIB), 9)
    packed = {
        "gzip": gzip.compress(start) + zeros * 16,
        "bzip2": bz2.compress(start) + bz2.compress(bytes(64 * MIB)) * 16,
    }
    for name, content in packed.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in packed}


def resident_mib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // MIB


@pytest.mark.parametrize("name", ["gzip", "bzip2"])
def test_readImage_beforeBomb_doesNotDecodeIt(bombs: dict[str, Path], name: str) -> None:
    read(bombs[name])
    before = resident_mib()
    start = time.perf_counter()
    torchfits.read_header(bombs[name])
    np.testing.assert_array_equal(read(bombs[name]), FIRST)
    np.testing.assert_array_equal(read(bombs[name], section=(slice(0, 3),)), FIRST[:3])
    assert time.perf_counter() - start < 1
    assert resident_mib() - before < 64


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("side", [100_000, 3_000_000_000])
def test_readImage_headerClaimsMore_isTruncatedWithoutAllocation(make: Any, compress: Any, side: int) -> None:
    path = make(compress(header(
        raw_card("SIMPLE", "T"), raw_card("BITPIX", "-64"), raw_card("NAXIS", "2"),
        raw_card("NAXIS1", str(side)), raw_card("NAXIS2", "100000000"),
    ) + bytes(5 * MIB)))  # fmt: skip
    before = resident_mib()
    with pytest.raises((torchfits.TruncatedFileError, torchfits.HeaderError)):
        read(path)
    assert resident_mib() - before < 200


def test_listHdus_bombWithinBounds_isListed(bombs: dict[str, Path]) -> None:
    """Behind the HDU of zeros may come another one: they must be decoded, to a temporary file and not to memory."""
    before = resident_mib()
    assert len(torchfits.open(bombs["gzip"])) == 2
    assert resident_mib() - before < 400


# Long work can be stopped


def test_readHeader_long_isStoppedByASignal(bombs: dict[str, Path]) -> None:
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        start = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            torchfits.read_header(bombs["bzip2"], hdu=2)
        assert time.perf_counter() - start < 1.5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_readBatch_ofLongAndShort_isStoppedByASignal(bombs: dict[str, Path]) -> None:
    paths = [bombs["bzip2"], bombs["gzip"]]
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        start = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            torchfits.read_batch(paths, hdu=1)
        assert time.perf_counter() - start < 1.5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    np.testing.assert_array_equal(read(paths[0]), FIRST)


def test_sample_isWhatAstropyReads(make: Any) -> None:
    opened: Any = fits.open(make(CONTENT))
    with opened as hdus:
        np.testing.assert_array_equal(hdus[0].data, FIRST)
        np.testing.assert_array_equal(hdus["SCI"].data, LAST)
