"""A file with one table in HDU 1, written batch by batch; the header comes last, when all is known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import IO, TYPE_CHECKING

import torch

from torchfits import _engine
from torchfits._ascii_fields import ascii_field
from torchfits._binary_fields import P_MOST_BYTES, binary_field
from torchfits._engine import RowPart
from torchfits._fields import Column, Field
from torchfits._table_header import BLOCK_BYTES, primary_header, require_names, row_bytes, table_header
from torchfits._values import Values, values_of
from torchfits.errors import UnwritableDataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torchfits._new_file import NewFile

_ASCII_ROWS = 1 << 15
"""Rows of an ASCII table that are text at once."""


@dataclass(frozen=True)
class Batch:
    """Columns of some rows.

    Attributes:
        columns: by name, in order, as `values_of` takes them.
        described: what the data tell of some of the columns beside the values.
    """

    columns: Mapping[str, object]
    described: Mapping[str, Column]


@dataclass(frozen=True)
class Options:
    """How a table is written.

    Attributes:
        columns: what the user tells of some columns.
        others: images of the header's cards.
        is_ascii: whether it is an ASCII table.
        is_stream: whether more batches may come after the first.
    """

    columns: Mapping[str, Column]
    others: Sequence[str]
    is_ascii: bool
    is_stream: bool


def write_table(file: NewFile, first: Batch, others: Iterable[Batch], options: Options) -> None:
    """Writes a table into an empty file.

    Args:
        file: empty.
        first: tells what the columns are.
        others: with the same columns.
        options: how the table is written.

    Raises:
        UnwritableDataError: for data that no table holds; it names column and row.
    """
    require_names(first.columns)
    strangers = options.columns.keys() - first.columns.keys()
    if strangers:
        raise ValueError(f"columns describes {sorted(strangers)}, which the data do not have")
    wanted = {name: options.columns.get(name, Column()) for name in first.columns}
    wanted = {name: column.or_else(first.described.get(name, Column())) for name, column in wanted.items()}
    values = _values(first, wanted)
    writer = _Writer(file, _fields(values, wanted, options), options, _rows_of(values))
    try:
        writer.add(values)
        for batch in others:
            if list(batch.columns) != list(first.columns):
                raise UnwritableDataError(f"a batch has the columns {list(batch.columns)}, the first {list(wanted)}")
            writer.add(_values(batch, wanted))
        writer.finish()
    finally:
        writer.close()


def _values(batch: Batch, wanted: Mapping[str, Column]) -> dict[str, Values]:
    values = {name: values_of(name, column, wanted[name].null) for name, column in batch.columns.items()}
    for (name, column), (other, next_column) in pairwise(values.items()):
        if column.rows != next_column.rows:
            raise UnwritableDataError(
                f"column {name!r} has {column.rows} rows, column {other!r} has {next_column.rows}"
            )
    return values


def _rows_of(values: Mapping[str, Values]) -> int:
    """Number of rows."""
    return next((column.rows for column in values.values()), 0)


def _fields(values: Mapping[str, Values], wanted: Mapping[str, Column], options: Options) -> list[Field]:
    if options.is_ascii:
        return [ascii_field(name, column, wanted[name]) for name, column in values.items()]
    heap_bytes = sum(column.heap_bytes for column in values.values())
    descriptor = "Q" if options.is_stream or heap_bytes > P_MOST_BYTES else "P"
    return [
        binary_field(name, column, wanted[name], descriptor=descriptor, any_length=options.is_stream)
        for name, column in values.items()
    ]


class _Heap:
    """The elements of arrays: behind the rows, or in a file without a name while the number of rows is unknown."""

    def __init__(self, file: NewFile, place: int | None) -> None:
        self._file = file
        self._place = place
        self._unnamed: IO[bytes] | None = None
        self.size = 0

    def add(self, elements: torch.Tensor) -> int:
        """Writes elements behind the others; the byte of the heap where they begin."""
        start = self.size
        if len(elements):
            descriptor, place = self._where()
            _engine.write_rows(descriptor, _engine.encode(self._file.name), place + start, [RowPart(elements)])
        self.size += elements.numel() * elements.element_size()
        return start

    def _where(self) -> tuple[int, int]:
        if self._place is not None:
            return self._file.descriptor, self._place
        if self._unnamed is None:
            self._unnamed = self._file.open_unnamed()
        return self._unnamed.fileno(), 0

    def bring(self, place: int) -> None:
        """Brings the heap to its place in the file."""
        if self._unnamed is not None:
            self._file.append_file(place, self._unnamed.fileno(), self.size)

    def close(self) -> None:
        """Gives up the file without a name."""
        if self._unnamed is not None:
            self._unnamed.close()


class _Writer:
    """A table of which some batches are written."""

    def __init__(self, file: NewFile, fields: list[Field], options: Options, first_rows: int) -> None:
        self._file = file
        self._fields = fields
        self._options = options
        self._row_bytes = row_bytes(fields, is_ascii=options.is_ascii)
        self._rows = 0
        self._primary = primary_header()
        self._place = len(self._primary) + len(self._header(0))
        self._heap = _Heap(file, None if options.is_stream else self._place + first_rows * self._row_bytes)

    def _header(self, heap_bytes: int) -> bytes:
        options = self._options
        return table_header(self._fields, options.others, self._rows, heap_bytes, is_ascii=options.is_ascii)

    def add(self, values: Mapping[str, Values]) -> None:
        """Writes the rows of a batch behind those before."""
        rows = _rows_of(values)
        step = _ASCII_ROWS if self._options.is_ascii else max(1, rows)
        for start in range(0, rows, step):
            self._add_rows([column.part(start, min(rows, start + step)) for column in values.values()])

    def _add_rows(self, columns: Sequence[Values]) -> None:
        rows = columns[0].rows
        parts = [field.encode(column, self._heap) for field, column in zip(self._fields, columns, strict=True)]
        if self._options.is_ascii:
            blank = RowPart(torch.full((rows, 1), ord(" "), dtype=torch.uint8))
            parts = list(chain.from_iterable((blank, part) for part in parts))[1:]
        place = self._place + self._rows * self._row_bytes
        _engine.write_rows(self._file.descriptor, _engine.encode(self._file.name), place, parts)
        self._rows += rows

    def finish(self) -> None:
        """Writes the headers and fills the file up to whole blocks."""
        end = self._place + self._rows * self._row_bytes
        self._heap.bring(end)
        end += self._heap.size
        full = -(-end // BLOCK_BYTES) * BLOCK_BYTES
        self._file.resize(full)
        if self._options.is_ascii:
            self._file.write(end, b" " * (full - end))
        self._file.write(0, self._primary + self._header(self._heap.size))

    def close(self) -> None:
        """Gives up what is not a part of the file."""
        self._heap.close()
