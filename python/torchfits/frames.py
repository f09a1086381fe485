"""Tables as TensorFrames; imported at its first use, as torch_frame takes long."""

# torch_frame and pandas have no types, numpy's arrays too many.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import contextlib
import copy
import functools
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import torch
import torch_frame
from torch_frame import TensorFrame
from torch_frame.data import Dataset, MultiEmbeddingTensor

from torchfits._columns import RaggedColumn, StringColumn
from torchfits._fitting import stats_of, stype_of, vocabulary_of
from torchfits._location import split_row_filter
from torchfits._memory import Content, Source, Transfers, kept
from torchfits._rows import concatenate, length, null_value
from torchfits._stypes import (
    TOGETHER,
    MadeColumn,
    ReadColumn,
    Stype,
    is_exact,
    is_number,
    made_column,
    may_be_inexact,
    may_exceed,
    number_stats,
    numerical_block,
)
from torchfits.tables import Together, describe_table, read_columns, read_together, wanted_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from torchfits._columns import ColumnInfo, TableSchema
    from torchfits._location import Hdu
    from torchfits._rows import ColumnData
    from torchfits._stypes import Stats
    from torchfits._summaries import Summary
    from torchfits.tables import Rows

__all__ = ["MaterializedFrame", "RemoteMaterializedFrame", "materialize", "read_table"]

OTHER = "other"
"""What `stypes` calls columns that shall stay as they are."""

_MOST_ROW_BYTES = 256
"""Of longer rows too few are in the core's cache at a time: their columns are read first."""

_LOOKED_AT = 8
_LOOKED_AT_ROWS = 64 << 10
"""Of tables with more rows integers are looked at before they are read."""


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

    def with_embedded_text(
        self, column: str, embedder: Callable[[list[str]], torch.Tensor], *, batch_size: int | None = None
    ) -> MaterializedFrame:
        """The frame with a text of `others` as an embedding, as torch_frame makes it of stype text_embedded.

        Args:
            column: of strings, one a row.
            embedder: makes float tensors (texts, numbers) of lists of texts.
            batch_size: most texts that it is given at a time; None for all.

        Raises:
            KeyError: if `others` has no such column.
            ValueError: if it is no column of single strings, or the embedder gives something else.
        """
        texts = self.others[column]
        if not isinstance(texts, StringColumn) or len(texts.shape) != 1:
            raise ValueError(f"column {column!r} is not of single strings")
        words = cast("list[str]", texts.to_list())
        step = max(1, len(words)) if batch_size is None else batch_size
        vectors = torch.cat([embedder(words[at : at + step]) for at in range(0, max(1, len(words)), step)])
        made = made_column(ReadColumn(column, vectors, None), [Stype.embedding])
        if len(vectors) != len(words):
            raise ValueError(f"the embedder made {len(vectors)} rows of {len(words)} texts")
        return self._with_embedding(made)

    def _with_embedding(self, made: MadeColumn) -> MaterializedFrame:
        block, names = TOGETHER[Stype.embedding]([made]), [made.name]
        if Stype.embedding in self.feat_dict:
            block = MultiEmbeddingTensor.cat([cast("Any", self.feat_dict[Stype.embedding]), block], dim=1)
            names = [*self.col_names_dict[Stype.embedding], made.name]
        features: dict[Any, Any] = {**self.feat_dict, Stype.embedding: block}
        frame = self._with_features(features, {**self.col_names_dict, Stype.embedding: names}, self.y)
        frame.col_stats = {**self.col_stats, made.name: made.stats}
        frame.others = {name: column for name, column in self.others.items() if name != made.name}
        return frame

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
                return block[:, place], self._with_features(features, columns, block[:, place])
        raise KeyError(f"no numerical or categorical column {name!r}")

    def _with_features(
        self, features: dict[Any, Any], columns: dict[Stype, list[str]], target: torch.Tensor | None
    ) -> MaterializedFrame:
        """The same rows with other columns; all else is kept."""
        frame = copy.copy(self)
        TensorFrame.__init__(frame, features, columns, target, num_rows=len(self))
        return frame


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
    change, are in `others`: texts too, which `with_embedded_text` makes embeddings of. Strings that are empty count as
    missing.

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
    asked = wanted_columns(columns)
    told = _told(stypes)
    schema = describe_table(split_row_filter(file)[0], hdu=hdu)
    infos = _asked_of(schema, asked)
    together = _together(schema, [*infos.values()], told, file, hdu)
    data, numbers = read_together(file, asked, hdu=hdu, rows=rows, where=where, together=together)
    made = _made(data, infos, told, infos)
    if numbers is not None:
        again = functools.partial(read_columns, file, hdu=hdu, rows=rows, where=where)
        for name, found in zip(numbers.names, numbers.told, strict=True):
            made[name] = _made_number(infos[name], found, again, told)
    count = length(data) if numbers is None else len(numbers.block)
    frame = _frame([made[name] for name in infos], count, infos, os.fspath(file), numbers)
    return RemoteMaterializedFrame.of(frame, file.transfers) if isinstance(file, Content) else frame


def _asked_of(schema: TableSchema, asked: list[str | int] | None) -> dict[str, ColumnInfo]:
    """The columns that are there, in the order in which they are asked for. Others are errors once they are read."""
    if asked is None:
        return {info.name: info for info in schema.columns}
    found: dict[str, ColumnInfo] = {}
    for column in asked:
        with contextlib.suppress(KeyError, IndexError):
            info = schema.columns[column] if isinstance(column, int) else schema[column]
            found[info.name] = info
    return found


def _together(
    schema: TableSchema, asked: list[ColumnInfo], told: dict[str, Stype | None], file: Source, hdu: Hdu | None
) -> list[int]:
    """The numbers of columns that the engine may make a block of while it reads them."""
    if schema.kind != "BINARY_TABLE" or schema.row_bytes > _MOST_ROW_BYTES:
        return []
    numbers = [info for info in asked if is_number(info, [told[info.name]] if info.name in told else None)]
    doubtful = [info for info in numbers if may_be_inexact(info) and info.name not in told]
    if doubtful and schema.rows > _LOOKED_AT_ROWS and not isinstance(file, Content):
        # It would be made for nothing of identifiers, which are mostly too large.
        some = slice(None, None, schema.rows // _LOOKED_AT + 1)
        names = [info.name for info in doubtful]
        looked = read_columns(split_row_filter(file)[0], names, hdu=hdu, rows=some)
        for info in doubtful:
            if not is_exact(cast("torch.Tensor", looked[info.name]), null_value(info)):
                numbers.remove(info)
    return [schema.columns.index(info) for info in numbers]


def _made_number(
    info: ColumnInfo,
    found: torch.Tensor,
    again: Callable[[str], dict[str, ColumnData]],
    told: dict[str, Stype | None],
) -> MadeColumn:
    """A column whose numbers are side by side with others; read again if float32 does not hold them."""
    if info.name not in told and may_be_inexact(info) and may_exceed(found):
        column = cast("torch.Tensor", again(info.name)[info.name])
        if not is_exact(column, null_value(info)):
            return MadeColumn(info.name, None, column, {})
    return MadeColumn(info.name, Stype.numerical, None, number_stats(found))


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
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ValueError(f"columns of different lengths: {sorted(lengths)}")
    made = _made(columns, infos, _told(stypes), columns)
    return _frame([*made.values()], lengths.pop() if lengths else 0, infos, source)


def _told(stypes: Mapping[str, Stype | str] | None) -> dict[str, Stype | None]:
    return {name: _stype(stype) for name, stype in (stypes or {}).items()}


def _made(
    columns: Mapping[str, ColumnData],
    infos: Mapping[str, ColumnInfo],
    told: Mapping[str, Stype | None],
    names: Collection[str],
) -> dict[str, MadeColumn]:
    """What columns become.

    Args:
        columns: that are in memory.
        infos: what is known of them.
        told: what some shall be.
        names: of all that are read.
    """
    if missing := told.keys() - set(names):
        raise KeyError(f"stypes names columns that are not read: {sorted(missing)}")
    return {
        name: made_column(ReadColumn(name, data, infos.get(name)), [told[name]] if name in told else None)
        for name, data in columns.items()
    }


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
    made = [_as_in(like, ReadColumn(name, data, schema.get(name)), stypes[name]) for name, data in columns.items()]
    frame = _frame(made, length(dict(columns)), dict(schema), like.source)
    frame.col_stats = like.col_stats
    return frame


def _as_in(like: MaterializedFrame, column: ReadColumn, stype: Stype | None) -> MadeColumn:
    if stype is Stype.timestamp and _is_empty(column):
        return MadeColumn(column.name, stype, torch.full((len(column.data), 7), -1), {})
    made = made_column(column, [stype])
    if made.vocabulary is None:
        return made
    known = like.vocabulary[column.name]
    places = {value: place for place, value in enumerate(known)}
    # What is missing has -1, the place behind the last.
    numbers = torch.tensor([*(places.get(value, -1) for value in made.vocabulary), -1])
    ragged = isinstance(made.data, RaggedColumn)
    data = RaggedColumn(numbers[made.data.values], made.data.offsets) if ragged else numbers[made.data]
    return replace(made, data=data, vocabulary=known)


def _is_empty(column: ReadColumn) -> bool:
    """Whether no row has a value."""
    if isinstance(column.data, StringColumn):
        return column.data.values.numel() == 0
    return isinstance(column.data, torch.Tensor) and bool(torch.isnan(column.data).all())


def of_summaries(
    summaries: Mapping[str, Summary], rows: int, columns: Mapping[str, ColumnData], schema: Mapping[str, ColumnInfo]
) -> MaterializedFrame:
    """A frame without rows for `encode`, with the stypes, vocabulary and statistics that summaries tell.

    Args:
        summaries: of columns; those without are in `others`.
        rows: number of rows that they are of.
        columns: no row of each column.
        schema: of them.
    """
    made = [_without_values(name, data, schema[name], summaries.get(name), rows) for name, data in columns.items()]
    frame = _frame(made, 0, dict(schema), None)
    frame.col_stats = stats_of({name: one for name, one in summaries.items() if name in columns}, rows)
    return frame


def _without_values(name: str, data: ColumnData, info: ColumnInfo, summary: Summary | None, rows: int) -> MadeColumn:
    stype = None if summary is None else stype_of(name, summary, rows)
    if stype is Stype.timestamp:
        return MadeColumn(name, stype, torch.empty(0, 7, dtype=torch.int64), {})
    made = made_column(ReadColumn(name, data, info), [stype])
    return replace(made, vocabulary=vocabulary_of(summary)) if summary is not None and stype is not None else made


def without_rows(frame: MaterializedFrame) -> MaterializedFrame:
    """A frame for `encode`, which keeps one of the rows in memory."""
    one = frame[torch.arange(min(1, len(frame)))]
    features: dict[Any, Any] = one.feat_dict
    one.feat_dict = {stype: block.clone() for stype, block in features.items()}
    return one


def concatenated(parts: list[MaterializedFrame]) -> MaterializedFrame:
    """Frames of the same columns, one behind the other."""
    whole = copy.copy(parts[0])
    if whole.feat_dict:
        vars(whole).update(vars(torch_frame.cat(parts, dim=0)))
    else:  # torch_frame takes such frames as having no rows
        y = None if whole.y is None else torch.cat([cast("torch.Tensor", part.y) for part in parts])
        TensorFrame.__init__(whole, {}, {}, y, num_rows=sum(map(len, parts)))
    whole.others = concatenate([part.others for part in parts])
    return whole


def _stype(stype: Stype | str) -> Stype | None:
    return None if stype == OTHER else Stype(stype)


def _frame(
    made: list[MadeColumn],
    rows: int,
    infos: dict[str, ColumnInfo],
    source: str | None,
    read: Together | None = None,
) -> MaterializedFrame:
    made, numbers = numerical_block(made, read)
    features: dict[Any, Any] = {} if numbers is None else {Stype.numerical: numbers}
    for stype, together in TOGETHER.items():
        if columns := [column for column in made if column.stype is stype]:
            features[stype] = together(columns)
    names = {stype: [column.name for column in made if column.stype is stype] for stype in features}
    stats = {column.name: column.stats for column in made if column.stype is not None}
    frame = MaterializedFrame(features, names, num_rows=rows)
    frame.col_stats = stats
    frame.vocabulary = {column.name: column.vocabulary for column in made if column.vocabulary is not None}
    frame.others = {column.name: column.data for column in made if column.stype is None}
    frame.schema = {column.name: infos[column.name] for column in made if column.name in infos}
    frame.units = {name: info.unit for name, info in frame.schema.items() if info.unit}
    frame.source = source
    return frame
