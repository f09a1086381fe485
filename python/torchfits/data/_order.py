"""The order of the samples of an epoch: a function of a few integers, computed where it is asked for.

An order is never held: position 10**9 of a shuffled epoch costs what position 0 costs, so that a run is resumed without
going through what it had seen.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch

Array = Any  # of numpy, int64 or uint64

_ROUNDS = 6
_RUNS = 32
"""Runs of neighbours in a window of samples that are mixed."""


class Order(NamedTuple):
    """In which order the samples of an epoch come.

    Attributes:
        length: number of samples.
        seed: of the random order; None for that of the dataset.
        epoch: likewise.
        fingerprint: of the dataset.
        window: None for a permutation of all samples, each as likely as the others. Else samples are mixed within
            windows of so many, each made of 32 runs of neighbours that are drawn from the whole epoch: what stands near
            each other in files is read together.
    """

    length: int
    seed: int | None
    epoch: int
    fingerprint: int = 0
    window: int | None = None

    def ids(self, first: int, last: int) -> torch.Tensor:
        """The samples at positions `first` to `last` - 1, int64."""
        places: Array = np.arange(first, min(last, self.length), dtype=np.int64)
        if self.seed is not None and len(places):
            places = self._mixed(places) if self.window else self._permuted(places, self.length, 0)
        return torch.from_numpy(places)  # pyright: ignore[reportUnknownMemberType]

    def _mixed(self, places: Array) -> Array:
        assert self.window is not None
        run = max(1, self.window // _RUNS)
        window = run * _RUNS
        # What is no whole window comes last, mixed in itself; where the epoch is cut differs from epoch to epoch.
        whole = self.length // window * window
        inside = places < whole
        mixed: Array = np.empty_like(places)
        mixed[inside] = self._in_windows(places[inside], window, run, whole)
        mixed[~inside] = whole + self._permuted(places[~inside] - whole, self.length - whole, 1)
        cut = int(self._words(np.zeros(1, np.uint64), 2)[0]) % self.length
        return (mixed + cut) % self.length

    def _in_windows(self, places: Array, window: int, run: int, whole: int) -> Array:
        numbers = places // window
        within: Array = np.empty_like(places)
        for number in np.unique(numbers).tolist():
            here = numbers == number
            within[here] = self._permuted(places[here] - number * window, window, 3 + number)
        runs = self._permuted(numbers * _RUNS + within // run, whole // run, 0)
        return runs * run + within % run

    def _permuted(self, places: Array, length: int, stream: int) -> Array:
        """A random permutation of the numbers below `length`: a Feistel network, walked until it is inside."""
        if length < 2:
            return places
        half = max(1, math.ceil(math.log2(length) / 2))
        images = self._feistel(places.astype(np.uint64), half, stream)
        outside: Array = np.flatnonzero(images >= length)
        while len(outside):
            images[outside] = self._feistel(images[outside], half, stream)
            outside = outside[images[outside] >= length]
        return images.astype(np.int64)

    def _feistel(self, numbers: Array, half: int, stream: int) -> Array:
        """A permutation of the numbers of 2 * `half` bits."""
        bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
        left, right = numbers >> bits, numbers & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (self._words(right, stream * _ROUNDS + turn + 16) & mask)
        return left << bits | right

    def _words(self, numbers: Array, stream: int) -> Array:
        """64 random bits for each number."""
        key = _splitmix(_splitmix(_splitmix(_word(self.seed or 0)) ^ _word(self.epoch)) ^ _word(self.fingerprint))
        return _splitmix(numbers ^ _splitmix(key ^ _word(stream)))


def _word(number: int) -> Array:
    return np.array([number & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)


def _splitmix(words: Array) -> Array:
    """The finaliser of Steele, Lea and Flood's SplitMix64."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


class Share(NamedTuple):
    """What one of several processes takes of an epoch: of each batch of all of them a part.

    Attributes:
        length: number of samples.
        batch_size: of one process.
        rank: of this process.
        world_size: number of processes.
        drop_last: whether samples that do not fill a batch of all processes are left out.
    """

    length: int
    batch_size: int
    rank: int
    world_size: int
    drop_last: bool

    def steps(self, position: int = 0) -> int:
        """How many batches are left from a position on: as many for each process."""
        left = max(0, self.length - position)
        together = self.batch_size * self.world_size
        return left // together if self.drop_last else math.ceil(left / together)

    def span(self, position: int) -> tuple[int, int]:
        """First position of this process in the batch that begins at `position`, and the one behind its last.

        What does not fill the last batch is shared evenly; where there are fewer samples than processes, some of them
        come twice, so that each process has one.
        """
        left = self.length - position
        if left >= self.batch_size * self.world_size:
            first = position + self.rank * self.batch_size
            return first, first + self.batch_size
        if left < self.world_size:
            first = position + self.rank % left
            return first, first + 1
        return position + left * self.rank // self.world_size, position + left * (self.rank + 1) // self.world_size

    def behind(self, position: int) -> int:
        """Where the next batch begins."""
        return min(self.length, position + self.batch_size * self.world_size)
