"""Images and boxes of images of many files, read in windows of batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import torch

from torchfits import _engine
from torchfits.data._reading import Empty, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torchfits._memory import Source

MISSING = -1
"""The number of the file of an item that there is none of."""


@dataclass
class Images:
    """Of each sample an image, or a box of one.

    Attributes:
        files: that hold them.
        selectors: of the HDUs that are wanted.
        items: int64 (samples, 2 + 2 * axes), as `torchfits._engine.Window` has them: numbers among `files` (MISSING for
            none) and `selectors`, then start and stop of each axis.
        dtype: the engine's name of what they are converted to; None for the exact one.
        fill: a number as the engine reads it, for what no image has.
        scaled: whether BSCALE and BZERO are applied.
    """

    files: Sequence[Source]
    selectors: Sequence[_engine.Selector]
    items: torch.Tensor
    dtype: str | None
    fill: str = "NaN"
    scaled: bool = True
    _like: torch.Tensor | None = field(default=None, init=False, repr=False)

    def begin(self, batches: Sequence[Sequence[int]], *, keep_going: bool, empty: Empty | None = None) -> WindowReading:
        """Begins to read batches of samples."""
        ids = [torch.as_tensor(batch, dtype=torch.int64) for batch in batches]
        items = self.items[torch.cat(ids)]
        numbers, items[:, 0] = _distinct(items[:, 0])
        outs = None
        if empty is not None and self._like is not None:
            like = self._like
            outs = [empty((len(batch), *like.shape), like.dtype) for batch in ids]
        window = _engine.Window(
            paths=[_engine.encode(self.files[number]) for number in numbers],
            selectors=self.selectors,
            items=items,
            batches=[len(batch) for batch in ids],
            fill=self.fill,
            dtype=self.dtype,
            scaled=self.scaled,
            keep_going=keep_going,
            shape=None if self._like is None else tuple(self._like.shape),
            outs=outs,
        )
        return WindowReading(_engine.begin_window(window), ids, self._remember)

    def _remember(self, block: torch.Tensor) -> None:
        """What all items are like, so that no file need be asked for it."""
        self._like = torch.empty(block.shape[1:], dtype=block.dtype, device="meta")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_like": None}


def _distinct(numbers: torch.Tensor) -> tuple[list[int], torch.Tensor]:
    """The files that are needed, and the numbers of the items' files among these."""
    present = numbers != MISSING
    unique: Any = torch.unique  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    found, places = cast("tuple[torch.Tensor, torch.Tensor]", unique(numbers[present], return_inverse=True))
    among = torch.full_like(numbers, MISSING)
    among[present] = places
    return cast("list[int]", found.tolist()), among  # pyright: ignore[reportUnknownMemberType]


class WindowReading:
    """Batches of one part of the samples, which the engine reads as a window."""

    def __init__(
        self,
        pending: _engine.Pending[_engine.WindowResult],
        ids: list[torch.Tensor],
        remember: Callable[[torch.Tensor], None],
    ) -> None:
        """Takes over what was begun; `remember` is told what a block is like."""
        self._pending = pending
        self._ids = ids
        self._remember = remember

    def result(self) -> list[Samples]:
        """The batches."""
        read = self._pending.result()
        self._remember(read.blocks[0])
        ends = torch.tensor([len(ids) for ids in self._ids]).cumsum(0)
        bad: list[list[tuple[int, Any]]] = [[] for _ in self._ids]
        for item, error in read.bad:
            batch = int(torch.searchsorted(ends, item, right=True))
            bad[batch].append((item - int(ends[batch]) + len(self._ids[batch]), error))
        return [
            Samples(block, ids, errors, getattr(read, "counts", {}) if number == 0 else {})
            for number, (block, ids, errors) in enumerate(zip(read.blocks, self._ids, bad, strict=True))
        ]

    def cancel(self) -> None:
        """Stops the read."""
        self._pending.cancel()


class PartsReading:
    """Batches of several parts of the samples, each of which is read by itself, in step."""

    def __init__(self, parts: Mapping[str, Any]) -> None:
        """Takes over what was begun, by the names that the parts get in the dict of a batch."""
        self._parts = parts

    def result(self) -> list[Samples]:
        """The batches, each a dict. A sample is bad if one of its parts is."""
        read = {name: part.result() for name, part in self._parts.items()}
        return [_together(dict(zip(read, batch, strict=True))) for batch in zip(*read.values(), strict=True)]

    def cancel(self) -> None:
        """Stops the reads."""
        for part in self._parts.values():
            part.cancel()


def _together(parts: Mapping[str, Samples]) -> Samples:
    bad: dict[int, Any] = {}
    counts: dict[str, int] = {}
    for part in parts.values():
        for place, error in part.bad:
            bad.setdefault(place, error)
        for name, count in part.counts.items():
            counts[name] = counts.get(name, 0) + count
    ids = next(iter(parts.values())).ids
    return Samples({name: part.data for name, part in parts.items()}, ids, sorted(bad.items()), counts)
