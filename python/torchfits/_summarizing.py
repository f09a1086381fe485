# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Rows of columns, and tensors, to summaries."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from torchfits._columns import RaggedColumn, StringColumn
from torchfits._rows import null_value
from torchfits._sketch import Sketch
from torchfits._summaries import (
    MOST_CATEGORIES,
    Category,
    CategorySummary,
    Moments,
    NumberSummary,
    Summary,
    added_counts,
    joined,
    merged,
    two_sum,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchfits._columns import ColumnInfo
    from torchfits._rows import ColumnData

_FEW = 100
"""Strings that tell of most columns that they are no dates."""

_BLOCK = 1 << 15
"""Values that are summed up at a time: they stay in a core's cache."""

_WIDER = {"i1": "i4", "u1": "i4", "i2": "i4", "u2": "i4", "f2": "f4"}
"""What numpy sorts many times as fast."""


def is_summarized(info: ColumnInfo) -> bool:
    """Whether there is a summary of such a column."""
    if info.kind is None or info.dtype is None or info.dtype.is_complex:
        return False
    if info.kind == "STRINGS":
        return not info.shape
    return info.dtype != torch.bool or (info.kind == "TENSOR" and len(info.shape) < 2)


def of_column(data: ColumnData, info: ColumnInfo, before: Summary | None, *, as_categories: bool) -> Summary:
    """Of rows of a column and of those before them.

    Args:
        data: the rows.
        info: of the column, for which `is_summarized`.
        before: the summary of other rows; None if there are none.
        as_categories: whether integers stand for categories.
    """
    if isinstance(data, StringColumn):
        now: Summary = _of_strings(data, before)
    elif isinstance(data, torch.Tensor) and data.dtype == torch.bool:
        now = _of_truths(data) if data.ndim == 1 else _of_bits(data)
    else:
        values = data.values if isinstance(data, RaggedColumn) else data
        per_row = None if isinstance(data, RaggedColumn) else math.prod(data.shape[1:])
        null = null_value(info)
        if as_categories:
            now = _of_codes(values, null, per_row, counted=_is_counted(before))
        else:
            numbers = of_numbers(values, null=null)
            now = replace(numbers, per_row=per_row, unit=info.unit, nullable=null is not None)
    return now if before is None else merged(info.name, [before, now])


def _is_counted(before: Summary | None) -> bool:
    return not isinstance(before, CategorySummary) or before.counts is not None


def _of_truths(data: torch.Tensor) -> CategorySummary:
    true = int(data.sum())
    counts: dict[Category, int] = {False: len(data) - true, True: true}
    return CategorySummary(len(data), 0, {value: count for value, count in counts.items() if count})


def _of_bits(data: torch.Tensor) -> CategorySummary:
    """The numbers of those that are set, from 0."""
    bits = data.flatten(1)
    found = dict(enumerate(bits.sum(dim=0).tolist()))
    counts: dict[Category, int] = {bit: count for bit, count in found.items() if count}
    return CategorySummary(sum(counts.values()), 0, added_counts([counts]), per_row=bits.shape[1])


def _of_codes(data: torch.Tensor, null: int | None, per_row: int | None, *, counted: bool) -> CategorySummary:
    values: Any = data.reshape(-1).numpy()
    present = values if null is None else values[values != null]
    counts: dict[Category, int] | None = None
    if counted:
        found, times = np.unique(present, return_counts=True)
        counts = dict(zip(found.tolist(), times.tolist(), strict=True)) if len(found) <= MOST_CATEGORIES else None
    return CategorySummary(len(present), len(values) - len(present), counts, per_row=per_row)


def _of_strings(strings: StringColumn, before: Summary | None) -> CategorySummary:
    assert before is None or isinstance(before, CategorySummary)
    nulls = int((strings.offsets.diff() == 0).sum())
    counts = _words(strings) if _is_counted(before) else None
    times = _times(strings) if before is None or before.times is not None or not before.count else None
    return CategorySummary(len(strings) - nulls, nulls, counts, times)


def _words(strings: StringColumn) -> Mapping[Category, int] | None:
    from torchfits import _arrow

    counted: Any = _arrow.to_binary(strings).value_counts()
    if len(counted) > MOST_CATEGORIES + 1:
        return None
    words = [word.decode("latin-1") for word in counted.field("values").to_pylist()]
    counts: dict[Category, int] = dict(zip(words, counted.field("counts").to_pylist(), strict=True))
    counts.pop("", None)
    return added_counts([counts])


def _times(strings: StringColumn) -> NumberSummary | None:
    from torchfits._timestamps import iso_times

    few = strings[:_FEW]
    if few.values.numel() and iso_times(few) is None:
        return None
    times = iso_times(strings)
    if times is None:
        return None
    return of_numbers(torch.from_numpy(times.astype(np.int64)), null=int(np.datetime64("NaT").astype(np.int64)))


def of_numbers(
    data: torch.Tensor,
    *,
    null: int | None = None,
    good: torch.Tensor | None = None,
    weights: torch.Tensor | None = None,
) -> NumberSummary:
    """Of the numbers of a tensor.

    Args:
        data: integers or floats of any shape, on the CPU.
        null: the integer that stands for none.
        good: bool, in the shape of `data`: where it is False the number is missing; None if none is.
        weights: of the numbers, in their shape; positive where they are good.
    """
    values: Any = (data.float() if data.dtype == torch.bfloat16 else data).reshape(-1).numpy()
    heavy: Any = None if weights is None else weights.reshape(-1).double().numpy()
    missing = 0
    if good is not None:
        kept = good.reshape(-1).numpy()
        missing = len(kept) - int(np.count_nonzero(kept))
        values, heavy = values[kept], None if heavy is None else heavy[kept]
    ordered = np.sort(values.astype(_WIDER.get(values.dtype.str[1:], values.dtype), copy=False))
    finite, nulls, infinities = _split(ordered, null)
    moments = _moments(finite) if heavy is None else _weighted_moments(values, heavy)
    return NumberSummary(
        count=len(finite),
        nulls=nulls + missing,
        infinities=infinities,
        **moments._asdict(),
        min=finite[0].item() if len(finite) else math.nan,
        max=finite[-1].item() if len(finite) else math.nan,
        sketch=Sketch.of_sorted(finite),
    )


def _split(ordered: Any, null: int | None) -> tuple[Any, int, int]:  # noqa: ANN401 - arrays of numpy
    """Of sorted numbers the finite ones, and how many are missing, and infinite."""
    number = ordered.dtype.type  # any other type would have all of them converted
    if ordered.dtype.kind == "f":
        first = int(np.searchsorted(ordered, number(-np.inf), side="right"))
        last = int(np.searchsorted(ordered, number(np.inf), side="left"))
        end = int(np.searchsorted(ordered, number(np.nan), side="left"))  # numpy sorts NaN behind all others
        return ordered[first:last], len(ordered) - end, first + end - last
    if null is None:
        return ordered, 0, 0
    begin = int(np.searchsorted(ordered, number(null), side="left"))
    end = int(np.searchsorted(ordered, number(null), side="right"))
    kept = np.concatenate([ordered[:begin], ordered[end:]]) if begin < end else ordered
    return kept, end - begin, 0


def _moments(values: Any) -> Moments:  # noqa: ANN401
    """Of numbers that weigh 1 each; of equal ones the mean is exact, and the deviation 0."""
    parts: list[Moments] = []
    with np.errstate(invalid="ignore", over="ignore"):
        for first in range(0, len(values), _BLOCK):
            block = values[first : first + _BLOCK].astype(np.float64)
            start = float(block[len(block) // 2])
            block -= start
            shift = float(block.mean())
            block -= shift
            squares = float(np.einsum("i,i->", block, block))
            parts.append(Moments(float(len(block)), *two_sum(start, shift), squares))
    return joined(parts)


def _weighted_moments(values: Any, weights: Any) -> Moments:  # noqa: ANN401
    finite = np.isfinite(values)
    wide, weights = values[finite].astype(np.float64), weights[finite]
    if not len(wide):
        return joined([])
    with np.errstate(invalid="ignore", over="ignore"):
        start = float(wide[0])
        steps = wide - start
        weight = float(weights.sum())
        shift = float((weights * steps).sum() / weight)
        return Moments(weight, *two_sum(start, shift), float((weights * (steps - shift) ** 2).sum()))
