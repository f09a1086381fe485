"""Rows of files and of what was made of them, and which of them are read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import torch

from torchfits._columns import ColumnInfo, TableSchema
from torchfits._rows import Columns, concatenate, length, numbers, take, take_one, take_or_missing
from torchfits.errors import ColumnNotFoundError
from torchfits.tables import read_columns

if TYPE_CHECKING:
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

    def take(self, rows: slice | torch.Tensor) -> Source:
        """Some rows, in any order."""
        ...

    def select(self, schema: Schema) -> Source:
        """The same rows with some of the columns."""
        ...

    @property
    def extent(self) -> int:
        """Number of the rows that are to be gone through, of which there are `count` in the end."""
        ...

    def part(self, rows: slice | torch.Tensor) -> Source:
        """What there is among some of the rows that are to be gone through."""
        ...

    def settled(self) -> Source:
        """The same rows, parts of which are read without going through others."""
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
        return length(self.read([self._smallest().name]))

    def _smallest(self) -> ColumnInfo:
        """The column that costs least to read."""
        readable = [info for info in self.table.columns if info.kind is not None]
        if not readable:
            raise ColumnNotFoundError(f"{os.fspath(self.path)}: no column that can be read")
        return min(readable, key=_cost)

    def read(self, names: Sequence[str]) -> Columns:
        if isinstance(self.rows, range):
            return self._read(names, _slice(self.rows))
        return self._read(names, self.rows) if self.conditions else self._read_listed(names, self.rows)

    def _read(self, names: Sequence[str], rows: slice | torch.Tensor) -> Columns:
        where = " and ".join(f"({condition})" for condition in self.conditions)
        return read_columns(self.path, names, hdu=self.hdu, rows=rows, where=where or None)

    def _read_listed(self, names: Sequence[str], rows: torch.Tensor) -> Columns:
        """Of rows near together all that are between them, which is many times as fast as a list."""
        if not len(rows):
            return self._read(names, slice(0, 0))
        first, last = int(rows.min()), int(rows.max())
        if last - first < 2 * len(rows):
            return take(self._read(names, slice(first, last + 1)), rows - first)
        return self._read(names, rows)

    def take(self, rows: slice | torch.Tensor) -> Source:
        if not self.conditions:
            return self.part(rows)
        if isinstance(rows, torch.Tensor):
            return Chosen(self, rows)
        bounds = (rows.start or 0, rows.stop)
        if rows.step in (None, 1) and all(bound is None or bound >= 0 for bound in bounds):
            return self._between(*bounds)
        found = range(self.count())[rows]
        return self._between(found.start, found.stop) if found.step == 1 else Chosen(self, numbers(found))

    def _between(self, start: int, stop: int | None) -> Scan:
        rest = self.part(slice(self._holding(start), None))
        return rest if stop is None else rest.part(slice(0, rest._holding(max(0, stop - start))))

    def _holding(self, count: int) -> int:
        """How many of `rows`, from the first on, hold so many for which the conditions are true; all if none do."""
        if count == 0:
            return 0
        for first, scanned in self.pieces():
            found = scanned.count()
            if found >= count:
                return first + scanned._halved(count)
            count -= found
        return len(self.rows)

    def _halved(self, count: int) -> int:
        """The same by halving, where there are that many."""
        low, high = 0, len(self.rows)
        while high - low > 1:
            middle = (low + high) // 2
            found = self.part(slice(low, middle)).count()
            if found >= count:
                high = middle
            else:
                low, count = middle, count - found
        return high

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
        return self

    def filter(self, condition: str) -> Scan:
        # By itself, so that parentheses are closed where they were opened and an error shows this condition only.
        first = self._smallest().name
        read_columns(self.path, first, hdu=self.hdu, rows=slice(0, 0), where=condition)
        return replace(self, conditions=(*self.conditions, condition))


def _cost(info: ColumnInfo) -> tuple[bool, int]:
    size = 1 if info.dtype is None else info.dtype.itemsize
    return info.kind != "TENSOR", size * int(np.prod(info.shape))


def _slice(rows: range) -> slice:
    if not len(rows):
        return slice(0, 0)
    # Before the first row there is -1, which would count from the end.
    return slice(rows.start, None if rows.stop < 0 else rows.stop, rows.step)


@dataclass(frozen=True)
class Chosen:
    """Some of the rows of a file for which conditions are true, by their places among these."""

    scan: Scan
    places: torch.Tensor

    @property
    def schema(self) -> Schema:
        return self.scan.schema

    @property
    def row_bytes(self) -> int:
        return self.scan.row_bytes

    @property
    def extent(self) -> int:
        return len(self.places)

    def count(self) -> int:
        return len(self.places)

    def read(self, names: Sequence[str]) -> Columns:
        """Scans some rows at a time, so that only the chosen ones are held."""
        order = self.places.argsort(stable=True)
        parts = list(self._in_order(names, self.places[order]))
        return take(concatenate(parts), order.argsort())

    def _in_order(self, names: Sequence[str], places: torch.Tensor) -> Iterator[Columns]:
        yield self.scan.part(slice(0, 0)).read(names)
        before = 0
        for _, scanned in self.scan.pieces():
            if not len(places):
                return
            found = scanned.read(names)
            behind = before + length(found)
            here = int(torch.searchsorted(places, behind))
            yield take(found, places[:here] - before)
            places, before = places[here:], behind

    def take(self, rows: slice | torch.Tensor) -> Chosen:
        return replace(self, places=take_one(self.places, rows))

    part = take

    def select(self, schema: Schema) -> Chosen:
        return replace(self, scan=self.scan.select(schema))

    def settled(self) -> Held:
        return held(self)


@dataclass(frozen=True)
class Joined:
    """Rows of two sources side by side.

    Attributes:
        left: the first source, row for row.
        right: the second.
        partners: rows of the second, -1 where there is none.
        renamed: from the names in the result to those in the second source.
        schema: of the result.
        measured: columns that neither source has.
    """

    left: Source
    right: Source
    partners: torch.Tensor
    renamed: Mapping[str, str]
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
        return {name: take_or_missing(read[self.renamed[name]], rows, self.schema[name]) for name in names}

    def take(self, rows: slice | torch.Tensor) -> Joined:
        return replace(
            self, left=self.left.take(rows), partners=take_one(self.partners, rows), measured=take(self.measured, rows)
        )

    part = take

    def select(self, schema: Schema) -> Joined:
        return replace(self, schema=schema)

    def settled(self) -> Joined:
        counted = isinstance(self.right, Scan) and bool(self.right.conditions)
        right = held(self.right) if counted else self.right.settled()
        return replace(self, left=self.left.settled(), right=right)


@dataclass(frozen=True)
class Held:
    """Columns in memory."""

    columns: Columns
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

    def take(self, rows: slice | torch.Tensor) -> Held:
        return replace(self, columns=take(self.columns, rows))

    part = take

    def select(self, schema: Schema) -> Held:
        return replace(self, schema=schema)

    def settled(self) -> Held:
        return self


def held(source: Source) -> Held:
    return Held(source.read(list(source.schema)), source.schema)
