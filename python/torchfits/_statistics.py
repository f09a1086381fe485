# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What there is in the columns of a table, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from torchfits._columns import RaggedColumn, StringColumn
from torchfits._rows import null_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchfits._columns import ColumnInfo
    from torchfits._rows import ColumnData
    from torchfits._sources import Source

_READ_BYTES = 256 << 20
"""Of columns that are read together; one column is read whole, whatever its size."""

_QUARTILES = (0.25, 0.5, 0.75)
_MOST_CATEGORIES = 1000


@dataclass(frozen=True)
class NumberStats:
    """A column of numbers, in float64 but for the extremes, which are exact. Without a value all are NaN.

    Attributes:
        count: of rows with a value.
        nulls: rows without one: NaN, TNULL.
        mean: of the values; infinities count.
        std: their standard deviation, of the population (divided by n).
        min: the lowest one.
        quartiles: a quarter, half and three quarters of the values are below; interpolated between two of them.
        max: the highest one.
    """

    count: int
    nulls: int
    mean: float
    std: float
    min: float
    quartiles: tuple[float, float, float]
    max: float


@dataclass(frozen=True)
class CategoryStats:
    """A column of strings or logical values.

    Attributes:
        count: of rows with a value.
        nulls: rows without one: empty strings.
        distinct: how many different values there are.
        categories: how often each comes, the commonest first, then in their order; the first 1,000 of them.
    """

    count: int
    nulls: int
    distinct: int
    categories: dict[str | bool, int]


ColumnStats = NumberStats | CategoryStats


def statistics(source: Source) -> dict[str, ColumnStats]:
    """Of each column with one number, string or logical value in a row."""
    found = {name: info for name, info in source.schema.items() if _is_single(info)}
    return {
        name: _of_column(data, found[name])
        for names in _groups(found, source.count())
        for name, data in source.read(names).items()
    }


def _is_single(info: ColumnInfo) -> bool:
    if info.kind is None or info.kind == "RAGGED" or info.shape or info.dtype is None:
        return False
    return not info.dtype.is_complex


def _groups(infos: dict[str, ColumnInfo], rows: int) -> Iterator[list[str]]:
    """Names of columns that are read together. A string has an offset, and about as many bytes again."""
    names: list[str] = []
    size = 0
    for name, info in infos.items():
        assert info.dtype is not None
        own = rows * (16 if info.kind == "STRINGS" else info.dtype.itemsize)
        if names and size + own > _READ_BYTES:
            yield names
            names, size = [], 0
        names.append(name)
        size += own
    if names:
        yield names


def _of_column(data: ColumnData, info: ColumnInfo) -> ColumnStats:
    assert not isinstance(data, RaggedColumn)
    if isinstance(data, StringColumn):
        return _of_strings(data)
    return _of_truths(data) if data.dtype == torch.bool else _of_numbers(data, info)


def _of_numbers(data: torch.Tensor, info: ColumnInfo) -> NumberStats:
    numbers: Any = data.numpy()
    null = null_value(info)
    missing = np.isnan(numbers) if data.is_floating_point() else numbers == null
    values = numbers[~missing] if null is not None or data.is_floating_point() else numbers
    if not len(values):
        nan = float("nan")
        return NumberStats(0, len(numbers), nan, nan, nan, (nan, nan, nan), nan)
    wide = values.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        first, second, third = (float(part) for part in np.quantile(wide, _QUARTILES))
        return NumberStats(
            count=len(values),
            nulls=len(numbers) - len(values),
            mean=float(wide.mean()),
            std=float(wide.std()),
            min=values.min().item(),
            quartiles=(first, second, third),
            max=values.max().item(),
        )


def _of_truths(data: torch.Tensor) -> CategoryStats:
    true = int(data.sum())
    return _counted({False: len(data) - true, True: true}, nulls=0)


def _of_strings(strings: StringColumn) -> CategoryStats:
    from torchfits import _arrow

    counted: Any = _arrow.to_binary(strings).value_counts()
    words = [word.decode("latin-1") for word in counted.field("values").to_pylist()]
    counts: dict[str | bool, int] = dict(zip(words, counted.field("counts").to_pylist(), strict=True))
    return _counted(counts, nulls=counts.pop("", 0))


def _counted(counts: dict[str | bool, int], nulls: int) -> CategoryStats:
    present = {value: count for value, count in counts.items() if count}
    order = sorted(present, key=lambda value: (-present[value], value))
    commonest = {value: present[value] for value in order[:_MOST_CATEGORIES]}
    return CategoryStats(sum(present.values()), nulls, len(present), commonest)
