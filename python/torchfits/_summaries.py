# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What there is in columns and bands, in summaries that can be merged: of files, windows, ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from torchfits._sketch import Sketch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_CATEGORIES = 10_000
"""Different values of a column that are counted; of more none is."""

Category = str | int | bool


class Moments(NamedTuple):
    """Of numbers, as `NumberSummary` has them."""

    weight: float
    mean: float
    rest: float
    m2: float


@dataclass(frozen=True)
class NumberSummary:
    """Of numbers.

    Attributes:
        count: of finite values, which everything else is about; values of weight 0 are none.
        nulls: values that are missing: NaN, TNULL, masked.
        infinities: values that are infinite.
        weight: sum of the weights; `count` without weights.
        mean: of the values, float64; NaN without any, as the extremes and quantiles are.
        rest: what the mean is more than float64 holds of it, so that deviations stay right when summaries are merged.
        m2: sum of (weighted) squares of their differences from the mean; 0 without values.
        min: the least one, exact.
        max: the greatest one, exact.
        sketch: of their distribution, without weights.
        per_row: values in a row of a column: 1, or so many, or None for arrays of variable length.
        unit: TUNIT of the column.
        nullable: whether the column has a TNULL.
    """

    count: int
    nulls: int
    infinities: int
    weight: float
    mean: float
    rest: float
    m2: float
    min: float
    max: float
    sketch: Sketch
    per_row: int | None = 1
    unit: str = ""
    nullable: bool = False

    @property
    def std(self) -> float:
        """Standard deviation of the population (divided by n), or that of the weights."""
        return math.sqrt(self.m2 / self.weight) if self.count else math.nan

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """A quarter, half and three quarters of the values are below: as `quantile` has them."""
        first, second, third = (self.quantile(part) for part in (0.25, 0.5, 0.75))
        return first, second, third

    def quantile(self, part: float) -> float:
        """The value that a part of all values is below.

        Of 4,096 values and less it is exact, else within 0.1% of them (but for one case of ten thousand).

        Args:
            part: from 0 to 1; between two values it is interpolated, as in numpy.

        Raises:
            ValueError: for another part.
        """
        if not 0 <= part <= 1:
            raise ValueError(f"a quantile is of a part from 0 to 1, not {part}")
        if part in (0, 1):
            return float(self.max if part else self.min)
        return self.at(part * (self.count - 1))

    def at(self, place: float) -> float:
        """The value at a place, from 0, among the sorted ones, as `quantile`."""
        (value,) = self.sketch.at([place])
        return min(max(value, float(self.min)), float(self.max))

    def merged(self, *others: NumberSummary) -> NumberSummary:
        """Of the values of all of them.

        Raises:
            ValueError: if they differ in unit, or in how many values a row has.
        """
        every = [self, *others]
        _require_same([{"unit": one.unit, "values in a row": one.per_row} for one in every])
        known = [one for one in every if one.count]
        moments = joined([Moments(one.weight, one.mean, one.rest, one.m2) for one in known])
        return replace(
            self,
            count=sum(one.count for one in every),
            nulls=sum(one.nulls for one in every),
            infinities=sum(one.infinities for one in every),
            **moments._asdict(),
            min=min((one.min for one in known), default=math.nan),
            max=max((one.max for one in known), default=math.nan),
            sketch=Sketch.merged([one.sketch for one in known]),
            nullable=any(one.nullable for one in every),
        )


@dataclass(frozen=True)
class CategorySummary:
    """Of strings, logical values, bits, or integers that stand for categories.

    Attributes:
        count: of values.
        nulls: values that are missing: empty strings, TNULL. Of bits a value is one that is set.
        counts: how often each value comes; None if there are more than 10,000 different ones.
        times: if all strings are dates, what they are in microseconds since 1970.
        per_row: as for `NumberSummary`.
    """

    count: int
    nulls: int
    counts: Mapping[Category, int] | None
    times: NumberSummary | None = None
    per_row: int | None = 1

    @property
    def distinct(self) -> int | None:
        """How many different values there are; None for more than 10,000."""
        return None if self.counts is None else len(self.counts)

    @property
    def categories(self) -> dict[Category, int] | None:
        """How often each value comes, the commonest first, then in their order; None for more than 10,000."""
        if self.counts is None:
            return None
        return dict(sorted(self.counts.items(), key=lambda counted: (-counted[1], counted[0])))

    def merged(self, *others: CategorySummary) -> CategorySummary:
        """Of the values of all of them.

        Raises:
            ValueError: if they differ in kind, or in how many values a row has.
        """
        every = [self, *others]
        _require_same([{"values in a row": one.per_row} for one in every])
        _require_same([{"kind": _kind(one)} for one in every if one.counts] or [{}])
        known = [one for one in every if one.count]
        return replace(
            self,
            count=sum(one.count for one in every),
            nulls=sum(one.nulls for one in every),
            counts=added_counts([one.counts for one in every]),
            times=_all_times([one.times for one in known]),
        )


@dataclass(frozen=True)
class BandSummary:
    """Of the bands of images or spectra.

    Attributes:
        bands: one for each, or one for all values.
        axis: of the bands in a batch, as `Normalize` has it; None if all values are summed up together.
    """

    bands: tuple[NumberSummary, ...]
    axis: int | None

    @property
    def mean(self) -> tuple[float, ...]:
        """Of each band."""
        return tuple(band.mean for band in self.bands)

    @property
    def std(self) -> tuple[float, ...]:
        """Of each band."""
        return tuple(band.std for band in self.bands)

    def merged(self, *others: BandSummary) -> BandSummary:
        """Of the values of all of them, band by band.

        Raises:
            ValueError: if they have other bands.
        """
        every = [self, *others]
        _require_same([{"bands": len(one.bands), "axis": one.axis} for one in every])
        bands = [first.merged(*rest) for first, *rest in zip(*(one.bands for one in every), strict=True)]
        return replace(self, bands=tuple(bands))


Summary = NumberSummary | CategorySummary | BandSummary


def merged(name: str, summaries: Sequence[Summary]) -> Summary:
    """Of all that summaries are of.

    Args:
        name: of the column or entry, for messages.
        summaries: at least one.

    Raises:
        ValueError: if they do not go together.
    """
    first: Any
    first, *rest = summaries
    kinds = {type(summary).__name__ for summary in summaries}
    try:
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(sorted(kinds))} do not go together")
        return first.merged(*rest)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _require_same(told: Iterable[Mapping[str, Any]]) -> None:
    first, *rest = told
    for other in rest:
        for what, value in first.items():
            if other[what] != value:
                raise ValueError(f"{what}: {value!r} and {other[what]!r} do not go together")


def _kind(summary: CategorySummary) -> str:
    return type(next(iter(summary.counts or ()), None)).__name__


def added_counts(counted: Sequence[Mapping[Category, int] | None]) -> Mapping[Category, int] | None:
    total: dict[Category, int] = {}
    for counts in counted:
        if counts is None:
            return None
        for value, count in counts.items():
            total[value] = total.get(value, 0) + count
    return total if len(total) <= MOST_CATEGORIES else None


def _all_times(times: Sequence[NumberSummary | None]) -> NumberSummary | None:
    """Of columns with a value; None if one of them has a string that is no date."""
    known = [one for one in times if one is not None]
    return known[0].merged(*known[1:]) if known and len(known) == len(times) else None


def joined(parts: Sequence[Moments]) -> Moments:
    """Of all values; equal means stay what they are."""
    if not parts:
        return Moments(0.0, math.nan, 0.0, 0.0)
    weights, means, rests, m2 = np.array(parts, np.float64).T
    with np.errstate(invalid="ignore", over="ignore"):
        weight = float(weights.sum())
        steps = (means - means[0]) + (rests - rests[0])
        shift = float((weights * steps).sum() / weight)
        spread = float((weights * (steps - shift) ** 2).sum())
        return Moments(weight, *two_sum(float(means[0]), shift + float(rests[0])), float(m2.sum()) + spread)


def two_sum(a: float, b: float) -> tuple[float, float]:
    """The sum of two numbers, and what float64 does not hold of it (Knuth)."""
    total = a + b
    if not math.isfinite(total):
        return total, 0.0
    part = total - a
    return total, (a - (total - part)) + (b - part)
