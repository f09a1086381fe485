# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Rows of a source in batches, a window of them at a time."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

from torchfits._rows import Columns, concatenate, length, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchfits._plan import Step
    from torchfits._sources import Source

    Read = Callable[[], Columns]

_WINDOW_ROWS = 1 << 22
_WINDOW_BYTES = 64 << 20
"""Of a window, unless a batch is larger. Three of them are in memory; half of it costs a quarter more time."""

_RUNS = 32
"""Runs of rows in a window of rows that are mixed."""


def batches(plan: Step, size: int, seed: int | None) -> Iterator[Columns]:
    """Batches of rows, all of one size but the last.

    Args:
        plan: whose rows are read.
        size: of a batch.
        seed: of the order; None for that of the rows.
    """
    source = plan.source
    window = max(1, _rows_of_window(source) // size) * size
    return _cut(_windows(_in_order(source, window) if seed is None else _mixed(source, window, seed)), size)


def windows(plan: Step) -> Iterator[Columns]:
    """The rows in their order, as many at a time as are read together; perhaps none of some."""
    return _windows(_in_order(plan.source, max(1, _rows_of_window(plan.source))))


def _rows_of_window(source: Source) -> int:
    return min(_WINDOW_ROWS, _WINDOW_BYTES // max(1, source.row_bytes))


def _cut(windows: Iterator[Columns], size: int) -> Iterator[Columns]:
    """Windows of any size into batches: views, but for those that lie across windows."""
    held: list[Columns] = []
    missing = size
    for rows in windows:
        begin = 0
        if held and length(rows) >= missing:
            begin = missing
            yield concatenate([*held, take(rows, slice(0, begin))])
            held, missing = [], size
        if not held:
            yield from _whole(rows, begin, size)
            begin += (length(rows) - begin) // size * size
        if begin < length(rows):
            held.append(take(rows, slice(begin, None)))
            missing -= length(rows) - begin
    if held:
        yield concatenate(held)


def _whole(rows: Columns, begin: int, size: int) -> Iterator[Columns]:
    """Whole batches from a row on."""
    for first in range(begin, length(rows) - size + 1, size):
        yield take(rows, slice(first, first + size))


def _windows(begun: Iterator[Read]) -> Iterator[Columns]:
    """Reads each window after the next one was begun, which is read while this one is used."""
    waiting = next(begun, None)
    while waiting is not None:
        rows = waiting()
        waiting = next(begun, None)
        yield rows


def _in_order(source: Source, window: int) -> Iterator[Read]:
    names = list(source.schema)
    for first in range(0, source.extent, window):
        yield source.part(slice(first, first + window)).begin(names)


def _mixed(source: Source, window: int, seed: int) -> Iterator[Read]:
    names = list(source.schema)
    generator = torch.Generator().manual_seed(seed)
    run = max(1, window // _RUNS)
    begins = torch.randperm(-(-source.extent // run), generator=generator) * run
    for chosen in begins.split(_RUNS):
        rows = (chosen.sort().values[:, None] + torch.arange(run)).reshape(-1)
        read = source.part(rows[rows < source.extent]).begin(names)
        yield functools.partial(_shuffled, read, generator)


def _shuffled(read: Read, generator: torch.Generator) -> Columns:
    rows = read()
    return take(rows, torch.randperm(length(rows), generator=generator))
