"""What is kept from one read for the next, and that it is never stale; astropy is the oracle."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torchfits
from _programs import loaded_python
from astropy.io import fits
from torchfits import _engine, cache
from torchfits.data import CutoutDataset, DataLoader, ImageDataset

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parent / "programs" / "read_by_disk_cache.py"
RNG = np.random.default_rng(7)
SETTLED_SECONDS = 0.15  # a file that was written just now is not believed
DEFAULT_BYTES = 64 << 20


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with an empty cache, and leaves nothing in the environment."""
    monkeypatch.setenv("TORCHFITS_CACHE_BYTES", str(DEFAULT_BYTES))
    monkeypatch.setenv("TORCHFITS_CACHE_POLICY", "tinylfu")
    monkeypatch.setattr(cache, "_warned", True)
    monkeypatch.setenv("TORCHFITS_CACHE_DISK", "")
    monkeypatch.setenv("TORCHFITS_CACHE_DISK_BYTES", "")
    cache.configure(policy="tinylfu", memory_bytes=DEFAULT_BYTES)
    cache.clear()
    yield
    cache.configure(policy="tinylfu", memory_bytes=DEFAULT_BYTES, disk=False)


@pytest.fixture(params=["memory", "disk"])
def tier(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The tier that keeps what is decoded, alone."""
    if request.param == "disk":
        cache.configure(memory_bytes=0, disk=tmp_path / "disk")
    return request.param


def hits(tier: str) -> int:
    """Tiles and images that the tier had."""
    return cache.stats().hits if tier == "memory" else cache.stats().disk_hits


def rice(path: Path, image: np.ndarray, **options: Any) -> str:
    compressed = fits.CompImageHDU(image, compression_type="RICE_1", **options)
    fits.HDUList([fits.PrimaryHDU(), compressed]).writeto(path, overwrite=True)
    return os.fspath(path)


def sky(side: int, dtype: str = "i2") -> np.ndarray:
    return RNG.normal(500, 30, (side, side)).astype(dtype)


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return [sky(128) for _ in range(12)]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory, images: list[np.ndarray]) -> list[str]:
    folder = tmp_path_factory.mktemp("rice")
    written = [rice(folder / f"{i}.fits", image) for i, image in enumerate(images)]
    time.sleep(SETTLED_SECONDS)
    return written


def decoded_tiles() -> int:
    return _engine.stages()["tiles_decoded"]


def epoch(dataset: ImageDataset | CutoutDataset, batch_size: int = 4) -> torch.Tensor:
    return torch.cat(list(DataLoader(dataset, batch_size=batch_size)))


@pytest.mark.parametrize("dtype", [None, torch.float32, torch.float64])
def test_secondEpoch_ofCompressedImages_decodesNothing(
    paths: list[str], images: list[np.ndarray], dtype: torch.dtype | None
) -> None:
    dataset = ImageDataset(paths, hdu=1, dtype=dtype)
    first = epoch(dataset)
    decoded, before = decoded_tiles(), cache.stats()
    second = epoch(dataset)
    after = cache.stats()
    np.testing.assert_array_equal(first.numpy(), np.stack(images))
    assert torch.equal(first, second)
    assert decoded_tiles() == decoded
    assert after.hits - before.hits == len(paths)
    assert after.misses == before.misses
    assert after.entries == len(paths)
    assert after.memory_bytes == first.numel() * first.element_size()


def test_secondEpoch_ofSections_isThatSection(paths: list[str], images: list[np.ndarray]) -> None:
    whole = epoch(ImageDataset(paths, hdu=1))
    for rows, columns in (
        (slice(8, 100), slice(3, 90)),
        (slice(0, 64), slice(None)),
        (slice(None, None, 3), slice(7)),
    ):
        dataset = ImageDataset(paths, hdu=1, section=(rows, columns))
        for _ in range(2):
            np.testing.assert_array_equal(epoch(dataset).numpy(), np.stack(images)[:, rows, columns])
    np.testing.assert_array_equal(whole.numpy(), np.stack(images))


def test_secondEpoch_ofGzippedFiles_isEqual(tmp_path: Path, images: list[np.ndarray]) -> None:
    names: list[str] = []
    for number, image in enumerate(images):
        plain = tmp_path / "plain.fits"
        fits.writeto(plain, np.concatenate([image] * 3), overwrite=True)
        name = tmp_path / f"{number}.fits.gz"
        name.write_bytes(gzip.compress(plain.read_bytes(), 1))
        names.append(os.fspath(name))
    time.sleep(SETTLED_SECONDS)
    dataset = ImageDataset(names)
    first = epoch(dataset)
    before = cache.stats()
    assert torch.equal(epoch(dataset), first)
    assert cache.stats().hits - before.hits == len(names)
    np.testing.assert_array_equal(first.numpy(), np.stack([np.concatenate([image] * 3) for image in images]))


def test_secondEpoch_ofPlainImages_isNotKept(tmp_path: Path) -> None:
    names = [os.fspath(tmp_path / f"{i}.fits") for i in range(4)]
    for name in names:
        fits.writeto(name, sky(256))
    time.sleep(SETTLED_SECONDS)
    before = cache.stats()
    for _ in range(2):
        epoch(ImageDataset(names))
    assert cache.stats().entries == 0
    assert cache.stats().misses == before.misses


@pytest.mark.parametrize("kind", ["quantised", "blank", "scaled", "GZIP_2", "HCOMPRESS_1"])
def test_secondEpoch_ofKind_isThatOfAstropy(tmp_path: Path, kind: str, tier: str) -> None:
    path = tmp_path / "x.fits"
    image = sky(96, "f4" if kind == "quantised" else "i4")
    if kind in ("GZIP_2", "HCOMPRESS_1"):
        fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(image, compression_type=kind)]).writeto(path)
    else:
        rice(path, image, **({"quantize_level": 8} if kind == "quantised" else {}))
    with fits.open(path, mode="update", disable_image_compression=True) as hdus:
        header: Any = hdus[1].header  # pyright: ignore[reportAttributeAccessIssue]
        if kind == "blank":
            header["BLANK"] = int(image[3, 3])
        if kind in ("blank", "scaled"):
            header["BSCALE"], header["BZERO"] = 0.5, 7.0
    time.sleep(SETTLED_SECONDS)
    expected = np.asarray(fits.getdata(path, 1))
    before = hits(tier)
    for dtype in (torch.float32, torch.float64):
        for _ in range(2):
            read = epoch(ImageDataset([path], hdu=1, dtype=dtype))[0]
            # astropy dequantises in float32.
            tolerance = 1e-7 if kind == "quantised" and dtype == torch.float64 else 0
            np.testing.assert_allclose(read.numpy(), expected.astype(read.numpy().dtype), rtol=tolerance)
    assert hits(tier) - before == 2


def test_givenOut_writtenTo_changesNothing(paths: list[str], images: list[np.ndarray]) -> None:
    dataset = ImageDataset(paths, hdu=1)
    for _ in range(3):
        read = epoch(dataset, len(paths))
        np.testing.assert_array_equal(read.numpy(), np.stack(images))
        read.fill_(-1)


@pytest.mark.parametrize("change", ["replaced", "rewritten", "patched"])
def test_file_changed_isNeverStale(tmp_path: Path, change: str, tier: str) -> None:
    path = tmp_path / "x.fits"
    images = [sky(128) for _ in range(4)]
    before = hits(tier)
    for image in images:
        if change == "replaced":
            rice(tmp_path / "new.fits", image)
            (tmp_path / "new.fits").replace(path)
        elif change == "rewritten":
            rice(tmp_path / "new.fits", image)
            path.write_bytes((tmp_path / "new.fits").read_bytes())
        else:
            rice(tmp_path / "new.fits", image)
            content = (tmp_path / "new.fits").read_bytes()
            with path.open("r+b" if path.exists() else "wb") as file:
                file.write(content)
                file.truncate(len(content))
            os.utime(path, ns=(10**18, 10**18))
        dataset = ImageDataset([path], hdu=1)
        for wait in (0, SETTLED_SECONDS, 0):
            time.sleep(wait)
            np.testing.assert_array_equal(epoch(dataset)[0].numpy(), image)
    assert hits(tier) >= before + len(images)


@pytest.mark.parametrize("policy", ["lru", "lfu", "tinylfu"])
def test_cutouts_withSmallBudget_areRight(tmp_path: Path, policy: cache.Policy) -> None:
    images = [sky(1200) for _ in range(3)]
    names = [rice(tmp_path / f"{i}.fits", image) for i, image in enumerate(images)]
    time.sleep(SETTLED_SECONDS)
    cache.configure(policy=policy, memory_bytes=2 << 20)
    corners = RNG.integers(0, 1200 - 48, (400, 2))
    boxes = [
        (names[i % 3], 1, (slice(int(y), int(y) + 48), slice(int(x), int(x) + 48))) for i, (y, x) in enumerate(corners)
    ]
    expected = np.stack([images[i % 3][y : y + 48, x : x + 48] for i, (y, x) in enumerate(corners)])
    before = cache.stats()
    for _ in range(2):
        np.testing.assert_array_equal(epoch(CutoutDataset(boxes), 50).numpy(), expected)
    after = cache.stats()
    assert after.policy == policy
    assert after.hits > before.hits
    assert after.evictions > before.evictions
    assert 0 < after.memory_bytes <= 2 << 20


def test_cutouts_fromDisk_areRight(tmp_path: Path) -> None:
    images = [sky(1200), sky(1200, "f4")]
    names = [rice(tmp_path / f"{i}.fits", image) for i, image in enumerate(images)]
    expected = [np.asarray(fits.getdata(name, 1)) for name in names]
    time.sleep(SETTLED_SECONDS)
    cache.configure(memory_bytes=0, disk=tmp_path / "disk")
    for name, image in zip(names, expected, strict=True):
        corners = RNG.integers(0, 1200 - 48, (60, 2)).tolist()
        boxes = [(name, 1, (slice(y, y + 48), slice(x, x + 48))) for y, x in corners]
        wanted = np.stack([image[y : y + 48, x : x + 48] for y, x in corners])
        for turn in range(2):
            decoded, before = decoded_tiles(), hits("disk")
            read = epoch(CutoutDataset(boxes, dtype=torch.float32), 20)
            np.testing.assert_array_equal(read.numpy(), wanted.astype("f4"))
            assert (decoded_tiles() == decoded) == (turn == 1)
        assert hits("disk") > before
    taken = sum(file.stat().st_blocks * 512 for file in (tmp_path / "disk").iterdir())
    assert cache.stats().disk_bytes == taken > 0


@pytest.mark.parametrize("damage", ["zeros", "cut", "other", "folder"])
def test_disk_damaged_isReadAround(tmp_path: Path, paths: list[str], images: list[np.ndarray], damage: str) -> None:
    folder = tmp_path / "disk"
    cache.configure(memory_bytes=0, disk=folder)
    dataset = ImageDataset(paths, hdu=1)
    epoch(dataset)
    files = sorted(folder.iterdir())
    assert len(files) == len(paths)
    contents = [file.read_bytes() for file in files]
    for number, (file, content) in enumerate(zip(files, contents, strict=True)):
        if damage == "zeros":
            at = int(RNG.integers(4096, len(content) - 1000))
            file.write_bytes(content[:at] + bytes(1000) + content[at + 1000 :])
        elif damage == "cut":
            file.write_bytes(content[: len(content) * number // len(files)])
        elif damage == "other":
            file.write_bytes(contents[number - 1])
        else:
            file.unlink()
            file.mkdir()
    before = cache.stats()
    np.testing.assert_array_equal(epoch(dataset).numpy(), np.stack(images))
    assert cache.stats().disk_hits == before.disk_hits
    if damage != "folder":
        assert cache.stats().disk_failures == before.disk_failures
        np.testing.assert_array_equal(epoch(dataset).numpy(), np.stack(images))
        assert cache.stats().disk_hits == before.disk_hits + len(paths)


def test_disk_smallBudget_staysWithinIt(tmp_path: Path, paths: list[str], images: list[np.ndarray]) -> None:
    budget = 200_000
    cache.configure(memory_bytes=0, disk=tmp_path / "disk", disk_bytes=budget)
    for _ in range(3):
        np.testing.assert_array_equal(epoch(ImageDataset(paths, hdu=1)).numpy(), np.stack(images))
    stats = cache.stats()
    assert 0 < stats.disk_bytes <= stats.disk_budget == budget
    assert stats.disk_evictions > 0
    cache.clear(disk=True)
    assert list((tmp_path / "disk").iterdir()) == []
    assert cache.stats().disk_bytes == 0


def test_disk_thatCannotBeWritten_isToldOnce(
    tmp_path: Path, paths: list[str], images: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_warned", False)
    cache.configure(memory_bytes=0, disk=tmp_path / "disk")
    (tmp_path / "disk").rmdir()
    (tmp_path / "disk").write_bytes(b"")
    dataset = ImageDataset(paths, hdu=1)
    with pytest.warns(RuntimeWarning, match="not kept on disk any more"):
        read = epoch(dataset)
    np.testing.assert_array_equal(read.numpy(), np.stack(images))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        epoch(dataset)
    assert cache.stats().disk_failures > 0
    assert cache.stats().disk_problem
    with pytest.raises(OSError, match="disk"):
        cache.configure(disk=tmp_path / "disk" / "below")


def by_disk(folder: Path, images: Path, batches: int = 0, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*loaded_python(), PROGRAM, folder, images, str(batches)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str], images: list[np.ndarray]
) -> dict[str, list[dict[str, Any]]]:
    """What processes tell that read all images twice; they take their time, so some of them run side by side."""
    source = Path(paths[0]).parent
    np.save(source / "expected.npy", np.stack([images[int(path.stem)] for path in sorted(source.glob("*.fits"))]))
    folder = tmp_path_factory.mktemp("disk")
    full = by_disk(tmp_path_factory.mktemp("full"), source, LARGEST_FILE="8192")
    killed = by_disk(folder, source, batches=3)
    assert killed.wait(120) == -signal.SIGKILL, killed.communicate()
    assert len(list(folder.iterdir())) > 0
    runs = {"full": [told(full)], "together": [told(process) for process in [by_disk(folder, source) for _ in "12"]]}
    return {**runs, "last": [told(by_disk(folder, source))]}


def test_disk_ofProcesses_isShared(runs: dict[str, list[dict[str, Any]]], paths: list[str]) -> None:
    """One was killed while it wrote, two worked at once, the last one found everything there."""
    for process in runs["together"]:
        assert process["decoded"] < 128 * len(paths)
        assert process["hits"] + process["writes"] == 2 * len(paths)
    [last] = runs["last"]
    assert last["decoded"] == last["writes"] == last["misses"] == last["failures"] == 0
    assert last["hits"] == 2 * len(paths)


def test_disk_full_isToldAndReadAround(runs: dict[str, list[dict[str, Any]]], paths: list[str]) -> None:
    """What a full disk does to a write, a limit of the size of files does."""
    [full] = runs["full"]
    assert full["decoded"] == 2 * 128 * len(paths)
    assert full["hits"] == 0
    assert full["failures"] > 0
    assert full["problem"] == "errno 27"
    assert len(full["warnings"]) == 1


def test_resize_toNothing_keepsNothing(paths: list[str], images: list[np.ndarray]) -> None:
    dataset = ImageDataset(paths, hdu=1)
    epoch(dataset)
    assert cache.stats().entries == len(paths)
    cache.resize(4 * 128 * 128 * 3 * 2)
    assert 0 < cache.stats().entries <= 6
    cache.resize(0)
    assert cache.stats().memory_bytes == 0
    for _ in range(2):
        np.testing.assert_array_equal(epoch(dataset).numpy(), np.stack(images))
    assert cache.stats().entries == 0


def test_clear_afterReads_forgetsAll(paths: list[str], tmp_path: Path) -> None:
    packed = tmp_path / "x.fits.gz"
    packed.write_bytes(gzip.compress(Path(paths[0]).read_bytes()))
    time.sleep(SETTLED_SECONDS)
    epoch(ImageDataset(paths, hdu=1))
    torchfits.read_image(packed, hdu=1)
    full = cache.stats()
    assert full.entries > 0
    assert full.decoded_files > 0
    assert full.decoded_file_bytes > 0
    with torchfits.open(paths[0]) as hdus:
        cache.clear()
        assert hdus[1].shape == (128, 128)
    assert (cache.stats().entries, cache.stats().memory_bytes, cache.stats().decoded_files) == (0, 0, 0)
    assert cache.stats().known_files <= 1


def test_hitRate_ofNothing_isZero() -> None:
    assert cache.CacheStats().hit_rate == 0
    assert cache.CacheStats(hits=3, misses=1).hit_rate == 0.75


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"policy": "fifo"}, ValueError),
        ({"memory_bytes": -1}, ValueError),
        ({"memory_bytes": 1 << 63}, ValueError),
        ({"memory_bytes": "1GB"}, TypeError),
        ({"memory_bytes": True}, TypeError),
        ({"disk_bytes": -1}, ValueError),
        ({"disk": 3}, TypeError),
    ],
)
def test_configure_nonsense_isRefused(arguments: dict[str, object], error: type[Exception]) -> None:
    before = dict(os.environ)
    with pytest.raises(error):
        cache.configure(**arguments)  # pyright: ignore[reportArgumentType]
    assert dict(os.environ) == before


BEFORE_START = """
import multiprocessing
import os
import sys

import torchfits
from torchfits import _jvm, cache


def read(path):
    torchfits.data.ImageDataset([path], hdu=1)[0]
    return cache.stats()


if __name__ == "__main__":
    assert cache.stats() == cache.CacheStats()
    cache.clear()
    cache.configure(policy="lru", memory_bytes=1 << 20)
    assert not _jvm.is_running()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        told = pool.apply(read, (sys.argv[1],))
    os.environ["TORCHFITS_CACHE_BYTES"] = "1GB"
    try:
        read(sys.argv[1])
    except ValueError as error:
        assert str(error) == "TORCHFITS_CACHE_BYTES=1GB is not a number of bytes", error
    cache.resize(1 << 20)
    for stats in (told, read(sys.argv[1])):
        assert (stats.policy, stats.memory_budget, stats.entries) == ("lru", 1 << 20, 1), stats
    print("done")
"""


def test_configure_beforeTheStart_isAppliedHereAndInWorkers(tmp_path: Path, paths: list[str]) -> None:
    program = tmp_path / "before.py"
    program.write_text(BEFORE_START)
    done = subprocess.run(
        [*loaded_python(), program, paths[0]], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "done\n", done.stderr


def test_stats_fields_areNumbers() -> None:
    told = cache.stats()
    assert told.memory_budget == DEFAULT_BYTES
    for field in dataclasses.fields(told):
        assert type(getattr(told, field.name)).__name__ == str(field.type)
