"""What columns become in a frame and what models need to know of them, told from summaries alone."""

# numpy's arrays have too many types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from torchfits._stypes import LARGEST_EXACT, MOST_WORDS, Stats, StatType, Stype
from torchfits._summaries import CategorySummary, NumberSummary
from torchfits._timestamps import julian_times, time_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchfits._summaries import Summary


def stype_of(name: str, summary: Summary, rows: int) -> Stype | None:
    """What `read_table` makes of such a column; None for "other"."""
    if isinstance(summary, NumberSummary):
        return _of_numbers(name, summary)
    assert isinstance(summary, CategorySummary)
    if summary.times is not None:
        return Stype.timestamp
    if summary.per_row != 1:
        return None if summary.counts is None else Stype.multicategorical
    return Stype.categorical if _is_small(summary, rows) else None


def _of_numbers(name: str, summary: NumberSummary) -> Stype | None:
    if not _is_exact(summary):
        return None
    if summary.per_row is None:
        return Stype.sequence_numerical
    if summary.per_row == 1:
        return Stype.numerical if _times(name, summary) is None else Stype.timestamp
    is_whole = summary.nulls == summary.infinities == 0 and not summary.nullable
    return Stype.embedding if summary.per_row and is_whole else None


def _is_exact(summary: NumberSummary) -> bool:
    """Whether float32 holds all the integers; floats are rounded anyway."""
    if not summary.count or isinstance(summary.min, float):
        return True
    return summary.min >= -LARGEST_EXACT and summary.max <= LARGEST_EXACT


def _is_small(summary: CategorySummary, rows: int) -> bool:
    """Whether the strings are few enough to be categories. Other values are always, where they are counted."""
    if summary.counts is None:
        return False
    if not isinstance(next(iter(summary.counts), ""), str):
        return True
    return len(summary.counts) + (summary.nulls > 0) <= min(MOST_WORDS, rows // 2)


def _times(name: str, summary: NumberSummary) -> Any | None:  # noqa: ANN401 - an array of numpy
    """The first, the middle and the last time, if the numbers are dates."""
    if not summary.count or not isinstance(summary.min, float):
        return None
    days = [summary.min, summary.at(summary.count // 2), summary.max]
    return julian_times(torch.tensor(days, dtype=torch.float64), name, summary.unit, told=False)


def stats_of(summaries: Mapping[str, Summary], rows: int) -> dict[str, Stats]:
    """What torch_frame's encoders take of the columns of the frame that `read_table` makes.

    Args:
        summaries: of columns, by their names.
        rows: number of rows that they are of.
    """
    stypes = {name: stype_of(name, summary, rows) for name, summary in summaries.items()}
    return {name: _stats(name, summaries[name], stype) for name, stype in stypes.items() if stype is not None}


def _stats(name: str, summary: Summary, stype: Stype) -> Stats:
    if stype is Stype.timestamp:
        return _time_stats(name, summary)
    if isinstance(summary, CategorySummary):
        kind = StatType.COUNT if stype is Stype.categorical else StatType.MULTI_COUNT
        counts = summary.categories or {}
        return {kind: (list(counts), list(counts.values()))}
    assert isinstance(summary, NumberSummary)
    if stype is Stype.embedding:
        return {StatType.EMB_DIM: summary.per_row}
    quantiles = [summary.quantile(part) for part in (0, 0.25, 0.5, 0.75, 1)]
    return {StatType.MEAN: summary.mean, StatType.STD: summary.std, StatType.QUANTILES: quantiles}


def _time_stats(name: str, summary: Summary) -> Stats:
    times = _times(name, summary) if isinstance(summary, NumberSummary) else None
    if times is None:
        assert isinstance(summary, CategorySummary)
        assert summary.times is not None
        known = summary.times
        times = np.array([known.min, round(known.at(known.count // 2)), known.max], "datetime64[us]")
    oldest, median, newest = time_fields(times)
    return {
        StatType.YEAR_RANGE: [int(oldest[0]), int(newest[0])],
        StatType.NEWEST_TIME: newest,
        StatType.OLDEST_TIME: oldest,
        StatType.MEDIAN_TIME: median,
    }


def vocabulary_of(summary: Summary) -> list[Any] | None:
    """The values that numbers of categories stand for; None of a column without any."""
    return list(summary.categories or {}) if isinstance(summary, CategorySummary) else None
