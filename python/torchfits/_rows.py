"""Rows of columns that were read: taken in any order, laid end to end, counted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from torchfits._columns import ColumnInfo, RaggedColumn, StringColumn
from torchfits._tensor_rows import picked_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

ColumnData = torch.Tensor | StringColumn | RaggedColumn
Columns = dict[str, ColumnData]
"""Columns of one length, by their names."""


def length(columns: Columns) -> int:
    """Number of rows; 0 without columns."""
    return next((len(data) for data in columns.values()), 0)


def take(columns: Columns, rows: slice | torch.Tensor) -> Columns:
    """Some rows of columns, in any order."""
    return {name: take_one(data, rows) for name, data in columns.items()}


def take_one(data: ColumnData, rows: slice | torch.Tensor) -> ColumnData:
    """Some rows of a column, in any order; of a tensor a view if they are a slice."""
    if isinstance(rows, slice) and rows.step is not None and rows.step < 0:
        rows = numbers(range(len(data))[rows])
    if isinstance(data, torch.Tensor) and isinstance(rows, torch.Tensor):
        return picked_rows(data, rows)
    return data[rows]


def numbers(rows: range) -> torch.Tensor:
    """A range as a tensor, int64."""
    return rows.start + rows.step * torch.arange(len(rows))


def concatenate(parts: Sequence[Columns]) -> Columns:
    """Columns one behind the other; at least one part, all with the same names and dtypes."""
    if len(parts) == 1:
        return parts[0]
    return {name: _end_to_end([part[name] for part in parts]) for name in parts[0]}


def _end_to_end(parts: list[ColumnData]) -> ColumnData:
    tensors = [part for part in parts if isinstance(part, torch.Tensor)]
    if tensors:
        return torch.cat(tensors)
    compact = [part for part in parts if not isinstance(part, torch.Tensor)]
    values = torch.cat([part.values for part in compact])
    lengths = torch.cat([part.offsets.diff() for part in compact])
    offsets = torch.zeros(len(lengths) + 1, dtype=torch.int64)
    torch.cumsum(lengths, 0, out=offsets[1:])
    first = compact[0]
    if isinstance(first, RaggedColumn):
        return RaggedColumn(values, offsets, first.shape)
    return StringColumn(values, offsets, (sum(len(part) for part in compact), *first.shape[1:]))


def take_or_missing(data: ColumnData, rows: torch.Tensor, info: ColumnInfo) -> ColumnData:
    """Rows of a column, and where `rows` has -1 a row without a value.

    That is NaN among floating and complex numbers, TNULL among integers, False among logical ones, and an empty string
    or array.

    Args:
        data: the column.
        rows: int64.
        info: of the column, as `nullable` has it.

    """
    if not isinstance(data, torch.Tensor):
        missing = _empty_row(data)
    else:
        null = null_value(info)
        if null is not None and data.dtype != info.dtype:
            data = data.to(info.dtype)
        value = float("nan") if data.is_floating_point() or data.is_complex() else (null or 0)
        missing = torch.tensor(value, dtype=data.dtype).expand(1, *data.shape[1:])
    # Row -1 is the one behind the last.
    return take_one(_end_to_end([data, missing]), rows)


def nullable(info: ColumnInfo) -> ColumnInfo:
    """A column that may have rows without a value: integers without TNULL become int64, or stay uint64, with one."""
    if info.kind != "TENSOR" or info.dtype is None or _is_real(info.dtype) or null_value(info) is not None:
        return info
    if info.dtype == torch.uint64:
        return replace(info, null=2**63 - 1)
    return replace(info, dtype=torch.int64, form=info.form[:-1] + "K", zero=0.0, null=-(2**63))


def _empty_row(data: StringColumn | RaggedColumn) -> ColumnData:
    if isinstance(data, RaggedColumn):
        return RaggedColumn(data.values[:0], torch.zeros(2, dtype=torch.int64), data.shape)
    cells = math.prod(data.shape[1:])
    return StringColumn(data.values[:0], torch.zeros(cells + 1, dtype=torch.int64), (1, *data.shape[1:]))


def null_value(info: ColumnInfo) -> int | None:
    """The integer that stands for no value in what was read; None if none does."""
    if not isinstance(info.null, int) or info.dtype is None or _is_real(info.dtype) or info.kind == "STRINGS":
        return None
    null = info.null + int(info.zero)
    limits = torch.iinfo(info.dtype)
    return null if limits.min <= null <= limits.max else None


def _is_real(dtype: torch.dtype) -> bool:
    return dtype.is_floating_point or dtype.is_complex or dtype == torch.bool
