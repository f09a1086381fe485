"""Transforms of batches against astropy, numpy and torch; counted random numbers against published ones."""

import itertools
import json
import math
import pickle
import statistics
from typing import Any

import numpy as np
import pytest
import torch
from astropy.visualization import (
    AsinhStretch,
    AsymmetricPercentileInterval,
    LogStretch,
    MinMaxInterval,
    ZScaleInterval,
)
from torch import nn
from torchfits.data import _random, _resampling
from torchfits.data import transforms as T


def sky(count: int, size: int, *, seed: int = 0) -> np.ndarray:
    """Noise with stars, float32."""
    rng = np.random.default_rng(seed)
    stars = (rng.random((count, size, size)) < 0.02) * rng.exponential(300, (count, size, size))
    return (rng.normal(100, 5, (count, size, size)) + stars).astype("f4")


def exposure(shape: tuple[int, ...] = (6, 2, 8, 8), dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """A batch of a dict; every pixel has another number, so that moves can be told apart."""
    image = torch.arange(math.prod(shape), dtype=dtype).reshape(shape)
    return {
        "image": image,
        "ivar": image + 1,
        "mask": (image.long() % 7 == 0),
        "label": torch.arange(shape[0]),
        "name": "anything",
        "embedding": torch.zeros(shape[0], 3, 5),
    }


# Counted random numbers


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # the known answers of the authors' Random123
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_knownAnswers(counter: Any, key: Any, words: Any) -> None:
    assert _random.philox(counter, key) == words
    of_tensors = _random.philox(tuple(torch.tensor([word]) for word in counter), key)  # type: ignore[arg-type]
    assert tuple(int(word) for word in of_tensors) == words


def test_uniform_isThatOfPhilox() -> None:
    seed, epoch, sample, stream = 2**40 + 3, 7, 2**35 + 1, 2
    key = _random.philox((epoch, 0, stream, 0), (seed & 0xFFFFFFFF, seed >> 32))[:2]
    words = [_random.philox((block, sample & 0xFFFFFFFF, sample >> 32, 0), key) for block in range(2)]
    expected = [words[block][place] >> 8 for place in range(4) for block in range(2)]
    drawn = T.uniform(seed, epoch, torch.tensor([sample]), stream, (8,))
    assert (drawn * 2**24).long().tolist() == [expected]


@pytest.mark.parametrize("draw", [T.uniform, T.normal])
def test_draws_dependOnTheSampleAlone(draw: Any) -> None:
    ids = torch.tensor([5, 0, 2**40, -1, 17, 3])
    whole = draw(1, 2, ids, 3, (3, 5))
    assert (whole.shape, whole.dtype) == ((6, 3, 5), torch.float32)
    order = torch.tensor([3, 1, 5, 0])
    assert torch.equal(draw(1, 2, ids[order], 3, (3, 5)), whole[order])
    assert torch.equal(draw(1, 2, torch.arange(20_000), 3, (3, 5))[17], whole[4])  # in pieces
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch.equal(draw(1, 2, ids, 3, (3, 5)), whole)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("draw", [T.uniform, T.normal])
def test_draws_otherSeedEpochIdStream_areIndependent(draw: Any) -> None:
    count = 40_000
    zero, one = torch.tensor([0]), torch.tensor([1])
    sequences = [
        draw(*arguments, (count,))[0].double()
        for arguments in [(0, 0, zero, 0), (1, 0, zero, 0), (0, 1, zero, 0), (0, 0, one, 0), (0, 0, zero, 1)]
    ]
    for first, second in itertools.combinations(sequences, 2):
        assert abs(np.corrcoef(first, second)[0, 1]) < 5 / count**0.5
    neighbours = draw(0, 0, torch.arange(count), 0)  # one number of many samples
    assert abs(np.corrcoef(neighbours[1:], neighbours[:-1])[0, 1]) < 5 / count**0.5


def kolmogorov(values: torch.Tensor, cdf: Any) -> float:
    ordered = values.double().sort().values
    expected = np.array([cdf(float(value)) for value in ordered])
    return float(np.abs(expected - (np.arange(len(expected)) + 0.5) / len(expected)).max())


@pytest.mark.parametrize("ids", [torch.tensor([9]), torch.arange(20_000)], ids=["one sample", "many samples"])
def test_distributions(ids: torch.Tensor) -> None:
    shape = (20_000 // len(ids),)
    bound = 1.95 / 20_000**0.5  # passed by all but one of a thousand seeds
    uniform = T.uniform(4, 0, ids, 0, shape).flatten()
    assert 0 <= uniform.min() < uniform.max() < 1
    assert kolmogorov(uniform, lambda x: x) < bound
    normal = T.normal(4, 0, ids, 0, shape).flatten()
    assert kolmogorov(normal, statistics.NormalDist().cdf) < bound


def test_normal_quantiles_areThoseOfTheStandardLibrary() -> None:
    ends = torch.tensor([0, 1, 2, 77, 1000, 10**6, 10**8, 322122546, 322122547, 322122548, 2**31 - 1, 2**31, 2**32 - 1])
    words = torch.cat([ends, torch.randint(2**32, (3000,), generator=torch.Generator().manual_seed(1))])
    quantiles = _random._normal_quantiles((words - 2**31).to(torch.int32))
    expected = [statistics.NormalDist().inv_cdf((word + 0.5) / 2**32) for word in words.tolist()]
    np.testing.assert_allclose(quantiles, expected, rtol=3e-6, atol=3e-7)


def test_draws_outsideOfAContext_followTorchsSeed() -> None:
    batch = torch.rand(8, 5, 5)
    torch.manual_seed(1)
    first, second = T.GaussianNoise(1.0)(batch), T.GaussianNoise(1.0)(batch)
    torch.manual_seed(1)
    assert torch.equal(T.GaussianNoise(1.0)(batch), first)
    assert not torch.equal(first, second)


def test_draws_wrongIds() -> None:
    with T.draws(0, 0, [1, 2]), pytest.raises(ValueError, match="2 ids, the batch has 3"):
        T.GaussianNoise(1.0)(torch.zeros(3, 4))
    with pytest.raises(TypeError, match="integers"), T.draws(0, 0, torch.tensor([0.5])):
        pass
    with pytest.raises(ValueError, match="one axis"), T.draws(0, 0, torch.tensor([[1]])):
        pass


# A chain with everything random

CHAIN = T.Compose(
    T.ToMask(),
    T.Normalize([1.0, 2.0], [3.0, 4.0]),
    T.RandomDihedral(),
    T.RandomShift(1.5),
    T.RandomRotate(30),
    T.RandomCrop(6),
    T.NoiseFromIvar(),
    T.RandomApply(T.GaussianNoise(0.5), 0.5),
    T.Asinh(),
)


def draw_chain(batch: Any, ids: list[int], seed: int = 3, epoch: int = 1, chain: nn.Module = CHAIN) -> Any:
    with T.draws(seed, epoch, ids):
        return chain(batch)


def some(batch: dict[str, Any], rows: list[int]) -> dict[str, Any]:
    return {name: entry[rows] if isinstance(entry, torch.Tensor) else entry for name, entry in batch.items()}


def assert_same(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert first.keys() == second.keys()
    for name, entry in first.items():
        if isinstance(entry, torch.Tensor):
            assert torch.equal(entry, second[name]), name
        else:
            assert entry == second[name]


def test_chain_samplesDoNotDependOnTheirBatch() -> None:
    batch, ids = exposure(), [10, 11, 12, 13, 14, 15]
    whole = draw_chain(batch, ids)
    rows = [4, 0, 3]
    assert_same(draw_chain(some(batch, rows), [ids[row] for row in rows]), some(whole, rows))
    one = {name: entry[4] if isinstance(entry, torch.Tensor) else entry for name, entry in batch.items()}
    with T.draws(3, 1, [14]):
        alone: Any = CHAIN.apply_one(one)
    assert_same(alone, {name: entry[4] if isinstance(entry, torch.Tensor) else entry for name, entry in whole.items()})


@pytest.mark.parametrize(("seed", "epoch", "shift"), [(4, 1, 0), (3, 2, 0), (3, 1, 6)])
def test_chain_otherNumbersForOtherSeedsEpochsAndIds(seed: int, epoch: int, shift: int) -> None:
    batch, ids = exposure(), [10, 11, 12, 13, 14, 15]
    other = draw_chain(batch, [number + shift for number in ids], seed, epoch)
    assert not torch.equal(draw_chain(batch, ids)["image"], other["image"])


def test_chain_inputIsNotChanged() -> None:
    batch, before = exposure(), exposure()
    draw_chain(batch, list(range(6)))
    assert_same(batch, before)


def test_chain_picklesAndSpecsGiveTheSame() -> None:
    batch, ids = exposure(), list(range(6))
    expected = draw_chain(batch, ids)
    assert_same(draw_chain(batch, ids, chain=pickle.loads(pickle.dumps(CHAIN))), expected)
    written = json.dumps(T.to_spec(CHAIN))
    again = T.from_spec(json.loads(written))
    assert repr(again) == repr(CHAIN)
    assert json.dumps(T.to_spec(again)) == written
    assert_same(draw_chain(batch, ids, chain=again), expected)


def test_chain_eval_isWithoutChance() -> None:
    chain = pickle.loads(pickle.dumps(CHAIN)).eval()
    batch = exposure()
    first, second = (draw_chain(batch, [number] * 6, number, chain=chain) for number in (0, 1))
    assert_same(first, second)
    plain = T.Compose(T.ToMask(), T.Normalize([1.0, 2.0], [3.0, 4.0]), T.CenterCrop(6), T.Asinh())(batch)
    assert_same(first, {name: plain[name] for name in first})


ALL: list[T.Transform] = [
    T.ToMask(1.0, blank=-5), T.ToDtype(torch.float64), T.Normalize(1.0, 2.0), T.NormalizeIvar(), T.Whiten(),
    T.Asinh(0.2, 3.0), T.Log(10.0), T.ZScale(), T.Percentile(2, 98, clip=False), T.MinMax(axes=3), T.Clip(0, 5),
    T.Flip(-2), T.Rot90(3), T.CenterCrop((4, 6)), T.RandomCrop(4), T.Pad(((1, 2), (3, 0)), "edge"),
    T.RandomDihedral(), T.RandomShift((1, 2), "bilinear"), T.RandomRotate((10, 20)), T.NoiseFromIvar(0.5),
    T.GaussianNoise(2.0), T.RandomApply(T.Flip()), CHAIN,
]  # fmt: skip


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
def test_every_transform_canBeWrittenDownAndKeepsHalves(transform: T.Transform) -> None:
    spec = json.loads(json.dumps(T.to_spec(transform)))
    assert T.to_spec(T.from_spec(spec)) == T.to_spec(transform)
    assert type(transform).__name__ in repr(T.from_spec(spec))
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        with T.draws(0, 0, range(6)):
            changed = transform(exposure(dtype=dtype))
        kept = torch.float64 if isinstance(transform, T.ToDtype) else dtype
        assert (changed["image"].dtype, changed["ivar"].dtype) == (kept, kept)
        assert changed["image"].isfinite().all()
        assert changed["mask"].shape == changed["image"].shape == changed["ivar"].shape
        assert changed["name"] == "anything"
        assert changed["embedding"].shape == (6, 3, 5)


def test_every_exportedTransform_isTested() -> None:
    classes = {name for name in T.__all__ if isinstance(getattr(T, name), type)} - {"Transform"}
    assert classes == {type(transform).__name__ for transform in ALL}


DIFFERENTIABLE = [each for each in ALL if not isinstance(each, T.ToDtype)]


@pytest.mark.parametrize("transform", DIFFERENTIABLE, ids=lambda transform: type(transform).__name__)
def test_every_transform_letsGradientsThrough(transform: T.Transform) -> None:
    batch = exposure()
    batch["image"] = (batch["image"] / 100).requires_grad_()
    with T.draws(0, 0, range(6)):
        transform(batch)["image"].sum().backward()
    assert batch["image"].grad.isfinite().all()
    assert (batch["image"].grad != 0).any() or isinstance(transform, T.NormalizeIvar)


def test_fromSpec_unknown() -> None:
    with pytest.raises(ValueError, match=r"no transform 'os\.system'"):
        T.from_spec({"transform": "os.system", "arguments": {}})
    with pytest.raises(ValueError, match="does not take"):
        T.from_spec({"transform": "Flip", "arguments": {"nonsense": 1}})


class Twice(T.Transform):
    """One of a user."""

    def __init__(self, offset: Any = 0) -> None:
        super().__init__()
        self.offset = offset

    def forward(self, batch: Any) -> Any:
        return batch * 2 + self.offset


def test_spec_ofTransformsOfOthers() -> None:
    spec = T.to_spec(T.Compose(Twice(3), T.Flip()))
    assert spec["arguments"]["transforms"][0] == {"transform": f"{__name__}.Twice", "arguments": {"offset": 3}}
    assert torch.equal(T.from_spec(spec)(torch.ones(1, 1, 2)), torch.full((1, 1, 2), 5.0))
    with pytest.raises(TypeError, match="cannot be written down"):
        T.to_spec(Twice(torch.zeros(1)))
    with pytest.raises(TypeError, match="Compose takes transforms"):
        T.Compose(nn.Identity())  # type: ignore[arg-type]


# Values


def test_toMask() -> None:
    nan, inf = float("nan"), float("inf")
    image = torch.tensor([[[1.0, nan], [inf, -5.0]], [[2.0, 3.0], [4.0, 5.0]]])
    made = T.ToMask(9.0, blank=-5)(image)
    assert made["image"].tolist() == [[[1, 9], [9, 9]], [[2, 3], [4, 5]]]
    assert made["mask"].tolist() == [[[False, True], [True, True]], [[False] * 2] * 2]
    ivar = torch.tensor([[[1.0, 1.0], [1.0, 1.0]], [[0.0, -1.0], [nan, inf]]])
    mask = torch.tensor([[[4, 0], [0, 0]], [[0, 0], [0, 0]]], dtype=torch.int16)
    made = T.ToMask()({"image": image, "ivar": ivar, "mask": mask})
    assert made["mask"].tolist() == [[[True, True], [True, False]], [[True] * 2] * 2]
    assert made["ivar"].tolist() == [[[0, 0], [0, 1]], [[0, 0], [0, 0]]]
    assert made["image"].tolist() == [[[1, 0], [0, -5]], [[2, 3], [4, 5]]]
    stored = torch.tensor([[[1, -32768]]], dtype=torch.int16)
    made = T.ToMask(blank=-32768)(stored)
    assert (made["image"].tolist(), made["image"].dtype) == ([[[1, 0]]], torch.int16)
    assert made["mask"].tolist() == [[[False, True]]]


def test_normalize_perBand() -> None:
    batch = exposure()
    made = T.Normalize([1.0, 2.0], (3.0, 4.0))(batch)
    mean, std = np.array([1, 2]).reshape(2, 1, 1), np.array([3, 4]).reshape(2, 1, 1)
    np.testing.assert_allclose(made["image"], (batch["image"].numpy() - mean) / std, rtol=1e-6)
    np.testing.assert_allclose(made["ivar"], batch["ivar"].numpy() * std**2, rtol=1e-6)
    assert made["mask"] is batch["mask"]
    spectra = torch.rand(5, 2, 9)
    assert torch.allclose(T.Normalize([1.0, 2.0], 4.0, axis=-2)(spectra)[:, 1], (spectra[:, 1] - 2) / 4)
    with pytest.raises(ValueError, match="2 numbers for 3 bands"):
        T.Normalize([1.0, 2.0], 4.0)(torch.rand(4, 3, 5, 5))


def test_normalizeIvar_isTheWeightedOne() -> None:
    rng = np.random.default_rng(0)
    flux, ivar = rng.normal(50, 3, (4, 200)), rng.random((4, 200)) * 9
    flux[0, 3], ivar[0, 4], ivar[1, :5], ivar[2] = np.nan, np.nan, 0, 0
    mask = rng.random((4, 200)) < 0.1
    made = T.NormalizeIvar(axes=1)({"flux": torch.tensor(flux), "ivar": torch.tensor(ivar), "mask": torch.tensor(mask)})
    for row in (0, 1, 3):
        good = ~mask[row] & np.isfinite(flux[row]) & np.isfinite(ivar[row])
        mean = np.average(flux[row][good], weights=ivar[row][good])
        std = np.average((flux[row][good] - mean) ** 2, weights=ivar[row][good]) ** 0.5
        np.testing.assert_allclose(made["flux"][row], (flux[row] - mean) / std, rtol=1e-9)
        np.testing.assert_allclose(made["ivar"][row], ivar[row] * std**2, rtol=1e-9)
    np.testing.assert_array_equal(made["flux"][2], flux[2])  # nothing is known
    with pytest.raises(ValueError, match="needs inverse variances"):
        T.NormalizeIvar()(torch.rand(3, 4, 4))


def test_whiten() -> None:
    batch = {"flux": torch.tensor([[6.0, float("nan"), 5.0]]), "ivar": torch.tensor([[0.25, 0.0, float("inf")]])}
    made = T.Whiten()(batch)
    assert made["flux"].tolist() == [[3, 0, 0]]
    assert made["ivar"].tolist() == [[1, 0, 0]]


def test_stretches_areAstropys() -> None:
    values = torch.linspace(0, 1, 101).reshape(1, 101)
    np.testing.assert_allclose(T.Asinh(0.3)(values), AsinhStretch(0.3)(values.numpy()), rtol=1e-6)
    np.testing.assert_allclose(T.Log(50)(values), LogStretch(50)(values.numpy()), rtol=1e-6)
    lupton = np.arcsinh(8 * 7 / 5.0) / 8  # Q 8, stretch 5
    assert float(T.Asinh(5 / 8)(torch.tensor([[7.0]]))) * np.arcsinh(8 / 5) / 8 == pytest.approx(lupton, rel=1e-6)
    assert float(T.Asinh(2.0, 40.0)(torch.tensor([[40.0]]))) == pytest.approx(1)
    assert T.Log()(torch.tensor([[-3.0, float("nan")]])).nan_to_num(7).tolist() == [[0, 7]]


@pytest.mark.parametrize("stretch", [T.Asinh(0.3, 2.0), T.Log(20.0)])
def test_stretches_inverseVariancesFollowTheSlope(stretch: T.Transform) -> None:
    values = torch.linspace(0.01, 5, 50, dtype=torch.float64)[None]
    made = stretch({"flux": values, "ivar": torch.full_like(values, 4.0)})
    slope = (stretch(values + 1e-6) - stretch(values - 1e-6)) / 2e-6
    np.testing.assert_allclose(made["ivar"], 4 / slope**2, rtol=1e-6)
    unknown = stretch({"flux": values, "ivar": torch.zeros_like(values)})
    assert (unknown["ivar"] == 0).all()


def test_clip() -> None:
    values = torch.tensor([[-1.0, 0.5, 9.0, float("nan")]])
    assert T.Clip(0, 1)(values).nan_to_num(7).tolist() == [[0, 0.5, 1, 7]]
    assert T.Clip(high=1)(values).nan_to_num(7).tolist() == [[-1, 0.5, 1, 7]]


INTERVALS = [
    (T.ZScale(), ZScaleInterval()),
    (T.ZScale(0.5, 300), ZScaleInterval(n_samples=300, contrast=0.5)),
    (T.Percentile(1, 99), AsymmetricPercentileInterval(1, 99)),
    (T.Percentile(0, 37.5), AsymmetricPercentileInterval(0, 37.5)),
    (T.Percentile(60, 100), AsymmetricPercentileInterval(60, 100)),
    (T.MinMax(), MinMaxInterval()),
]


def unlike_images() -> list[np.ndarray]:
    """Batches that the ways of an interval must agree on."""
    rng = np.random.default_rng(5)
    holes = sky(12, 64)
    holes[rng.random(holes.shape) < np.linspace(0, 0.999, 12)[:, None, None]] = np.nan
    holes[3, :5] = np.inf
    holes[4, :5] = -np.inf
    rounded = rng.poisson(30, (5, 40, 40)).astype("f4")
    ramps = np.sort(rng.random((3, 50, 70)), axis=None).reshape(3, 50, 70).astype("f4")
    tiny = rng.random((9, 2, 3)).astype("f4")
    single = rng.random((2, 1, 1)).astype("f4")
    outliers = np.where(rng.random((4, 33, 32)) < 0.3, 1e6, 1).astype("f4")
    return [sky(7, 64), sky(2, 301), holes, rounded, ramps, tiny, single, outliers, sky(3, 64).astype("f8")]


@pytest.mark.parametrize("batch", unlike_images(), ids=lambda batch: str(batch.shape))
@pytest.mark.parametrize(("ours", "theirs"), INTERVALS, ids=lambda each: repr(each)[:40])
def test_intervals_areAstropys(ours: Any, theirs: Any, batch: np.ndarray) -> None:
    limits = np.array([theirs.get_limits(image) for image in batch])
    low, high = ours.limits(torch.from_numpy(batch))
    assert low.shape == (len(batch), 1, 1)
    scale = np.abs(limits).max()
    np.testing.assert_allclose(low.flatten(), limits[:, 0], rtol=1e-6, atol=2e-7 * scale)
    np.testing.assert_allclose(high.flatten(), limits[:, 1], rtol=1e-6, atol=2e-7 * scale)
    if np.isfinite(batch).all():
        expected = np.stack([theirs(image) for image in batch])
        np.testing.assert_allclose(ours(torch.from_numpy(batch)), expected, atol=1e-4)


@pytest.mark.parametrize(("ours", "theirs"), INTERVALS, ids=lambda each: repr(each)[:40])
def test_intervals_leaveMaskedValuesOut(ours: Any, theirs: Any) -> None:
    images = sky(6, 50)
    mask = np.random.default_rng(1).random((6, 50, 50)) < 0.3
    limits = np.array([theirs.get_limits(image[~bad]) for image, bad in zip(images, mask, strict=True)])
    low, high = ours.limits(torch.from_numpy(images), torch.from_numpy(mask))
    np.testing.assert_allclose(low.flatten(), limits[:, 0], rtol=1e-6)
    np.testing.assert_allclose(high.flatten(), limits[:, 1], rtol=1e-6)
    nothing = torch.zeros(images.shape, dtype=torch.int32)  # the general way and the fast one
    for general, fast in zip(
        ours.limits(torch.from_numpy(images), nothing), ours.limits(torch.from_numpy(images)), strict=True
    ):
        assert torch.equal(general, fast)


@pytest.mark.parametrize(("ours", "_theirs"), INTERVALS, ids=lambda each: repr(each)[:40])
def test_intervals_ofNothingAndOfOneValue(ours: Any, _theirs: Any) -> None:
    images = torch.stack([torch.full((9, 9), float("nan")), torch.full((9, 9), 5.0), torch.rand(9, 9)])
    made = ours({"image": images, "ivar": torch.ones(3, 9, 9)})
    assert made["image"][0].isnan().all()
    assert (made["image"][1] == 0).all()
    assert (made["ivar"][:2] == 1).all()
    low, high = ours.limits(images)
    assert torch.allclose(made["ivar"][2], (high - low)[2].square().expand(9, 9))


def test_intervals_axes() -> None:
    images = torch.from_numpy(sky(12, 20)).reshape(4, 3, 20, 20)
    assert T.MinMax().limits(images)[0].shape == (4, 3, 1, 1)
    low, high = T.MinMax(axes=3).limits(images)
    assert low.shape == (4, 1, 1, 1)
    assert torch.equal(low.flatten(), images.flatten(1).amin(1))
    assert torch.equal(high.flatten(), images.flatten(1).amax(1))
    with pytest.raises(ValueError, match="apply_one"):
        T.ZScale()(images[0, 0])


def test_values_ofTheNamedEntry() -> None:
    batch = {"g": torch.ones(2, 3, 3), "g_ivar": torch.ones(2, 3, 3), "r": torch.ones(2, 3, 3), "ivar": torch.ones(2)}
    made = T.Normalize(0.0, 2.0, key="g")(batch)
    assert (made["g"] == 0.5).all()
    assert (made["g_ivar"] == 4).all()
    assert made["r"] is batch["r"]
    assert made["ivar"] is batch["ivar"]
    with pytest.raises(ValueError, match="neither an entry 'image' nor 'flux'"):
        T.Normalize(0.0, 2.0)(batch)
    with pytest.raises(ValueError, match="no entry 'z'"):
        T.Normalize(0.0, 2.0, key="z")(batch)
    with pytest.raises(TypeError, match="ToDtype before it"):
        T.Asinh()(torch.ones(2, 3, 3, dtype=torch.int16))
    assert T.ToDtype()(torch.ones(2, 3, 3, dtype=torch.uint16)).dtype == torch.float32


# Moves


def test_flipAndRot90_areNumpys() -> None:
    batch = exposure((3, 2, 4, 6))
    for name in ("image", "ivar", "mask"):
        entry = batch[name].numpy()
        np.testing.assert_array_equal(T.Flip(-1)(batch)[name], np.flip(entry, -1))
        np.testing.assert_array_equal(T.Flip(-2)(batch)[name], np.flip(entry, -2))
        for k in range(-1, 4):
            np.testing.assert_array_equal(T.Rot90(k)(batch)[name], np.rot90(entry, k, (-2, -1)))


def test_randomDihedral_isAllOfTheGroupInStep() -> None:
    plane = np.arange(25).reshape(5, 5)
    group = [np.rot90(each, k) for each in (plane, plane.T) for k in range(4)]
    image = torch.arange(25.0).reshape(1, 1, 5, 5).expand(800, 2, 5, 5)
    made = T.RandomDihedral()({"image": image, "ivar": image + 1, "mask": image % 2 == 0})
    counts = [sum(np.array_equal(each, element) for each in made["image"][:, 0].numpy()) for element in group]
    assert sum(counts) == 800
    assert min(counts) > 60
    assert torch.equal(made["image"][:, 0], made["image"][:, 1])
    assert torch.equal(made["ivar"], made["image"] + 1)
    assert torch.equal(made["mask"], made["image"] % 2 == 0)
    with pytest.raises(ValueError, match="not square"):
        T.RandomDihedral()(torch.zeros(1, 4, 5))


def test_crops() -> None:
    batch = exposure((50, 2, 8, 9))
    made = T.CenterCrop((4, 5))(batch)
    assert torch.equal(made["image"], batch["image"][:, :, 2:6, 2:7])
    made = T.RandomCrop((3, 2))(batch)
    starts = set()
    for sample, image in zip(made["image"], batch["image"], strict=True):
        row, column = divmod(int(sample[0, 0, 0] - image[0, 0, 0]), 9)
        assert torch.equal(sample, image[:, row : row + 3, column : column + 2])
        starts.add((row, column))
    assert {row for row, _ in starts} == set(range(6))
    assert {column for _, column in starts} == set(range(8))
    assert torch.equal(made["ivar"], made["image"] + 1)
    assert made["label"] is batch["label"]
    with pytest.raises(ValueError, match="smaller than the crop"):
        T.RandomCrop(9)(batch)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
def test_pad_isNumpys(mode: Any) -> None:
    batch = exposure((2, 3, 4, 5))
    batch["flags_mask"] = torch.zeros(2, 3, 4, 5, dtype=torch.int16)
    made = T.Pad(((1, 3), (2, 0)), mode, 7.0)(batch)
    widths = [(0, 0), (0, 0), (1, 3), (2, 0)]
    for name, outside in [("image", 7), ("ivar", 0), ("mask", True), ("flags_mask", -1)]:
        options = {"constant_values": outside} if mode == "constant" else {}
        np.testing.assert_array_equal(made[name], np.pad(batch[name].numpy(), widths, mode, **options))
    if mode == "reflect":
        with pytest.raises(ValueError, match="cannot be reflected"):
            T.Pad(4, "reflect")(batch)


KERNELS: list[Any] = ["nearest", "bilinear", "bicubic"]


@pytest.mark.parametrize("kernel", KERNELS)
def test_shift_byWholePixels_isExact(kernel: Any) -> None:
    image = torch.rand(3, 2, 6, 7)
    image[0, 0, 2, 3] = float("nan")
    entries = {"image": image, "ivar": torch.ones_like(image), "mask": image > 0.5, "bit_mask": (image > 0.5).byte()}
    shift = torch.tensor([[0.0, 0.0], [1.0, -2.0], [-3.0, 1.0]])
    for name, outside in [("image", 9.0), ("ivar", 0.0), ("mask", True), ("bit_mask", 255)]:
        moved = _resampling.shifted(entries[name], name, shift, kernel, 9.0)
        for sample, (rows, columns) in enumerate(shift.long().tolist()):
            padded = np.pad(entries[name][sample].numpy(), [(0, 0), (9, 9), (9, 9)], constant_values=outside)
            expected = padded[:, 9 - rows : 15 - rows, 9 - columns : 16 - columns]
            np.testing.assert_array_equal(moved[sample], expected, err_msg=name)


def test_shift_bilinear_isTorchs() -> None:
    image = torch.rand(4, 3, 9, 11)
    shift = torch.rand(4, 2) * 4 - 2
    rows, columns = torch.meshgrid(torch.arange(9), torch.arange(11), indexing="ij")
    x = (columns - shift[:, 1, None, None]) / 5 - 1
    y = (rows - shift[:, 0, None, None]) / 4 - 1
    expected = nn.functional.grid_sample(image, torch.stack([x, y], -1), align_corners=True)
    assert torch.allclose(_resampling.shifted(image, "image", shift, "bilinear", 0.0), expected, atol=1e-5)


def test_shift_bicubic_keepsParabolas() -> None:
    rows, columns = torch.meshgrid(torch.arange(12.0), torch.arange(14.0), indexing="ij")

    def parabola(dy: float, dx: float) -> torch.Tensor:
        return (rows - dy - 5) ** 2 + 0.5 * (columns - dx - 6) ** 2 + (rows - dy) * (columns - dx)

    moved = _resampling.shifted(parabola(0, 0)[None], "image", torch.tensor([[0.3, -0.8]]), "bicubic", 0.0)
    assert torch.allclose(moved[0, 3:-3, 3:-3], parabola(0.3, -0.8)[3:-3, 3:-3], atol=1e-3)


def test_shift_whatIsUnknownSpreadsAsFarAsItHasAPart() -> None:
    ivar = torch.full((1, 7, 7), 4.0)
    ivar[0, 3, 3] = 0
    moved = _resampling.shifted(ivar, "ivar", torch.tensor([[0.5, 0.0]]), "bilinear", 0.0)[0]
    assert (moved[3:5, 3] == 0).all()
    assert (moved[0] == 0).all()  # half of it from outside
    moved[3:5, 3] = 4
    assert (moved[1:] == 4).all()
    mask = _resampling.shifted(ivar == 0, "mask", torch.tensor([[0.5, 0.0]]), "bicubic", 0.0)[0]
    assert mask[2:-1, 3].tolist() == [True] * 4
    assert not mask[2:-1, [0, 1, 2, 4, 5, 6]].any()


def test_randomShift_range() -> None:
    ramp = torch.arange(40.0).expand(500, 40, 40)
    moved = ramp[:, 20, 20] - T.RandomShift((0, 3.0), "bilinear")(ramp)[:, 20, 20]
    assert -3 <= moved.min() < -2.8
    assert 2.8 < moved.max() <= 3
    whole = T.RandomShift(3.0, "nearest")(ramp)[:, 20, 20]
    assert set(whole.tolist()) == {float(number) for number in range(17, 24)}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("k", [-1, 0, 1, 2])
def test_rotate_quarterTurns_areExact(kernel: Any, k: int) -> None:
    batch = exposure((3, 2, 6, 6))
    batch["classes"] = batch["image"].long()
    made = T.RandomRotate((90 * k, 90 * k), kernel)(batch)
    for name in ("image", "mask", "classes"):
        assert torch.equal(made[name], batch[name].rot90(k, (-2, -1))), name
    assert torch.allclose(made["ivar"], batch["ivar"].rot90(k, (-2, -1)))


def test_rotate_bilinear_isTorchs() -> None:
    image = torch.rand(2, 3, 15, 15)
    angle = np.radians(25.0)
    theta = torch.tensor([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]]).float()
    grid = nn.functional.affine_grid(theta.expand(2, 2, 3), [2, 3, 15, 15], align_corners=True)
    expected = nn.functional.grid_sample(image, grid, align_corners=True)
    made = T.RandomRotate((25, 25))(image)
    assert torch.allclose(made, expected, atol=2e-3)  # positions are rounded to 1/1024 pixel


def test_rotate_outsideIsFilledAndMasked() -> None:
    batch = {"image": torch.ones(1, 21, 21), "ivar": torch.ones(1, 21, 21), "mask": torch.zeros(1, 21, 21).bool()}
    made = T.RandomRotate((45, 45), fill=-7.0)(batch)
    assert made["image"][0, 0, 0] == -7
    assert made["mask"][0, 0, 0]
    assert torch.equal(made["mask"], made["ivar"] == 0)
    assert torch.equal(made["mask"], made["image"] != 1)
    assert not made["mask"][0, 7:14, 7:14].any()


def test_moves_ofNamedEntriesAndWrongShapes() -> None:
    batch = {"g": torch.rand(2, 4, 4), "vis": torch.rand(2, 8, 8), "row": torch.rand(2, 5)}
    made = T.Flip(keys=["g", "vis"])(batch)
    assert torch.equal(made["vis"], batch["vis"].flip(-1))
    with pytest.raises(ValueError, match="'image' nor 'flux'"):
        T.Flip()(batch)
    with pytest.raises(ValueError, match=r"no entries \['z'\]"):
        T.Flip(keys=["g", "z"])(batch)
    with pytest.raises(ValueError, match="apply_one"):
        T.RandomDihedral()(torch.rand(4, 4))
    with pytest.raises(TypeError, match="cannot be interpolated"):
        T.RandomShift()(torch.ones(1, 4, 4, dtype=torch.int16))


def test_moves_onMetaTensors() -> None:
    with T.draws(0, 0, range(5)):
        for move in (T.Flip(), T.RandomCrop(3), T.Pad(2), T.CenterCrop(4), T.RandomShift(), T.RandomRotate()):
            made = move(torch.empty(5, 2, 6, 6, device="meta"))
            assert made.device.type == "meta"
            assert made.shape[:2] == (5, 2)


# Noise


def test_noiseFromIvar_hasTheDeviation() -> None:
    ivar = torch.tensor([0.25, 4.0, 0.0, float("nan")])[None, :, None].expand(3, 4, 20_000)
    flux = torch.full((3, 4, 20_000), 10.0)
    made = T.NoiseFromIvar(0.5)({"flux": flux, "ivar": ivar})
    noise = (made["flux"] - flux).numpy()
    np.testing.assert_allclose(noise[:, :2].std(axis=-1), [[1, 0.25]] * 3, rtol=0.03)
    np.testing.assert_allclose(noise[:, :2].mean(axis=-1), 0, atol=0.03)
    assert (noise[:, 2:] == 0).all()
    assert torch.allclose(made["ivar"][:, :3], ivar[:, :3] / 1.25)
    assert abs(np.corrcoef(noise[0, 0], noise[1, 0])[0, 1]) < 0.03


def test_gaussianNoise_addsVariances() -> None:
    flux, ivar = torch.zeros(2, 20_000), torch.full((2, 20_000), 0.25)
    made = T.GaussianNoise(3.0)({"flux": flux, "ivar": ivar})
    assert float(made["flux"].std()) == pytest.approx(3, rel=0.02)
    assert torch.allclose(1 / made["ivar"], torch.tensor(4 + 9.0))


def test_randomApply_choosesSamples() -> None:
    batch = {
        "image": torch.arange(3.0).expand(1000, 1, 3),
        "mask": torch.tensor([True, False, False]).expand(1000, 1, 3),
    }
    made = T.RandomApply(T.Flip(), 0.3)(batch)
    flipped = made["image"][:, 0, 0] == 2
    assert 240 < int(flipped.sum()) < 360
    assert torch.equal(made["mask"][:, 0, 2], flipped)
    assert T.RandomApply(T.Flip(), 0.3).eval()(batch) is batch
    with pytest.raises(ValueError, match="for some samples alone"):
        T.RandomApply(T.ToMask())({"image": torch.rand(3, 2, 2)})
    with pytest.raises(ValueError, match="of some samples alone"):
        T.RandomApply(T.CenterCrop(1))(torch.rand(3, 2, 2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: T.Normalize(0, 0), "std is positive"),
        (lambda: T.Asinh(0), "are positive"),
        (lambda: T.Log(-1), "a is positive"),
        (lambda: T.Clip(), "needs a limit"),
        (lambda: T.Clip(2, 1), "is above"),
        (lambda: T.Percentile(50, 50), "percentiles rise"),
        (lambda: T.ZScale(contrast=0), "are positive"),
        (lambda: T.Flip(0), "axis -1 or -2"),
        (lambda: T.CenterCrop(0), "size is positive"),
        (lambda: T.Pad(-1), "not negative"),
        (lambda: T.Pad(1, "wrap"), "mode is"),  # type: ignore[arg-type]
        (lambda: T.RandomShift(-1), "not negative"),
        (lambda: T.RandomShift(1, "lanczos"), "kernel is one of"),  # type: ignore[arg-type]
        (lambda: T.RandomRotate((2, 1)), "angles from"),
        (lambda: T.NoiseFromIvar(-1), "not negative"),
        (lambda: T.GaussianNoise(-1), "not negative"),
        (lambda: T.RandomApply(T.Flip(), 2), "probability"),
        (lambda: T.uniform(0, 0, torch.tensor([0]), -1), "stream -1"),
    ],
)
def test_wrongArguments(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
