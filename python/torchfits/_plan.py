# pyright: reportUnknownMemberType=false
"""What a lazy table is to become: steps in the order in which they were written, and the rows that they lead to.

A `Step` knows its inputs and what is done to them, and reads nothing. Its `source` is made once, when something is
asked for: rows of a file, told by numbers and conditions, or rows of other sources. Sorting, sampling and joining read
keys only; columns are read when they are asked for, of the rows that are left.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import torch

from torchfits._columns import ColumnInfo, TableSchema
from torchfits._rows import ColumnData, Columns, concatenate, length, nullable, numbers, take, take_one, take_or_missing
from torchfits._sky import Array, Pairs, SkyMatch, pairs_within
from torchfits.errors import ColumnNotFoundError, MismatchError
from torchfits.tables import describe_table, read_ahead, read_columns

if TYPE_CHECKING:
    from torchfits._arrow import How
    from torchfits._location import Hdu

Schema = Mapping[str, ColumnInfo]
"""The columns of a result, by their names in it."""

_SEPARATION_INFO = ColumnInfo(
    "separation", "D", 0, "TENSOR", torch.float64, (), "deg", "", None, (), scale=1.0, zero=0.0, problem=None
)

_SCANNED_ROWS = 1 << 20
_SCANNED_BYTES = 64 << 20
"""Rows and bytes that are scanned at a time where the scan may end early, or most of what it finds is not kept."""

_TO_DEGREES = {"rad": 180 / np.pi, "radian": 180 / np.pi, "h": 15, "hr": 15, "hour": 15, "hourangle": 15}


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
        return self.begin(names)()

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        if isinstance(self.rows, range):
            return self._begin(names, _slice(self.rows))
        return self._begin(names, self.rows) if self.conditions else self._begin_listed(names, self.rows)

    def _begin(self, names: Sequence[str], rows: slice | torch.Tensor) -> Callable[[], Columns]:
        where = " and ".join(f"({condition})" for condition in self.conditions) or None
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

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        return functools.partial(self.read, names)

    def take(self, rows: slice | torch.Tensor) -> Chosen:
        return replace(self, places=take_one(self.places, rows))

    part = take

    def select(self, schema: Schema) -> Chosen:
        return replace(self, scan=self.scan.select(schema))

    def settled(self) -> Held:
        return _held(self)


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

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        return functools.partial(self.read, names)

    def take(self, rows: slice | torch.Tensor) -> Joined:
        return replace(
            self, left=self.left.take(rows), partners=take_one(self.partners, rows), measured=take(self.measured, rows)
        )

    part = take

    def select(self, schema: Schema) -> Joined:
        return replace(self, schema=schema)

    def settled(self) -> Joined:
        counted = isinstance(self.right, Scan) and bool(self.right.conditions)
        right = _held(self.right) if counted else self.right.settled()
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

    def begin(self, names: Sequence[str]) -> Callable[[], Columns]:
        return functools.partial(self.read, names)

    def take(self, rows: slice | torch.Tensor) -> Held:
        return replace(self, columns=take(self.columns, rows))

    part = take

    def select(self, schema: Schema) -> Held:
        return replace(self, schema=schema)

    def settled(self) -> Held:
        return self


def _held(source: Source) -> Held:
    return Held(source.read(list(source.schema)), source.schema)


@dataclass(frozen=True, eq=False)
class Step:
    """What is done to the results of other steps.

    Attributes:
        inputs: of the steps before.
    """

    inputs: tuple[Step, ...]

    @functools.cached_property
    def source(self) -> Source:
        """The rows that the step leads to."""
        return self.apply(*(step.source for step in self.inputs))

    @functools.cached_property
    def outline(self) -> Source:
        """No rows, with the columns of `source`: only headers are read for it."""
        return self.inputs[0].outline

    @property
    def filtered(self) -> bool:
        """Whether it depends on conditions which rows there are."""
        return any(step.filtered for step in self.inputs)

    @property
    def filterable(self) -> bool:
        """Whether the rows are those of a file of which the numbers are known, or a range of filtered ones."""
        return self.inputs[0].filterable and not self.inputs[0].filtered

    def after(self, step: Step) -> Step:
        """The same, done to the result of another step."""
        return replace(self, inputs=(step, *self.inputs[1:]))

    def apply(self, *sources: Source) -> Source:
        """The step, done to the results of those before."""
        raise NotImplementedError

    def __str__(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Read(Step):
    """A table of a file."""

    path: str | os.PathLike[str]
    hdu: Hdu | None

    @property
    def filterable(self) -> bool:
        return True

    @functools.cached_property
    def outline(self) -> Source:
        return self.apply().part(slice(0, 0))

    def apply(self, *sources: Source) -> Scan:  # noqa: ARG002 - it has no inputs
        table = describe_table(self.path, hdu=self.hdu)
        return Scan(self.path, self.hdu, table, range(table.rows), {info.name: info for info in table.columns})

    def __str__(self) -> str:
        hdu = "" if self.hdu is None else f", hdu={self.hdu!r}"
        return f"table({os.fspath(self.path)!r}{hdu})"


@dataclass(frozen=True, eq=False)
class Select(Step):
    """Some of the columns, in another order."""

    names: tuple[str, ...]

    @functools.cached_property
    def outline(self) -> Source:
        return self.apply(self.inputs[0].outline)

    @property
    def filterable(self) -> bool:
        return self.inputs[0].filterable

    def apply(self, *sources: Source) -> Source:
        (source,) = sources
        names = [find(source.schema, name) for name in self.names]
        return source.select({name: source.schema[name] for name in names})

    def __str__(self) -> str:
        return f"{self.inputs[0]}.select({list(self.names)})"


@dataclass(frozen=True, eq=False)
class Filter(Step):
    """The rows of a file for which a condition is true."""

    condition: str

    @property
    def filtered(self) -> bool:
        return True

    @property
    def filterable(self) -> bool:
        return self.inputs[0].filterable

    def apply(self, *sources: Source) -> Source:
        return cast("Scan", sources[0]).filter(self.condition)

    def __str__(self) -> str:
        return f"{self.inputs[0]}.filter({self.condition!r})"


@dataclass(frozen=True, eq=False)
class Take(Step):
    """Some rows: a slice, numbers (negative ones count from the end), or a mask."""

    rows: slice | torch.Tensor

    @property
    def filterable(self) -> bool:
        if isinstance(self.rows, slice) and self.rows.step in (None, 1):
            return self.inputs[0].filterable
        return super().filterable

    def apply(self, *sources: Source) -> Source:
        (source,) = sources
        return source.take(self.rows if isinstance(self.rows, slice) else _checked(self.rows, source.count()))

    def __str__(self) -> str:
        if isinstance(self.rows, slice):
            parts = ["" if part is None else str(part) for part in (self.rows.start, self.rows.stop)]
            return f"{self.inputs[0]}[{':'.join(parts)}{'' if self.rows.step is None else f':{self.rows.step}'}]"
        return f"{self.inputs[0]}[{'mask of ' if self.rows.dtype == torch.bool else ''}{len(self.rows)} rows]"


def _checked(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Numbers from 0 of rows, of which a mask or numbers are given."""
    if rows.dtype == torch.bool:
        if len(rows) != count:
            raise MismatchError(f"a mask of {len(rows)} rows does not fit {count} rows")
        return rows.nonzero()[:, 0]
    outside = (rows < -count) | (rows >= count)
    if bool(outside.any()):
        raise IndexError(f"row {int(rows[outside][0])} is outside the {count} rows")
    return torch.where(rows < 0, rows + count, rows)


@dataclass(frozen=True, eq=False)
class Sort(Step):
    """All rows, in the order of keys."""

    keys: tuple[str, ...]
    descending: tuple[bool, ...]

    def apply(self, *sources: Source) -> Source:
        from torchfits import _arrow

        (source,) = sources
        names = [find(source.schema, name) for name in self.keys]
        return source.take(_arrow.sort_order(source.read(names), source.schema, self.descending))

    def __str__(self) -> str:
        down = f", descending={list(self.descending)}" if any(self.descending) else ""
        return f"{self.inputs[0]}.sort({list(self.keys)}{down})"


@dataclass(frozen=True, eq=False)
class Sample(Step):
    """So many different rows, drawn at random, in the order in which they were."""

    size: int
    seed: int

    def apply(self, *sources: Source) -> Source:
        (source,) = sources
        count = source.count()
        if self.size > count:
            raise ValueError(f"a sample of {self.size} rows cannot be drawn of {count}")
        drawn = np.random.default_rng(self.seed).choice(count, self.size, replace=False, shuffle=False)
        return source.take(torch.from_numpy(np.sort(drawn)))

    def __str__(self) -> str:
        return f"{self.inputs[0]}.sample({self.size}, seed={self.seed})"


@dataclass(frozen=True, eq=False)
class Join(Step):
    """Rows of two tables that belong together.

    Attributes:
        on: names of the keys in the first table and in the second, or how they are matched on the sky.
        how: as in `Table.join`.
    """

    on: tuple[tuple[str, str], ...] | SkyMatch
    how: How

    @property
    def filterable(self) -> bool:
        return self.how in ("semi", "anti") and super().filterable

    @functools.cached_property
    def outline(self) -> Source:
        return self.apply(*(step.outline for step in self.inputs))

    def apply(self, *sources: Source) -> Source:
        left, right = sources
        measured: Columns = {}
        if isinstance(self.on, SkyMatch):
            rows, partners, separation = _matched(self.on, left, right, self.how)
            measured = {_free("separation", {*left.schema, *right.schema}): separation}
            keys: set[str] = set()
        else:
            pairs = [(find(left.schema, first), find(right.schema, second)) for first, second in self.on]
            rows, partners = _equal(pairs, left, right, self.how)
            keys = {second for _, second in pairs}
        if self.how in ("semi", "anti"):
            return left.take(rows)
        return _side_by_side(left.take(rows), right, partners, keys, measured, missing=self.how == "left")

    def __str__(self) -> str:
        on = f"sky({self.on.radius})" if isinstance(self.on, SkyMatch) else dict(self.on)
        return f"{self.inputs[0]}.join({self.inputs[1]}, on={on}, how={self.how!r})"


def _equal(
    pairs: Sequence[tuple[str, str]], left: Source, right: Source, how: How
) -> tuple[torch.Tensor, torch.Tensor]:
    from torchfits import _arrow

    first = left.read([pair[0] for pair in pairs])
    second = right.read([pair[1] for pair in pairs])
    return _arrow.join(
        [(first[name], left.schema[name]) for name, _ in pairs],
        [(second[name], right.schema[name]) for _, name in pairs],
        how,
    )


def _matched(on: SkyMatch, left: Source, right: Source, how: How) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows of the first source, their partners and separations."""
    pairs = pairs_within(on.radius, _degrees(left, on.left), _degrees(right, on.right), nearest=on.nearest)
    if how == "left":
        pairs = _with_lonely(pairs, left.count())
    rows = pairs.left
    if how == "semi":
        rows = np.unique(rows)
    elif how == "anti":
        rows = np.setdiff1d(np.arange(left.count()), rows)
    return torch.from_numpy(rows), torch.from_numpy(pairs.right), torch.from_numpy(pairs.separation)


def _with_lonely(pairs: Pairs, count: int) -> Pairs:
    """And the points of the first set that have no neighbour."""
    lonely = np.setdiff1d(np.arange(count), pairs.left)
    left = np.concatenate([pairs.left, lonely])
    order = left.argsort(kind="stable")
    right = np.concatenate([pairs.right, np.full(len(lonely), -1)])
    separation = np.concatenate([pairs.separation, np.full(len(lonely), np.nan)])
    return Pairs(left[order], right[order], separation[order])


def _degrees(source: Source, names: tuple[str, str]) -> tuple[Array, Array]:
    """Two columns of angles."""
    found = [find(source.schema, name) for name in names]
    read = source.read(found)
    longitudes, latitudes = (_angles(read[name], source.schema[name]) for name in found)
    return longitudes, latitudes


def _angles(data: ColumnData, info: ColumnInfo) -> Array:
    if not isinstance(data, torch.Tensor) or data.ndim != 1 or not data.is_floating_point():
        raise TypeError(f"column {info.name} has not one floating-point angle in each row")
    return data.double().numpy() * _TO_DEGREES.get(info.unit.strip().lower(), 1)


def _side_by_side(
    left: Source, right: Source, partners: torch.Tensor, keys: set[str], measured: Columns, *, missing: bool
) -> Joined:
    schema = dict(left.schema)
    renamed: dict[str, str] = {}
    for name, info in right.schema.items():
        if name not in keys:
            told = _free(name, schema)
            renamed[told] = name
            schema[told] = replace(nullable(info) if missing else info, name=told)
    for name in measured:
        schema[name] = _SEPARATION_INFO if name == "separation" else replace(_SEPARATION_INFO, name=name)
    return Joined(left, right, partners, renamed, schema, measured)


def _free(name: str, taken: Mapping[str, object] | set[str]) -> str:
    """A name that no column has: with `_right` behind it, again and again, if one has it."""
    while name in taken:
        name += "_right"
    return name


@dataclass(frozen=True, eq=False)
class Group(Step):
    """A row for each group of rows with equal keys.

    Attributes:
        keys: columns.
        wanted: from names in the result to a column and an aggregate function.
    """

    keys: tuple[str, ...]
    wanted: Mapping[str, tuple[str, str]]

    @property
    def filterable(self) -> bool:
        return False

    @functools.cached_property
    def outline(self) -> Source:
        return self.apply(self.inputs[0].outline)

    def apply(self, *sources: Source) -> Held:
        from torchfits import _arrow

        (source,) = sources
        keys = [find(source.schema, name) for name in self.keys]
        wanted = {told: (find(source.schema, name), function) for told, (name, function) in self.wanted.items()}
        columns = source.read(list(dict.fromkeys([*keys, *(name for name, _ in wanted.values())])))
        return Held(*_arrow.aggregate(columns, source.schema, keys, wanted))

    def __str__(self) -> str:
        aggregates = ", ".join(f"{told}={function}({name})" for told, (name, function) in self.wanted.items())
        return f"{self.inputs[0]}.group_by({list(self.keys)}).agg({aggregates})"
