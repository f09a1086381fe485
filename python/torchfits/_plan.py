# pyright: reportUnknownMemberType=false
"""What a lazy table is to become: steps in the order in which they were written, and the rows that they lead to.

A `Step` knows its inputs and what is done to them, and reads nothing. Its `source` is made once, when something is
asked for: rows of a file, told by numbers and conditions, or rows of other sources. Sorting, sampling and joining read
keys only; columns are read when they are asked for, of the rows that are left.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from torchfits._joining import equal, free, matched, side_by_side
from torchfits._location import split_row_filter
from torchfits._sky import SkyMatch
from torchfits._sources import Held, Scan, Source, find
from torchfits.errors import MismatchError
from torchfits.tables import describe_table, find_by_row_filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchfits._arrow import How
    from torchfits._location import Hdu
    from torchfits._rows import Columns


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

    def reads(self) -> Iterator[Read]:
        """The tables of files that it is made of."""
        for step in self.inputs:
            yield from step.reads()

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
    """A table of a file, perhaps with a row filter of CFITSIO in the path."""

    path: str | os.PathLike[str]
    hdu: Hdu | None

    def reads(self) -> Iterator[Read]:
        """Itself."""
        yield self

    @functools.cached_property
    def outline(self) -> Source:
        path, _ = split_row_filter(self.path)
        return self._whole(path).part(slice(0, 0))

    def apply(self, *sources: Source) -> Scan:  # noqa: ARG002 - it has no inputs
        path, row_filter = split_row_filter(self.path)
        whole = self._whole(path)
        return whole if row_filter is None else whole.part(find_by_row_filter(path, row_filter, hdu=self.hdu))

    def _whole(self, path: str | os.PathLike[str]) -> Scan:
        table = describe_table(path, hdu=self.hdu)
        return Scan(path, self.hdu, table, range(table.rows), {info.name: info for info in table.columns})

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

    def apply(self, *sources: Source) -> Source:
        (source,) = sources
        names = [find(source.schema, name) for name in self.names]
        return source.select({name: source.schema[name] for name in names})

    def __str__(self) -> str:
        return f"{self.inputs[0]}.select({list(self.names)})"


@dataclass(frozen=True, eq=False)
class Filter(Step):
    """The rows for which a condition is true."""

    condition: str

    def apply(self, *sources: Source) -> Source:
        return sources[0].filter(self.condition, f"torchfits.{self.inputs[0]}")

    def __str__(self) -> str:
        return f"{self.inputs[0]}.filter({self.condition!r})"


@dataclass(frozen=True, eq=False)
class Take(Step):
    """Some rows: a slice, numbers (negative ones count from the end), or a mask."""

    rows: slice | torch.Tensor

    def apply(self, *sources: Source) -> Source:
        (source,) = sources
        if isinstance(self.rows, slice):
            return source.take(self.rows)
        known = source.settled()
        return known.take(_checked(self.rows, known.count()))

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

        source = sources[0].settled()
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
        source = sources[0].settled()
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

    @functools.cached_property
    def outline(self) -> Source:
        return self.apply(*(step.outline for step in self.inputs))

    def apply(self, *sources: Source) -> Source:
        left, right = (source.settled() for source in sources)
        measured: Columns = {}
        if isinstance(self.on, SkyMatch):
            rows, partners, separation = matched(self.on, left, right, self.how)
            measured = {free("separation", {*left.schema, *right.schema}): separation}
            keys: set[str] = set()
        else:
            pairs = [(find(left.schema, first), find(right.schema, second)) for first, second in self.on]
            rows, partners = equal(pairs, left, right, self.how)
            keys = {second for _, second in pairs}
        if self.how in ("semi", "anti"):
            return left.take(rows)
        return side_by_side(left.take(rows), right, partners, keys, measured, missing=self.how == "left")

    def __str__(self) -> str:
        on = f"sky({self.on.radius})" if isinstance(self.on, SkyMatch) else dict(self.on)
        return f"{self.inputs[0]}.join({self.inputs[1]}, on={on}, how={self.how!r})"


@dataclass(frozen=True, eq=False)
class Group(Step):
    """A row for each group of rows with equal keys.

    Attributes:
        keys: columns.
        wanted: from names in the result to a column and an aggregate function.
    """

    keys: tuple[str, ...]
    wanted: Mapping[str, tuple[str, str]]

    @functools.cached_property
    def outline(self) -> Source:
        return self.apply(self.inputs[0].outline)

    def apply(self, *sources: Source) -> Held:
        from torchfits import _arrow

        (source,) = sources
        keys = [find(source.schema, name) for name in self.keys]
        wanted = {told: (find(source.schema, name), function) for told, (name, function) in self.wanted.items()}
        columns = source.read(list(dict.fromkeys([*keys, *(name for name, _ in wanted.values())])))
        made, schema = _arrow.aggregate(columns, source.schema, keys, wanted)
        return Held(made, schema, schema)

    def __str__(self) -> str:
        aggregates = ", ".join(f"{told}={function}({name})" for told, (name, function) in self.wanted.items())
        return f"{self.inputs[0]}.group_by({list(self.keys)}).agg({aggregates})"
