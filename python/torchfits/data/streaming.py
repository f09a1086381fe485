"""A map-style dataset as a stream, sharded over ranks and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch import distributed
from torch.utils.data import IterableDataset, get_worker_info

from torchfits.data._order import Order
from torchfits.data._reading import ReadableDataset, items_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["StreamingDataset"]


class _Items(Protocol):
    """What a dataset needs to be streamed."""

    def __len__(self) -> int: ...

    def __getitems__(self, indices: Sequence[int], /) -> list[Any]: ...


class StreamingDataset(IterableDataset[Any]):
    """The items of a dataset in order, or shuffled anew each epoch, without an item twice.

    Each rank gets the same number of items: of `len(dataset)` those beyond a multiple of `world_size` are left out
    (others in each epoch if shuffled). The workers of a rank share its items. The order is a function of seed, epoch
    and dataset alone. Of datasets of torchfits the next items are read while those before them are used.
    """

    _LOOK_AHEAD = 64  # items that one call to the engine reads

    def __init__(
        self,
        dataset: _Items,
        *,
        shuffle: bool = False,
        seed: int = 0,
        window: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        """Remembers what to stream; nothing is read.

        Args:
            dataset: with `__len__` and `__getitems__`, such as `ImageDataset`.
            shuffle: whether the order is random.
            seed: of the random order.
            window: None for a permutation of all items. Else items are mixed within windows of so many, made of 32 runs
                of neighbours: for tables and files that are read faster in their own order.
            rank: of this process among `world_size`; None for that of `torch.distributed`, 0 if it is not in use.
            world_size: number of processes; None for that of `torch.distributed`, 1 if it is not in use.

        Raises:
            ValueError: if only one of rank and world_size is given, rank is not in range(world_size), or a window is
                not from 1.
        """
        super().__init__()
        if (rank is None) != (world_size is None):
            raise ValueError("rank and world_size are given together or not at all")
        if rank is not None and world_size is not None and not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} is not in range({world_size})")
        if window is not None and window < 1:
            raise ValueError(f"a window is from 1, not {window}")
        self._dataset = dataset
        self._shuffle = shuffle
        self._seed = seed
        self._window = window
        # In shared memory: workers that live longer than an epoch (persistent_workers) hear of the next one.
        self._epoch: torch.Tensor = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()
        # Asked for here, in the training process: in a worker torch.distributed is not in use.
        in_use = distributed.is_available() and distributed.is_initialized()
        self._rank = rank if rank is not None else (distributed.get_rank() if in_use else 0)
        self._world_size = world_size if world_size is not None else (distributed.get_world_size() if in_use else 1)

    def set_epoch(self, epoch: int) -> None:
        """Chooses the random order of the next iteration; to be called on all ranks alike, before each epoch."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        """Number of items of this rank."""
        return len(self._dataset) // self._world_size

    def __iter__(self) -> Iterator[Any]:
        begun: Callable[[], Sequence[Any]] | None = None
        for indices in self._chunks():
            following = self._begin(indices)
            if begun is not None:
                yield from _separate(begun())
            begun = following
        if begun is not None:
            yield from _separate(begun())

    def _begin(self, indices: list[int]) -> Callable[[], Sequence[Any]]:
        """Begins to read items, and gives what waits for them."""
        dataset = self._dataset
        if not isinstance(dataset, ReadableDataset):
            return lambda: dataset.__getitems__(indices)
        reading = dataset.begin_items(indices)
        return lambda: dataset.items(reading, indices)

    def _chunks(self) -> Iterator[list[int]]:
        """The items of this worker, some at a time."""
        worker = get_worker_info()
        part, parts = (0, 1) if worker is None else (worker.id, worker.num_workers)
        # Of the epoch every so-manieth is this worker's: first the ranks, then the workers of a rank.
        first, step = self._rank + part * self._world_size, self._world_size * parts
        last = len(self) * self._world_size
        order = self._order()
        for begin in range(first, last, step * self._LOOK_AHEAD):
            end = min(last, begin + step * self._LOOK_AHEAD)
            yield cast("list[int]", order.ids(begin, end)[::step].tolist())  # pyright: ignore[reportUnknownMemberType]

    def _order(self) -> Order:
        if not self._shuffle:
            return Order(len(self._dataset), None, int(self._epoch))
        fingerprint = self._dataset.fingerprint() if isinstance(self._dataset, ReadableDataset) else 0
        return Order(len(self._dataset), self._seed, int(self._epoch), fingerprint, self._window)


def _separate(items: Any) -> list[Any]:  # noqa: ANN401 - a list, or a frame, which is a sequence of its rows
    return cast("list[Any]", items) if isinstance(items, list) else items_of(items)
