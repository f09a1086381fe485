"""Mapped images: equal to those that are read, decoded once, never stale, and larger than memory."""

import errno
import fcntl
import gzip
import os
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import BITPIX, card, image, image_header
from _programs import loaded_python, share_engine_cache
from astropy.io import fits
from torchfits import _memmap

VALUES = np.random.default_rng(3)
UNSIGNED = {"u2": 32768, "u4": 2147483648, "u8": 9223372036854775808, "i1": -128}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    share_engine_cache(tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "torchfits" / "images"


def entries(cache: Path) -> dict[str, int]:
    """The files of the cache and their inodes."""
    return {path.name: path.stat().st_ino for path in cache.iterdir()} if cache.exists() else {}


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def assert_as_read(path: Any, **options: Any) -> torch.Tensor:
    mapped = torchfits.memmap(path, **options)
    read = torchfits.read_image(path, **options)
    assert (mapped.shape, mapped.dtype) == (read.shape, read.dtype)
    assert mapped.contiguous().numpy().tobytes() == read.numpy().tobytes()
    return mapped


def sample(dtype: str, shape: tuple[int, ...] = (31, 33)) -> np.ndarray:
    if dtype.startswith("f"):
        return VALUES.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return VALUES.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


# Equal to what is read


@pytest.mark.parametrize("dtype", BITPIX)
@pytest.mark.parametrize("shape", [(7,), (31, 33), (3, 50, 70), (1200, 1300)])
def test_memmap_anyBitpix_isTheImage(tmp_path: Path, cache: Path, dtype: str, shape: tuple[int, ...]) -> None:
    values = sample(dtype, shape)
    path = write(tmp_path / "x.fits", image(values))
    np.testing.assert_array_equal(assert_as_read(path).numpy(), values)
    assert len(entries(cache)) == (0 if dtype == "u1" else 1)


@pytest.mark.parametrize("dtype", UNSIGNED)
def test_memmap_unsignedConvention_isTheImage(tmp_path: Path, cache: Path, dtype: str) -> None:
    values = sample(dtype)
    fits.PrimaryHDU(values).writeto(tmp_path / "x.fits")
    np.testing.assert_array_equal(assert_as_read(tmp_path / "x.fits").numpy(), values)
    assert len(entries(cache)) == 1


@pytest.mark.parametrize("dtype", BITPIX)
def test_memmap_scaled_isTheImage(tmp_path: Path, cache: Path, dtype: str) -> None:
    path = write(tmp_path / "x.fits", image(sample(dtype), card("BSCALE", 0.5), card("BZERO", 7.0)))
    assert assert_as_read(path).is_floating_point()
    assert len(entries(cache)) == 1


@pytest.mark.parametrize("dtype", ["u1", "i2"])
def test_memmap_extension_isTheImage(tmp_path: Path, dtype: str) -> None:
    first, second = sample("u1", (5, 7)), sample(dtype, (300, 4))
    path = write(tmp_path / "x.fits", image(first) + image(second, card("EXTNAME", "SCI"), extension=True))
    for options in ({}, {"hdu": 0}, {"hdu": 1}, {"hdu": "SCI"}, {"hdu": ("SCI", 1)}):
        assert_as_read(path, **options)
    assert_as_read(f"{path}[SCI]")


@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_2"])
def test_memmap_tileCompressed_isTheImage(tmp_path: Path, cache: Path, compression: str) -> None:
    values = sample("i2", (300, 200))
    fits.CompImageHDU(values, compression_type=compression).writeto(tmp_path / "x.fits")
    np.testing.assert_array_equal(assert_as_read(tmp_path / "x.fits").numpy(), values)
    assert len(entries(cache)) == 1


@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_memmap_gzip_isTheImage(tmp_path: Path, cache: Path, dtype: str) -> None:
    values = sample(dtype, (300, 200))
    path = write(tmp_path / "x.fits.gz", gzip.compress(image(values)))
    np.testing.assert_array_equal(assert_as_read(path).numpy(), values)
    assert len(entries(cache)) == 1


def test_memmap_noPixels_isEmpty(tmp_path: Path) -> None:
    for bitpix in (8, 16):
        path = write(tmp_path / "x.fits", image_header(bitpix, (5, 0)))
        assert torchfits.memmap(path).shape == (5, 0)


def test_memmap_nameThatIsNoText_isThatFile(tmp_path: Path) -> None:
    for dtype in ("u1", "i2"):
        path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xe9.fits")
        Path(path).write_bytes(image(sample(dtype)))
        assert_as_read(path)


# What is written stays in memory


@pytest.mark.parametrize("dtype", ["u1", "i4"])
def test_memmap_written_reachesNoFile(tmp_path: Path, dtype: str) -> None:
    values = sample(dtype)
    path = write(tmp_path / "x.fits", image(values))
    content = path.read_bytes()
    first = torchfits.memmap(path)
    first.zero_()
    assert not first.any()
    np.testing.assert_array_equal(torchfits.memmap(path).numpy(), values)
    assert path.read_bytes() == content


def test_memmap_cacheRemoved_staysReadable(tmp_path: Path, cache: Path) -> None:
    values = sample("i4", (1000, 1000))
    mapped = torchfits.memmap(write(tmp_path / "x.fits", image(values)))
    for path in cache.iterdir():
        path.unlink()
    np.testing.assert_array_equal(mapped.numpy(), values)


# Decoded once

PROGRAM = "import sys, torchfits; print(torchfits.memmap(sys.argv[1]).sum().item())"


def run(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([*loaded_python(), "-c", PROGRAM, path], stdout=subprocess.PIPE, text=True)


def test_memmap_again_isNotDecodedAgain(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.fits", image(sample("i2")))
    torchfits.memmap(path)
    before = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in cache.iterdir()}
    monkeypatch.setattr(_memmap._engine, "read_batch", None)
    torchfits.memmap(path)
    assert {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in cache.iterdir()} == before


def test_memmap_secondProcess_decodesNothing(tmp_path: Path, cache: Path) -> None:
    values = sample("i2")
    path = write(tmp_path / "x.fits", image(values))
    torchfits.memmap(path)
    before = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in cache.iterdir()}
    assert run(path).communicate()[0].split() == [str(values.sum(dtype="i8"))]
    assert {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in cache.iterdir()} == before


def test_memmap_twoProcessesAtOnce_writeOneFile(tmp_path: Path, cache: Path) -> None:
    values = sample("i2", (3000, 3000))
    path = write(tmp_path / "x.fits", image(values))
    processes = [run(path) for _ in range(3)]
    assert [process.communicate()[0].split() for process in processes] == [[str(values.sum(dtype="i8"))]] * 3
    assert [Path(name).suffix for name in entries(cache)] == [""]


# Never stale


@pytest.mark.parametrize("dtype", ["u1", "i2"])
def test_memmap_changedFile_isDecodedAnew(tmp_path: Path, dtype: str) -> None:
    for value in range(5):
        path = write(tmp_path / "x.fits", image(np.full((30, 30), value, dtype)))
        assert (torchfits.memmap(path) == value).all()


def test_memmap_replacedFileOfSameTimes_isDecodedAnew(tmp_path: Path) -> None:
    path = write(tmp_path / "x.fits", image(np.full((30, 30), 1, "i2")))
    assert (torchfits.memmap(path) == 1).all()
    other = write(tmp_path / "other.fits", image(np.full((30, 30), 2, "i2")))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert (torchfits.memmap(path) == 2).all()


def test_memmap_changedWhileDecoded_isDecodedAnew(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.fits", image(np.full((30, 30), 1, "i2")))
    whole = _memmap._engine.read_batch

    def slow(*arguments: Any) -> torch.Tensor:
        read = whole(*arguments)
        monkeypatch.setattr(_memmap._engine, "read_batch", whole)
        path.write_bytes(image(np.full((30, 30), 2, "i2")))
        return read

    monkeypatch.setattr(_memmap._engine, "read_batch", slow)
    assert (torchfits.memmap(path) == 2).all()
    assert len(entries(cache)) == 1


# Nothing half


def test_memmap_damagedEntry_isDecodedAnew(tmp_path: Path, cache: Path) -> None:
    values = sample("i2")
    path = write(tmp_path / "x.fits", image(values))
    torchfits.memmap(path)
    next(cache.iterdir()).write_bytes(b"half")
    np.testing.assert_array_equal(torchfits.memmap(path).numpy(), values)


KILLED = """
import os, signal, sys, torchfits
from torchfits import _memmap
whole = _memmap._engine.read_batch
def read(*arguments):
    whole(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
_memmap._engine.read_batch = read
torchfits.memmap(sys.argv[1])
"""


def test_memmap_killedMeanwhile_leavesNothingThatIsServed(tmp_path: Path, cache: Path) -> None:
    values = sample("i2")
    path = write(tmp_path / "x.fits", image(values))
    killed = subprocess.run([*loaded_python(), "-c", KILLED, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [Path(name).suffix for name in entries(cache)] == [".partial"]
    np.testing.assert_array_equal(torchfits.memmap(path).numpy(), values)
    assert [Path(name).suffix for name in entries(cache)] == [""]


def test_memmap_leftByOthers_isRemovedUnlessWritten(tmp_path: Path, cache: Path) -> None:
    cache.mkdir(parents=True)
    write(cache / "left.partial", b"left")
    with write(cache / "written.partial", b"written").open() as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        torchfits.memmap(write(tmp_path / "x.fits", image(sample("i2"))))
        assert sorted(path.name for path in cache.iterdir() if path.suffix) == ["written.partial"]


def test_memmap_truncatedFile_leavesNoFile(tmp_path: Path, cache: Path) -> None:
    fits.CompImageHDU(sample("i2", (300, 300))).writeto(tmp_path / "x.fits")
    content = (tmp_path / "x.fits").read_bytes()
    path = write(tmp_path / "y.fits", content[: len(content) // 2])
    with pytest.raises(torchfits.FitsError, match=r"y\.fits\[1\]"):
        torchfits.memmap(path)
    assert entries(cache) == {}


def test_memmap_diskFull_saysSoAndLeavesNoFile(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    path = write(tmp_path / "x.fits", image(sample("i2")))
    with pytest.raises(OSError, match=r"x\.fits\[0\]: its 2046 decoded bytes cannot be kept: No space left") as caught:
        torchfits.memmap(path)
    assert caught.value.errno == errno.ENOSPC
    assert entries(cache) == {}


def test_memmap_fileSizeLimited_saysSoAndLeavesNoFile(tmp_path: Path, cache: Path) -> None:
    """The real refusal of a system, not one of ours."""
    path = write(tmp_path / "x.fits", image(sample("i2", (500, 500))))
    torchfits.read_image(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        with pytest.raises(OSError, match="500000 decoded bytes cannot be kept"):
            torchfits.memmap(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert entries(cache) == {}


def test_memmap_cacheThatCannotBeMade_saysSo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.fits", image(sample("i2")))
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    with pytest.raises(OSError, match=r"x\.fits\[0\]: its 2046 decoded bytes cannot be kept"):
        torchfits.memmap(path)


# Bounds


def test_memmap_beyondTheShare_removesWhatWasUsedLongestAgo(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write(tmp_path / f"{i}.fits", image(sample("i2", (100, 100)))) for i in range(4)]
    for path in paths[:3]:
        torchfits.memmap(path)
    torchfits.memmap(paths[0])
    space = os.statvfs(cache)
    share = 3 * 20_000 / (space.f_bavail * space.f_frsize + 3 * 20_000)
    monkeypatch.setattr(_memmap, "_LARGEST_SHARE", share * 0.9)
    before = entries(cache)
    torchfits.memmap(paths[3])
    after = entries(cache)
    assert len(after) == 2
    kept = set(before) & set(after)
    torchfits.memmap(paths[0])
    assert set(entries(cache)) & set(before) == kept


def test_memmap_largerThanMemory_isMapped(tmp_path: Path) -> None:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    side = 1 << 16
    rows = memory * 3 // 2 // side
    header = image_header(8, (rows, side))
    with (tmp_path / "x.fits").open("wb") as file:
        file.write(header)
        file.seek(len(header) + rows * side - 1)
        file.write(b"\x07")
    mapped = torchfits.memmap(tmp_path / "x.fits")
    assert mapped.shape == (rows, side)
    assert mapped[-1, -2:].tolist() == [0, 7]
    mapped[rows // 2, 5] = 3
    assert mapped[rows // 2, 4:7].tolist() == [0, 3, 0]


def test_memmap_large_takesNoMemoryToDecode(tmp_path: Path) -> None:
    values = sample("i2", (6000, 8000))
    path = write(tmp_path / "x.fits", image(values))
    program = (
        "import sys, torchfits, pathlib\n"
        "torchfits.memmap(sys.argv[1])\n"
        "print(pathlib.Path('/proc/self/status').read_text().split('RssAnon:')[1].split()[0])"
    )
    small = write(tmp_path / "small.fits", image(values[:10, :10]))
    used = [
        int(subprocess.run([*loaded_python(), "-c", program, file], capture_output=True, text=True, check=True).stdout)
        for file in (small, path)
    ]
    assert used[1] - used[0] < 50_000


# Arguments and files


def test_memmap_section_isRefused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.fits", image(sample("i2")))
    with pytest.raises(ValueError, match="index its result"):
        torchfits.memmap(f"{path}[1:5,1:5]")


def test_memmap_missing_isMissing(tmp_path: Path) -> None:
    with pytest.raises(torchfits.MissingFileError):
        torchfits.memmap(tmp_path / "missing.fits")


def test_memmap_folder_isNoFile(tmp_path: Path) -> None:
    with pytest.raises(torchfits.NotAFileError):
        torchfits.memmap(tmp_path)


def test_memmap_table_isNoImage(tmp_path: Path) -> None:
    columns = [fits.Column("A", "J", array=[1, 2])]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "x.fits")
    with pytest.raises(torchfits.HduKindError):
        torchfits.memmap(tmp_path / "x.fits", hdu=1)


def test_memmap_freshFile_waitsForATickOnly(tmp_path: Path) -> None:
    path = write(tmp_path / "x.fits", image(sample("i2")))
    torchfits.read_image(path)
    start = time.perf_counter()
    torchfits.memmap(path)
    assert time.perf_counter() - start < 4
