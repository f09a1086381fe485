"""Rows of files and of what was made of them, and which of them are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

import torch

from torchfits._columns import ColumnInfo, TableSchema
from torchfits._conditions import find_held_rows
from torchfits._rows import Columns, length, take, take_one, take_or_missing
from torchfits.errors import ColumnNotFoundError
from torchfits.tables import find_rows, read_ahead

if TYPE_CHECKING:
    import os

    from torchfits._location import Hdu

Schema = Mapping[str, ColumnInfo]
"""The columns of a result, by their names in it."""

_SCANNED_ROWS = 1 << 20
_SCANNED_BYTES = 64 << 20
"""Rows and bytes that are scanned at a time where the scan may end early, or most of what it finds is not kept."""


def find(schema: Schema, name: str) -> str:
    """The column of that name, else the first one whose name differs from it in case only.

    Raises:
        ColumnNotFoundError: if there is none.
    """
    if name in schema:
        return name
    for known in schema:
        if known.upper() == name.upper():
            return known
    raise ColumnNotFoundError(f"no column {name!r}: {', '.join(schema)}")


class Source(Protocol):
    """Rows that can be read."""

    @property
    def schema(self) -> Schema:
        """The columns."""
        ...

    @property
    def row_bytes(self) -> int:
        """Of a row, about."""
        ...

    def count(self) -> int:
        """Number of rows."""
        ...

    def read(self, names: Sequence[str]) -> Columns:
        """Columns of all rows."""
        ...

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        """Begins what `read` does if that can go on by itself; what it gives is called once, for the columns."""
        ...

    def take(self, rows: slice | torch.Tensor) -> Source:
        """Some rows, in any order."""
        ...

    def select(self, schema: Schema) -> Source:
        """The same rows with some of the columns."""
        ...

    def filter(self, condition: str, place: str) -> Source:
        """The rows for which a condition is true, which may name columns that are not selected.

        Args:
            condition: as `where` of `read_columns`.
            place: what the rows are, for messages.
        """
        ...

    @property
    def extent(self) -> int:
        """Number of the rows that are to be gone through, of which there are `count` in the end."""
        ...

    def part(self, rows: slice | torch.Tensor) -> Source:
        """What there is among some of the rows that are to be gone through."""
        ...

    def settled(self) -> Source:
        """The same rows, all of which are known by their numbers."""
        ...


@dataclass(frozen=True)
class Scan:
    """Rows of a file: those of `rows`, in its order, for which the conditions are true."""

    path: str | os.PathLike[str]
    hdu: Hdu | None
    table: TableSchema
    rows: range | torch.Tensor
    schema: Schema
    conditions: tuple[str, ...] = ()

    @property
    def row_bytes(self) -> int:
        return self.table.row_bytes

    @property
    def extent(self) -> int:
        return len(self.rows)

    def count(self) -> int:
        if not self.conditions:
            return len(self.rows)
        return sum(len(piece._found()) for _, piece in self.pieces())

    def _found(self) -> torch.Tensor:
        """Places among `rows` of those for which the conditions are true, in order."""
        rows = _slice(self.rows) if isinstance(self.rows, range) else self.rows
        return find_rows(self.path, self._where(), hdu=self.hdu, rows=rows)

    def _where(self) -> str:
        return " and ".join(f"({condition})" for condition in self.conditions)

    def read(self, names: Sequence[str]) -> Columns:
        return self.begin(names)()

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        if isinstance(self.rows, range):
            return self._begin(names, _slice(self.rows))
        return self._begin(names, self.rows) if self.conditions else self._begin_listed(names, self.rows)

    def _begin(self, names: Sequence[str], rows: slice | torch.Tensor) -> Callable[[], Columns]:
        where = self._where() or None
        return read_ahead(self.path, names, hdu=self.hdu, rows=rows, where=where, content=self.table.content)

    def _begin_listed(self, names: Sequence[str], rows: torch.Tensor) -> Callable[[], Columns]:
        """Of rows near together all that are between them, which is many times as fast as a list."""
        if not len(rows):
            return self._begin(names, slice(0, 0))
        first, last = int(rows.min()), int(rows.max())
        if last - first < 2 * len(rows):
            read = self._begin(names, slice(first, last + 1))
            return lambda: take(read(), rows - first)
        return self._begin(names, rows)

    def take(self, rows: slice | torch.Tensor) -> Scan:
        if not self.conditions:
            return self.part(rows)
        if isinstance(rows, slice) and rows.step in (None, 1):
            start, stop = rows.start or 0, rows.stop
            if start >= 0 and (stop is None or stop >= 0):
                return self._between(start, stop)
        return self.settled().part(rows)

    def _between(self, start: int, stop: int | None) -> Scan:
        rest = self.part(slice(self._holding(start), None))
        return rest if stop is None else rest.part(slice(0, rest._holding(max(0, stop - start))))

    def _holding(self, count: int) -> int:
        """How many of `rows`, from the first on, hold so many for which the conditions are true; all if none do."""
        if count == 0:
            return 0
        for first, piece in self.pieces():
            found = piece._found()
            if len(found) >= count:
                return first + int(found[count - 1]) + 1
            count -= len(found)
        return len(self.rows)

    def pieces(self) -> Iterator[tuple[int, Scan]]:
        """Some rows at a time, and where they begin."""
        rows = max(1, min(_SCANNED_ROWS, _SCANNED_BYTES // max(1, self.row_bytes)))
        for first in range(0, len(self.rows), rows):
            yield first, self.part(slice(first, first + rows))

    def part(self, rows: slice | torch.Tensor) -> Scan:
        if isinstance(self.rows, torch.Tensor):
            return replace(self, rows=cast("torch.Tensor", take_one(self.rows, rows)))
        if isinstance(rows, slice):
            return replace(self, rows=self.rows[rows])
        return replace(self, rows=self.rows.start + self.rows.step * rows)

    def select(self, schema: Schema) -> Scan:
        return replace(self, schema=schema)

    def settled(self) -> Scan:
        return replace(self.part(self._found()), conditions=()) if self.conditions else self

    def filter(self, condition: str, place: str) -> Scan:  # noqa: ARG002 - its errors name the file
        # By itself, so that parentheses are closed where they were opened and an error shows this condition only.
        find_rows(self.path, condition, hdu=self.hdu, rows=slice(0, 0))
        return replace(self, conditions=(*self.conditions, condition))


def _slice(rows: range) -> slice:
    if not len(rows):
        return slice(0, 0)
    # Before the first row there is -1, which would count from the end.
    return slice(rows.start, None if rows.stop < 0 else rows.stop, rows.step)


@dataclass(frozen=True)
class Joined:
    """Rows of two sources side by side.

    Attributes:
        left: the first source, row for row.
        right: the second.
        partners: rows of the second, -1 where there is none.
        renamed: from the names in the result to those in the second source.
        known: all columns.
        schema: those that are selected.
        measured: columns that neither source has.
    """

    left: Source
    right: Source
    partners: torch.Tensor
    renamed: Mapping[str, str]
    known: Schema
    schema: Schema
    measured: Columns

    @property
    def row_bytes(self) -> int:
        return self.left.row_bytes + self.right.row_bytes

    @property
    def extent(self) -> int:
        return len(self.partners)

    def count(self) -> int:
        return len(self.partners)

    def read(self, names: Sequence[str]) -> Columns:
        second = [name for name in names if name in self.renamed]
        first = [name for name in names if name not in self.renamed and name not in self.measured]
        columns = {**self.measured, **self.left.read(first), **self._read_right(second)}
        return {name: columns[name] for name in names}

    def _read_right(self, names: Sequence[str]) -> Columns:
        there = self.partners >= 0
        read = self.right.take(self.partners[there]).read([self.renamed[name] for name in names])
        rows = torch.where(there, there.cumsum(0) - 1, -1)
        return {name: take_or_missing(read[self.renamed[name]], rows, self.known[name]) for name in names}

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        return functools.partial(self.read, names)

    def take(self, rows: slice | torch.Tensor) -> Joined:
        return replace(
            self, left=self.left.take(rows), partners=take_one(self.partners, rows), measured=take(self.measured, rows)
        )

    part = take

    def select(self, schema: Schema) -> Joined:
        return replace(self, schema=schema)

    def filter(self, condition: str, place: str) -> Joined:
        return self.take(find_held_rows(condition, self.known, self.count(), self.read, place=place))

    def settled(self) -> Joined:
        return self


@dataclass(frozen=True)
class Held:
    """Columns in memory.

    Attributes:
        columns: all of them.
        known: all of them.
        schema: those that are selected.
    """

    columns: Columns
    known: Schema
    schema: Schema

    @property
    def row_bytes(self) -> int:
        return 64

    @property
    def extent(self) -> int:
        return self.count()

    def count(self) -> int:
        return length(self.columns)

    def read(self, names: Sequence[str]) -> Columns:
        return {name: self.columns[name] for name in names}

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        return functools.partial(self.read, names)

    def take(self, rows: slice | torch.Tensor) -> Held:
        return replace(self, columns=take(self.columns, rows))

    part = take

    def select(self, schema: Schema) -> Held:
        return replace(self, schema=schema)

    def filter(self, condition: str, place: str) -> Held:
        return self.take(find_held_rows(condition, self.known, self.count(), self.read, place=place))

    def settled(self) -> Held:
        return self
