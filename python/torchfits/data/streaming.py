"""A map-style dataset as a stream, sharded over ranks and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import distributed
from torch.utils.data import IterableDataset, get_worker_info

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["StreamingDataset"]

_SPREAD = 0x9E3779B97F4A7C15  # odd: seeds stay apart however many epochs follow


class _Items(Protocol):
    """What a dataset needs to be streamed."""

    def __len__(self) -> int: ...

    def __getitems__(self, indices: Sequence[int], /) -> list[Any]: ...


class StreamingDataset(IterableDataset[Any]):
    """The items of a dataset in order, or shuffled anew each epoch, without an item twice.

    Each rank gets the same number of items: of `len(dataset)` those beyond a multiple of `world_size` are left out
    (others in each epoch if shuffled). The workers of a rank share its items. The order is a function of seed and
    epoch alone.
    """

    _LOOK_AHEAD = 64  # items that one call to the engine reads

    def __init__(
        self,
        dataset: _Items,
        *,
        shuffle: bool = False,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        """Remembers what to stream; nothing is read.

        Args:
            dataset: with `__len__` and `__getitems__`, such as `ImageDataset`.
            shuffle: whether the order is random.
            seed: of the random order.
            rank: of this process among `world_size`; None for that of `torch.distributed`, 0 if it is not in use.
            world_size: number of processes; None for that of `torch.distributed`, 1 if it is not in use.

        Raises:
            ValueError: if only one of rank and world_size is given, or rank is not in range(world_size).
        """
        super().__init__()
        if (rank is None) != (world_size is None):
            raise ValueError("rank and world_size are given together or not at all")
        if rank is not None and world_size is not None and not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} is not in range({world_size})")
        self._dataset = dataset
        self._shuffle = shuffle
        self._seed = seed
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
        indices = self._worker_indices()
        for first in range(0, len(indices), self._LOOK_AHEAD):
            yield from self._dataset.__getitems__(indices[first : first + self._LOOK_AHEAD])

    def _worker_indices(self) -> list[int]:
        worker = get_worker_info()
        mine = self._order()[self._rank : len(self) * self._world_size : self._world_size]
        return mine if worker is None else mine[worker.id :: worker.num_workers]

    def _order(self) -> list[int]:
        if not self._shuffle:
            return list(range(len(self._dataset)))
        generator = torch.Generator().manual_seed((self._seed * _SPREAD + int(self._epoch)) % 2**63)
        order = torch.randperm(len(self._dataset), generator=generator)
        return order.tolist()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
