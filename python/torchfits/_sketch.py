# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Quantiles of any number of values out of a few thousand of them."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

CAPACITY = 4096
"""So many values are kept as they are, and about so many of the highest level."""

_LEAST = 8
_SHRINK = 2 / 3  # from a level to the one below, as in KLL: the errors of the levels are a convergent series
_MOST_LEVELS = 64


@dataclass(frozen=True, eq=False)
class Sketch:
    """A mergeable summary of finite numbers that answers for quantiles.

    It is a KLL sketch (Karnin, Lang, Liberty, 2016): each value of level i stands for 2^i neighbours. Sketches of up to
    `CAPACITY` values in all hold every one, and are exact. Of more, a place among the n values is off by about
    0.0002 n, and by more than 0.001 n in less than one case of ten thousand, in whatever order the values came and
    however sketches were merged.

    Attributes:
        levels: float64, each sorted.
    """

    levels: tuple[Any, ...] = ()

    @classmethod
    def of_sorted(cls, values: Any) -> Sketch:  # noqa: ANN401 - an array of numpy
        """Of finite numbers of any real dtype, which are sorted."""
        level = max(0, -(-len(values) // CAPACITY) - 1).bit_length()
        step = 1 << level
        whole = len(values) // step * step
        # The middle one of each group of neighbours; the largest ones, which fill no group, stay.
        groups = values[:whole].reshape(-1, step)[:, step // 2]
        levels = [values[whole:] if level else groups, *[groups[:0]] * (level - 1), *([groups] if level else [])]
        return cls(tuple(_compressed([each.astype(np.float64) for each in levels])))

    @classmethod
    def merged(cls, sketches: Sequence[Sketch]) -> Sketch:
        """Of the values of all of them."""
        parts = itertools.zip_longest(*(sketch.levels for sketch in sketches), fillvalue=np.empty(0))
        return cls(tuple(_compressed([np.sort(np.concatenate(level)) for level in parts])))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.to_list() == other.to_list()

    def __hash__(self) -> int:
        return hash(tuple(self.to_list()))

    def count(self) -> int:
        """How many values it stands for."""
        return sum(len(items) << level for level, items in enumerate(self.levels))

    def at(self, places: Sequence[float]) -> list[float]:
        """What stands at places (from 0) of the sorted values, interpolated between two of them.

        NaN if there are no values.
        """
        if not self.count():
            return [float("nan")] * len(places)
        values = np.concatenate(self.levels)
        order = np.argsort(values, kind="stable")
        weights = np.repeat([1 << level for level in range(len(self.levels))], [len(items) for items in self.levels])
        # Each stands in the middle of the places that it stands for.
        middles = np.cumsum(weights[order]) - (weights[order] + 1) / 2
        return _interpolated(np.asarray(places, np.float64), middles, values[order])

    def to_list(self) -> list[str]:
        """The levels as JSON can hold them: float64 in little-endian order, in Base64."""
        return [base64.b64encode(items.astype("<f8").tobytes()).decode() for items in self.levels]

    @classmethod
    def from_list(cls, levels: Sequence[str]) -> Sketch:
        """The sketch of `to_list`.

        Raises:
            ValueError: if it is none.
        """
        if len(levels) > _MOST_LEVELS:
            raise ValueError(f"a sketch has at most {_MOST_LEVELS} levels, not {len(levels)}")
        read = [np.frombuffer(base64.b64decode(level, validate=True), "<f8").astype(np.float64) for level in levels]
        if not all(np.isfinite(items).all() and (items[1:] >= items[:-1]).all() for items in read):
            raise ValueError("the levels of a sketch are sorted, finite numbers")
        return cls(tuple(read))


def _interpolated(places: Any, middles: Any, values: Any) -> list[float]:  # noqa: ANN401 - arrays of numpy
    """Not by differences, which overflow."""
    right = np.clip(np.searchsorted(middles, places, side="right"), 1, max(1, len(middles) - 1))
    right = np.minimum(right, len(middles) - 1)
    left = np.maximum(right - 1, 0)
    gap = middles[right] - middles[left]
    share = np.clip((places - middles[left]) / np.where(gap > 0, gap, 1), 0, 1)
    return [
        float(low) if part == 0 or low == high else float(low * (1 - part) + high * part)
        for low, high, part in zip(values[left], values[right], share, strict=True)
    ]


def _compressed(levels: list[Any]) -> list[Any]:
    """Halves levels that hold too many, from the lowest on; a new level makes all below it smaller."""
    level = 0
    while level < len(levels):
        if len(levels[level]) <= _capacity(len(levels) - 1 - level):
            level += 1
            continue
        levels[level], promoted = _halved(levels[level])
        if level + 1 == len(levels):
            levels.append(promoted)
            level = 0
        else:
            levels[level + 1] = np.sort(np.concatenate([levels[level + 1], promoted]))
            level += 1
    return levels


def _capacity(depth: int) -> int:
    return max(_LEAST, int(CAPACITY * _SHRINK**depth))


def _halved(items: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """What stays of sorted items, one or none, and every second one of the others."""
    whole = len(items) // 2 * 2
    return items[whole:], items[_coin(items) : whole : 2]


def _coin(items: Any) -> int:  # noqa: ANN401
    """0 or 1, by a hash of the items: the same in each run, and as good as drawn (the finalizer of SplitMix64)."""
    bits = int(np.bitwise_xor.reduce(items.view(np.uint64) * np.arange(1, 2 * len(items), 2, dtype=np.uint64)))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ bits >> shift) * factor & 0xFFFFFFFFFFFFFFFF
    return (bits ^ bits >> 31) >> 32 & 1
