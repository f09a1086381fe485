"""Batches that are read before they are asked for: so many of them, and so many bytes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from torchfits.data._collating import is_frame
from torchfits.data._reading import begin

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchfits.data._fusing import Fusion
    from torchfits.data._reading import Empty, Reading, Samples
    from torchfits.data._schedule import Schedule
    from torchfits.data.loader import DataLoader


class _Window(NamedTuple):
    """Batches that were begun together, and the position behind each."""

    reading: Reading
    batches: list[list[int]]
    behind: list[int]


class Ahead:
    """The batches of an epoch in their order, of which the next ones are being read.

    A window of half of what may be ahead is begun when so many batches were given, so that the other half is there or
    on its way. At first, when nothing is known of their size, windows have one batch: it comes soon.
    """

    def __init__(
        self,
        loader: DataLoader,
        schedule: Schedule,
        read: Callable[[Reading, list[list[int]]], list[Samples]],
        empty: Empty | None,
        fusion: Callable[[], Fusion | None],
    ) -> None:
        """Begins nothing yet; `read` gives what was begun, `empty` memory for it, `fusion` what is done on the way."""
        self._loader = loader
        self._schedule = schedule
        self._read = read
        self._empty = empty
        self._fusion = fusion
        self._begun: deque[_Window] = deque()
        self._ready: deque[tuple[Samples, int]] = deque()
        self._batch_bytes = 0

    def next(self) -> tuple[Samples, int] | None:
        """The next batch and the position behind it; None at the end."""
        if not self._ready:
            self._begin(at_least=1)
            if not self._begun:
                return None
            self._take()
        taken = self._ready.popleft()
        self._begin(at_least=0)
        return taken

    def stop(self) -> None:
        """Stops all reads."""
        while self._begun:
            self._begun.popleft().reading.cancel()
        self._ready.clear()

    def _take(self) -> None:
        # It stays begun until it is read, so that an interrupt stops it too.
        window = self._begun[0]
        read = self._read(window.reading, window.batches)
        self._begun.popleft()
        self._ready.extend(zip(read, window.behind, strict=True))
        self._batch_bytes = max(self._batch_bytes, *(bytes_of(samples.data) for samples in read))

    def _begin(self, at_least: int) -> None:
        """Begins windows until as many batches are ahead as may be, but at least so many."""
        most = max(at_least, self._most())
        size = max(1, most // 2) if self._batch_bytes else 1
        while True:
            ahead = len(self._ready) + sum(len(window.behind) for window in self._begun)
            if ahead + size > most or not self._begin_window(size):
                return

    def _most(self) -> int:
        if self._batch_bytes == 0:
            # One that is asked for, and one behind it.
            return min(self._loader.prefetch_batches, 2)
        fitting = self._loader.prefetch_bytes // self._batch_bytes
        return min(self._loader.prefetch_batches, max(1, fitting))

    def _begin_window(self, size: int) -> bool:
        batches: list[list[int]] = []
        behind: list[int] = []
        while len(batches) < size and (step := next(self._schedule, None)) is not None:
            batches.append(step[0])
            behind.append(step[1])
        if batches:
            reading = begin(self._loader.dataset, batches, self._fusion(), keep_going=True, empty=self._empty)
            self._begun.append(_Window(reading, batches, behind))
        return bool(batches)


def bytes_of(data: Any) -> int:  # noqa: ANN401 - see Samples
    """Of the tensors that a batch is made of."""
    if isinstance(data, torch.Tensor):
        return data.nbytes
    if is_frame(data):  # which has much beside its rows
        return sum(map(bytes_of, (data.feat_dict, data.y, data.others)))
    parts = cast("dict[Any, Any]", data if isinstance(data, dict) else getattr(data, "__dict__", {}))
    return sum(map(bytes_of, parts.values()))
