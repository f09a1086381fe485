"""Rows of tables as a dataset."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch

from torchfits import _engine
from torchfits._location import locate, split_row_filter
from torchfits._memory import Content
from torchfits._summarizing import is_summarized
from torchfits.data._places import Place, distinct, table_selector
from torchfits.data._reading import ReadableDataset, Samples
from torchfits.data._specs import InMemoryError, hdu_of, identity_of, named, written
from torchfits.data._table_specs import table_of, table_to_spec
from torchfits.errors import FitsError
from torchfits.lazy import Table, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torchfits._location import Hdu
    from torchfits._memory import Source
    from torchfits._plan import Read
    from torchfits._rows import Columns
    from torchfits._sources import Source as Rows
    from torchfits.data._reading import Empty, Reading
    from torchfits.data._statistics import Statistics
    from torchfits.data._transform import Transform
    from torchfits.frames import MaterializedFrame, Stype

__all__ = ["TableDataset"]


class TableDataset(ReadableDataset):
    """The rows of a table, of which batches are TensorFrames.

    What a column becomes, its vocabulary and its statistics are the same in all batches: those of `like`, or of all
    rows, which are read once for it when the first batch is asked for, and not kept. Then only the rows of the batches
    are read, many batches at a time.

    An item is a frame of one row. `torchfits.data.collate` makes a batch of them under torch's `DataLoader`, whose own
    `default_collate` takes no frames: `DataLoader(dataset, collate_fn=torchfits.data.collate)`.
    """

    def __init__(
        self,
        source: Source | Table | MaterializedFrame,
        columns: Sequence[str] | None = None,
        *,
        hdu: Hdu | None = None,
        where: str | None = None,
        target: str | None = None,
        stypes: Mapping[str, Stype | str] | None = None,
        like: MaterializedFrame | Statistics | None = None,
        transform: Transform | Callable[[Any], Any] | None = None,
    ) -> None:
        """Remembers what to read; no file is touched.

        Args:
            source: a path, or bytes, as for `torchfits.table`; a lazy `Table`; or a frame in memory.
            columns: names; None for all.
            hdu: of the file, as for `torchfits.table`.
            where: a condition for the rows, as for `read_columns`.
            target: a numerical or categorical column, which becomes `y` of the frames.
            stypes: as for `read_table`.
            like: a frame whose stypes, vocabulary and statistics hold here too, such as that of the rows of training:
                values that its vocabulary lacks are missing (-1). It has all columns, the target too. Or statistics of
                these rows or others: no rows are read but those of batches.
            transform: called with whole batches if it is a `Transform`, else with items.

        Raises:
            ValueError: for arguments that do not go together.
        """
        super().__init__(transform)
        told = {"columns": columns, "hdu": hdu, "where": where, "stypes": stypes, "like": like}
        self._frame = None if _is_source(source) else cast("MaterializedFrame", source)
        if self._frame is not None and any(value is not None for value in told.values()):
            raise ValueError(f"a frame is as it is: {', '.join(told)} do not go with it")
        if isinstance(source, Table) and hdu is not None:
            raise ValueError("a lazy table has its HDU")
        if like is not None and stypes is not None:
            raise ValueError("like says the stypes")
        self._options: dict[str, Any] = {
            "columns": columns and list(columns),
            "hdu": hdu,
            "where": where,
            "target": target,
        }
        self._stypes = None if stypes is None else dict(stypes)
        self._table = None if self._frame is not None else _described(cast("Any", source), columns, hdu, where)
        self._source = named(cast("Any", source)) if isinstance(source, str | os.PathLike | Table) else None
        self._statistics = like if isinstance(like, Mapping) else None
        self._like = None if isinstance(like, Mapping) else like
        self._has_like = self._like is not None
        self._rows: Rows | None = None

    def __len__(self) -> int:
        """Number of rows, by the header, or by a scan if there is a condition: the file is read at the first call."""
        return len(self._frame) if self._frame is not None else self._settled().count()

    def _settled(self) -> Rows:
        if self._rows is None:
            assert self._table is not None
            self._rows = self._table.plan.source.settled()
        return self._rows

    @property
    def table(self) -> Table | None:
        """The lazy table whose rows these are; None if they are those of a frame in memory."""
        return self._table

    def fitted(self) -> MaterializedFrame:
        """A frame with the stypes, vocabulary and statistics of all batches: `like` of another dataset."""
        if self._frame is not None:
            return self._frame
        if self._like is None and self._statistics is not None:
            self._like = self._told(self._statistics)
        if self._like is None:
            from torchfits import frames

            rows = self._settled()
            schema = dict(rows.schema)
            whole = frames.materialize(rows.read(list(schema)), schema, stypes=self._stypes, source=str(self._table))
            self._like = frames.without_rows(whole)
        return self._like

    def _told(self, statistics: Statistics) -> MaterializedFrame:
        """No rows of a frame of which statistics tell.

        Raises:
            ValueError: if they are not of all columns of which there are statistics.
        """
        from torchfits import frames

        schema = dict(self._settled().schema)
        summaries = statistics.columns()
        missing = [name for name, info in schema.items() if is_summarized(info) and name not in summaries]
        if missing:
            raise ValueError(f"like has no statistics of {', '.join(missing)}")
        columns = self._settled().take(slice(0, 0)).read(list(schema))
        return frames.of_summaries(summaries, statistics.samples, columns, schema)

    @property
    def col_stats(self) -> dict[str, Any]:
        """Statistics of the columns, for the models of torch_frame."""
        return self.fitted().col_stats

    def begin(
        self,
        batches: Sequence[Sequence[int]],
        *,
        keep_going: bool = False,
        empty: Empty | None = None,  # noqa: ARG002 - frames are the engine's
    ) -> Reading:
        """Begins to read batches, before transforms."""
        ids = [torch.as_tensor(batch, dtype=torch.int64) for batch in batches]
        if self._frame is not None:
            return _Held(self._frame, ids, self._options["target"])
        like = self.fitted()
        rows = self._settled()
        names = list(rows.schema)
        read = rows.take(torch.cat(ids)).begin(names)
        return _RowsReading(self, read, ids, like, keep_going)

    def frame_of(self, columns: Columns, like: MaterializedFrame) -> MaterializedFrame:
        """Rows that were read, as frames have them."""
        from torchfits import frames

        return frames.encode(columns, dict(self._settled().schema), like)

    def row(self, number: int) -> Columns:
        """One row, read by itself."""
        rows = self._settled()
        return rows.take(torch.tensor([number])).read(list(rows.schema))

    @property
    def target(self) -> str | None:
        """The column that is `y` of the frames."""
        return self._options["target"]

    def describe(self, index: int) -> str:
        """The table and the row of it (after conditions), from 0."""
        name = f"frame of {self._frame.source}" if self._frame is not None else str(self._table)
        return f"{name}[row {index}]"

    def places(self, index: int) -> list[Place]:  # noqa: ARG002 - any row
        """Files and HDUs that rows are read from."""
        return self.all_places()

    def all_places(self) -> list[Place]:
        """Files and HDUs that the table is made of; none for a frame in memory."""
        return [] if self._table is None else distinct(map(_place, self._table.plan.reads()))

    def spec(self) -> dict[str, Any]:
        """What it was made of."""
        if self._frame is not None:
            raise InMemoryError("a frame in memory cannot be written down")
        if self._has_like:
            raise InMemoryError("a frame that others are like cannot be written down")
        source = table_to_spec(self._source) if isinstance(self._source, Table) else written(self._source)
        stypes = None if self._stypes is None else {name: _text(stype) for name, stype in self._stypes.items()}
        like = None if self._statistics is None else self._statistics.to_json()
        return {"source": source, **self._options, "stypes": stypes, "like": like}

    def _identity(self) -> Iterator[bytes]:
        yield repr((str(self._table), self._options, self._stypes)).encode()
        if self._table is not None:
            yield from (identity_of(read.path) for read in self._table.plan.reads() if isinstance(read.path, Content))
        if self._frame is not None:
            yield f"{len(self._frame)} {self._frame.col_names_dict}".encode()

    @classmethod
    def _arguments(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        from torchfits.data._statistics import Statistics

        text = spec.get("like")
        like = None if text is None else Statistics.from_json(text)
        told = spec["source"]
        source = told if isinstance(told, str) else table_of(told)
        return {**spec, "source": source, "hdu": hdu_of(spec["hdu"]), "like": like}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_rows": None}


def _place(read: Read) -> Place:
    path, _ = split_row_filter(read.path)
    name, chosen, _ = locate(path, read.hdu, default=table_selector(None))
    return Place(path if isinstance(path, Content) else _engine.decode(name), chosen)


def _text(stype: Any) -> str:  # noqa: ANN401
    return stype if isinstance(stype, str) else stype.value


def _is_source(source: object) -> bool:
    return not hasattr(source, "feat_dict")


def _described(source: Source | Table, columns: Sequence[str] | None, hdu: Hdu | None, where: str | None) -> Table:
    described = source if isinstance(source, Table) else table(source, hdu=hdu)
    if where is not None:
        described = described.filter(where)
    return described if columns is None else described.select(list(columns))


def _with_target(frame: MaterializedFrame, target: str | None) -> MaterializedFrame:
    return frame if target is None else frame.with_target(target)


@dataclass
class _Held:
    """Rows of a frame in memory."""

    frame: MaterializedFrame
    ids: list[torch.Tensor]
    target: str | None

    def result(self) -> list[Samples]:
        return [Samples(_with_target(self.frame[ids], self.target), ids) for ids in self.ids]

    def cancel(self) -> None:
        pass


class _RowsReading:
    """Rows on their way into frames."""

    def __init__(
        self,
        dataset: TableDataset,
        read: Callable[[], Columns],
        ids: list[torch.Tensor],
        like: MaterializedFrame,
        keep_going: bool,  # noqa: FBT001
    ) -> None:
        self._dataset = dataset
        self._read: Callable[[], Columns] | None = read
        self._ids = ids
        self._like = like
        self._keep_going = keep_going

    def result(self) -> list[Samples]:
        assert self._read is not None
        numbers = torch.cat(self._ids)
        bad: dict[int, FitsError] = {}
        try:
            columns = self._read()
        except FitsError:
            if not self._keep_going:
                raise
            columns, bad = self._good_rows(numbers)
        frame = _with_target(self._dataset.frame_of(columns, self._like), self._dataset.target)
        made: list[Samples] = []
        first = 0
        for ids in self._ids:
            last = first + len(ids)
            told = [(place - first, error) for place, error in bad.items() if first <= place < last]
            made.append(Samples(frame[slice(first, last)], ids, told))
            first = last
        return made

    def _good_rows(self, numbers: torch.Tensor) -> tuple[Columns, dict[int, FitsError]]:
        """The rows one by one; in the place of bad ones there is another row.

        Raises:
            FitsError: of the first row, if none can be read.
        """
        from torchfits._rows import concatenate

        rows: list[Columns | None] = []
        bad: dict[int, FitsError] = {}
        for place, number in enumerate(cast("list[int]", numbers.tolist())):  # pyright: ignore[reportUnknownMemberType]
            try:
                rows.append(self._dataset.row(number))
            except FitsError as error:  # noqa: PERF203 - each row may fail
                rows.append(None)
                bad[place] = error
        good = next((row for row in rows if row is not None), None)
        if good is None:
            raise bad[0]
        return concatenate([good if row is None else row for row in rows]), bad

    def cancel(self) -> None:
        self._read = None  # dropping what was begun stops it
