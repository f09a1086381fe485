"""On a GPU: the same values as on the CPU. Collected only where there is one."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torch_frame
import torchfits
from _fitsbytes import BITPIX, card, image
from astropy.io import fits
from test_staging import DTYPES, SCALINGS, assert_decodes_alike, cards, values_of
from test_transforms import ALL, exposure
from torchfits.data import CutoutDataset, DataLoader, ImageDataset, SpectrumDataset, TableDataset
from torchfits.data import transforms as T

if TYPE_CHECKING:
    from pathlib import Path

GPU = torch.device("cuda")


def assert_same(on_gpu: Any, expected: Any) -> None:
    """Every bit, whatever kind of batch it is."""
    if isinstance(expected, dict):
        assert list(on_gpu) == list(expected)
        for name in expected:
            assert_same(on_gpu[name], expected[name])
    elif isinstance(expected, torch_frame.TensorFrame):
        assert_same(on_gpu.feat_dict, expected.feat_dict)
    elif isinstance(expected, torch.Tensor):
        assert on_gpu.is_cuda
        assert (on_gpu.shape, on_gpu.dtype) == (expected.shape, expected.dtype)
        assert on_gpu.cpu().numpy().tobytes() == expected.numpy().tobytes()
    else:
        assert on_gpu == expected


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 images of 16 bits, one large one compressed, a table of rows and one of spectra."""
    folder = tmp_path_factory.mktemp("gpu")
    rng = np.random.default_rng(3)
    for number in range(300):
        (folder / f"{number:03}.fits").write_bytes(image(rng.integers(0, 1 << 15, (48, 48)).astype("i2")))
    compressed = fits.CompImageHDU(rng.integers(0, 1000, (400, 500)).astype("i2"), tile_shape=(50, 50))
    compressed.writeto(folder / "rice.fits")
    numbers = torch.from_numpy(rng.normal(20, 1, 5000))
    kinds = rng.choice(["star", "quasar"], 5000).tolist()
    torchfits.write(folder / "table.fits", {"MAG": numbers, "NUMBER": torch.arange(5000), "KIND": kinds})
    vectors = {"FLUX": torch.from_numpy(rng.normal(size=(90, 70))), "IVAR": torch.rand(90, 70)}
    torchfits.write(folder / "spectra.fits", vectors)
    return folder


# Images


def read_by_gpu(path: Path, **options: Any) -> torch.Tensor:
    read = torchfits.read_image(path, device=GPU, **options)
    assert read.is_cuda
    return read.cpu()


@pytest.mark.parametrize("kind", ["small", "wide"])
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("stored_type", BITPIX)
def test_readImage_everyFormat_isThatOfTheCpu(tmp_path: Path, stored_type: str, scaling: str, kind: str) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(image(values_of(stored_type, kind), *cards(stored_type, scaling)))
    for dtype in DTYPES:
        for scale in (True, False):
            assert_decodes_alike(path, read_by_gpu, dtype=dtype, scale=scale)


def test_readImage_large_isThatOfTheCpu(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    stored = np.random.default_rng(1).integers(-(1 << 15), 1 << 15, (9001, 5003)).astype("i2")
    path.write_bytes(image(stored, card("BZERO", 32768)))
    for section in (None, (slice(100, 8000), slice(3, 4000))):
        assert_same(
            torchfits.read_image(path, section=section, device=GPU), torchfits.read_image(path, section=section)
        )


def test_readBatchAndCutouts_areThoseOfTheCpu(folder: Path) -> None:
    paths = sorted(folder.glob("[0-9]*.fits"))
    assert_same(torchfits.read_batch(paths, device=GPU), torchfits.read_batch(paths))
    boxes = [(slice(7 * k, 7 * k + 30), slice(3 * k, 3 * k + 31)) for k in range(40)]
    for source, hdu in ((folder / "rice.fits", 1), (folder / "000.fits", 0)):
        few = boxes if hdu else boxes[:3]
        expected = torchfits.read_cutouts(source, few, hdu=hdu)
        assert_same(torchfits.read_cutouts(source, few, hdu=hdu, device=GPU), expected)


# The loader


def datasets(folder: Path) -> dict[str, Any]:
    images = sorted(folder.glob("[0-9]*.fits"))
    boxes = [(str(folder / "rice.fits"), 1, (slice(k, k + 32), slice(2 * k, 2 * k + 32))) for k in range(200)]
    return {
        "images": ImageDataset(images),
        "scaled": ImageDataset(images, dtype=torch.float32, transform=T.RandomDihedral()),
        "cutouts": CutoutDataset(boxes, dtype=torch.float32),
        "spectra": SpectrumDataset(folder / "spectra.fits", layout="rows", ivar="IVAR"),
        "rows": TableDataset(folder / "table.fits"),
    }


@pytest.mark.parametrize("name", ["images", "scaled", "cutouts", "spectra", "rows"])
@pytest.mark.parametrize("prefetch_batches", [0, 1, 8])
def test_loader_everyDataset_isThatOfTheCpu(folder: Path, name: str, prefetch_batches: int) -> None:
    options: dict[str, Any] = {"batch_size": 17, "shuffle": True, "seed": 5, "prefetch_batches": prefetch_batches}
    dataset = datasets(folder)[name]
    on_gpu = DataLoader(dataset, device=GPU, **options)
    on_cpu = DataLoader(copy.deepcopy(dataset), **options)
    assert on_gpu.pin_memory
    for _ in range(2):
        for batch, expected in zip(on_gpu, on_cpu, strict=True):
            assert_same(batch, expected)


def test_loader_slowModel_noBatchIsOverwrittenMeanwhile(folder: Path) -> None:
    """The GPU falls behind the loader by many batches; each must still be the one that was copied."""
    paths = sorted(folder.glob("[0-9]*.fits"))
    busy = torch.randn(4096, 4096, device=GPU)
    sums: list[torch.Tensor] = []
    expected: list[int] = []
    loader = DataLoader(ImageDataset(paths), 8, shuffle=True, device=GPU)
    for _ in range(3):
        for batch in loader:
            busy = torch.nn.functional.normalize(busy @ busy)
            sums.append(batch.long().sum())
            expected.append(sum(int(torchfits.read_image(paths[k]).long().sum()) for k in batch.sample_ids.tolist()))
    assert torch.stack(sums).cpu().tolist() == expected


@pytest.mark.parametrize("name", ["images", "scaled", "spectra", "rows"])
def test_loader_pinned_isInPinnedMemory(folder: Path, name: str) -> None:
    for batch in DataLoader(datasets(folder)[name], 10, pin_memory=True):
        whole: Any = batch.feat_dict if isinstance(batch, torch_frame.TensorFrame) else batch
        parts: list[Any] = list(whole.values()) if isinstance(whole, dict) else [whole]
        assert all(part.is_pinned() and not part.is_cuda for part in parts)


# Transforms


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
def test_transform_isThatOfTheCpu(transform: T.Transform) -> None:
    batch = exposure()
    there = {name: part.to(GPU) if isinstance(part, torch.Tensor) else part for name, part in batch.items()}
    with T.draws(3, 1, range(6)):
        expected = transform(batch)
    with T.draws(3, 1, range(6)):
        found = transform(there)
    for name, part in expected.items():
        if isinstance(part, torch.Tensor):
            torch.testing.assert_close(found[name].cpu(), part, rtol=1e-4, atol=1e-4, equal_nan=True)


@pytest.mark.parametrize("draw", [T.uniform, T.normal])
def test_draws_areThoseOfTheCpu(draw: Any) -> None:
    ids = torch.tensor([5, 0, 2**40, -1, 17, 3])
    torch.testing.assert_close(draw(1, 2, ids.to(GPU), 3, (37,)).cpu(), draw(1, 2, ids, 3, (37,)), rtol=3e-6, atol=3e-7)
