"""Columns of tables as tensors."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, SupportsIndex, TypeVar, cast

import torch

from torchfits import _engine
from torchfits._columns import ColumnInfo, RaggedColumn, StringColumn, TableSchema
from torchfits._location import Hdu, locate, split_row_filter
from torchfits._tensor_rows import picked_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchfits._memory import Source

__all__ = ["describe_table", "read_columns"]

_FIRST_TABLE: _engine.Selector = (_engine.FIRST_TABLE, None, 0)


class _Array(Protocol):
    def __array__(self) -> Any: ...  # noqa: ANN401 - numpy's own


Rows = slice | torch.Tensor | Sequence[int] | Sequence[bool] | _Array
"""Rows of a table: a slice (with any step), row numbers in any order, or a mask of all rows."""

ColumnData = torch.Tensor | StringColumn | RaggedColumn
_Data = TypeVar("_Data", torch.Tensor, StringColumn, RaggedColumn, ColumnData)


def read_columns(
    path: Source,
    columns: str | int | Iterable[str | int] | None = None,
    *,
    hdu: Hdu | None = None,
    rows: Rows | None = None,
    where: str | None = None,
) -> dict[str, ColumnData]:
    """Reads columns of a binary or ASCII table, or of random groups.

    Columns keep what is stored: L and X give bool, B, I, J and K uint8, int16, int32 and int64, E and D float32 and
    float64, C and M complex64 and complex128; the conventions for unsigned numbers and signed bytes (FITS 4.0, table
    19) uint16, uint32, uint64 and int8; any other TSCAL or TZERO float64 (complex128), with TNULL as NaN. TNULL of
    columns that are not scaled is left as it is: `TableSchema` tells it. Numbers of ASCII tables are int32 (up to nine
    characters), int64 or float64, null values NaN, or 0 among integers.

    Compressed tables (ZTABLE) are read as what they were made of. Of random groups each group is a row: the parameters
    are columns, scaled by PSCAL and PZERO, and the arrays the column "DATA". A second parameter of one name, which is
    meant to be added to the first, has `_2` behind it.

    Args:
        path: the file; a str may carry an HDU in CFITSIO's syntax, `catalog.fits[EVENTS]`, and behind it an expression
            of CFITSIO's row filter, which CFITSIO evaluates: `catalog.fits[EVENTS][pha > 5]`. Functions that open
            other files are refused (`gtifilter`, `regfilter`). Also bytes or a file object, as for `read_image`.
        columns: names, or numbers from 0, of one or several columns; None for all. A name that no column has exactly
            means the first one that differs in case only.
        hdu: a number from 0, a name, or (name, version); None for the first HDU with a table, which random groups are
            not.
        rows: a slice, row numbers in any order (negative ones count from the end), or a mask of all rows; None for all
            rows. Only the bytes of these rows and columns are read, and those between them if they are near together.

        where: a condition; of the rows those are read for which it is true, in their order. Comparisons
            (`= == != <> < <= > >=`, also chained: `0 < z <= 1`), `and or not` (`&& || !`, and `& | ~` around
            comparisons in brackets), `in (...)`, `between .. and ..`, `like` with `%` and `_`, `is null`, each also
            with `not`; `+ - * / % **` as in Python, `& | ~` of the bits of integers; functions of numbers (`abs sqrt
            exp log log10 sin cos tan asin acos atan atan2 sinh cosh tanh hypot power floor ceil round min max degrees
            radians isnan isfinite`) and of texts (`startswith endswith contains`); `cone(RA, DEC, ra0, dec0, radius)`,
            all in degrees. Texts stand in `'` or `"`; columns with names that are no plain words, or words of the
            language, in backticks. `pi`, `inf`, `nan`, `true` and `false` are constants unless columns are called so.
            As in SQL, a comparison with something that has no value (NaN, TNULL) is neither true nor false. Integers
            are compared exactly, floats as float64.

    Returns:
        A dict from the columns' names to tensors of shape (rows,), or (rows, ...) for arrays, their axes in C order;
        `StringColumn` for strings; `RaggedColumn` for arrays of variable length, each in the shape of TDIM if its
        inner axes go into all of them. They own their memory.

    Raises:
        ColumnNotFoundError: if there is no such column.
        ExpressionError: if the condition cannot be understood, or not of these columns; it shows where.
        ValueRangeError: if integer arithmetic in the condition exceeds 64 bits; it names the row.
        SectionError: if a row number is outside the table.
        MismatchError: if a mask does not have as many elements as the table has rows.
        FitsError: another of its subclasses, naming file, HDU, column and reason.
        TypeError: for arguments of a wrong type.
        ValueError: for arguments that make no sense.
    """
    return read_together(path, columns, hdu=hdu, rows=rows, where=where)[0]


class Together(NamedTuple):
    """Numbers of several columns side by side.

    Attributes:
        names: of the columns.
        block: float32 (rows, columns), null values NaN.
        told: what is known of each column, as `_engine.make_numerical_block` tells it.
    """

    names: list[str]
    block: torch.Tensor
    told: torch.Tensor


def read_together(
    path: Source,
    columns: str | int | Iterable[str | int] | None = None,
    *,
    hdu: Hdu | None = None,
    rows: Rows | None = None,
    where: str | None = None,
    together: Sequence[int] = (),
) -> tuple[dict[str, ColumnData], Together | None]:
    """Reads columns, and puts some of them side by side.

    Args:
        path: as for `read_columns`.
        columns: likewise.
        hdu: likewise.
        rows: likewise.
        where: likewise.
        together: numbers, from 0, of columns that are put side by side if they are wanted, as `_engine.read_columns`
            has them.

    Returns:
        The other columns, and these; None if there are none.
    """
    path, row_filter = split_row_filter(path)
    name, selector, section = locate(path, hdu, default=_FIRST_TABLE)
    if section is not None:
        raise ValueError("a table has no section: rows= and columns name its parts")
    wanted, condition, order = wanted_columns(columns), _condition(where), None
    if row_filter is not None:
        if rows is not None or where is not None:
            raise ValueError("a row filter in the path does not go with rows= or where=")
        read = _engine.read_by_row_filter(name, selector, wanted, row_filter, together)
    else:
        picked, order = _in_order(_rows(rows), condition)
        read = _engine.read_columns(name, selector, wanted, picked, condition, together)
    if not read or read[-1].kind != "TOGETHER":
        return {column.name: _reordered(_data(column), order) for column in read}, None
    *others, last = read
    numbers = Together(last.name.split("\0"), _reordered(last.blocks[0], order), last.blocks[1])
    return {column.name: _reordered(_data(column), order) for column in others}, numbers


def read_ahead(
    path: Source,
    columns: Sequence[str],
    *,
    hdu: Hdu | None,
    rows: Rows,
    where: str | None,
    content: str | None,
) -> Callable[[], dict[str, ColumnData]]:
    """Begins to read columns, and gives what waits for them; it is called once, if at all.

    Args:
        path: as for `read_columns`, but without a row filter.
        columns: likewise.
        hdu: likewise.
        rows: likewise.
        where: likewise.
        content: what the file must hold, as `TableSchema` has it; None if it does not matter.

    Raises:
        ChangedFileError: by what is given, if it holds something else; as all other errors of a file.
    """
    name, selector, _ = locate(path, hdu, default=_FIRST_TABLE)
    picked, order = _in_order(_rows(rows), where)
    begun = _engine.begin_columns(name, selector, columns, picked, condition=where, content=content)
    return lambda: {column.name: _reordered(_data(column), order) for column in begun.result()}


def _in_order(rows: _engine.Rows, condition: str | None) -> tuple[_engine.Rows, torch.Tensor | None]:
    """Row numbers sorted, and what sorted them; None if they were. The file's order is read many rows at a time."""
    numbers = rows.numbers
    if condition is not None or numbers is None or bool((numbers[1:] >= numbers[:-1]).all()):
        return rows, None
    order = numbers.argsort()
    return rows._replace(numbers=numbers[order]), order


def find_rows(
    path: Source, condition: str, *, hdu: Hdu | None = None, rows: slice | torch.Tensor | None = None
) -> torch.Tensor:
    """Finds the rows of a table for which a condition is true.

    Args:
        path: the file, without a row filter.
        condition: as `where` of `read_columns`.
        hdu: as for `read_columns`.
        rows: a slice or row numbers; None for all rows.

    Returns:
        The places of these rows, from 0, among `rows`: int64, in order.

    Raises:
        FitsError: one of its subclasses, as `read_columns`.
    """
    name, selector, _ = locate(path, hdu, default=_FIRST_TABLE)
    picked, order = _in_order(_rows(rows), None)
    found = _engine.find_rows(name, selector, picked, condition)
    return found if order is None else order[found].sort().values


def find_by_row_filter(path: Source, row_filter: str, *, hdu: Hdu | None = None) -> torch.Tensor:
    """The numbers, from 0, of the rows of a table for which CFITSIO's row filter holds: int64, in order.

    Args:
        path: the file, without the row filter.
        row_filter: an expression, as `read_columns` has it.
        hdu: as for `read_columns`.

    Raises:
        FitsError: one of its subclasses, as `read_columns`.
    """
    name, selector, _ = locate(path, hdu, default=_FIRST_TABLE)
    return _engine.find_by_row_filter(name, selector, row_filter)


def _reordered(column: _Data, order: torch.Tensor | None) -> _Data:
    """The rows where `order` took them from."""
    if order is None:
        return column
    inverse = torch.empty_like(order)
    inverse[order] = torch.arange(len(order))
    if isinstance(column, torch.Tensor):
        return cast("Any", picked_rows(column, inverse))
    return cast("Any", column[inverse])


def _data(column: _engine.ReadColumn) -> ColumnData:
    if column.kind == "TENSOR":
        return column.blocks[0]
    values, offsets = column.blocks
    if column.kind == "RAGGED":
        return RaggedColumn(values, offsets, _agreed(column.shape[1:], offsets))
    return StringColumn(values, offsets, column.shape)


def _agreed(axes: tuple[int, ...], offsets: torch.Tensor) -> tuple[int, ...]:
    """The inner axes that TDIM tells, if the arrays of all rows have them."""
    size = math.prod(axes)
    return axes if axes and size < 2**31 and bool((offsets.diff() % size == 0).all()) else ()


def _condition(where: str | None) -> str | None:
    if where is not None and not isinstance(where, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"where is a str, not {type(where).__name__}")
    return where


def wanted_columns(columns: str | int | Iterable[str | int] | None) -> list[str | int] | None:
    """Names and numbers of columns; None for all."""
    if columns is None:
        return None
    return [_column(column) for column in ([columns] if isinstance(columns, str | int) else columns)]


def _column(column: str | SupportsIndex) -> str | int:
    if isinstance(column, bool):
        raise TypeError("a column is a name or a number, not a bool")
    if not isinstance(column, str):
        return operator.index(column)
    if "\0" in column:
        raise ValueError("a column's name cannot hold a NUL character")
    return column


def _rows(rows: Rows | None) -> _engine.Rows:
    if rows is None:
        return _engine.Rows()
    if isinstance(rows, slice):
        return _engine.Rows(slice=_slice_text(rows))
    numbers = torch.as_tensor(rows)
    if numbers.ndim != 1:
        raise ValueError(f"rows has one axis, not {numbers.ndim}")
    if numbers.dtype == torch.bool:
        return _engine.Rows(numbers=numbers.cpu().nonzero()[:, 0].contiguous(), mask=len(numbers))
    if numbers.numel() and (numbers.is_floating_point() or numbers.is_complex()):
        raise TypeError(f"row numbers are integers, not {numbers.dtype}")
    return _engine.Rows(numbers=numbers.to("cpu", torch.int64).contiguous())


def _slice_text(rows: slice) -> str:
    parts = ["" if part is None else str(_bounded(part)) for part in (rows.start, rows.stop, rows.step)]
    if parts[2] == "0":
        raise ValueError("a slice's step cannot be 0")
    return ":".join(parts)


def _bounded(part: SupportsIndex) -> int:
    """No table has more rows than this."""
    return max(-(2**62), min(2**62, operator.index(part)))


def describe_table(path: Source, *, hdu: Hdu | None = None) -> TableSchema:
    """What a table says of its rows and columns.

    Args:
        path: as for `read_columns`.
        hdu: likewise.

    Raises:
        FitsError: one of its subclasses, naming file, HDU and reason.
    """
    name, selector, _ = locate(path, hdu, default=_FIRST_TABLE)
    first, *lines = _engine.describe_table(name, selector).split("\n")
    number, kind, rows, row_bytes, data_offset, content = first.split("\t")
    return TableSchema(
        int(number),
        cast("Any", kind),
        int(rows),
        int(row_bytes),
        int(data_offset),
        content,
        tuple(_info(line, ascii_table=kind == "ASCII_TABLE") for line in lines),
    )


def _info(line: str, *, ascii_table: bool) -> ColumnInfo:
    form, offset, kind, dtype, shape, scale, zero, null, dim, problem, unit, display, text, name = line.split("\t")
    return ColumnInfo(
        name=name,
        form=form,
        offset=int(offset),
        kind=cast("Any", kind or None),
        dtype=getattr(torch, dtype.lower()) if dtype else None,
        shape=_engine.lengths(shape),
        unit=unit,
        display=display,
        null=(text or None) if ascii_table else (int(null) if null else None),
        dim=_engine.lengths(dim),
        scale=float(scale),
        zero=float(zero),
        problem=problem or None,
    )
