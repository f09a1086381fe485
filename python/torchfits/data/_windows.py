"""Images and boxes of images of many files, read in windows of batches."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from torchfits import _engine
from torchfits._memory import kept
from torchfits.data._fusing import Layout
from torchfits.data._reading import Empty, Samples
from torchfits.errors import MissingFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torchfits._location import Hdu
    from torchfits._memory import Source
    from torchfits.data._fusing import Fusion
    from torchfits.errors import FitsError

MISSING = -1
"""The number of the file of an item that there is none of."""


def place(path: Any, hdu: Hdu | None) -> str:  # noqa: ANN401 - a source
    """File and HDU, for messages."""
    name = path if isinstance(path, str) else os.fspath(kept(path))
    if hdu is None:
        return name
    return f"{name}[{','.join(map(str, hdu)) if isinstance(hdu, tuple) else hdu}]"


class Items(Protocol):
    """Numbers of items, of which some are asked for at a time: a tensor, or what makes its rows."""

    def __getitem__(self, rows: torch.Tensor, /) -> torch.Tensor: ...


@dataclass
class Images:
    """Of each sample an image, a box of one, or several of these.

    Attributes:
        files: that hold them.
        selectors: of the HDUs that are wanted.
        items: int64 (items, 2 + 2 * axes), as `torchfits._engine.Window` has them: numbers among `files` (MISSING for
            none) and `selectors`, then start and stop of each axis.
        dtype: the engine's name of what they are converted to; None for the exact one.
        section: of whole images, as `torchfits._location.section_text` gives it.
        fill: a number as the engine reads it, for what no image has.
        scaled: whether BSCALE and BZERO are applied.
        bands: None for one item a sample; else so many items are stacked to one.
        shape: of an item, if it is known.
    """

    files: Sequence[Source]
    selectors: Sequence[_engine.Selector]
    items: Items
    dtype: str | None
    section: str | None = None
    fill: str = "NaN"
    scaled: bool = True
    bands: int | None = None
    shape: tuple[int, ...] | None = None
    _like: torch.Tensor | None = field(default=None, init=False, repr=False)

    def layout(self) -> Layout | None:
        """What items are like, if it is known."""
        if self._like is None:
            return None
        return Layout(tuple(self._like.shape), self._like.dtype, self.dtype is None, self.bands)

    def begin(
        self,
        batches: Sequence[Sequence[int]],
        *,
        keep_going: bool,
        empty: Empty | None = None,
        fusion: Fusion | None = None,
    ) -> WindowReading:
        """Begins to read batches of samples."""
        ids = [torch.as_tensor(batch, dtype=torch.int64) for batch in batches]
        items = self.items[self._items_of(torch.cat(ids))]
        numbers, items[:, 0] = _distinct(items[:, 0])
        layout = self.layout() if fusion is None else fusion.layout
        outs = None
        if empty is not None and layout is not None:
            shape = layout.shape if fusion is None else fusion.shape
            outs = [self._rows(empty(self._block_shape(len(batch), shape), layout.dtype)) for batch in ids]
        window = _engine.Window(
            paths=[_engine.encode(self.files[number]) for number in numbers],
            selectors=self.selectors,
            items=items,
            batches=[len(batch) * (self.bands or 1) for batch in ids],
            section=self.section,
            fill=self.fill,
            dtype=self.dtype,
            scaled=self.scaled,
            keep_going=keep_going,
            shape=self.shape if layout is None else layout.shape,
            outs=outs,
            arrangement=_engine.Arrangement() if fusion is None else fusion.arrangement(torch.cat(ids)),
        )
        return WindowReading(_engine.begin_window(window), ids, self, fusion)

    def _items_of(self, ids: torch.Tensor) -> torch.Tensor:
        return ids if self.bands is None else (ids[:, None] * self.bands + torch.arange(self.bands)).flatten()

    def _block_shape(self, samples: int, shape: Sequence[int]) -> tuple[int, ...]:
        return (samples, *(() if self.bands is None else (self.bands,)), *shape)

    def _rows(self, block: torch.Tensor) -> torch.Tensor:
        """A batch item by item, over the same memory."""
        return block if self.bands is None else block.flatten(0, 1)

    def batch_of(self, block: torch.Tensor, samples: int, fusion: Fusion | None = None) -> torch.Tensor:
        """A batch of what the engine gave, over the same memory.

        What all items are like is remembered, so that no file need be asked for it.
        """
        if fusion is None:
            self._like = torch.empty(block.shape[1:], dtype=block.dtype, device="meta")
        return block.view(self._block_shape(samples, block.shape[1:]))

    def forget(self) -> None:
        """What items are like is found out anew."""
        self._like = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_like": None}


def _distinct(numbers: torch.Tensor) -> tuple[list[int], torch.Tensor]:
    """The files that are needed, and the numbers of the items' files among these."""
    found: Any
    found, places = np.unique(numbers.numpy(), return_inverse=True)
    # Of no file, which comes before all others, the place is -1 too.
    missing = int(len(found) > 0 and found[0] == MISSING)
    return found[missing:].tolist(), torch.from_numpy(places.reshape(-1) - missing)  # pyright: ignore[reportUnknownMemberType]


class WindowReading:
    """Batches of one part of the samples, which the engine reads as a window."""

    def __init__(
        self,
        pending: _engine.Pending[_engine.WindowResult],
        ids: list[torch.Tensor],
        images: Images,
        fusion: Fusion | None = None,
    ) -> None:
        """Takes over what was begun of `images`, with the transforms of `fusion`."""
        self._pending = pending
        self._ids = ids
        self._images = images
        self._fusion = fusion
        self._ends = torch.tensor([len(batch) for batch in ids]).cumsum(0)

    def result(self) -> list[Samples]:
        """The batches."""
        read = self._pending.result()
        bad: list[dict[int, FitsError]] = [{} for _ in self._ids]
        for item, error in read.bad:
            batch, sample, _ = self._place(item)
            bad[batch].setdefault(sample, error)
        return self._samples(read, bad)

    def result_with_absent(self) -> tuple[list[Samples], list[torch.Tensor]]:
        """The batches, of which items of files that do not exist are not bad.

        Returns:
            The batches, and for each which items are of such files, bool (samples, items of each).
        """
        read = self._pending.result()
        bad: list[dict[int, FitsError]] = [{} for _ in self._ids]
        absent = [torch.zeros(len(ids), self._images.bands or 1, dtype=torch.bool) for ids in self._ids]
        for item, error in read.bad:
            batch, sample, band = self._place(item)
            if isinstance(error, MissingFileError):
                absent[batch][sample, band] = True
            else:
                bad[batch].setdefault(sample, error)
        return self._samples(read, bad), absent

    def _samples(self, read: _engine.WindowResult, bad: list[dict[int, FitsError]]) -> list[Samples]:
        return [
            Samples(
                self._images.batch_of(block, len(ids), self._fusion),
                ids,
                sorted_by_place(errors),
                read.counts if number == 0 else {},
                self._fusion,
            )
            for number, (block, ids, errors) in enumerate(zip(read.blocks, self._ids, bad, strict=True))
        ]

    def _place(self, item: int) -> tuple[int, int, int]:
        """An item's batch, sample in it, and place among the items of the sample."""
        sample, band = divmod(item, self._images.bands or 1)
        batch = int(torch.searchsorted(self._ends, sample, right=True))
        return batch, sample - int(self._ends[batch]) + len(self._ids[batch]), band

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


def sorted_by_place(bad: Mapping[int, FitsError]) -> list[tuple[int, FitsError]]:
    """Bad samples in the order of their places."""
    return sorted(bad.items(), key=lambda told: told[0])


def _together(parts: Mapping[str, Samples]) -> Samples:
    bad: dict[int, Any] = {}
    counts: dict[str, int] = {}
    for part in parts.values():
        for place, error in part.bad:
            bad.setdefault(place, error)
        for name, count in part.counts.items():
            counts[name] = counts.get(name, 0) + count
    ids = next(iter(parts.values())).ids
    return Samples({name: part.data for name, part in parts.items()}, ids, sorted_by_place(bad), counts)
