"""Conditions on columns in memory, which the engine evaluates as it does those on rows of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchfits import _engine
from torchfits._columns import RaggedColumn, StringColumn
from torchfits._rows import null_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch

    from torchfits._columns import ColumnInfo
    from torchfits._rows import ColumnData, Columns


def find_held_rows(
    condition: str,
    schema: Mapping[str, ColumnInfo],
    rows: int,
    read: Callable[[Sequence[str]], Columns],
    *,
    place: str,
) -> torch.Tensor:
    """Finds the rows for which a condition is true.

    A value that is missing in memory has no value: NaN, what `null_value` tells of integers, an empty string.

    Args:
        condition: as `where` of `read_columns`.
        schema: of the columns that it may name.
        rows: how many there are.
        read: gives columns; called once, for those that the condition names.
        place: what the rows are, for messages.

    Returns:
        Their numbers from 0, int64, in order.

    Raises:
        ExpressionError: if the condition cannot be understood, or not of these columns; nothing is read then.
        ValueRangeError: if integer arithmetic exceeds 64 bits.
    """
    names = list(schema)
    table = _engine.HeldTable(place, [_line(info, name) for name, info in schema.items()], rows)
    named = _engine.columns_of(condition, table)
    columns = read([names[index] for index in named])
    held = [_held(index, columns[names[index]], schema[names[index]]) for index in named]
    return _engine.find_held_rows(condition, table, held)


def _line(info: ColumnInfo, name: str) -> str:
    """As the engine's HeldColumn has it."""
    dtype = "" if info.dtype is None else str(info.dtype).removeprefix("torch.").upper()
    cell = ",".join(map(str, info.shape))
    return "\t".join([info.kind or "", dtype, cell, info.problem or "", name])


def _held(index: int, data: ColumnData, info: ColumnInfo) -> _engine.HeldValues:
    assert not isinstance(data, RaggedColumn), "the engine names no columns of arrays"
    if isinstance(data, StringColumn):
        return _engine.HeldValues(index, data.values.contiguous(), data.offsets.contiguous(), None)
    return _engine.HeldValues(index, data.contiguous(), None, null_value(info))
