# torch_frame and pandas have no types, numpy's arrays too many.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""What a column of a table becomes in a TensorFrame, and the blocks that columns of one kind are put together in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch_frame
from torch_frame.data import MultiEmbeddingTensor, MultiNestedTensor
from torch_frame.data.stats import StatType

from torchfits import _arrow, _engine
from torchfits._columns import ColumnInfo, RaggedColumn, StringColumn
from torchfits._rows import ColumnData, null_value
from torchfits._timestamps import are_julian, iso_times, julian_times, time_fields

if TYPE_CHECKING:
    from torchfits.tables import Together

Stype = torch_frame.stype
Stats = dict[StatType, Any]

MOST_WORDS = 1000
LARGEST_EXACT = 2**24  # the integers up to here are float32's
_SAMPLE = 64
_NUMBERS = (
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.uint8,
    torch.uint16,
    torch.uint32,
    torch.float32,
    torch.float64,
)


@dataclass(frozen=True)
class ReadColumn:
    """A column as it was read."""

    name: str
    data: ColumnData
    info: ColumnInfo | None

    def null(self) -> int | None:
        """The integer that stands for none, among the values that were read."""
        return None if self.info is None else null_value(self.info)

    def describe(self) -> str:
        """What it is, for messages."""
        if isinstance(self.data, StringColumn):
            return "strings"
        if isinstance(self.data, RaggedColumn):
            return f"{self.data.values.dtype} of variable length"
        return f"{self.data.dtype} {tuple(self.data.shape)}"


@dataclass(frozen=True)
class MadeColumn:
    """A column on its way into a frame: `data` is what the block of its stype is put together from.

    A numerical column is `tentative` if it holds integers, and only its extremes tell whether float32 holds them all.
    """

    name: str
    stype: Stype | None
    data: Any
    stats: Stats
    vocabulary: list[Any] | None = None
    null: int | None = None
    tentative: bool = False


def made_column(column: ReadColumn, wanted: list[Stype | None] | None) -> MadeColumn:
    for stype in _candidates(column) if wanted is None else wanted:
        made = (
            MadeColumn(column.name, None, column.data, {})
            if stype is None
            else _MAKERS[stype](column, wanted is not None)
        )
        if made is not None:
            return made
    told = "other" if not wanted or wanted[0] is None else wanted[0].value
    raise ValueError(f"column {column.name!r} ({column.describe()}) cannot be {told}")


def _candidates(column: ReadColumn) -> list[Stype | None]:
    """What a column may be, the best first."""
    data = column.data
    if isinstance(data, StringColumn):
        return [Stype.timestamp, Stype.categorical, None]
    if isinstance(data, RaggedColumn):
        return [Stype.sequence_numerical, None]
    if data.dtype == torch.bool:
        return [Stype.categorical if data.ndim == 1 else Stype.multicategorical, None]
    return [Stype.timestamp, Stype.numerical, None] if data.ndim == 1 else [Stype.embedding, None]


def _numerical(column: ReadColumn, told: bool) -> MadeColumn | None:  # noqa: FBT001 - a maker
    data = column.data
    if not isinstance(data, torch.Tensor) or data.ndim != 1 or data.is_complex() or data.dtype == torch.bool:
        return None
    null = column.null()
    tentative = not told and not data.is_floating_point() and data.dtype.itemsize > 2
    if tentative and not is_exact(data[:: len(data) // _SAMPLE + 1], null):
        return None
    if data.dtype in (torch.uint64, torch.float16, torch.bfloat16):
        missing = None if null is None else torch.from_numpy(data.numpy() == null)
        data = data.to(torch.float64)
        data, null = (data if missing is None else data.masked_fill(missing, torch.nan)), None
    return MadeColumn(column.name, Stype.numerical, data.contiguous(), {}, null=null, tentative=tentative)


def is_number(info: ColumnInfo, wanted: list[Stype | None] | None) -> bool:
    """Whether a column of a binary table is numerical, whatever it holds, or integers that may be too large for that.

    Args:
        info: what the table says of it.
        wanted: what it shall be, as for `made_column`.
    """
    if info.problem is not None or info.kind != "TENSOR" or info.shape != () or info.dtype not in _NUMBERS:
        return False
    if wanted is not None:
        return wanted == [Stype.numerical]
    return not (info.dtype.is_floating_point and are_julian(info.name, info.unit, told=False))


def may_be_inexact(info: ColumnInfo) -> bool:
    """Whether a column has integers of which float32 may not hold all."""
    return info.dtype is not None and not info.dtype.is_floating_point and info.dtype.itemsize > 2


def is_exact(data: torch.Tensor, null: int | None) -> bool:
    """Whether float32 holds all the integers; floats are rounded anyway."""
    if data.is_floating_point() or data.numel() == 0 or data.dtype.itemsize <= 2:
        return True
    values: Any = data.numpy()
    values = values if null is None else values[values != null]
    return values.size == 0 or (int(values.min()) >= -LARGEST_EXACT and int(values.max()) <= LARGEST_EXACT)


def _categorical(column: ReadColumn, told: bool) -> MadeColumn | None:  # noqa: FBT001
    data = column.data
    if isinstance(data, StringColumn):
        return None if len(data.shape) != 1 else _of_words(column.name, data, told)
    if not isinstance(data, torch.Tensor) or data.ndim != 1 or data.is_floating_point() or data.is_complex():
        return None
    values: Any = data.numpy()
    null = column.null()
    present = np.ones(len(values), bool) if null is None else values != null
    found, codes = np.unique(values[present], return_inverse=True)
    numbers: Any = np.full(len(values), -1)
    numbers[present] = codes.reshape(-1)
    return _coded(column.name, numbers, found.tolist())


def _of_words(name: str, words: StringColumn, told: bool) -> MadeColumn | None:  # noqa: FBT001
    coded: Any = _arrow.to_binary(words).dictionary_encode()
    found = [word.decode("latin-1") for word in coded.dictionary.to_pylist()]
    if not told and len(found) > min(MOST_WORDS, len(words) // 2):
        return None
    numbers: Any = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    if "" in found:  # no value
        empty = found.index("")
        numbers = np.where(numbers == empty, -1, numbers - (numbers > empty))
        found.remove("")
    return _coded(name, numbers, found)


def _coded(name: str, codes: Any, found: list[Any]) -> MadeColumn:  # noqa: ANN401 - arrays of numpy
    """Numbers the values anew, those that come most often first; of equal ones the smaller."""
    counts = np.bincount(codes[codes >= 0], minlength=len(found)).tolist()
    order = sorted(range(len(found)), key=lambda code: (-counts[code], found[code]))
    places: Any = np.empty(len(found) + 1, np.int64)
    places[order] = np.arange(len(found))
    places[-1] = -1  # that of what is missing
    vocabulary = [found[code] for code in order]
    stats: Stats = {StatType.COUNT: (vocabulary, [counts[code] for code in order])}
    return MadeColumn(name, Stype.categorical, torch.from_numpy(places[codes]), stats, vocabulary)


def _timestamp(column: ReadColumn, told: bool) -> MadeColumn | None:  # noqa: FBT001
    data = column.data
    if isinstance(data, StringColumn):
        times = iso_times(data) if len(data.shape) == 1 else None
    elif isinstance(data, torch.Tensor) and data.ndim == 1 and data.is_floating_point():
        unit = "" if column.info is None else column.info.unit
        times = julian_times(data, column.name, unit, told=told)
    else:
        times = None
    return None if times is None else MadeColumn(column.name, Stype.timestamp, time_fields(times), _time_stats(times))


def _time_stats(times: Any) -> Stats:  # noqa: ANN401
    ordered = np.sort(times[~np.isnat(times)])
    oldest, median, newest = time_fields(ordered[[0, len(ordered) // 2, -1]])
    return {
        StatType.YEAR_RANGE: [int(oldest[0]), int(newest[0])],
        StatType.NEWEST_TIME: newest,
        StatType.OLDEST_TIME: oldest,
        StatType.MEDIAN_TIME: median,
    }


def _multicategorical(column: ReadColumn, told: bool) -> MadeColumn | None:  # noqa: ARG001, FBT001 - a maker
    data = column.data
    if isinstance(data, RaggedColumn) and not (data.values.is_floating_point() or data.values.is_complex()):
        members, offsets = data.values.to(torch.int64), data.offsets
    elif isinstance(data, torch.Tensor) and data.dtype == torch.bool and data.ndim == 2:
        members = data.nonzero()[:, 1]
        offsets = torch.cat([torch.zeros(1, dtype=torch.int64), data.sum(dim=1).cumsum(0)])
    else:
        return None
    found, codes = np.unique(members.numpy(), return_inverse=True)
    coded = _coded(column.name, codes.reshape(-1), found.tolist())
    stats: Stats = {StatType.MULTI_COUNT: coded.stats[StatType.COUNT]}
    return MadeColumn(column.name, Stype.multicategorical, RaggedColumn(coded.data, offsets), stats, coded.vocabulary)


def _sequence(column: ReadColumn, told: bool) -> MadeColumn | None:  # noqa: FBT001
    data = column.data
    if isinstance(data, torch.Tensor) and data.ndim == 2 and told:
        data = RaggedColumn(data.reshape(-1), torch.arange(len(data) + 1) * data.shape[1])
    if not isinstance(data, RaggedColumn):
        return None
    values = _numerical(ReadColumn(column.name, data.values, column.info), told)
    if values is None:
        return None
    [numbers], block = numerical_block([values])
    if block is None:
        return None
    cells = RaggedColumn(block[:, 0].contiguous(), data.offsets)
    return MadeColumn(column.name, Stype.sequence_numerical, cells, numbers.stats)


def _embedding(column: ReadColumn, told: bool) -> MadeColumn | None:  # noqa: FBT001
    data = column.data
    if not isinstance(data, torch.Tensor) or data.ndim < 2 or data.is_complex() or 0 in data.shape[1:]:
        return None
    vectors = data.flatten(1)
    if not told and not (vectors.dtype == torch.bool or is_exact(vectors, None)):
        return None
    vectors = vectors.to(torch.float32)
    if column.null() is not None or not bool(torch.isfinite(vectors).all()):
        return None
    return MadeColumn(column.name, Stype.embedding, vectors, {StatType.EMB_DIM: vectors.shape[1]})


def numerical_block(
    made: list[MadeColumn], read: Together | None = None
) -> tuple[list[MadeColumn], torch.Tensor | None]:
    """Puts the numerical ones of some columns side by side.

    Args:
        made: the columns. Of those that are in `read` the numerical ones have no data.
        read: numbers that are side by side already.

    Returns:
        The columns: numerical ones with their statistics, and those whose integers float32 does not hold without stype;
        and the block, None without numerical columns.
    """
    numerical = [column for column in made if column.stype is Stype.numerical]
    blocks, names = ([], []) if read is None else ([read.block], [*read.names])
    settled: dict[str, MadeColumn] = {}
    if held := [column for column in numerical if column.data is not None]:
        block, told = _engine.make_numerical_block([one.data for one in held], [one.null for one in held])
        blocks.append(block)
        names += [column.name for column in held]
        settled = {column.name: _settled(column, told[place]) for place, column in enumerate(held)}
    made = [settled.get(column.name, column) for column in made]
    kept = [column.name for column in made if column.stype is Stype.numerical]
    if not kept:
        return made, None
    whole = blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=1)
    if kept == names:
        return made, whole
    return made, whole.index_select(1, torch.tensor([names.index(name) for name in kept]))


def _settled(column: MadeColumn, told: torch.Tensor) -> MadeColumn:
    if column.tentative and may_exceed(told) and not is_exact(column.data, column.null):
        return replace(column, stype=None)
    return replace(column, stats=number_stats(told))


def may_exceed(told: torch.Tensor) -> bool:
    """Whether float32 may not hold all integers of a column."""
    least, greatest = float(told[3]), float(told[-1])
    # Those that are out of its bounds do not come inside when they are rounded. Without any number these are NaN.
    return least <= -LARGEST_EXACT or greatest >= LARGEST_EXACT


def number_stats(found: torch.Tensor) -> Stats:
    _, mean, deviation, *quantiles = cast("list[float]", found.tolist())  # pyright: ignore[reportUnknownMemberType]
    return {StatType.MEAN: mean, StatType.STD: deviation, StatType.QUANTILES: quantiles}


def _side_by_side(columns: list[MadeColumn]) -> torch.Tensor:
    return torch.stack([column.data for column in columns], dim=1)


def _nested(columns: list[MadeColumn]) -> MultiNestedTensor:
    """The cells of a row one behind the other."""
    parts = [cast("RaggedColumn", column.data) for column in columns]
    rows = len(parts[0])
    lengths = torch.stack([part.lengths() for part in parts], dim=1)
    offsets = torch.zeros(rows * len(parts) + 1, dtype=torch.int64)
    torch.cumsum(lengths.reshape(-1), 0, out=offsets[1:])
    values = torch.empty(int(offsets[-1]), dtype=parts[0].values.dtype)
    begins = offsets[:-1].reshape(rows, len(parts))
    for column, part in enumerate(parts):
        moves = torch.repeat_interleave(begins[:, column] - part.offsets[:-1], part.lengths())
        values[torch.arange(len(moves)) + moves] = part.values
    return MultiNestedTensor(rows, len(parts), values, offsets)


def _embedded(columns: list[MadeColumn]) -> MultiEmbeddingTensor:
    vectors = [cast("torch.Tensor", column.data) for column in columns]
    offsets = torch.tensor([0, *(vector.shape[1] for vector in vectors)]).cumsum(0)
    return MultiEmbeddingTensor(len(vectors[0]), len(vectors), torch.cat(vectors, dim=1), offsets)


_Maker = Callable[[ReadColumn, bool], MadeColumn | None]
"""Makes a column of one stype of what was read; None if it cannot be, or, unless it was told to, should not be."""


def _cannot(column: ReadColumn, told: bool) -> MadeColumn | None:  # noqa: ARG001, FBT001
    return None


_MAKERS: dict[Stype, _Maker] = dict.fromkeys(Stype, _cannot) | {
    Stype.numerical: _numerical,
    Stype.categorical: _categorical,
    Stype.timestamp: _timestamp,
    Stype.multicategorical: _multicategorical,
    Stype.sequence_numerical: _sequence,
    Stype.embedding: _embedding,
}

TOGETHER: dict[Stype, Callable[[list[MadeColumn]], Any]] = {
    Stype.categorical: _side_by_side,
    Stype.timestamp: _side_by_side,
    Stype.multicategorical: _nested,
    Stype.sequence_numerical: _nested,
    Stype.embedding: _embedded,
}
"""Puts columns of one stype together; for numerical ones there is `numerical_block`."""
