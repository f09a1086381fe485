# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Rows of a source in batches, a window of them at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from torchfits._rows import Columns, concatenate, length, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchfits._plan import Step
    from torchfits._sources import Source

_WINDOW_ROWS = 1 << 20
_WINDOW_BYTES = 32 << 20
"""Of a window, unless a batch is larger."""

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
    window = max(size, min(_WINDOW_ROWS, _WINDOW_BYTES // max(1, source.row_bytes)))
    held: Columns = {}
    for read in _in_order(source, window) if seed is None else _mixed(source, window, seed):
        rows = concatenate([held, read]) if length(held) else read
        whole = length(rows) // size * size
        for first in range(0, whole, size):
            yield take(rows, slice(first, first + size))
        held = take(rows, slice(whole, None))
    if length(held):
        yield held


def _in_order(source: Source, window: int) -> Iterator[Columns]:
    names = list(source.schema)
    for first in range(0, source.extent, window):
        yield source.part(slice(first, first + window)).read(names)


def _mixed(source: Source, window: int, seed: int) -> Iterator[Columns]:
    names = list(source.schema)
    generator = torch.Generator().manual_seed(seed)
    run = max(1, window // _RUNS)
    begins = torch.randperm(-(-source.extent // run), generator=generator) * run
    for chosen in begins.split(_RUNS):
        rows = (chosen.sort().values[:, None] + torch.arange(run)).reshape(-1)
        read = source.part(rows[rows < source.extent]).read(names)
        yield take(read, torch.randperm(length(read), generator=generator))
