"""The order of an epoch: a permutation that is computed anywhere, and what each rank takes of it."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
import torch
from torchfits.data._order import Order, Share
from torchfits.data._schedule import ordered

LENGTHS = [0, 1, 2, 3, 4, 5, 16, 17, 1000, 4097]


def ids(order: Order, first: int = 0, last: int | None = None) -> list[int]:
    return order.ids(first, order.length if last is None else last).tolist()


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("window", [None, 1, 31, 32, 100, 5000])
@pytest.mark.parametrize("seed", [0, 1, -7, 2**63, 2**70])
def test_order_isAPermutation(length: int, window: int | None, seed: int) -> None:
    chosen = Order(length, seed, 3, 2**64 - 1, window).ids(0, length)
    assert chosen.dtype == torch.int64
    assert sorted(chosen.tolist()) == list(range(length))


@pytest.mark.parametrize("window", [None, 64])
def test_order_ofAPart_isThePartOfTheOrder(window: int | None) -> None:
    order = Order(1000, 5, 2, 77, window)
    whole = ids(order)
    for first, last in [(0, 1), (10, 20), (63, 65), (500, 1000), (990, 2000), (7, 7)]:
        assert ids(order, first, last) == whole[first:last]


def test_order_withoutSeed_isThatOfTheDataset() -> None:
    assert ids(Order(7, None, 4)) == list(range(7))


@pytest.mark.parametrize("window", [None, 64])
def test_order_changesWithSeedEpochAndFingerprint(window: int | None) -> None:
    keys = list(itertools.product((0, 1, 2**40), (0, 1, 2), (0, 1, 2**63)))
    orders = {tuple(ids(Order(500, seed, epoch, fingerprint, window))) for seed, epoch, fingerprint in keys}
    assert len(orders) == len(keys)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_order_ofFew_givesEachPermutationEquallyOften(length: int) -> None:
    found = Counter(tuple(ids(Order(length, seed, 0))) for seed in range(2400))
    permutations = list(itertools.permutations(range(length)))
    mean = 2400 / len(permutations)
    # Chi square of at most 23 degrees of freedom: beyond 60 once in 30,000.
    assert sum((found[each] - mean) ** 2 / mean for each in permutations) < 60


def test_order_ofMany_hasNoRuns() -> None:
    places = Order(100_000, 1, 0).ids(0, 100_000).double()
    steps = (places[1:] - places[:-1]).abs() / 100_000
    assert abs(float(steps.mean()) - 1 / 3) < 0.01
    assert abs(float(torch.corrcoef(torch.stack([places[1:], places[:-1]]))[0, 1])) < 0.02
    assert abs(float(torch.corrcoef(torch.stack([places, torch.arange(100_000).double()]))[0, 1])) < 0.02


def test_order_of10To12Samples_isComputedWhereItIsAsked() -> None:
    order = Order(10**12, 1, 0)
    some = order.ids(10**12 - 1000, 10**12)
    assert len(set(some.tolist())) == 1000
    assert 0 <= int(some.min()) < int(some.max()) < 10**12
    assert float(some.double().mean()) == pytest.approx(5e11, rel=0.1)


def test_orderInWindows_readsRunsOfNeighboursTogether() -> None:
    length, window = 64 * 100, 64 * 5
    chosen = ids(Order(length, 1, 0, 0, window))
    for first in range(0, length // window * window, window):
        here = sorted(chosen[first : first + window])
        # 32 runs of 10, one of which the end of the epoch may cut.
        breaks = sum(b - a != 1 for a, b in itertools.pairwise(here))
        assert breaks <= 32
        assert chosen[first : first + window] != here
    starts = {min(chosen[first : first + window]) for first in range(0, length, window)}
    assert len(starts) > 10


# Ranks

SHARES = [(100, 4, 1), (100, 4, 3), (101, 4, 3), (7, 4, 3), (2, 4, 3), (12, 4, 3), (13, 4, 3), (0, 4, 2), (25, 1, 4)]


def shares(length: int, batch_size: int, world_size: int, position: int = 0, **options: bool) -> list[list[list[int]]]:
    """Of each rank its batches."""
    drop_last = options.get("drop_last", False)
    order = Order(length, None if options.get("sorted", False) else 9, 0)
    return [
        [batch for batch, _ in ordered(order, Share(length, batch_size, rank, world_size, drop_last), position)]
        for rank in range(world_size)
    ]


@pytest.mark.parametrize(("length", "batch_size", "world_size"), SHARES)
def test_ranks_haveEquallyManyBatchesOfTheirOwn(length: int, batch_size: int, world_size: int) -> None:
    parts = shares(length, batch_size, world_size)
    together = batch_size * world_size
    assert {len(part) for part in parts} == {-(-length // together)}
    assert all(1 <= len(batch) <= batch_size for part in parts for batch in part)
    given = Counter(sample for part in parts for batch in part for sample in batch)
    assert set(given) == set(range(length))
    # Only a last batch of fewer samples than ranks has some of them twice.
    twice = 0 if (tail := length % together) == 0 else max(0, world_size - tail)
    assert sum(given.values()) == length + twice


@pytest.mark.parametrize(("length", "batch_size", "world_size"), SHARES)
def test_ranksThatDropTheLast_haveFullBatchesAlone(length: int, batch_size: int, world_size: int) -> None:
    parts = shares(length, batch_size, world_size, drop_last=True)
    steps = length // (batch_size * world_size)
    assert all(len(part) == steps and all(len(batch) == batch_size for batch in part) for part in parts)
    given = [sample for part in parts for batch in part for sample in batch]
    assert len(set(given)) == len(given) == steps * batch_size * world_size


def test_ranks_cutTheSameBatchesOfAllTogether() -> None:
    def together(world_size: int) -> list[list[int]]:
        parts = shares(1003, 24 // world_size, world_size)
        return [[sample for batch in step for sample in batch] for step in zip(*parts, strict=True)]

    assert together(1) == together(2) == together(4)


def test_schedule_fromAPosition_isTheRestOfIt() -> None:
    whole = shares(100_000, 8, 2)
    for step in (1, 1023, 1024, 1025, 6249):
        assert shares(100_000, 8, 2, step * 16) == [part[step:] for part in whole]
    assert shares(100_000, 8, 2, 100_000) == [[], []]
