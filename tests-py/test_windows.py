"""Windows of batches, and reads that are begun and asked for later, against astropy and the reads of one image."""

from __future__ import annotations

import gc
import math
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import torchfits
from astropy.io import fits
from torchfits import MismatchError, MissingFileError, SectionError, _engine
from torchfits._engine import Pending, Window, WindowResult, begin_window
from torchfits.errors import EngineError, TruncatedFileError

RNG = np.random.default_rng(11)
SHAPE = (150, 180)
BOX = (24, 30)
FROM_FIRST, TO_LAST = -(2**63), 2**63 - 1
IMAGE: _engine.Selector = (_engine.FIRST_IMAGE, None, 0)
CODECS = ("RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")

Source = tuple[int, int, np.ndarray]


def settle(path: Path) -> None:
    """Waits until the file is old enough that what is known of it is kept."""
    while time.time_ns() - path.stat().st_ctime_ns < 150_000_000:
        time.sleep(0.01)


def pixels(shape: tuple[int, ...] = SHAPE, dtype: str = "i2") -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(dtype)


class Files:
    """Files of all kinds, and what astropy finds in them: float32 images of one shape."""

    def __init__(self, folder: Path) -> None:
        self.paths: list[str] = []
        self.selectors: list[_engine.Selector] = [IMAGE, (1, None, 0), (2, None, 0), (_engine.BY_NAME, "SCI", 2)]
        self.sources: list[Source] = []
        self._folder = folder
        self.add("plain.fits", [fits.PrimaryHDU(pixels(dtype="f4"))], 0)
        self.add("integers.fits", [fits.PrimaryHDU(pixels(dtype="i4"))], 0)
        scaled = fits.PrimaryHDU(pixels(dtype="i2").astype("f4") / 4 + 1)
        scaled.scale("int16", bzero=3, bscale=0.25)
        self.add("scaled.fits", [scaled], 0)
        unsigned = fits.ImageHDU(pixels(dtype="u2"))
        names = [fits.ImageHDU(pixels(), name="SCI", ver=version) for version in (1, 2)]
        self.add("mef.fits", [fits.PrimaryHDU(), unsigned, *names], 1, 2, 3)
        for codec in CODECS:
            tiles = (16, SHAPE[1]) if codec == "HCOMPRESS_1" else (40, 50)
            image = fits.CompImageHDU(pixels(), compression_type=codec, tile_shape=tiles)
            rows = fits.CompImageHDU(pixels(dtype="i4"), compression_type="RICE_1", tile_shape=(1, SHAPE[1]))
            self.add(f"{codec}.fits", [fits.PrimaryHDU(), image, rows], 1, 2)
        noise = RNG.standard_normal(SHAPE).astype("f4")
        floats = fits.CompImageHDU(noise, compression_type="RICE_1", tile_shape=(30, 60), quantize_level=16)
        self.add("quantised.fits", [fits.PrimaryHDU(), floats], 1)
        self.add("whole.fits.gz", [fits.PrimaryHDU(pixels())], 0)

    def add(self, name: str, hdus: list[object], *selected: int) -> None:
        path = self._folder / name
        fits.HDUList(hdus).writeto(path)
        settle(path)
        for number in selected:
            self.sources.append((len(self.paths), number, np.asarray(fits.getdata(path, number), dtype="f4")))
        self.paths.append(os.fspath(path))

    def bad(self) -> dict[int, type[Exception]]:
        """Files that cannot be read, by number, and why."""
        found: dict[int, type[Exception]] = {}
        for name, content, error in self._bad_contents():
            path = self._folder / name
            if content is not None:
                path.write_bytes(content)
            found[len(self.paths)] = error
            self.paths.append(os.fspath(path))
        return found

    def _bad_contents(self) -> list[tuple[str, bytes | None, type[Exception]]]:
        rice = (self._folder / "RICE_1.fits").read_bytes()
        damaged = bytearray(rice)
        with fits.open(self._folder / "RICE_1.fits", disable_image_compression=True) as file:
            begin = (file.fileinfo(1) or {})["datLoc"]
        damaged[begin : begin + 16 * 8] = b"\xff" * 16 * 8  # where the tiles stand
        return [
            ("missing.fits", None, MissingFileError),
            ("short.fits", (self._folder / "plain.fits").read_bytes()[:40_000], TruncatedFileError),
            ("text.fits", b"no FITS file at all", torchfits.NotFitsError),
            ("empty.fits", b"", torchfits.NotFitsError),
            ("other.fits", _bytes(fits.PrimaryHDU(pixels((7, 8, 9)))), SectionError),
            ("damaged.fits", bytes(damaged), torchfits.FitsError),
        ]


def _bytes(hdu: fits.PrimaryHDU) -> bytes:
    import io

    stream = io.BytesIO()
    hdu.writeto(stream)
    return stream.getvalue()


def cutout(image: np.ndarray, start: tuple[int, int], fill: float = math.nan) -> np.ndarray:
    padded = np.pad(image, [(n, n) for n in BOX], constant_values=fill)
    inside = [min(max(s, -n), size) + n for s, n, size in zip(start, BOX, image.shape, strict=True)]
    return padded[tuple(slice(i, i + n) for i, n in zip(inside, BOX, strict=True))]


def item(file: int, selector: int, start: tuple[int, int]) -> list[int]:
    return [file, selector, *(bound for s, n in zip(start, BOX, strict=True) for bound in (s, s + n))]


def random_items(files: Files, count: int) -> tuple[torch.Tensor, np.ndarray]:
    """Boxes at any places, some outside, some of no file; and what they hold."""
    items, expected = [], []
    for _ in range(count):
        start = (int(RNG.integers(-30, SHAPE[0] + 5)), int(RNG.integers(-35, SHAPE[1] + 5)))
        number = int(RNG.integers(-1, len(files.sources)))
        file, selector, image = files.sources[number] if number >= 0 else (-1, 0, np.full(SHAPE, math.nan, "f4"))
        items.append(item(file, selector, start))
        expected.append(cutout(image, start))
    return torch.tensor(items), np.stack(expected)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("windows"))


def window(files: Files, items: torch.Tensor, batches: list[int], **options: object) -> Window:
    return Window(files.paths, files.selectors, items, batches, dtype="FLOAT32")._replace(**options)  # pyright: ignore[reportArgumentType]


def read(wanted: Window) -> WindowResult:
    return begin_window(wanted).result()


def test_window_mixedFiles_isWhatAstropyFinds(files: Files) -> None:
    items, expected = random_items(files, 600)
    batches = [1, 0, 256, 300, 43]
    result = read(window(files, items, batches))
    assert [tuple(block.shape) for block in result.blocks] == [(rows, *BOX) for rows in batches]
    np.testing.assert_array_equal(torch.cat(result.blocks).numpy(), expected)
    assert result.bad == []
    assert result.counts["files"] == len({int(row[0]) for row in items} - {-1})
    assert result.counts["tiles_decoded"] > 0
    assert result.counts["decoded_bytes"] > 0


def test_window_anyOrder_isTheSameItems(files: Files) -> None:
    items, expected = random_items(files, 300)
    for _ in range(4):
        order = torch.from_numpy(RNG.permutation(300))
        result = read(window(files, items[order], [100, 200], shape=BOX))
        np.testing.assert_array_equal(torch.cat(result.blocks).numpy(), expected[order.numpy()])


def test_window_exactTypes_areThoseOfReadImage(files: Files) -> None:
    for file, selector, _ in files.sources:
        path = files.paths[file]
        whole = torchfits.read_image(path, hdu=selector if selector else None)
        box = read(
            window(files, torch.tensor([item(file, selector, (3, 4))]), [1])._replace(
                dtype=None, selectors=files.selectors
            )
        ).blocks[0]
        assert box.dtype == whole.dtype
        assert torch.equal(box[0], whole[3 : 3 + BOX[0], 4 : 4 + BOX[1]])
        assert torch.equal(box, torchfits.read_cutouts(path, [(slice(3, 27), slice(4, 34))], hdu=selector or None))


def test_window_storedValues_areUnscaled(files: Files) -> None:
    path = Path(files.paths[2])
    stored = np.asarray(fits.getdata(path, do_not_scale_image_data=True))[3:27, 4:34].astype("i2")
    result = read(window(files, torch.tensor([item(2, 0, (3, 4))]), [1])._replace(dtype=None, scaled=False))
    np.testing.assert_array_equal(result.blocks[0][0].numpy(), stored)


def test_window_wholeImages_areThose(files: Files) -> None:
    chosen = [files.sources[int(i)] for i in RNG.integers(0, len(files.sources), 60)]
    items = torch.tensor([[file, selector] for file, selector, _ in chosen] + [[-1, 0]])
    result = read(window(files, items, [30, 31], fill="-1"))
    expected = [image for _, _, image in chosen] + [np.full(SHAPE, -1, "f4")]
    np.testing.assert_array_equal(torch.cat(result.blocks).numpy(), np.stack(expected))


def test_window_edgesOfTheImage_areItsOwn(files: Files) -> None:
    items = torch.tensor([[f, s, FROM_FIRST, TO_LAST, 10, TO_LAST] for f, s, _ in files.sources])
    result = read(window(files, items, [len(files.sources)]))
    np.testing.assert_array_equal(result.blocks[0].numpy(), np.stack([i[:, 10:] for _, _, i in files.sources]))


@pytest.mark.parametrize("shape", [(50,), (4, 20, 30), (2, 3, 10, 12)])
def test_window_anyNumberOfAxes_isTheImage(tmp_path: Path, shape: tuple[int, ...]) -> None:
    images = [pixels(shape, "f8") for _ in range(5)]
    paths = [os.fspath(tmp_path / f"{i}.fits") for i in range(5)]
    for path, image in zip(paths, images, strict=True):
        fits.writeto(path, image)
    items = torch.tensor([[i, 0] for i in range(5)])
    np.testing.assert_array_equal(read(Window(paths, [IMAGE], items, [5])).blocks[0].numpy(), np.stack(images))
    bounds = [bound for length in shape for bound in (1, length)]
    boxes = torch.tensor([[i, 0, *bounds] for i in range(5)])
    expected = np.stack([image[tuple(slice(1, None) for _ in shape)] for image in images])
    np.testing.assert_array_equal(read(Window(paths, [IMAGE], boxes, [5])).blocks[0].numpy(), expected)


def test_window_largeItems_areReadInSteps(tmp_path: Path) -> None:
    plain, tiled = pixels((1500, 1400), "i4"), pixels((1500, 1400), "i4")
    fits.writeto(tmp_path / "plain.fits", plain)
    fits.CompImageHDU(tiled, compression_type="RICE_1").writeto(tmp_path / "tiled.fits")
    (tmp_path / "cut.fits").write_bytes((tmp_path / "plain.fits").read_bytes()[:6_000_000])
    settle(tmp_path / "cut.fits")
    paths = [os.fspath(tmp_path / name) for name in ("plain.fits", "tiled.fits", "cut.fits")]
    items = torch.tensor(
        [[f, 0, y, y + 1200, x, x + 1300] for f, y, x in [(0, -200, 50), (1, 100, 200), (2, 0, 0), (1, 9, -9)]]
    )
    result = read(Window(paths, [IMAGE], items, [1, 3], fill="-5", dtype="INT32", keep_going=True))
    padded = [np.pad(image, 300, constant_values=-5) for image in (plain, tiled)]
    expected = [
        np.full((1200, 1300), -5) if f == 2 else padded[f][300 + y : 1500 + y, 300 + x : 1600 + x]
        for f, _, y, _, x, _ in items.tolist()
    ]
    np.testing.assert_array_equal(torch.cat(result.blocks).numpy(), np.stack(expected))
    assert [(number, type(error)) for number, error in result.bad] == [(2, TruncatedFileError)]


def test_window_outs_areFilled(files: Files) -> None:
    items, expected = random_items(files, 50)
    outs = [torch.zeros(20, *BOX).share_memory_(), torch.zeros(30, *BOX)]
    result = read(window(files, items, [20, 30], outs=outs))
    assert all(block is out for block, out in zip(result.blocks, outs, strict=True))
    np.testing.assert_array_equal(torch.cat(outs).numpy(), expected)
    with pytest.raises(MismatchError, match="out is FLOAT32"):
        read(window(files, items, [30, 20], outs=outs))


# Items that cannot be read


def test_window_badFilesAnywhere_areTold(tmp_path: Path) -> None:
    files = Files(tmp_path)
    bad = files.bad()
    items, expected = random_items(files, 200)
    wrong = {}
    for place in (0, 1, 77, 78, 120, 198, 199):
        file = list(bad)[len(wrong) % len(bad)]
        items[place] = torch.tensor(item(file, 0, (60, 10)))
        wrong[place] = file
        expected[place] = math.nan
    wanted = window(files, items, [64, 64, 72], keep_going=True)
    result = read(wanted)
    told = dict(result.bad)
    for place, file in wrong.items():
        assert isinstance(told.pop(place), bad[file])
        assert files.paths[file] in str(dict(result.bad)[place])
    assert not told
    np.testing.assert_array_equal(torch.cat(result.blocks).numpy(), expected)
    with pytest.raises(torchfits.FitsError):
        read(wanted._replace(keep_going=False))


def test_window_otherShapes_areBadItems(files: Files, tmp_path: Path) -> None:
    fits.writeto(tmp_path / "a.fits", pixels((9, 9)))
    paths = [*files.paths, os.fspath(tmp_path / "a.fits")]
    items = torch.tensor([[0, 0], [len(paths) - 1, 0], [1, 0]])
    wanted = Window(paths, [IMAGE], items, [3], dtype="FLOAT32", keep_going=True)
    result = read(wanted)
    assert [number for number, _ in result.bad] == [1]
    with pytest.raises(MismatchError, match="does not fit into the batch"):
        raise result.bad[0][1]
    assert torch.isnan(result.blocks[0][1]).all()
    told = read(wanted._replace(shape=(9, 9)))
    assert [number for number, _ in told.bad] == [0, 2]


def test_window_allBad_isTheFirstError(files: Files) -> None:
    items = torch.tensor([[0, 0, 0, 1], [0, 0, 1, 2]])
    with pytest.raises(SectionError, match="boxes of 1 axes"):
        read(window(files, items, [2], keep_going=True))
    result = read(window(files, items, [2], keep_going=True, shape=(1,)))
    assert [number for number, _ in result.bad] == [0, 1]
    assert torch.isnan(result.blocks[0]).all()


def test_window_noItemTellsTheShape_isMismatch(files: Files) -> None:
    missing = torch.tensor([[-1, 0]])
    with pytest.raises(MismatchError, match="no item of the window tells shape"):
        read(window(files, missing, [1]))
    assert torch.isnan(read(window(files, missing, [1], shape=(2, 3))).blocks[0]).all()


def test_window_fillThatTheTypeLacks_isMismatch(files: Files) -> None:
    items = torch.tensor([item(1, 0, (0, 0)), item(-1, 0, (0, 0))])
    with pytest.raises(MismatchError, match="has no NaN"):
        read(window(files, items, [2], dtype="INT32"))
    assert (read(window(files, items, [2], dtype="INT32", fill="7")).blocks[0][1] == 7).all()


def test_window_badTile_spoilsThoseThatTouchIt(tmp_path: Path) -> None:
    image = pixels((40, 1200), "i4")
    path = tmp_path / "a.fits"
    fits.CompImageHDU(image, compression_type="RICE_1", tile_shape=(1, 1200)).writeto(path)
    with fits.open(path, disable_image_compression=True) as file:
        row = (file.fileinfo(1) or {})["datLoc"] + 20 * 8  # a descriptor each
    content = bytearray(path.read_bytes())
    content[row : row + 8] = (1 << 20).to_bytes(4, "big") * 2  # more bytes than there are
    path.write_bytes(content)
    settle(path)
    items = torch.tensor([[0, 0, y, y + 5, 0, 900] for y in range(35)])
    result = read(Window([os.fspath(path)], [IMAGE], items, [35], fill="-1", dtype="INT32", keep_going=True))
    touching = [y for y in range(35) if y <= 20 < y + 5]
    assert [number for number, _ in result.bad] == touching
    assert all("tile 20" in str(error) for _, error in result.bad)
    expected = [np.full((5, 900), -1) if y in touching else image[y : y + 5, :900] for y in range(35)]
    np.testing.assert_array_equal(result.blocks[0].numpy(), np.stack(expected))


# Tiles


def test_window_overlappingBoxes_decodeEachTileOnce(tmp_path: Path) -> None:
    image = pixels((600, 1500), "i4")
    path = tmp_path / "a.fits"
    fits.CompImageHDU(image, compression_type="RICE_1", tile_shape=(1, 1500)).writeto(path)
    settle(path)
    starts = RNG.integers(0, (600 - 32, 1500 - 32), (2000, 2))
    items = torch.tensor([[0, 0, y, y + 32, x, x + 32] for y, x in starts.tolist()])
    result = read(Window([os.fspath(path)], [IMAGE], items, [1000, 1000]))
    expected = np.stack([image[y : y + 32, x : x + 32] for y, x in starts])
    np.testing.assert_array_equal(torch.cat(result.blocks).numpy(), expected)
    touched = len({y + row for y in starts[:, 0].tolist() for row in range(32)})
    assert result.counts["tiles_decoded"] == touched
    again = read(Window([os.fspath(path)], [IMAGE], items, [2000]))
    assert again.counts["tiles_decoded"] == 0


def test_window_wholeRowsThatOverlap_decodeEachTileOnce(tmp_path: Path) -> None:
    image = pixels((100, 1500), "i4")
    path = tmp_path / "a.fits"
    fits.CompImageHDU(image, compression_type="RICE_1", tile_shape=(1, 1500)).writeto(path)
    settle(path)
    items = torch.tensor([[0, 0, y, y + 10, 0, 1500] for y in range(90)])
    result = read(Window([os.fspath(path)], [IMAGE], items, [90]))
    np.testing.assert_array_equal(result.blocks[0].numpy(), np.stack([image[y : y + 10] for y in range(90)]))
    assert result.counts["tiles_decoded"] == 99


# Reads that are begun


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_pending_nobodyAsks_isDone(files: Files) -> None:
    items, expected = random_items(files, 100)
    pending = begin_window(window(files, items, [100]))
    while not pending.done():
        time.sleep(0.001)
    np.testing.assert_array_equal(pending.result().blocks[0].numpy(), expected)
    assert pending.done()
    with pytest.raises(EngineError, match="given already"):
        pending.result()


def test_pending_error_isGivenOnce() -> None:
    pending = begin_window(Window(["/nowhere.fits"], [IMAGE], torch.tensor([[0, 0]]), [1]))
    with pytest.raises(MissingFileError, match="nowhere"):
        pending.result()
    with pytest.raises(EngineError):
        pending.result()


def test_pending_severalAtOnce_areTheirOwn(files: Files) -> None:
    wanted = [random_items(files, 150) for _ in range(6)]
    begun = [begin_window(window(files, items, [150])) for items, _ in wanted]
    for pending, (_, expected) in reversed(list(zip(begun, wanted, strict=True))):
        np.testing.assert_array_equal(pending.result().blocks[0].numpy(), expected)


def test_pending_otherThread_getsTheResult(files: Files) -> None:
    items, expected = random_items(files, 100)
    pending = begin_window(window(files, items, [100]))
    found: list[WindowResult] = []
    thread = threading.Thread(target=lambda: found.append(pending.result()))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(found[0].blocks[0].numpy(), expected)


def test_pending_cancelledOrDroppedAnyTime_leavesNothing(files: Files) -> None:
    items, _ = random_items(files, 2000)
    wanted = window(files, items, [1000, 1000], keep_going=True)
    duration = _seconds(wanted)
    for _ in range(3):
        _stop_at_random(wanted, duration)
    open_before, resident_before = descriptors(), resident()
    for _ in range(25):
        _stop_at_random(wanted, duration)
    assert descriptors() <= open_before + 2
    assert resident() < resident_before + (48 << 20)


def _seconds(wanted: Window) -> float:
    start = time.perf_counter()
    read(wanted)
    return time.perf_counter() - start


def _stop_at_random(wanted: Window, duration: float) -> None:
    pending: Pending[WindowResult] | None = begin_window(wanted)
    time.sleep(RNG.uniform(0, duration))
    if RNG.integers(2):
        assert pending is not None
        pending.cancel()
        pending.cancel()
        with pytest.raises(EngineError, match="cancelled"):
            pending.result()
    pending = None
    gc.collect(0)


def test_pending_droppedWithOuts_leavesThemAlone(files: Files) -> None:
    items, _ = random_items(files, 500)
    for _ in range(10):
        out = torch.zeros(500, *BOX)
        pending = begin_window(window(files, items, [500], outs=[out]))
        del pending
        seen = out.clone()
        time.sleep(0.002)
        assert torch.equal(out.nan_to_num(), seen.nan_to_num())


def test_window_thousandsOfFiles_keepFewOpen(tmp_path: Path) -> None:
    images = RNG.standard_normal((2000, 16, 16)).astype("f4")
    paths = [os.fspath(tmp_path / f"{i}.fits") for i in range(2000)]
    for path, image in zip(paths, images, strict=True):
        fits.writeto(path, image)
    order = RNG.permutation(2000)
    items = torch.zeros(2000, 2, dtype=torch.int64)
    items[:, 0] = torch.from_numpy(order)
    before = descriptors()
    pending = begin_window(Window(paths, [IMAGE], items, [512, 512, 976]))
    most = 0
    while not pending.done():
        most = max(most, descriptors())
    result = pending.result()
    np.testing.assert_array_equal(torch.cat(result.blocks).numpy(), images[order])
    assert most < before + 64
    assert result.counts["files"] == 2000


def test_stages_afterReads_haveGrown(files: Files) -> None:
    before = _engine.stages()
    torchfits.read_image(files.paths[0])
    torchfits.read_image(files.paths[4], hdu=1)
    after = _engine.stages()
    assert all(after[name] >= before[name] for name in before)
    for name in ("fetch_nanos", "fetches", "fetched_bytes", "decode_nanos", "decoded_bytes", "tiles_decoded"):
        assert after[name] > before[name]
    assert after["decoded_bytes"] - before["decoded_bytes"] == 4 * 150 * 180 + 2 * 150 * 180
