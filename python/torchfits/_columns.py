"""Columns of tables that are no plain tensors, and what a table says of its columns."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, SupportsIndex, TypeGuard, cast, overload

import numpy as np
import torch

from torchfits._tensor_rows import picked_rows

FORM_LETTERS = {
    torch.bool: "L",
    torch.uint8: "B",
    torch.int8: "B",
    torch.int16: "I",
    torch.uint16: "I",
    torch.int32: "J",
    torch.uint32: "J",
    torch.int64: "K",
    torch.uint64: "K",
    torch.float32: "E",
    torch.float64: "D",
    torch.complex64: "C",
    torch.complex128: "M",
}
"""The data type of FITS 4.0, table 18, for each dtype of torch."""

FORM_ZEROS = {torch.int8: -128, torch.uint16: 1 << 15, torch.uint32: 1 << 31, torch.uint64: 1 << 63}
"""TZEROn of the dtypes that FITS stores with an offset (FITS 4.0, table 19)."""

_CODED_STRINGS = 1 << 16
"""Strings that are compared at a time: those of a block take as many bytes each as the longest of them."""

RowIndex = slice | Sequence[int] | torch.Tensor


class StringColumn:
    """Strings of a table in compact form: the bytes of all, one behind the other.

    Trailing blanks and what follows a NUL are no part of a string (FITS 4.0, section 7.3.3.1). Bytes above 127, which
    the standard does not allow, are kept and decoded as Latin-1.

    Attributes:
        values: uint8, the bytes.
        offsets: int64 (number of strings + 1,): where each string begins in `values`, and the end of the last one.
        shape: (rows,), or (rows, ...) if each row has an array of strings, in C order.
    """

    def __init__(self, values: torch.Tensor, offsets: torch.Tensor, shape: tuple[int, ...] | None = None) -> None:
        self.values = values
        self.offsets = offsets
        self.shape = (offsets.numel() - 1,) if shape is None else shape

    def __len__(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @overload
    def __getitem__(self, rows: SupportsIndex) -> str | StringColumn: ...
    @overload
    def __getitem__(self, rows: RowIndex) -> StringColumn: ...
    def __getitem__(self, rows: SupportsIndex | RowIndex) -> str | StringColumn:
        """One row, a `str` or the row's array of strings; or those of a slice, row numbers or a mask."""
        per_row = _product(self.shape[1:])
        if not _is_row(rows):
            index = _row_numbers(rows, len(self))
            cells = torch.arange(per_row, dtype=torch.int64)
            picked = (index[:, None] * per_row + cells).reshape(-1)
            values, offsets = _take(self.values, self.offsets, picked)
            return StringColumn(values, offsets, (len(index), *self.shape[1:]))
        row = range(len(self))[operator.index(rows)]
        offsets = self.offsets[row * per_row : (row + 1) * per_row + 1]
        values = self.values[int(offsets[0]) : int(offsets[-1])]
        if len(self.shape) > 1:
            return StringColumn(values, offsets - offsets[0], self.shape[1:])
        return bytes(values.numpy()).decode("latin-1")

    def __iter__(self) -> Iterator[str | StringColumn]:
        return iter(self._flat()) if len(self.shape) == 1 else (self[row] for row in range(len(self)))

    def to_list(self) -> list[Any]:
        """The strings as a list of `str`, nested for arrays of strings."""
        items: list[Any] = self._flat()
        for length in reversed(self.shape[1:]):
            count = _product(self.shape) // length if length else 0
            items = [items[i * length : (i + 1) * length] for i in range(count)] if length else []
        if 0 in self.shape[1:]:
            return _empty(self.shape)
        return items

    def _flat(self) -> list[str]:
        text = bytes(self.values.numpy()).decode("latin-1")
        ends = cast("list[int]", self.offsets.tolist())  # pyright: ignore[reportUnknownMemberType]
        return [text[ends[i] : ends[i + 1]] for i in range(len(ends) - 1)]

    def codes(self, vocabulary: Sequence[str]) -> torch.Tensor:
        """The number of each string in `vocabulary`, -1 for those that are not in it: int64 of shape `shape`."""
        numbers = {word.encode("latin-1", "replace"): i for i, word in reversed(list(enumerate(vocabulary)))}
        count = self.offsets.numel() - 1
        codes: Any = np.empty(count, dtype=np.int64)
        for first in range(0, count, _CODED_STRINGS):
            last = min(count, first + _CODED_STRINGS)
            inverse: Any
            words, inverse = np.unique(self._fixed(first, last), return_inverse=True)
            found = np.array([numbers.get(bytes(word), -1) for word in words], dtype=np.int64)
            codes[first:last] = found[inverse.reshape(-1)]
        return torch.from_numpy(codes).reshape(self.shape)  # pyright: ignore[reportUnknownMemberType]

    def _fixed(self, first: int, last: int) -> Any:  # noqa: ANN401 - an array of numpy
        """Strings as numpy's of a fixed width."""
        offsets: Any = self.offsets[first : last + 1].numpy()
        lengths = np.diff(offsets)
        width = max(1, int(lengths.max(initial=0)))
        cells: Any = np.zeros((last - first, width), dtype=np.uint8)
        columns = cast("Any", np.arange(offsets[-1] - offsets[0])) - np.repeat(offsets[:-1] - offsets[0], lengths)
        cells[np.repeat(np.arange(last - first), lengths), columns] = self.values[offsets[0] : offsets[-1]].numpy()
        return cells.view(f"S{width}").reshape(-1)

    def __repr__(self) -> str:
        return f"StringColumn(shape={self.shape}, {self.values.numel()} bytes)"


class RaggedColumn:
    """Arrays of variable length of a table: the values of all rows, one behind the other.

    Attributes:
        values: of all rows, in the dtype of the column.
        offsets: int64 (rows + 1,): where the values of each row begin in `values`, and the end of the last one.
        shape: of the axes behind the first one of each row's array, which has any length: () for arrays of one axis.
    """

    def __init__(self, values: torch.Tensor, offsets: torch.Tensor, shape: tuple[int, ...] = ()) -> None:
        self.values = values
        self.offsets = offsets
        self.shape = shape

    def __len__(self) -> int:
        """Number of rows."""
        return self.offsets.numel() - 1

    @overload
    def __getitem__(self, rows: SupportsIndex) -> torch.Tensor: ...
    @overload
    def __getitem__(self, rows: RowIndex) -> RaggedColumn: ...
    def __getitem__(self, rows: SupportsIndex | RowIndex) -> torch.Tensor | RaggedColumn:
        """The values of one row, a view (n, *shape); or the rows of a slice, row numbers or a mask."""
        if not _is_row(rows):
            return RaggedColumn(*_take(self.values, self.offsets, _row_numbers(rows, len(self))), self.shape)
        row = range(len(self))[operator.index(rows)]
        values = self.values[int(self.offsets[row]) : int(self.offsets[row + 1])]
        return values.reshape(len(values) // _product(self.shape), *self.shape) if self.shape else values

    def __iter__(self) -> Iterator[torch.Tensor]:
        return (self[row] for row in range(len(self)))

    def lengths(self) -> torch.Tensor:
        """Number of values of each row, int64."""
        return self.offsets.diff()

    def to_list(self) -> list[list[Any]]:
        """The rows as lists of numbers, nested for arrays of several axes."""
        return [row.tolist() for row in self]  # pyright: ignore[reportUnknownMemberType]

    def __repr__(self) -> str:
        return f"RaggedColumn({len(self)} rows, {self.values.numel()} values, {self.values.dtype})"


@dataclass(frozen=True)
class ColumnInfo:
    """What a table says of one column.

    Attributes:
        name: TTYPEn; `col<n>` (n from 1) without one, and with `_2` or the next number that is free behind it if an
            earlier column has the same.
        form: TFORMn.
        offset: of the field in a row, in bytes.
        kind: "TENSOR", "STRINGS" or "RAGGED"; None if the column cannot be read.
        dtype: of the tensor, the bytes (uint8) or the values; None if the column cannot be read.
        shape: of one row in C order, () for one value; of arrays of variable length the axes behind the first one, ()
            if there are none.
        unit: TUNITn, "" without one.
        display: TDISPn, "" without one.
        null: TNULLn as it is stored: an int, a str in ASCII tables, None without one.
        dim: TDIMn in FITS order, () without one.
        scale: TSCALn.
        zero: TZEROn.
        problem: why the column cannot be read; None if it can.
    """

    name: str
    form: str
    offset: int
    kind: Literal["TENSOR", "STRINGS", "RAGGED"] | None
    dtype: torch.dtype | None
    shape: tuple[int, ...]
    unit: str
    display: str
    null: int | str | None
    dim: tuple[int, ...]
    scale: float
    zero: float
    problem: str | None


@dataclass(frozen=True)
class TableSchema:
    """What a table's header says; of a compressed table (ZTABLE) what it said before the compression.

    Attributes:
        hdu: number of the HDU, from 0.
        kind: "BINARY_TABLE", "ASCII_TABLE" or "RANDOM_GROUPS".
        rows: number of rows, or of groups.
        row_bytes: of one row, NAXIS1, or of a group.
        data_offset: where in the file the first row begins, in bytes; of a compressed table the first tile.
        content: which file it is, and which of its contents: another text if it was written anew.
        columns: in the order of the header.
    """

    hdu: int
    kind: Literal["BINARY_TABLE", "ASCII_TABLE", "RANDOM_GROUPS"]
    rows: int
    row_bytes: int
    data_offset: int
    content: str
    columns: tuple[ColumnInfo, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> ColumnInfo:
        """The column of that name, else the first one whose name differs from it in case only.

        Raises:
            KeyError: if there is none.
        """
        folded = name.upper()
        near = [column for column in self.columns if column.name.upper() == folded]
        for column in near:
            if column.name == name:
                return column
        if not near:
            raise KeyError(name)
        return near[0]


def _product(lengths: tuple[int, ...]) -> int:
    product = 1
    for length in lengths:
        product *= length
    return product


def _empty(shape: tuple[int, ...]) -> list[Any]:
    return [_empty(shape[1:]) for _ in range(shape[0])] if len(shape) > 1 else []


def _is_row(rows: object) -> TypeGuard[SupportsIndex]:
    return not isinstance(rows, bool | slice | list | tuple) and getattr(rows, "ndim", 0) == 0


def _row_numbers(rows: object, count: int) -> torch.Tensor:
    every = torch.arange(count)
    if isinstance(rows, slice):
        numbers = range(count)[rows]
        return torch.arange(numbers.start, numbers.stop, numbers.step) if len(numbers) else every[:0]
    index = torch.as_tensor(rows)
    return every[index if index.numel() or index.dtype == torch.bool else index.long()]


def _take(values: torch.Tensor, offsets: torch.Tensor, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and offsets of some rows, in their order."""
    begins = offsets[:-1][rows]
    lengths = offsets[1:][rows] - begins
    taken = torch.zeros(len(rows) + 1, dtype=torch.int64)
    torch.cumsum(lengths, 0, out=taken[1:])
    index = torch.arange(int(taken[-1])) + torch.repeat_interleave(begins - taken[:-1], lengths)
    return picked_rows(values, index), taken
