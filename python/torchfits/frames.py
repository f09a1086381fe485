"""Tables as TensorFrames: the only module that imports torch_frame, and itself imported at its first use."""

# torch_frame and pandas have no types, numpy's arrays too many.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import torch
import torch_frame
from torch_frame import TensorFrame
from torch_frame.data import Dataset, MultiEmbeddingTensor, MultiNestedTensor
from torch_frame.data.stats import StatType

from torchfits import _arrow, _engine
from torchfits._columns import ColumnInfo, RaggedColumn, StringColumn
from torchfits._location import split_row_filter
from torchfits._memory import Content, Source, Transfers, kept
from torchfits._rows import ColumnData, concatenate, length, null_value
from torchfits.tables import Rows, describe_table, read_columns

if TYPE_CHECKING:
    from torchfits._location import Hdu

__all__ = ["MaterializedFrame", "RemoteMaterializedFrame", "materialize", "read_table"]

Stype = torch_frame.stype
Stats = dict[StatType, Any]

OTHER = "other"
"""What `stypes` calls columns that shall stay as they are."""

_MOST_WORDS = 1000
_LARGEST_EXACT = 2**24  # the integers up to here are float32's
_UNIX_EPOCH_MJD = 40587
_MJD_EPOCH_JD = 2400000.5
_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000}
_YEARS = (np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us"))
_ISO = re.compile(rb"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d*)?)?)?")
_DAY = ("d", "day", "days")
_TOLD_TIME = re.compile(r"(H|B)?(MJD|JD)(?![A-Z])")


class MaterializedFrame(TensorFrame):
    """A table in memory as a TensorFrame, with what models need to know of its columns.

    It is read-only from here on, as torch_frame means it: rows are taken with `frame[index]`, which keeps everything
    else; `col_stats` stay those of all rows.

    Attributes:
        feat_dict: numerical float32 (rows, columns), NaN where a value is missing; categorical int64 (rows, columns),
            -1 where it is missing; timestamp int64 (rows, columns, 7): year, month and day from 0, weekday (Monday 0),
            hour, minute, second, all -1 where it is missing; multicategorical and sequence_numerical as
            MultiNestedTensor, embedding as MultiEmbeddingTensor of float32.
        col_stats: for each column what torch_frame's encoders take.
        vocabulary: for each categorical and multicategorical column the values that its numbers stand for.
        others: columns that no stype holds, as `read_columns` gives them: texts, complex numbers, integers beyond 2^24
            (float32 would change them), vectors with values that are not finite.
        schema: what the file says of each column.
        units: TUNIT of each column that has one.
        source: the file, if the frame was read from one; of bytes and file objects what messages call them.
    """

    col_stats: dict[str, Stats]
    vocabulary: dict[str, list[Any]]
    others: dict[str, ColumnData]
    schema: dict[str, ColumnInfo]
    units: dict[str, str]
    source: str | None

    def __getitem__(self, index: Any) -> MaterializedFrame:  # noqa: ANN401 - whatever torch_frame takes
        """Rows of the frame, always as a frame."""
        rows = [index] if isinstance(index, int) else index
        part = cast("MaterializedFrame", super().__getitem__(rows))
        part.others = {name: column[rows] for name, column in self.others.items()}
        return part

    def dataset(self, target: str) -> Dataset:
        """A dataset of torch_frame with a numerical or categorical column as its target.

        Args:
            target: the column: `tensor_frame.y` holds it, and `feat_dict` does no longer.

        Returns:
            A materialized `torch_frame.data.Dataset`: slices, `shuffle()`, `tensor_frame`, `col_stats` and
            `num_classes` work; its `df` has no columns.

        Raises:
            KeyError: if there is no numerical or categorical column of that name.
        """
        return _FrameDataset(self, target)

    def with_target(self, target: str) -> MaterializedFrame:
        """The frame with a numerical or categorical column as `y`, which `feat_dict` does no longer hold.

        Raises:
            KeyError: if there is no numerical or categorical column of that name.
        """
        return self._without(target)[1]

    def _without(self, name: str) -> tuple[torch.Tensor, MaterializedFrame]:
        """A column, and the frame with it as target."""
        for stype in (Stype.numerical, Stype.categorical):
            names = self.col_names_dict.get(stype, [])
            if name in names:
                place = names.index(name)
                block = cast("torch.Tensor", self.feat_dict[stype])
                kept = [column for column in range(len(names)) if column != place]
                features: dict[Any, Any] = {**self.feat_dict, stype: block[:, kept]}
                columns = {**self.col_names_dict, stype: [names[column] for column in kept]}
                if not kept:
                    del features[stype], columns[stype]
                frame = copy.copy(self)
                TensorFrame.__init__(frame, features, columns, block[:, place], num_rows=len(self))
                return block[:, place], frame
        raise KeyError(f"no numerical or categorical column {name!r}")


class RemoteMaterializedFrame(MaterializedFrame):
    """The same, read from a source that is no local file: bytes in memory, or a file object.

    Attributes:
        requests: how often a range of bytes of the source was asked for while the frame was made.
        bytes_read: how many bytes came.
    """

    requests: int
    bytes_read: int

    @classmethod
    def of(cls, frame: MaterializedFrame, transfers: Transfers) -> RemoteMaterializedFrame:
        """The same frame, with what was transferred for it."""
        remote = cls.__new__(cls)
        vars(remote).update(vars(frame))
        remote.requests, remote.bytes_read = transfers
        return remote


class _FrameDataset(Dataset):
    """torch_frame's dataset around a frame that is there already: nothing of a DataFrame but its index is needed."""

    def __init__(self, frame: MaterializedFrame, target: str) -> None:
        _, features = frame._without(target)  # pyright: ignore[reportPrivateUsage] - its own module
        stypes = {name: stype for stype, names in frame.col_names_dict.items() for name in names}
        super().__init__(pd.DataFrame(index=range(len(frame)), columns=list(stypes)), stypes, target_col=target)
        self._tensor_frame = features
        self._col_stats = frame.col_stats
        self._is_materialized = True


def read_table(
    path: Source,
    columns: str | int | Iterable[str | int] | None = None,
    *,
    hdu: Hdu | None = None,
    rows: Rows | None = None,
    where: str | None = None,
    stypes: Mapping[str, Stype | str] | None = None,
) -> MaterializedFrame:
    """Reads a table as a TensorFrame of torch_frame.

    What a column becomes follows from its form, its unit and its content: numbers are numerical (float32); L is
    categorical, and so are strings if there are at most 1,000 different ones and each comes twice on average; strings
    that are dates in ISO 8601, and columns in days that are named as Julian dates (MJD, JD, BJD, HJD), are timestamps;
    bits are multicategorical, the numbers (from 0) of those that are set; arrays of fixed length are embeddings if all
    values are finite, those of variable length are sequence_numerical. Everything else, and integers that float32 would
    change, are in `others`. Strings that are empty count as missing.

    Args:
        path: as for `read_columns`.
        columns: likewise.
        hdu: likewise.
        rows: likewise.
        where: likewise.
        stypes: for some columns what they shall be: a `torch_frame.stype` or its name, or "other". Integers and strings
            can be categorical, integers of any size numerical (rounded to float32), integers of variable length
            multicategorical.

    Returns:
        The frame; a `RemoteMaterializedFrame` if `path` is bytes or a file object.

    Raises:
        FitsError: one of its subclasses, as `read_columns`.
        KeyError: if `stypes` names a column that is not read.
        ValueError: if a column cannot be what `stypes` says.
    """
    file = kept(path)
    schema = describe_table(split_row_filter(file)[0], hdu=hdu)
    data = read_columns(file, columns, hdu=hdu, rows=rows, where=where)
    infos = {name: schema[name] for name in data}
    frame = materialize(data, infos, stypes=stypes, source=os.fspath(file))
    return RemoteMaterializedFrame.of(frame, file.transfers) if isinstance(file, Content) else frame


def materialize(
    columns: Mapping[str, ColumnData],
    schema: Mapping[str, ColumnInfo] | None = None,
    *,
    stypes: Mapping[str, Stype | str] | None = None,
    source: str | None = None,
) -> MaterializedFrame:
    """Makes a TensorFrame of columns that are in memory.

    Args:
        columns: of one length.
        schema: what is known of them; a column may be missing here.
        stypes: as for `read_table`.
        source: where they come from.

    Raises:
        KeyError: if `stypes` names a column that is not there.
        ValueError: if a column cannot be what `stypes` says, or columns differ in length.
    """
    infos = dict(schema or {})
    wanted = {name: _stype(stype) for name, stype in (stypes or {}).items()}
    if missing := wanted.keys() - columns.keys():
        raise KeyError(f"stypes names columns that are not read: {sorted(missing)}")
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ValueError(f"columns of different lengths: {sorted(lengths)}")
    made = [
        _made(_Column(name, data, infos.get(name)), [wanted[name]] if name in wanted else None)
        for name, data in columns.items()
    ]
    return _frame(made, lengths.pop() if lengths else 0, infos, source)


def encode(
    columns: Mapping[str, ColumnData], schema: Mapping[str, ColumnInfo], like: MaterializedFrame
) -> MaterializedFrame:
    """Makes a frame as another one is: its stypes, its vocabulary (values that it lacks are -1), its statistics.

    Args:
        columns: of one length, all of which `like` has.
        schema: what is known of them.
        like: the other frame.

    Raises:
        KeyError: if `like` does not have a column.
        ValueError: if a column cannot be what it is in `like`.
    """
    stypes: dict[str, Any] = dict.fromkeys(like.others)
    stypes.update({name: stype for stype, names in like.col_names_dict.items() for name in names})
    made = [_as_in(like, _Column(name, data, schema.get(name)), stypes[name]) for name, data in columns.items()]
    frame = _frame(made, length(dict(columns)), dict(schema), like.source)
    frame.col_stats = like.col_stats
    return frame


def _as_in(like: MaterializedFrame, column: _Column, stype: Stype | None) -> _Made:
    if stype is Stype.timestamp and _is_empty(column):
        return _Made(column.name, stype, torch.full((len(column.data), 7), -1), {})
    made = _made(column, [stype])
    if made.vocabulary is None:
        return made
    known = like.vocabulary[column.name]
    places = {value: place for place, value in enumerate(known)}
    # What is missing has -1, the place behind the last.
    numbers = torch.tensor([*(places.get(value, -1) for value in made.vocabulary), -1])
    ragged = isinstance(made.data, RaggedColumn)
    data = RaggedColumn(numbers[made.data.values], made.data.offsets) if ragged else numbers[made.data]
    return replace(made, data=data, vocabulary=known)


def _is_empty(column: _Column) -> bool:
    """Whether no row has a value."""
    if isinstance(column.data, StringColumn):
        return column.data.values.numel() == 0
    return isinstance(column.data, torch.Tensor) and bool(torch.isnan(column.data).all())


def without_rows(frame: MaterializedFrame) -> MaterializedFrame:
    """A frame for `encode`, which keeps one of the rows in memory."""
    one = frame[torch.arange(min(1, len(frame)))]
    features: dict[Any, Any] = one.feat_dict
    one.feat_dict = {stype: block.clone() for stype, block in features.items()}
    return one


def concatenated(parts: list[MaterializedFrame]) -> MaterializedFrame:
    """Frames of the same columns, one behind the other."""
    whole = copy.copy(parts[0])
    vars(whole).update(vars(torch_frame.cat(parts, dim=0)))
    whole.others = concatenate([part.others for part in parts])
    return whole


@dataclass(frozen=True)
class _Column:
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
class _Made:
    """A column on its way into a frame: `data` is what the block of its stype is put together from."""

    name: str
    stype: Stype | None
    data: Any
    stats: Stats
    vocabulary: list[Any] | None = None
    null: int | None = None


def _stype(stype: Stype | str) -> Stype | None:
    return None if stype == OTHER else Stype(stype)


def _frame(made: list[_Made], rows: int, infos: dict[str, ColumnInfo], source: str | None) -> MaterializedFrame:
    features: dict[Any, Any] = {}
    names: dict[Any, list[str]] = {}
    stats = {column.name: column.stats for column in made if column.stype is not None}
    for stype, together in _TOGETHER.items():
        columns = [column for column in made if column.stype is stype]
        if columns:
            features[stype] = together(columns, stats)
            names[stype] = [column.name for column in columns]
    frame = MaterializedFrame(features, names, num_rows=rows)
    frame.col_stats = stats
    frame.vocabulary = {column.name: column.vocabulary for column in made if column.vocabulary is not None}
    frame.others = {column.name: column.data for column in made if column.stype is None}
    frame.schema = {column.name: infos[column.name] for column in made if column.name in infos}
    frame.units = {name: info.unit for name, info in frame.schema.items() if info.unit}
    frame.source = source
    return frame


def _made(column: _Column, wanted: list[Stype | None] | None) -> _Made:
    for stype in _candidates(column) if wanted is None else wanted:
        made = (
            _Made(column.name, None, column.data, {}) if stype is None else _MAKERS[stype](column, wanted is not None)
        )
        if made is not None:
            return made
    told = "other" if not wanted or wanted[0] is None else wanted[0].value
    raise ValueError(f"column {column.name!r} ({column.describe()}) cannot be {told}")


def _candidates(column: _Column) -> list[Stype | None]:
    """What a column may be, the best first."""
    data = column.data
    if isinstance(data, StringColumn):
        return [Stype.timestamp, Stype.categorical, None]
    if isinstance(data, RaggedColumn):
        return [Stype.sequence_numerical, None]
    if data.dtype == torch.bool:
        return [Stype.categorical if data.ndim == 1 else Stype.multicategorical, None]
    return [Stype.timestamp, Stype.numerical, None] if data.ndim == 1 else [Stype.embedding, None]


def _numerical(column: _Column, told: bool) -> _Made | None:  # noqa: FBT001 - a maker
    data = column.data
    if not isinstance(data, torch.Tensor) or data.ndim != 1 or data.is_complex() or data.dtype == torch.bool:
        return None
    null = column.null()
    if not told and not _is_exact(data, null):
        return None
    if data.dtype in (torch.uint64, torch.float16, torch.bfloat16):
        missing = None if null is None else torch.from_numpy(data.numpy() == null)
        data = data.to(torch.float64)
        data, null = (data if missing is None else data.masked_fill(missing, torch.nan)), None
    return _Made(column.name, Stype.numerical, data.contiguous(), {}, null=null)


def _is_exact(data: torch.Tensor, null: int | None) -> bool:
    """Whether float32 holds all the integers; floats are rounded anyway."""
    if data.is_floating_point() or data.numel() == 0 or data.dtype.itemsize <= 2:
        return True
    values: Any = data.numpy()
    values = values if null is None else values[values != null]
    return values.size == 0 or (int(values.min()) >= -_LARGEST_EXACT and int(values.max()) <= _LARGEST_EXACT)


def _categorical(column: _Column, told: bool) -> _Made | None:  # noqa: FBT001
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


def _of_words(name: str, words: StringColumn, told: bool) -> _Made | None:  # noqa: FBT001
    coded: Any = _arrow.to_binary(words).dictionary_encode()
    found = [word.decode("latin-1") for word in coded.dictionary.to_pylist()]
    if not told and len(found) > min(_MOST_WORDS, len(words) // 2):
        return None
    numbers: Any = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    if "" in found:  # no value
        empty = found.index("")
        numbers = np.where(numbers == empty, -1, numbers - (numbers > empty))
        found.remove("")
    return _coded(name, numbers, found)


def _coded(name: str, codes: Any, found: list[Any]) -> _Made:  # noqa: ANN401 - arrays of numpy
    """Numbers the values anew, those that come most often first; of equal ones the smaller."""
    counts = np.bincount(codes[codes >= 0], minlength=len(found)).tolist()
    order = sorted(range(len(found)), key=lambda code: (-counts[code], found[code]))
    places: Any = np.empty(len(found) + 1, np.int64)
    places[order] = np.arange(len(found))
    places[-1] = -1  # that of what is missing
    vocabulary = [found[code] for code in order]
    stats: Stats = {StatType.COUNT: (vocabulary, [counts[code] for code in order])}
    return _Made(name, Stype.categorical, torch.from_numpy(places[codes]), stats, vocabulary)


def _timestamp(column: _Column, told: bool) -> _Made | None:  # noqa: FBT001
    data = column.data
    if isinstance(data, StringColumn):
        times = _iso_times(data) if len(data.shape) == 1 else None
    elif isinstance(data, torch.Tensor) and data.ndim == 1 and data.is_floating_point():
        times = _julian_times(column, told)
    else:
        times = None
    return None if times is None else _Made(column.name, Stype.timestamp, _fields(times), _time_stats(times))


def _iso_times(words: StringColumn) -> Any | None:  # noqa: ANN401
    """Times of numpy in microseconds; None if one of the strings is no date."""
    texts = np.array([word or b"NaT" for word in _arrow.to_binary(words).to_pylist()], dtype=bytes)
    known = texts != b"NaT"
    if not known.any() or not all(_ISO.fullmatch(text) for text in texts[known].tolist()):
        return None
    try:
        return texts.astype("U").astype("datetime64[us]")
    except ValueError:  # such as the 31st of February, or a leap second
        return None


def _julian_times(column: _Column, told: bool) -> Any | None:  # noqa: ANN401, FBT001
    """Likewise from Julian dates."""
    unit = "" if column.info is None else column.info.unit.strip().lower()
    name = _TOLD_TIME.search(column.name.upper())
    if not (unit in ("mjd", "jd") or (name is not None and (told or unit in _DAY))):
        return None
    days: Any = cast("torch.Tensor", column.data).to(torch.float64).numpy()
    is_modified = unit == "mjd" or (unit != "jd" and name is not None and name.group().endswith("MJD"))
    with np.errstate(invalid="ignore"):
        micros = np.round((days - (0 if is_modified else _MJD_EPOCH_JD) - _UNIX_EPOCH_MJD) * _MICROSECONDS["d"])
    known = np.isfinite(micros)
    first, last = (int(year.astype(np.int64)) for year in _YEARS)
    if not known.any() or micros[known].min() < first or micros[known].max() > last:
        return None
    times: Any = np.full(len(micros), np.datetime64("NaT", "us"))
    times[known] = micros[known].astype(np.int64).astype("datetime64[us]")
    return times


def _fields(times: Any) -> torch.Tensor:  # noqa: ANN401
    """torch_frame's seven numbers of each time."""
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = months.astype("datetime64[Y]")
    seconds = (times - days).astype("timedelta64[s]").astype(np.int64)
    fields: Any = np.stack(
        [
            years.astype(np.int64) + 1970,
            (months - years).astype(np.int64),
            (days - months).astype(np.int64),
            (days.astype(np.int64) + 3) % 7,  # the epoch was a Thursday
            seconds // 3600,
            seconds // 60 % 60,
            seconds % 60,
        ],
        axis=-1,
    )
    fields[np.isnat(times)] = -1
    return torch.from_numpy(fields)


def _time_stats(times: Any) -> Stats:  # noqa: ANN401
    ordered = np.sort(times[~np.isnat(times)])
    oldest, median, newest = _fields(ordered[[0, len(ordered) // 2, -1]])
    return {
        StatType.YEAR_RANGE: [int(oldest[0]), int(newest[0])],
        StatType.NEWEST_TIME: newest,
        StatType.OLDEST_TIME: oldest,
        StatType.MEDIAN_TIME: median,
    }


def _multicategorical(column: _Column, told: bool) -> _Made | None:  # noqa: ARG001, FBT001 - a maker
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
    return _Made(column.name, Stype.multicategorical, RaggedColumn(coded.data, offsets), stats, coded.vocabulary)


def _sequence(column: _Column, told: bool) -> _Made | None:  # noqa: FBT001
    data = column.data
    if isinstance(data, torch.Tensor) and data.ndim == 2 and told:
        data = RaggedColumn(data.reshape(-1), torch.arange(len(data) + 1) * data.shape[1])
    if not isinstance(data, RaggedColumn):
        return None
    values = _numerical(_Column(column.name, data.values, column.info), told)
    if values is None:
        return None
    block, found = _engine.make_numerical_block([values.data], [values.null])
    return _Made(
        column.name, Stype.sequence_numerical, RaggedColumn(block[:, 0].contiguous(), data.offsets), _stats(found[0])
    )


def _embedding(column: _Column, told: bool) -> _Made | None:  # noqa: FBT001
    data = column.data
    if not isinstance(data, torch.Tensor) or data.ndim < 2 or data.is_complex() or 0 in data.shape[1:]:
        return None
    vectors = data.reshape(len(data), -1)
    if not told and not (vectors.dtype == torch.bool or _is_exact(vectors, None)):
        return None
    vectors = vectors.to(torch.float32)
    if column.null() is not None or not bool(torch.isfinite(vectors).all()):
        return None
    return _Made(column.name, Stype.embedding, vectors, {StatType.EMB_DIM: vectors.shape[1]})


def _numerical_block(columns: list[_Made], stats: dict[str, Stats]) -> torch.Tensor:
    block, found = _engine.make_numerical_block([one.data for one in columns], [one.null for one in columns])
    stats.update({column.name: _stats(row) for column, row in zip(columns, found, strict=True)})
    return block


def _stats(found: torch.Tensor) -> Stats:
    _, mean, deviation, *quantiles = cast("list[float]", found.tolist())  # pyright: ignore[reportUnknownMemberType]
    return {StatType.MEAN: mean, StatType.STD: deviation, StatType.QUANTILES: quantiles}


def _side_by_side(columns: list[_Made], stats: dict[str, Stats]) -> torch.Tensor:  # noqa: ARG001 - as the others
    return torch.stack([column.data for column in columns], dim=1)


def _nested(columns: list[_Made], stats: dict[str, Stats]) -> MultiNestedTensor:  # noqa: ARG001
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


def _embedded(columns: list[_Made], stats: dict[str, Stats]) -> MultiEmbeddingTensor:  # noqa: ARG001
    vectors = [cast("torch.Tensor", column.data) for column in columns]
    offsets = torch.tensor([0, *(vector.shape[1] for vector in vectors)]).cumsum(0)
    return MultiEmbeddingTensor(len(vectors[0]), len(vectors), torch.cat(vectors, dim=1), offsets)


_Maker = Callable[[_Column, bool], _Made | None]
"""Makes a column of one stype of what was read; None if it cannot be, or, unless it was told to, should not be."""


def _cannot(column: _Column, told: bool) -> _Made | None:  # noqa: ARG001, FBT001
    return None


_MAKERS: dict[Stype, _Maker] = dict.fromkeys(Stype, _cannot) | {
    Stype.numerical: _numerical,
    Stype.categorical: _categorical,
    Stype.timestamp: _timestamp,
    Stype.multicategorical: _multicategorical,
    Stype.sequence_numerical: _sequence,
    Stype.embedding: _embedding,
}

_TOGETHER: dict[Stype, Callable[[list[_Made], dict[str, Stats]], Any]] = {
    Stype.numerical: _numerical_block,
    Stype.categorical: _side_by_side,
    Stype.timestamp: _side_by_side,
    Stype.multicategorical: _nested,
    Stype.sequence_numerical: _nested,
    Stype.embedding: _embedded,
}
