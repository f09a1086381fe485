"""`read_cutouts`, and `read_batch` over HDUs, sections and shapes, against numpy; files that change between reads."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _descriptors import open_descriptors
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from torchfits import MismatchError, MissingFileError, SectionError

RNG = np.random.default_rng(4)
TYPES = ("u1", "i2", "u2", "i4", "i8", "f4", "f8")


def pixels(shape: tuple[int, ...], dtype: str = "f4") -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(dtype)


def write(path: Path, image: np.ndarray) -> Path:
    fits.PrimaryHDU(image).writeto(path, overwrite=True)
    return path


def settle(path: Path) -> Path:
    """Waits until the file is old enough that what is known of it is kept."""
    while time.time_ns() - path.stat().st_ctime_ns < 150_000_000:
        time.sleep(0.01)
    return path


def cutout(image: np.ndarray, box: tuple[slice, ...], fill: float) -> np.ndarray:
    """What a box shows, pixel by pixel outside the image too."""
    shape = [item.stop - item.start for item in box]
    result = np.full(shape, fill, image.dtype)
    grid = np.meshgrid(*(np.arange(item.start, item.stop) for item in box), indexing="ij")
    inside = np.logical_and.reduce([(g >= 0) & (g < n) for g, n in zip(grid, image.shape, strict=True)])
    result[inside] = image[tuple(g[inside] for g in grid)]
    return result


def boxes_at(starts: Any, *shape: int) -> list[tuple[slice, ...]]:
    return [tuple(slice(int(s), int(s) + n) for s, n in zip(row, shape, strict=True)) for row in starts]


def as_tensor(boxes: list[tuple[slice, ...]]) -> torch.Tensor:
    return torch.tensor([[(item.start, item.stop) for item in box] for box in boxes])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("batches")


@pytest.fixture(scope="module")
def image(folder: Path) -> tuple[Path, np.ndarray]:
    values = pixels((150, 210))
    return write(folder / "image.fits", values), values


# read_cutouts


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(90,), (40, 50), (5, 40, 50), (2, 3, 20, 30)])
def test_readCutouts_anyTypeAndAxes_isWhatNumpyShows(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    values = pixels(shape, dtype)
    path = write(tmp_path / "a.fits", values)
    size = tuple(max(1, n // 2) for n in shape)
    starts = RNG.integers([-n for n in size], shape, (40, len(shape)))
    boxes = boxes_at(starts, *size)
    expected = np.stack([cutout(values, box, 7) for box in boxes])
    for given_boxes in (boxes, as_tensor(boxes), as_tensor(boxes).numpy(), as_tensor(boxes).to(torch.int32)):
        result = torchfits.read_cutouts(path, given_boxes, fill=7)
        assert result.is_contiguous()
        assert result.numpy().dtype == expected.dtype
        np.testing.assert_array_equal(result.numpy(), expected)


@settings(max_examples=80, deadline=None)
@given(
    starts=st.lists(st.tuples(st.integers(-400, 400), st.integers(-400, 400)), min_size=1, max_size=8),
    size=st.tuples(st.integers(0, 300), st.integers(0, 300)),
)
def test_readCutouts_anyBoxes_isWhatNumpyShows(
    image: tuple[Path, np.ndarray], starts: list[tuple[int, int]], size: tuple[int, int]
) -> None:
    path, values = image
    boxes = boxes_at(starts, *size)
    result = torchfits.read_cutouts(path, boxes)
    np.testing.assert_array_equal(result.numpy(), np.stack([cutout(values, box, math.nan) for box in boxes]))


def test_readCutouts_duplicates_areEqual(image: tuple[Path, np.ndarray]) -> None:
    path, values = image
    result = torchfits.read_cutouts(path, boxes_at([(3, 4)] * 9, 20, 30)).numpy()
    np.testing.assert_array_equal(result, np.stack([values[3:23, 4:34]] * 9))


def test_readCutouts_largeBoxes_areReadInPieces(tmp_path: Path) -> None:
    values = pixels((1500, 1400), "i4")
    path = write(tmp_path / "a.fits", values)
    boxes = boxes_at([(0, 0), (-300, 100), (400, -10), (1499, 1399), (5000, 5000)], 1300, 1200)
    expected = np.stack([cutout(values, box, -5) for box in boxes])
    np.testing.assert_array_equal(torchfits.read_cutouts(path, boxes, fill=-5).numpy(), expected)


@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_2", "PLIO_1"])
def test_readCutouts_tiles_areThoseOfTheImage(tmp_path: Path, compression: str) -> None:
    values = pixels((120, 130), "i2")
    path = tmp_path / "a.fits"
    hdu = fits.CompImageHDU(values, compression_type=compression, tile_shape=(32, 50))
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    boxes = boxes_at(RNG.integers(-40, 140, (60, 2)), 33, 44)
    expected = np.stack([cutout(values, box, 3) for box in boxes])
    np.testing.assert_array_equal(torchfits.read_cutouts(path, boxes, fill=3).numpy(), expected)


def test_readCutouts_scaledIntegers_areFloatsWithNan(tmp_path: Path) -> None:
    hdu = fits.PrimaryHDU(pixels((30, 30), "i2"))
    hdu.header["BSCALE"], hdu.header["BZERO"] = 0.5, 3
    hdu.writeto(tmp_path / "a.fits")
    whole = torchfits.read_image(tmp_path / "a.fits").numpy()
    boxes = boxes_at([(-5, 2), (20, 20)], 15, 15)
    expected = np.stack([cutout(whole, box, math.nan) for box in boxes])
    np.testing.assert_array_equal(torchfits.read_cutouts(tmp_path / "a.fits", boxes).numpy(), expected)


def test_readCutouts_wholeAxes_reachToTheEdges(tmp_path: Path) -> None:
    values = pixels((4, 30, 40))
    path = write(tmp_path / "a.fits", values)
    boxes = [(slice(None), slice(y, y + 5), slice(5, None)) for y in (0, 10)]
    result = torchfits.read_cutouts(path, boxes).numpy()
    np.testing.assert_array_equal(result, np.stack([values[:, 0:5, 5:], values[:, 10:15, 5:]]))


def test_readCutouts_oneAxis_takesSlices(tmp_path: Path) -> None:
    values = pixels((50,))
    path = write(tmp_path / "a.fits", values)
    boxes: Any = [slice(3, 9), slice(40, 46)]
    result = torchfits.read_cutouts(path, boxes).numpy()
    np.testing.assert_array_equal(result, np.stack([values[3:9], values[40:46]]))


def test_readCutouts_hdu_byNumberNameAndBrackets(tmp_path: Path) -> None:
    values = pixels((30, 40))
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels((9, 9))), fits.ImageHDU(values, name="SCI")]).writeto(path)
    boxes = boxes_at([(1, 2)], 5, 6)
    for result in (
        torchfits.read_cutouts(path, boxes, hdu=2),
        torchfits.read_cutouts(path, boxes, hdu="SCI"),
        torchfits.read_cutouts(f"{path}[SCI]", boxes),
    ):
        np.testing.assert_array_equal(result.numpy()[0], values[1:6, 2:8])


def test_readCutouts_dtypeAndOut_areThoseAskedFor(image: tuple[Path, np.ndarray]) -> None:
    path, values = image
    boxes = boxes_at([(-5, 2), (20, 20)], 15, 15)
    expected = np.stack([cutout(values, box, math.nan) for box in boxes])
    result = torchfits.read_cutouts(path, boxes, dtype=torch.float64)
    np.testing.assert_array_equal(result.numpy(), expected.astype("f8"))
    out = torch.zeros(2, 15, 15)
    assert torchfits.read_cutouts(path, boxes, out=out) is out
    np.testing.assert_array_equal(out.numpy(), expected)
    with pytest.raises(MismatchError, match="out is"):
        torchfits.read_cutouts(path, boxes, out=torch.zeros(2, 15, 16))


@pytest.mark.parametrize("fill", [math.nan, 1.5, 300, -1, math.inf])
def test_readCutouts_fillThatTheDtypeLacks_saysWhatToDo(tmp_path: Path, fill: float) -> None:
    path = write(tmp_path / "a.fits", pixels((20, 20), "u1"))
    with pytest.raises(MismatchError, match="give fill= or a floating dtype="):
        torchfits.read_cutouts(path, boxes_at([(-1, 0)], 4, 4), fill=fill)
    assert torchfits.read_cutouts(path, boxes_at([(1, 0)], 4, 4), fill=fill).shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("dtype", "fill"), [("i8", -(2**63)), ("i8", 2**63 - 1), ("i4", np.int64(-5)), ("f4", np.float32(2.5)), ("f8", 1)]
)
def test_readCutouts_fill_isExact(tmp_path: Path, dtype: str, fill: Any) -> None:
    path = write(tmp_path / "a.fits", pixels((20, 20), dtype))
    result = torchfits.read_cutouts(path, boxes_at([(50, 50)], 2, 2), fill=fill).numpy()
    np.testing.assert_array_equal(result, np.full((1, 2, 2), fill, dtype))


@pytest.mark.parametrize(
    ("boxes", "error"),
    [
        ([], ValueError),
        (torch.zeros(0, 2, 2, dtype=torch.int64), ValueError),
        (torch.zeros(3, 2, dtype=torch.int64), ValueError),
        (torch.zeros(3, 2, 3, dtype=torch.int64), ValueError),
        (torch.zeros(3, 2, 2), TypeError),
        (torch.zeros(3, 2, 2, dtype=torch.bool), TypeError),
        (torch.tensor([[[5, 3], [0, 1]]]), ValueError),
        (torch.tensor([[[0, 2**63 - 1], [0, 1]]]), ValueError),
        ([(slice(5, 3), slice(0, 1))], ValueError),
        ([(slice(0, 4, 2), slice(0, 1))], ValueError),
        ([(slice(0, 2**70), slice(0, 1))], ValueError),
        ([(slice(0, 4), slice(0, 4)), (slice(0, 4),)], ValueError),
        ([(slice(0, 4), slice(0, 4)), (slice(0, 4), slice(0, 5))], MismatchError),
        ([(0, slice(0, 4))], TypeError),
        ([(slice(0, 4.5), slice(0, 4))], TypeError),
        ([()], ValueError),
        (7, TypeError),
        ([(slice(0, 4),)], SectionError),
        ([(slice(0, 4), slice(0, 4), slice(0, 4))], SectionError),
    ],
)
def test_readCutouts_boxesThatMakeNoSense_areRefused(
    image: tuple[Path, np.ndarray],
    boxes: Any,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        torchfits.read_cutouts(image[0], boxes)


def test_readCutouts_fillThatIsNoNumber_isTypeError(image: tuple[Path, np.ndarray]) -> None:
    fill: Any = "nan"
    with pytest.raises(TypeError):
        torchfits.read_cutouts(image[0], boxes_at([(0, 0)], 2, 2), fill=fill)


def test_readCutouts_boxesBeyondMemory_areMemoryError(image: tuple[Path, np.ndarray]) -> None:
    with pytest.raises(MemoryError):
        torchfits.read_cutouts(image[0], torch.tensor([[[0, 2**40], [0, 2**15]]]))
    with pytest.raises(MemoryError):
        torchfits.read_cutouts(image[0], torch.tensor([[[0, 2**61], [0, 2**61]]]))


def test_readCutouts_sectionInPath_isValueError(image: tuple[Path, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="section"):
        torchfits.read_cutouts(f"{image[0]}[1:5,1:5]", boxes_at([(0, 0)], 2, 2))


# read_batch over HDUs, sections and shapes


@pytest.fixture(scope="module")
def mef(folder: Path) -> tuple[Path, list[np.ndarray]]:
    images = [pixels((40, 30)) for _ in range(12)]
    path = folder / "mef.fits"
    extensions = [fits.ImageHDU(values, name=f"CCD{i}") for i, values in enumerate(images)]
    fits.HDUList([fits.PrimaryHDU(), *extensions]).writeto(path)
    return settle(path), images


def test_readBatch_hdusOfOneFile_areEachInItsSlot(mef: tuple[Path, list[np.ndarray]]) -> None:
    path, images = mef
    order = [int(i) for i in RNG.permutation(12)] * 2
    for _ in range(3):
        result = torchfits.read_batch(path, hdu=[i + 1 for i in order])
        np.testing.assert_array_equal(result.numpy(), np.stack([images[i] for i in order]))
    result = torchfits.read_batch(path, hdu=[f"ccd{i}" for i in order])
    np.testing.assert_array_equal(result.numpy(), np.stack([images[i] for i in order]))
    result = torchfits.read_batch(path, hdu=[("CCD3", 1), 5, "CCD0"], section=(slice(3, 9), 4))
    np.testing.assert_array_equal(result.numpy(), np.stack([images[i][3:9, 4] for i in (3, 4, 0)]))


def test_readBatch_lists_belongTogether(mef: tuple[Path, list[np.ndarray]], tmp_path: Path) -> None:
    path, images = mef
    other = write(tmp_path / "other.fits", pixels((40, 30)))
    sections = [(slice(0, 5), slice(0, 6)), (slice(-5, None), slice(2, 8)), (slice(10, 15), slice(0, 6))]
    result = torchfits.read_batch([path, other, path], hdu=[2, 0, 7], section=list(sections))
    whole = [images[1], fits.getdata(other), images[6]]
    expected = np.stack([values[section] for values, section in zip(whole, sections, strict=True)])
    np.testing.assert_array_equal(result.numpy(), expected)
    result = torchfits.read_batch(path, hdu=3, section=list(sections))
    np.testing.assert_array_equal(result.numpy(), np.stack([images[2][section] for section in sections]))


@pytest.mark.parametrize(
    ("paths", "options"),
    [
        (2, {"hdu": [1, 2, 3]}),
        (1, {"hdu": [1, 2, 3]}),
        (None, {"hdu": [1, 2], "section": [slice(0, 1)]}),
        (None, {"hdu": []}),
        (None, {"section": []}),
        (0, {"hdu": 1}),
    ],
)
def test_readBatch_listsOfDifferentLengths_areRefused(
    mef: tuple[Path, list[np.ndarray]], paths: int | None, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"belong together|at least one"):
        torchfits.read_batch(mef[0] if paths is None else [mef[0]] * paths, **options)


def test_readBatch_onePathWithoutLists_isTypeError(mef: tuple[Path, list[np.ndarray]]) -> None:
    with pytest.raises(TypeError, match="read_image takes one"):
        torchfits.read_batch(mef[0], hdu=1)


def ragged(folder: Path, shapes: list[tuple[int, ...]], dtype: str = "f4") -> tuple[list[Path], list[np.ndarray]]:
    images = [pixels(shape, dtype) for shape in shapes]
    return [write(folder / f"r{i}.fits", values) for i, values in enumerate(images)], images


def padded(images: list[np.ndarray], fill: float) -> np.ndarray:
    outer = np.max([values.shape for values in images], axis=0)
    result = np.full((len(images), *outer), fill, images[0].dtype)
    for place, values in zip(result, images, strict=True):
        place[tuple(slice(n) for n in values.shape)] = values
    return result


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_readBatch_pad_placesEachAtItsStart(tmp_path: Path, axes: int) -> None:
    shapes = [tuple(int(n) for n in RNG.integers(1, 40, axes)) for _ in range(40)]
    paths, images = ragged(tmp_path, shapes)
    batch, found = torchfits.read_batch(paths, ragged="pad")
    assert found.tolist() == [list(shape) for shape in shapes]
    assert found.dtype == torch.int64
    np.testing.assert_array_equal(batch.numpy(), padded(images, math.nan))
    batch, _ = torchfits.read_batch(paths, ragged="pad", fill=-1, dtype=torch.float64)
    np.testing.assert_array_equal(batch.numpy(), padded(images, -1).astype("f8"))


def test_readBatch_padOfOneShape_needsNoFill(tmp_path: Path) -> None:
    paths, images = ragged(tmp_path, [(5, 6)] * 3, "i2")
    batch, shapes = torchfits.read_batch(paths, ragged="pad")
    np.testing.assert_array_equal(batch.numpy(), np.stack(images))
    assert shapes.tolist() == [[5, 6]] * 3


def test_readBatch_padOfIntegers_needsFill(tmp_path: Path) -> None:
    paths, images = ragged(tmp_path, [(5, 6), (7, 2)], "i2")
    with pytest.raises(MismatchError, match="give fill="):
        torchfits.read_batch(paths, ragged="pad")
    batch, _ = torchfits.read_batch(paths, ragged="pad", fill=-9)
    np.testing.assert_array_equal(batch.numpy(), padded(images, -9))


def test_readBatch_list_givesEachItsOwn(tmp_path: Path) -> None:
    shapes = [(1500, 1000), (3, 4), (5,), (2, 3, 4), (900, 1100)] + [(n, 3) for n in range(1, 40)]
    paths, images = ragged(tmp_path, shapes)
    paths.append(write(tmp_path / "i.fits", pixels((4, 4), "i2")))
    images.append(np.asarray(fits.getdata(paths[-1]), "i2"))
    results = torchfits.read_batch(paths, ragged="list")
    assert [tuple(result.shape) for result in results] == [*shapes, (4, 4)]
    for result, values in zip(results, images, strict=True):
        np.testing.assert_array_equal(result.numpy(), values)
        assert result.untyped_storage().nbytes() == result.nbytes
    results[0].zero_()
    np.testing.assert_array_equal(results[1].numpy(), images[1])


@pytest.mark.parametrize("mode", ["list", "pad"])
def test_readBatch_raggedWithDamagedFile_namesIt(tmp_path: Path, mode: Any) -> None:
    paths, _ = ragged(tmp_path, [(n, 3) for n in range(1, 50)])
    paths[40].write_bytes(b"no FITS")
    for _ in range(5):
        with pytest.raises(torchfits.NotFitsError, match=r"r40\.fits"):
            torchfits.read_batch(paths, ragged=mode)
    # Nothing of the failed task is left for the next one.
    assert torchfits.read_image(paths[0]).shape == (1, 3)


def test_readBatch_padOfDifferentAxesOrDtypes_isMismatch(tmp_path: Path) -> None:
    paths, _ = ragged(tmp_path, [(5, 6), (7,)])
    with pytest.raises(MismatchError, match="does not fit"):
        torchfits.read_batch(paths, ragged="pad")
    with pytest.raises(MismatchError, match="does not fit"):
        torchfits.read_batch([paths[0], write(tmp_path / "i.fits", pixels((5, 6), "i2"))], ragged="pad")


def test_readBatch_raggedThatIsUnknownOrWithOut_isValueError(tmp_path: Path) -> None:
    paths, _ = ragged(tmp_path, [(5, 6)])
    options: list[dict[str, Any]] = [{"ragged": "no"}, {"ragged": "list", "out": torch.zeros(1, 5, 6)}]
    for option in options:
        with pytest.raises(ValueError, match="ragged"):
            torchfits.read_batch(paths, **option)


# Files that change


def by_image(path: Path) -> np.ndarray:
    return torchfits.read_image(path).numpy()


def by_batch(path: Path) -> np.ndarray:
    return torchfits.read_batch([path, path]).numpy()[1]


def by_cutouts(path: Path) -> np.ndarray:
    return torchfits.read_cutouts(path, [(slice(None), slice(None))]).numpy()[0]


def by_list(path: Path) -> np.ndarray:
    data = torchfits.open(path)[0].data
    assert data is not None
    return data.numpy()


READERS = [by_image, by_batch, by_cutouts, by_list]
Reader = Callable[[Path], np.ndarray]


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("read", READERS)
def test_read_replacedFile_isNew(tmp_path: Path, read: Reader, *, settled: bool) -> None:
    path = write(tmp_path / "a.fits", pixels((100, 120)))
    for i in range(6):
        if settled:
            settle(path)
        read(path)
        read(path)
        values = pixels((100, 120) if i % 2 else (120, 100))
        write(tmp_path / "next.fits", values).replace(path)
        np.testing.assert_array_equal(read(path), values)


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("read", READERS)
def test_read_rewrittenInPlace_isNew(tmp_path: Path, read: Reader, *, settled: bool) -> None:
    path = write(tmp_path / "a.fits", pixels((100, 120)))
    for i in range(6):
        if settled:
            settle(path)
        read(path)
        read(path)
        values = pixels((100, 120) if i % 2 else (120, 100))
        content = write(tmp_path / "next.fits", values).read_bytes()
        with path.open("r+b") as file:
            file.write(content)
        np.testing.assert_array_equal(read(path), values)


@pytest.mark.parametrize("read", READERS)
def test_read_truncatedFile_isError(tmp_path: Path, read: Reader) -> None:
    path = settle(write(tmp_path / "a.fits", pixels((100, 120))))
    read(path)
    read(path)
    os.truncate(path, 20_000)
    with pytest.raises(torchfits.TruncatedFileError):
        read(path)


@pytest.mark.parametrize("read", READERS)
def test_read_deletedFile_isMissing(tmp_path: Path, read: Reader) -> None:
    path = settle(write(tmp_path / "a.fits", pixels((100, 120))))
    read(path)
    read(path)
    path.unlink()
    with pytest.raises(MissingFileError):
        read(path)


def test_read_appendedHdu_isFound(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits", pixels((100, 120)))
    for i in range(1, 5):
        settle(path)
        with pytest.raises(torchfits.HduNotFoundError):
            torchfits.read_image(path, hdu=i)
        assert len(torchfits.open(path)) == i
        values = pixels((50, 60))
        fits.append(path, values)
        np.testing.assert_array_equal(torchfits.read_image(path, hdu=i).numpy(), values)


def test_read_manyFiles_leavesFewDescriptors(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{i}.fits", pixels((100, 120))) for i in range(150)]
    for path in paths:
        settle(path)
        torchfits.read_image(path)
    assert open_descriptors(tmp_path) == 0
    for _ in range(2):
        torchfits.read_batch(paths)
        for path in paths:
            torchfits.read_image(path)
            torchfits.read_cutouts(path, boxes_at([(0, 0)], 5, 5))
    assert 1 <= open_descriptors(tmp_path) <= 64
    for path in paths:
        path.unlink()
    for path in paths:
        with pytest.raises(MissingFileError):
            torchfits.read_image(path)
    assert open_descriptors(tmp_path) == 0


def test_read_manyThreadsWhileFilesAreReplaced_areConsistent(tmp_path: Path) -> None:
    """Each image has one value everywhere: a mixture of two files would show."""
    path = write(tmp_path / "a.fits", np.zeros((200, 200), "f4"))
    stop = time.monotonic() + 1.5
    failures: list[str] = []

    def work() -> None:
        last = 0.0
        while time.monotonic() < stop:
            for result in (
                torchfits.read_image(path),
                torchfits.read_cutouts(path, boxes_at(RNG.integers(0, 100, (20, 2)), 64, 64)),
            ):
                value = float(result.max())
                if float(result.min()) != value or value < last:
                    failures.append(f"{result.min()} to {value} after {last}")
                last = value

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    version = 0
    while time.monotonic() < stop:
        version += 1
        settle(write(tmp_path / "next.fits", np.full((200, 200), version, "f4"))).replace(path)
        assert float(torchfits.read_image(path)[0, 0]) == version
        time.sleep(0.15)
    for thread in threads:
        thread.join()
    assert failures == []


def test_readCutouts_againAndAgain_areThoseOfNumpyAndCfitsio(tmp_path: Path) -> None:
    """A file that is read again stays open, and rows of cutouts are copied from a mapping of it."""
    pixels = np.random.default_rng(8).normal(size=(300, 5000)).astype("f4")
    path = tmp_path / "large.fits"
    fits.writeto(path, pixels)
    time.sleep(0.2)  # until a change would show, nothing is kept
    corners = [(0, 0), (236, 4936), (100, 2500), (17, 31)]
    boxes = [(slice(y, y + 64), slice(x, x + 64)) for y, x in corners]
    expected = np.stack([pixels[box] for box in boxes])
    for _ in range(4):
        np.testing.assert_array_equal(torchfits.read_cutouts(path, boxes).numpy(), expected)
        flipped = torchfits.read_image(f"{path}[101:164,80:20]")
        np.testing.assert_array_equal(flipped.numpy(), pixels[19:80, 100:164][::-1])
        general = torchfits.read_image(f"{path}[101:164,80:20]", backend="cfitsio")
        assert torch.equal(flipped, general)


def test_readCutouts_fileThatBecameShorter_isTruncated(tmp_path: Path) -> None:
    path = tmp_path / "large.fits"
    fits.writeto(path, np.zeros((300, 5000), "f4"))
    time.sleep(0.2)
    boxes = [(slice(230, 294), slice(0, 64))]
    for _ in range(3):
        torchfits.read_cutouts(path, boxes)
    os.truncate(path, 3_000_000)
    with pytest.raises(torchfits.TruncatedFileError, match=r"large\.fits\[0\]"):
        torchfits.read_cutouts(path, boxes)
