"""Transforms that are done while decoding, against the same modules run by torch on what astropy reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import astropy.io.fits
import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import card, image
from torchfits.data import CutoutDataset, DataLoader, ImageDataset
from torchfits.data import transforms as T
from torchfits.data._fusing import Chain

if TYPE_CHECKING:
    from pathlib import Path

fits: Any = astropy.io.fits  # whose functions have hardly any types

COUNT = 7
SEED = 5


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """COUNT files each: square float32 with NaN, wide int16 with BLANK and BSCALE, Rice int16, float64 cubes."""
    folder = tmp_path_factory.mktemp("fused")
    rng = np.random.default_rng(3)
    for number in range(COUNT):
        square = rng.normal(100, 9, (20, 20)).astype("f4")
        square[number, 3] = np.nan
        fits.writeto(folder / f"square{number}.fits", square)
        wide = rng.integers(-999, 999, (13, 22), dtype=np.int16)
        wide[2, number] = -77
        cards = (card("BSCALE", 0.37), card("BZERO", 12.5), card("BLANK", -77))
        (folder / f"wide{number}.fits").write_bytes(image(wide, *cards))
        counts = rng.integers(0, 999, (40, 40), dtype=np.int16)
        rice = fits.CompImageHDU(counts, compression_type="RICE_1", tile_shape=(16, 40))
        fits.HDUList([fits.PrimaryHDU(), rice]).writeto(folder / f"rice{number}.fits")
        fits.writeto(folder / f"cube{number}.fits", rng.normal(size=(3, 9, 9)))
    time.sleep(0.2)  # so that what was read of a file is kept
    return folder


def paths(sky: Path, kind: str) -> list[Path]:
    return [sky / f"{kind}{number}.fits" for number in range(COUNT)]


def astropys(sky: Path, kind: str, dtype: str = "f4") -> torch.Tensor:
    """All images of a kind."""
    stored = np.stack(
        [fits.getdata(path, int(kind == "rice"), do_not_scale_image_data=True) for path in paths(sky, kind)]
    )
    if kind == "wide":
        stored = np.where(stored == -77, np.nan, stored * 0.37 + 12.5)
    return torch.from_numpy(stored.astype(dtype))


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """The same bits, but for those of NaN."""
    if a.dtype != b.dtype or a.shape != b.shape or not torch.equal(a.isnan(), b.isnan()):
        return False
    return torch.equal(a.nan_to_num(0), b.nan_to_num(0)) and torch.equal(
        a.signbit() & ~a.isnan(), b.signbit() & ~b.isnan()
    )


def by_hand(transform: Any, images: torch.Tensor, ids: torch.Tensor, epoch: int, seed: int = SEED) -> torch.Tensor:
    with T.draws(seed, epoch, ids):
        return transform(images[ids])


def require_fused(loader: DataLoader, images: torch.Tensor, modules: list[str], epochs: int = 2) -> None:
    """Each batch of a loader is what torch makes of the images, and the modules are said to be done while decoding."""
    for epoch in range(epochs):
        found: list[int] = []
        for batch in loader:
            assert same(batch, by_hand(loader.dataset.transform, images, batch.sample_ids, epoch))
            found += batch.sample_ids.tolist()
        assert sorted(found) == list(range(len(images)))
        assert [told.split("(")[0] for told in loader.plan()["while_decoding"]] == modules


SQUARE = [
    (T.Flip(-1), ["Flip"]),
    (T.Flip(-2), ["Flip"]),
    (T.Rot90(1), ["Rot90"]),
    (T.Rot90(2), ["Rot90"]),
    (T.Rot90(-1), ["Rot90"]),
    (T.RandomDihedral(), ["RandomDihedral"]),
    (T.CenterCrop((7, 4)), ["CenterCrop"]),
    (T.RandomCrop((7, 4)), ["RandomCrop"]),
    (T.Normalize(100.3, 0.7), ["Normalize"]),
    (
        T.Compose(
            T.ToDtype(), T.RandomCrop(15), T.Normalize(99.1, 3.3), T.RandomDihedral(), T.RandomCrop((9, 4)), T.Flip()
        ),
        ["ToDtype", "RandomCrop", "Normalize", "RandomDihedral", "RandomCrop", "Flip"],
    ),
    (
        T.Compose(
            T.Rot90(3), T.Compose(T.CenterCrop((11, 16)), T.Flip(-2)), T.Rot90(), T.RandomCrop((3, 5)), T.Rot90()
        ),
        ["Rot90", "CenterCrop", "Flip", "Rot90", "RandomCrop", "Rot90"],
    ),
    # What is left has the numbers that it would have had.
    (
        T.Compose(T.RandomCrop(8), T.RandomDihedral(), T.ToDtype(torch.float64), T.GaussianNoise(2.0), T.RandomCrop(5)),
        ["RandomCrop", "RandomDihedral"],
    ),
    (T.Compose(T.Normalize(1, 2), T.Normalize(3, 4)), ["Normalize"]),
    (T.Compose(T.Clip(99, 101), T.Flip()), []),
]


@pytest.mark.parametrize(("transform", "modules"), SQUARE, ids=lambda given: repr(given)[:60])
def test_leadingTransforms_areDoneWhileDecoding(sky: Path, transform: Any, modules: list[str]) -> None:
    dataset = ImageDataset(paths(sky, "square"), transform=transform)
    require_fused(DataLoader(dataset, 3, shuffle=True, seed=SEED), astropys(sky, "square"), modules)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_scaledIntegersWithBlank_onPlanesThatAreNotSquare(sky: Path, dtype: torch.dtype) -> None:
    images = astropys(sky, "wide", "f8" if dtype == torch.float64 else "f4").to(dtype)
    transform = T.Compose(T.RandomCrop((12, 19)), T.Normalize(7.7, 1.3), T.Rot90(), T.RandomCrop((17, 3)), T.Flip())
    done = ["RandomCrop", "Normalize", "Rot90", "RandomCrop", "Flip"]
    dataset = ImageDataset(paths(sky, "wide"), dtype=dtype, transform=transform)
    loader = DataLoader(dataset, 2, shuffle=True, seed=SEED)
    require_fused(loader, images, done[:1] if dtype is torch.bfloat16 else done)


@pytest.mark.parametrize(
    ("size", "modules"),
    [((33, 38), ["RandomCrop", "RandomDihedral", "CenterCrop"]), ((17, 9), ["RandomCrop"])],  # most of it, a part
)
def test_compressedImages_alsoWhereTheyAreKept(sky: Path, size: tuple[int, int], modules: list[str]) -> None:
    transform = T.Compose(T.RandomCrop(size), *([T.CenterCrop(30), T.RandomDihedral()] if size[0] > 30 else []))
    modules = ["RandomCrop", "CenterCrop", "RandomDihedral"][: len(modules)]
    dataset = ImageDataset(paths(sky, "rice"), transform=transform, dtype=None)
    require_fused(DataLoader(dataset, 3, shuffle=True, seed=SEED), astropys(sky, "rice", "i2"), modules, epochs=3)


def test_sections_andCubes_areCutInTheirLastAxes(sky: Path) -> None:
    images = astropys(sky, "cube", "f8")
    transform = T.Compose(T.RandomCrop((7, 8)), T.Rot90(), T.Normalize(0.1, 0.3), T.RandomCrop(4))
    modules = ["RandomCrop", "Rot90", "Normalize", "RandomCrop"]
    for section, expected in (
        (None, images),
        ((slice(0, 3, 2),), images[:, ::2]),
        ((1,), images[:, 1]),
        ((slice(None), slice(1, 9), slice(None)), images[:, :, 1:9]),
        ((slice(None), slice(0, 9), 3), None),
    ):
        dataset = ImageDataset(paths(sky, "cube"), section=section, dtype=torch.float64, transform=transform)
        loader = DataLoader(dataset, 3, shuffle=True, seed=SEED)
        if expected is not None:
            require_fused(loader, expected, modules)
        else:  # planes of 3 x 9 are smaller than the crop
            with pytest.raises(ValueError, match=r"smaller than the crop(.|\n)*in the transform of sample"):
                list(loader)


def test_whatAModuleRefuses_itRefuses(sky: Path) -> None:
    for transform, message in (
        (T.Compose(T.Flip(), T.CenterCrop(21)), "image of .20, 20. pixels is smaller than the crop"),
        (T.Compose(T.CenterCrop((5, 6)), T.RandomDihedral()), "not square"),
        (T.Compose(T.Flip(), T.Normalize((1.0, 2.0), 3.0)), "2 numbers for"),
    ):
        loader = DataLoader(ImageDataset(paths(sky, "square"), transform=transform), 3)
        for _ in range(2):
            with pytest.raises(ValueError, match=message):
                list(loader)


def test_imagesAsTheyAreStored_mayHaveOtherDtypes_laterOn(sky: Path) -> None:
    transform = T.Compose(T.Flip(), T.ToDtype(torch.float32), T.Normalize(1, 2))
    files = [sky / "square0.fits", sky / "square1.fits", *(sky / f"double{number}.fits" for number in range(2))]
    images = [astropys(sky, "square")[number] for number in range(2)]
    for path in files[2:]:
        images.append(images[0].double() * 1.1 + 1e-9)
        fits.writeto(path, images[-1].numpy(), overwrite=True)
    loader = DataLoader(ImageDataset(files, dtype=None, transform=transform), 2, prefetch_batches=0)
    for _ in range(2):
        for number, batch in enumerate(loader):
            assert same(batch, transform(torch.stack(images[2 * number : 2 * number + 2])))
    assert [told.split("(")[0] for told in loader.plan()["while_decoding"]] == ["Flip"]


def test_modulesOfOthers_withHooks_orInEval_areNotTakenForOurs(sky: Path) -> None:
    class Negated(T.Flip):
        def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
            return -super()._moved(entry, name)

    hooked = T.Flip()
    hooked.register_forward_hook(lambda _module, _given, made: cast("torch.Tensor", made) + 1)
    images = astropys(sky, "square")
    still = T.Compose(T.RandomCrop(5), T.RandomDihedral(), T.Flip(-2)).eval()
    for transform, modules in (
        (T.Compose(T.Flip(-2), Negated()), ["Flip"]),
        (T.Compose(T.Flip(-2), hooked), ["Flip"]),
        (still, ["RandomCrop", "RandomDihedral", "Flip"]),
    ):
        loader = DataLoader(ImageDataset(paths(sky, "square"), transform=transform), 3, seed=SEED)
        require_fused(loader, images, modules)


def test_aChainThatChangesMeanwhile_isDoneAsItIs(sky: Path) -> None:
    images = astropys(sky, "square")
    crop = T.RandomCrop(8)
    transform = T.Compose(crop, T.Normalize(1, 2))
    loader = DataLoader(ImageDataset(paths(sky, "square"), transform=transform), 1, seed=SEED, prefetch_batches=4)
    changes = [
        lambda: crop.eval(),
        lambda: setattr(crop, "size", (4, 3)),
        lambda: transform.transforms.append(T.Flip()),
    ]
    for number, batch in enumerate(loader):
        assert same(batch, by_hand(transform, images, batch.sample_ids, 0))
        if number % 2 and changes:
            changes.pop()()
    assert changes == []


def test_transformOfTheLoader_isDoneToo_ifNothingIsBetween(sky: Path) -> None:
    images = astropys(sky, "square")
    own, after = T.Compose(T.RandomCrop(12), T.Flip()), T.Compose(T.RandomDihedral(), T.Normalize(3, 4), T.Clip(1, 2))
    for dataset_transform, done in (
        (own, ["RandomCrop", "Flip", "RandomDihedral", "Normalize"]),
        (None, ["RandomDihedral", "Normalize"]),
        (T.Compose(own, T.Clip(90, 110)), ["RandomCrop", "Flip"]),
    ):
        dataset = ImageDataset(paths(sky, "square"), transform=dataset_transform)
        loader = DataLoader(dataset, 2, seed=SEED, shuffle=True, transform=after)
        for _ in range(2):
            for batch in loader:
                ids = batch.sample_ids
                first = (
                    images[ids]
                    if dataset_transform is None
                    else by_hand(dataset_transform, images, ids, loader.epoch - 1)
                )
                with T.draws(SEED + 1, loader.epoch - 1, ids):
                    assert same(batch, after(first))
        assert [told.split("(")[0] for told in loader.plan()["while_decoding"]] == done
    # What collates gets items before it.
    dataset = ImageDataset(paths(sky, "square"), transform=own)
    loader = DataLoader(dataset, 2, seed=SEED, transform=after, collate_fn=lambda items: torch.stack(items) + 1)
    list(loader)
    for batch in loader:
        cropped = by_hand(own, images, batch.sample_ids, 1) + 1
        with T.draws(SEED + 1, 1, batch.sample_ids):
            assert same(batch, after(cropped))
    assert len(loader.plan()["while_decoding"]) == 2


def test_cutouts_beyondTheEdges_inBands(sky: Path) -> None:
    square = torch.nn.functional.pad(astropys(sky, "square"), (5, 5, 5, 5), value=-1.5)
    starts = [(-4, 3), (12, 12), (0, 0), (5, -5)]
    rows: list[Any] = []
    expected = []
    for row, column in starts:
        box = (slice(row, row + 12), slice(column, column + 12))
        cut = (slice(row + 5, row + 17), slice(column + 5, column + 17))
        rows.append([(sky / "square1.fits", box), None, (sky / "square2.fits", box)])
        expected.append(torch.stack([square[(1, *cut)], torch.full((12, 12), -1.5), square[(2, *cut)]]))
    images = torch.stack(expected)
    masks = torch.zeros(images.shape, dtype=torch.bool)
    masks[:, 1] = True
    transform = T.Compose(T.RandomCrop(9), T.Normalize((1.0, 2.0, 3.0), (4.0, 5.0, 0.1)), T.RandomDihedral(), T.Asinh())
    loader = DataLoader(CutoutDataset(rows, fill=-1.5, transform=transform), 3, seed=SEED, shuffle=True)
    assert len(loader.plan()["while_decoding"]) == 3  # before anything is read
    for _ in range(2):
        for batch in loader:
            with T.draws(SEED, loader.epoch - 1, batch.sample_ids):
                wanted = transform({"image": images[batch.sample_ids], "mask": masks[batch.sample_ids]})
            assert same(batch["image"], wanted["image"])
            assert same(batch["mask"], wanted["mask"])
    plain = [(sky / "rice1.fits", 1, (slice(row, row + 12), slice(column, column + 12))) for row, column in starts]
    padded = torch.nn.functional.pad(astropys(sky, "rice")[1], (5, 5, 5, 5), value=torch.nan)
    images = torch.stack([padded[r + 5 : r + 17, c + 5 : c + 17] for r, c in starts])
    transform = T.Compose(T.RandomDihedral(), T.RandomCrop((3, 11)), T.Normalize(500, 250))
    dataset = CutoutDataset(plain, transform=transform)
    require_fused(
        DataLoader(dataset, 3, shuffle=True, seed=SEED), images, ["RandomDihedral", "RandomCrop", "Normalize"]
    )


@pytest.mark.parametrize("on_bad", ["skip", "substitute"])
def test_badSamples_andThoseInstead(sky: Path, tmp_path: Path, on_bad: Any) -> None:
    files = paths(sky, "square")
    files[2] = tmp_path / "missing.fits"
    files[4] = sky / "wide4.fits"  # of another shape
    transform = T.Compose(T.RandomCrop((9, 5)), T.Rot90(), T.Normalize(5, 6), T.RandomCrop(3))
    images = astropys(sky, "square")
    loader = DataLoader(ImageDataset(files, transform=transform), 3, seed=SEED, on_bad=on_bad)
    for epoch in range(3):
        for batch in loader:
            assert same(batch, by_hand(transform, images, batch.sample_ids, epoch))
            assert not {2, 4} & set(batch.sample_ids.tolist())
    assert set(loader.bad) == {2, 4}
    assert len(loader.plan()["while_decoding"]) == 4


def test_aDatasetThatReadsInItsOwnWay_isAskedForNothing(sky: Path) -> None:
    class Doubled(ImageDataset):
        def begin(self, batches: Any, *, keep_going: bool = False, empty: Any = None) -> Any:
            return super().begin(batches, keep_going=keep_going, empty=empty)

    dataset = Doubled(paths(sky, "square"), transform=T.Flip())
    require_fused(DataLoader(dataset, 3, seed=SEED), astropys(sky, "square"), [])


def test_batchesIntoMemoryOfTheCaller(sky: Path) -> None:
    transform = T.Compose(T.RandomCrop((9, 5)), T.Rot90())
    dataset = ImageDataset(paths(sky, "square"), transform=transform)
    list(DataLoader(dataset, 7))
    (fusion,) = {DataLoader(dataset, 7).dataset.fusion([Chain(transform, SEED, 0)])}
    blocks: list[torch.Tensor] = []

    def empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        blocks.append(torch.empty(shape, dtype=dtype))
        return blocks[-1]

    (samples,) = dataset.begin([[3, 1]], empty=empty, fusion=fusion).result()
    assert samples.data.data_ptr() == blocks[0].data_ptr()
    assert same(blocks[0], by_hand(transform, astropys(sky, "square"), torch.tensor([3, 1]), 0))


def test_recordedRuns_andResumedOnesOnMoreRanks_haveTheSameSamples(sky: Path, tmp_path: Path) -> None:
    transform = T.Compose(T.RandomCrop(9), T.RandomDihedral(), T.GaussianNoise(1.0))

    def loader(**options: Any) -> DataLoader:
        dataset = ImageDataset(paths(sky, "square"), transform=transform)
        return DataLoader(dataset, 2, shuffle=True, seed=SEED, **options)

    def samples(batches: Any) -> dict[int, torch.Tensor]:
        return {int(sample): image for batch in batches for sample, image in zip(batch.sample_ids, batch, strict=True)}

    whole = loader()
    list(whole)  # after which it is known what images are like
    batches = iter(whole)
    first = samples([next(batches)])
    state = whole.state_dict()
    assert len(whole.plan()["while_decoding"]) == 2
    rest = samples(batches)
    recorded = loader()
    recorded.set_epoch(1)
    given = list(torchfits.lineage.record(recorded, tmp_path / "run", checksums=False))
    assert all(same(image, {**first, **rest}[number]) for number, image in samples(given).items())
    assert same(torchfits.lineage.batch(tmp_path / "run", 2), given[2])
    found: set[int] = set()
    for rank in range(2):
        resumed = loader(rank=rank, world_size=2)
        resumed.load_state_dict(state)
        shared = samples(resumed)  # of an odd number one is of both ranks
        assert all(same(image, {**first, **rest}[number]) for number, image in shared.items())
        found |= set(shared)
    assert found >= set(rest)
