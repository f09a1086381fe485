"""Tables of which nothing is read until it is needed."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex, cast, overload

import torch

from torchfits import _exports, _plan, _sources
from torchfits._batching import batches
from torchfits._memory import Content, Source, kept, transfers
from torchfits._sky import SkyMatch
from torchfits._statistics import statistics

if TYPE_CHECKING:
    from torchfits._arrow import How
    from torchfits._columns import ColumnInfo
    from torchfits._location import Hdu
    from torchfits._rows import ColumnData, Columns
    from torchfits._statistics import ColumnStats
    from torchfits.frames import MaterializedFrame, Stype

__all__ = ["GroupedTable", "Table", "sky", "table"]

_ROWS_AHEAD = 4096
"""Rows that iteration over rows holds at a time."""

Row = dict[str, Any]


def table(path: Source, *, hdu: Hdu | None = None) -> Table:
    """A table of a file, of which nothing is read yet, not even its header.

    Args:
        path: the file, as for `read_columns`, also with a row filter of CFITSIO: its rows are found when they are
            needed first, and kept by their numbers. Bytes are held as long as the table; a file object is read now.
        hdu: a number from 0, a name, or (name, version); None for the first HDU with a table.
    """
    file = kept(path)
    return Table(_plan.Read((), file if isinstance(file, Content) else os.fspath(file), hdu))


def sky(
    radius: float,
    *,
    left: tuple[str, str] = ("RA", "DEC"),
    right: tuple[str, str] | None = None,
    nearest: bool = False,
) -> SkyMatch:
    """How rows of two tables belong together that are points on the sky, for `Table.join(other, on=sky(...))`.

    Columns of angles are in degrees, unless their unit is `rad`, or `h`, `hr`, `hour` or `hourangle`. NaN is near
    nothing.

    Args:
        radius: in degrees, from 0 to 180; points as far apart as this belong together.
        left: names of the columns of right ascension and declination (or longitude and latitude) of the first table.
        right: of the second; None for the same names.
        nearest: whether a row of the first table belongs to the nearest one of the second only.

    Raises:
        ValueError: for a radius that is none.
    """
    if not 0 <= radius <= 180:
        raise ValueError(f"a radius is from 0 to 180 degrees, not {radius}")
    return SkyMatch(float(radius), left, left if right is None else right, nearest)


class Table:
    """A table that is described but not read: `torchfits.table(path)` and what is made of it.

    A table never changes; each of `select`, `filter`, `sort`, `head`, `sample`, `join`, `group_by(...).agg(...)` and
    indexing gives another one. Steps mean what they mean in the order in which they are written: `filter` then `head`
    are the first rows for which the condition is true, `head` then `filter` those among the first rows.

    Nothing is read until something is asked for: columns (`t["RA"]`, `to_dict()`, `materialize()`, which is also called
    `to_frame()`, `to_arrow()`, `to_pandas()`, `to_polars()`, `to_astropy()`), batches or rows (`iter_batches`,
    `for row in t`) or `count()`. `columns` and `schema` read headers. Then only columns and rows are read that are
    needed: slices, row numbers and conditions go to the engine (`read_columns`); sorting and joining read the keys
    first and the other columns of the rows that are left. Which rows these are is kept, columns are not; a file that
    has changed since is a `ChangedFileError`.

    The errors of reading are those of `read_columns`.
    """

    def __init__(self, plan: _plan.Step) -> None:
        self._plan = plan

    # What it is

    @property
    def plan(self) -> _plan.Step:
        """The steps that lead to its rows, for other modules of torchfits."""
        return self._plan

    @property
    def schema(self) -> dict[str, ColumnInfo]:
        """What is known of the columns, by their names; reads headers only."""
        return dict(self._plan.outline.schema)

    @property
    def columns(self) -> list[str]:
        """The names of the columns; reads headers only."""
        return list(self._plan.outline.schema)

    def count(self) -> int:
        """Number of rows: of a table as it is in a file by its header, else by reading what decides of it."""
        return self._plan.source.count()

    def __len__(self) -> int:
        """The same as `count()`."""
        return self.count()

    def __repr__(self) -> str:
        return f"torchfits.{self._plan}"

    # Other tables

    @overload
    def __getitem__(self, key: str) -> ColumnData: ...
    @overload
    def __getitem__(self, key: SupportsIndex) -> Row: ...
    @overload
    def __getitem__(self, key: slice | torch.Tensor | list[str] | list[int] | list[bool]) -> Table: ...
    def __getitem__(self, key: Any) -> ColumnData | Table | Row:
        """One column, which is read; or a table of other rows or columns; or one row, which is read.

        Args:
            key: the name of a column, for its data as `read_columns` has it; a slice, row numbers (negative ones count
                from the end) or a mask, or a list of names, for another table; a number, for a row as in iteration.
        """
        if isinstance(key, str):
            source = self._plan.source
            name = _sources.find(source.schema, key)
            return source.read([name])[name]
        if isinstance(key, slice):
            return self._take(_checked_slice(cast("slice[Any, Any, Any]", key)))
        if isinstance(key, list | tuple):
            items = cast("Sequence[Any]", key)
            return self.select(items) if items and isinstance(items[0], str) else self._take(_row_numbers(items))
        if getattr(key, "ndim", 0):
            return self._take(_row_numbers(key))
        number = range(self.count())[operator.index(key)]
        return next(iter(self[number : number + 1]))

    def _take(self, rows: slice | torch.Tensor) -> Table:
        return Table(_plan.Take((self._plan,), rows))

    def select(self, columns: str | Sequence[str]) -> Table:
        """The table with some of its columns, in their order.

        Args:
            columns: names, at least one. A name that no column has exactly means the first one that differs in case
                only.
        """
        names = (columns,) if isinstance(columns, str) else tuple(columns)
        if not names or not all(isinstance(name, str) for name in names):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"select takes names of columns, not {columns!r}")
        return Table(_plan.Select((self._plan,), names))

    def filter(self, condition: str) -> Table:
        """The rows for which a condition is true.

        Args:
            condition: "MAG_G < 20 and CLASS in ('STAR', 'QSO')", as `where` of `read_columns`. It may name any
                column that was there before columns were selected. Of joined and grouped rows the columns that it
                names are read, and it is about what was read: an empty string is null, and a logical value that was
                neither T nor F is false.
        """
        if not isinstance(condition, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a condition is a str, not {type(condition).__name__}")
        return Table(_filtered(self._plan, condition))

    def sort(self, by: str | Sequence[str], *, descending: bool | Sequence[bool] = False) -> Table:
        """The rows in the order of keys; rows with equal keys stay as they are.

        Args:
            by: names of columns with one number, string or logical value in each row, the first one first.
            descending: whether the largest comes first, for all keys or for each. NaN comes after all numbers and TNULL
                last in both directions; strings are in the order of their bytes.
        """
        keys = (by,) if isinstance(by, str) else tuple(by)
        down = (descending,) * len(keys) if isinstance(descending, bool) else tuple(descending)
        if not keys or len(down) != len(keys):
            raise ValueError(f"sort takes at least one key and a direction for each, not {len(keys)} and {len(down)}")
        return Table(_plan.Sort((self._plan,), keys, down))

    def head(self, n: int = 5) -> Table:
        """The first rows, at most `n`."""
        if operator.index(n) < 0:
            raise ValueError(f"head takes a number from 0, not {n}")
        return self._take(slice(0, operator.index(n)))

    def sample(self, n: int, seed: int = 0) -> Table:
        """`n` different rows drawn at random, each as likely, in the order in which they were.

        Raises:
            ValueError: when it is read, if there are fewer.
        """
        if operator.index(n) < 0:
            raise ValueError(f"sample takes a number from 0, not {n}")
        return Table(_plan.Sample((self._plan,), operator.index(n), operator.index(seed)))

    def join(self, other: Table, on: str | Sequence[str] | Mapping[str, str] | SkyMatch, how: How = "inner") -> Table:
        """The rows of this table and those of another that belong to them.

        Rows are in the order of this table, partners in that of the other. Columns of the other that are keys are left
        out; those whose name is taken get `_right` behind it. TNULL and NaN are equal to nothing.

        Args:
            other: the other table.
            on: columns that must be equal: a name, several, or a dict from names in this table to names in the other;
                or `sky(radius)`, which adds the column `separation` in degrees.
            how: "inner" for pairs of rows; "left" for these and the rows that have no partner; "semi" and "anti" for
                the rows of this table that have a partner, or have none, once and without columns of the other.

        Without a partner, floating and complex columns of the other are NaN, strings and arrays of variable length
        empty, logical columns False, and integers TNULL: with "left", integers without TNULL become int64 with TNULL
        -2**63 (uint64 stays, with 2**64-1).
        """
        if how not in ("inner", "left", "semi", "anti"):
            raise ValueError(f"how is 'inner', 'left', 'semi' or 'anti', not {how!r}")
        if not isinstance(other, Table):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
            raise TypeError(f"a table is joined with a table, not with {type(other).__name__}")
        return Table(_plan.Join((self._plan, other._plan), _keys(on), how))

    def group_by(self, keys: str | Sequence[str]) -> GroupedTable:
        """Groups of rows that have equal keys, for `.agg(...)`.

        Args:
            keys: names of columns with one number, string or logical value in each row. All NaN are equal, and so are
                all TNULL.
        """
        names = (keys,) if isinstance(keys, str) else tuple(keys)
        if not names:
            raise ValueError("group_by takes at least one column")
        return GroupedTable(self._plan, names)

    # What is read

    def to_dict(self) -> Columns:
        """The columns as `read_columns` has them."""
        return self._read()[0]

    def _read(self) -> tuple[Columns, dict[str, ColumnInfo]]:
        source = self._plan.source
        return source.read(list(source.schema)), dict(source.schema)

    def stats(self) -> dict[str, ColumnStats]:
        """What there is in each column that has one number, string or logical value in a row.

        Numbers have count, nulls, mean, deviation, extremes and quartiles, all others count, nulls and how often each
        value comes. Columns are read whole, as quartiles need, together as far as they take 256 MiB.

        Returns:
            A dict from the columns' names to `NumberStats` or `CategoryStats`; other columns are not in it.
        """
        return statistics(self._plan.source)

    def materialize(self, *, stypes: Mapping[str, Stype | str] | None = None) -> MaterializedFrame:
        """The table as a TensorFrame of torch_frame, as `read_table` makes it; its `source` is what `repr` shows.

        It is a `RemoteMaterializedFrame` if any of its rows come from a source that is no local file.

        Args:
            stypes: as for `read_table`.

        Raises:
            KeyError: if `stypes` names a column that is not there.
            ValueError: if a column cannot be what `stypes` says.
        """
        from torchfits import frames

        contents = set(_contents(self._plan))
        before = transfers(contents)
        columns, schema = self._read()
        frame = frames.materialize(columns, schema, stypes=stypes, source=repr(self))
        return frames.RemoteMaterializedFrame.of(frame, transfers(contents) - before) if contents else frame

    to_frame = materialize

    def to_arrow(self) -> Any:  # noqa: ANN401 - without pyarrow at import
        """The table as a `pyarrow.Table`, over the same memory where there is no need to copy.

        Strings are large_string, arrays of variable length large_list, (rows, d) fixed_size_list, complex numbers
        fixed_size_list of two; TNULL among integers is null, NaN is NaN. Logical columns are copied (Arrow has bits),
        and so are strings with bytes above 127.
        """
        return _exports.to_arrow(*self._read())

    def to_pandas(self) -> Any:  # noqa: ANN401
        """The table as a `pandas.DataFrame`, by way of Arrow; integers that hold TNULL are nullable ones."""
        return _exports.to_pandas(*self._read())

    def to_polars(self) -> Any:  # noqa: ANN401
        """The table as a `polars.DataFrame`, by way of Arrow."""
        return _exports.to_polars(*self._read())

    def to_astropy(self) -> Any:  # noqa: ANN401
        """The table as an `astropy.table.Table` with units; integers with TNULL are masked columns."""
        return _exports.to_astropy(*self._read())

    def iter_batches(self, batch_size: int, *, shuffle: bool = False, seed: int = 0) -> Iterator[Columns]:
        """The rows in batches, each a dict as `to_dict` has it; the last one may be smaller.

        Rows are read a window at a time, at most about 32 MiB (or one batch, if it is larger), whatever the size of the
        table, and one window ahead. Batches are views of a window: whoever keeps one keeps it all. Rows that were
        sorted, sampled, or joined are read from the file window by window too, but which rows they are is held (8 bytes
        each); of groups the columns are held.

        Args:
            batch_size: rows of a batch.
            shuffle: whether rows come in random order, each once. A window is made of 32 runs of rows that are drawn
                at random from the whole table, and its rows are mixed: a table that fits into a window has all its
                permutations, in a larger one rows that are near each other are more likely to come in one window.
            seed: of the order; the same seed gives the same order.
        """
        if operator.index(batch_size) < 1:
            raise ValueError(f"batch_size is from 1, not {batch_size}")
        return batches(self._plan, operator.index(batch_size), operator.index(seed) if shuffle else None)

    def __iter__(self) -> Iterator[Row]:
        """The rows one by one, as dicts.

        Numbers and logical values are Python's, strings `str`, and arrays tensors, or `StringColumn` if of strings.
        """
        for batch in self.iter_batches(_ROWS_AHEAD):
            names = list(batch)
            for values in zip(*(_values(data) for data in batch.values()), strict=True):
                yield dict(zip(names, values, strict=True))


class GroupedTable:
    """Groups of rows of a table, as `Table.group_by` makes them."""

    def __init__(self, plan: _plan.Step, keys: tuple[str, ...]) -> None:
        self._plan = plan
        self._keys = keys

    def agg(self, aggregates: Mapping[str, str | Sequence[str]]) -> Table:
        """A row for each group, in the order in which they begin: the keys and the aggregates.

        The functions are pyarrow's: "all", "any", "approximate_median", "count" (of values that are not TNULL),
        "count_distinct", "distinct", "first", "kurtosis", "last", "list", "max", "mean", "min", "product", "skew",
        "stddev" and "variance" (of the population, divided by n), "sum". They skip TNULL, and NaN makes them NaN, as
        in numpy, but for "min" and "max", which skip it. "list" and "distinct" give a `RaggedColumn`.

        Args:
            aggregates: from a column to a function, whose result has the column's name, or to several, whose results
                are `<column>_<function>`.

        Raises:
            ValueError: for other functions, and for two results of one name.
        """
        wanted: dict[str, tuple[str, str]] = {}
        for column, functions in aggregates.items():
            several = [functions] if isinstance(functions, str) else list(functions)
            for function in several:
                _require_function(function)
                name = column if isinstance(functions, str) else f"{column}_{function}"
                if name in wanted or name in self._keys:
                    raise ValueError(f"two columns of the result are called {name}: use a list of functions")
                wanted[name] = (column, function)
        return Table(_plan.Group((self._plan,), self._keys, wanted))

    def __repr__(self) -> str:
        return f"torchfits.{self._plan}.group_by({list(self._keys)})"


def _require_function(function: str) -> None:
    from torchfits._arrow import AGGREGATES

    if function not in AGGREGATES:
        raise ValueError(f"no aggregate function {function!r}: {', '.join(AGGREGATES)}")


def _contents(plan: _plan.Step) -> Iterator[Content]:
    """The sources of a plan that are no local files."""
    if isinstance(plan, _plan.Read) and isinstance(plan.path, Content):
        yield plan.path
    for step in plan.inputs:
        yield from _contents(step)


def _filtered(plan: _plan.Step, condition: str) -> _plan.Step:
    """The condition before sorting and selecting, which do not change what it means."""
    if isinstance(plan, _plan.Sort | _plan.Select):
        return plan.after(_filtered(plan.inputs[0], condition))
    return _plan.Filter((plan,), condition)


def _keys(on: str | Sequence[str] | Mapping[str, str] | SkyMatch) -> tuple[tuple[str, str], ...] | SkyMatch:
    if isinstance(on, SkyMatch):
        return on
    pairs = on.items() if isinstance(on, Mapping) else [(name, name) for name in ([on] if isinstance(on, str) else on)]
    if not pairs:
        raise ValueError("on names at least one column")
    return tuple(pairs)


def _checked_slice(rows: slice[Any, Any, Any]) -> slice:
    bounds = [None if bound is None else operator.index(bound) for bound in (rows.start, rows.stop, rows.step)]
    if bounds[2] == 0:
        raise ValueError("a slice's step cannot be 0")
    return slice(*bounds)


def _row_numbers(key: Any) -> torch.Tensor:  # noqa: ANN401 - what torch understands
    rows = torch.as_tensor(key)
    if rows.ndim != 1:
        raise ValueError(f"rows have one axis, not {rows.ndim}")
    if rows.dtype == torch.bool:
        return rows.cpu()
    if rows.numel() and (rows.is_floating_point() or rows.is_complex()):
        raise TypeError(f"row numbers are integers, not {rows.dtype}")
    return rows.to("cpu", torch.int64)


def _values(data: ColumnData) -> Iterator[Any]:
    if isinstance(data, torch.Tensor) and data.ndim == 1:
        return iter(cast("list[Any]", data.tolist()))  # pyright: ignore[reportUnknownMemberType]
    return iter(data)
