"""A loader without worker processes: the engine's threads read ahead while the model trains."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import distributed

from torchfits.data._accounts import Accounts
from torchfits.data._bad import require_policy
from torchfits.data._epoch import Batch, Epoch
from torchfits.data._order import Order, Share
from torchfits.data._plans import plan
from torchfits.data._schedule import Schedule, ordered, sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from torchfits.data._accounts import Report
    from torchfits.data._epoch import Watch
    from torchfits.data._reading import OnBad, ReadableDataset
    from torchfits.data._transform import Transform
    from torchfits.data._verifying import Verification
    from torchfits.errors import FitsError

__all__ = ["Batch", "DataLoader"]

_STATE = ("seed", "epoch", "position", "length", "fingerprint")


class DataLoader:
    """Batches of a dataset of torchfits, read ahead by the engine's threads: no worker processes, no collating.

    A batch is what torch's `DataLoader` with `default_collate` would give: a tensor (B, ...), a dict of tensors (a
    `Batch`), or a TensorFrame. Each carries the ids of its samples as the attribute `sample_ids`, int64 (B,) on the
    CPU. Batches are decoded straight into their memory; several of them are begun together (a window), so that what
    they need of one file, and of one compressed tile, is fetched and decoded once. While a model trains on a batch the
    next ones are read: `prefetch_batches` of them, and at most `prefetch_bytes`.

    The order of an epoch is a function of (seed, epoch, dataset) alone, and so are random transforms, substitutes of
    bad samples, and which samples each rank gets. So `state_dict()` is a few integers, from which a killed run goes on
    with the same batches, also with another number of ranks. Each iteration is an epoch, numbered from 0, unless
    `set_epoch` says which; `epoch` is that of the next one. Of several iterations at once the state is that of the one
    which was asked last.

    With several ranks (of `torch.distributed`, or as told) each batch of all ranks together is cut into parts of
    `batch_size`; all ranks get equally many batches. What does not fill the last one is shared evenly.
    """

    def __init__(
        self,
        dataset: ReadableDataset,
        batch_size: int = 1,
        shuffle: bool = False,  # noqa: FBT001 - torch's
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Sequence[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool | None = None,  # noqa: FBT001 - torch's
        drop_last: bool = False,  # noqa: FBT001 - torch's
        *,
        generator: torch.Generator | None = None,
        seed: int = 0,
        shuffle_window: int | None = None,
        prefetch_batches: int = 8,
        prefetch_bytes: int = 256 << 20,
        on_bad: OnBad | None = None,
        transform: Transform | Callable[[Any], Any] | None = None,
        device: str | int | torch.device | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        progress: bool = False,
    ) -> None:
        """Remembers what to load; nothing is read.

        Args:
            dataset: of torchfits: its batches can be begun.
            batch_size: samples of a batch (of one rank).
            shuffle: whether the order is random.
            sampler: gives ids of samples in the order that is wanted, instead of `shuffle`; of this rank alone.
            batch_sampler: gives ids of whole batches, instead of batch_size, shuffle, sampler and drop_last.
            num_workers: 0; the engine has threads.
            collate_fn: makes a batch of a list of items (of rows of a table: of one frame), for what `default_collate`
                does not take; slower.
            pin_memory: whether batches are in pinned memory; None for whether `device` is a GPU.
            drop_last: whether samples that do not fill the last batch are left out.
            generator: draws the seed once, now, instead of `seed`: seeded alike on all ranks.
            seed: of everything random.
            shuffle_window: None for a permutation of all samples. Else samples are mixed within windows of so many,
                made of 32 runs of neighbours: for tables and files that are read faster in their own order.
            prefetch_batches: that are begun or ready beside the one in use; 0 to read each when it is asked for.
            prefetch_bytes: bound of these, but one batch is always read ahead unless `prefetch_batches` is 0.
            on_bad: what becomes of samples that cannot be read: "raise" their error when their batch comes; "skip"
                them, so that the batch is smaller (or not there, but an error where other ranks wait for it);
                "substitute" others, chosen by (seed, epoch, id). `bad` tells which they were, and why. None for what
                the dataset says, which is "raise" unless it was told otherwise.
            transform: of whole batches, on `device`, after the dataset's own.
            device: where batches go; to a GPU they are copied by a stream of its own.
            rank: of this process among `world_size`; None for that of `torch.distributed`, 0 if it is not in use.
            world_size: number of processes that share an epoch.
            progress: whether a bar of tqdm is shown.

        Raises:
            TypeError: for a dataset whose batches cannot be begun.
            ValueError: for arguments that make no sense, alone or together.
        """
        if not callable(getattr(dataset, "begin", None)):
            what = type(dataset).__name__
            raise TypeError(f"{what} is no dataset of torchfits: torch.utils.data.DataLoader loads it")
        if num_workers != 0:
            raise ValueError("num_workers is 0: the engine's threads read; torch.utils.data.DataLoader has workers")
        if operator.index(batch_size) < 1:
            raise ValueError(f"batch_size is from 1, not {batch_size}")
        if sampler is not None and shuffle:
            raise ValueError("a sampler says the order: shuffle does not go with it")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError("batch_sampler does not go with batch_size, shuffle, sampler and drop_last")
        if on_bad is not None:
            require_policy(on_bad)
        if prefetch_batches < 0 or prefetch_bytes < 1:
            raise ValueError("prefetch_batches is from 0, prefetch_bytes from 1")
        if shuffle_window is not None and shuffle_window < 1:
            raise ValueError(f"shuffle_window is from 1, not {shuffle_window}")
        self.dataset = dataset
        self.batch_size = None if batch_sampler is not None else operator.index(batch_size)
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = 0
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.shuffle_window = shuffle_window
        self.seed = seed if generator is None else int(torch.randint(2**62, (), generator=generator))
        self.prefetch_batches = prefetch_batches
        self.prefetch_bytes = prefetch_bytes
        self.on_bad: OnBad = dataset.on_bad if on_bad is None else on_bad
        self.transform = transform
        self.device = None if device is None else torch.device(device)
        on_gpu = self.device is not None and self.device.type == "cuda"
        self.pin_memory = (on_gpu if pin_memory is None else pin_memory) and torch.cuda.is_available()
        self.rank, self.world_size = _place(rank, world_size)
        self.progress = progress
        self.epoch = 0
        self.bad: dict[int, str] = {}
        self.failed: Mapping[object, FitsError] = {}
        self._resume_at = 0
        self._at = (0, 0)
        self._accounts = Accounts()

    def _share(self) -> Share:
        assert self.batch_size is not None
        return Share(len(self.dataset), self.batch_size, self.rank, self.world_size, self.drop_last)

    def __len__(self) -> int:
        """Number of batches of an epoch, of this rank."""
        if self.batch_sampler is not None:
            return len(cast("Any", self.batch_sampler))
        if self.sampler is not None:
            samples = len(cast("Any", self.sampler))
            return samples // self._share().batch_size if self.drop_last else -(-samples // self._share().batch_size)
        return self._share().steps()

    def __iter__(self) -> Iterator[Any]:
        """The batches of the next epoch, or, after `load_state_dict`, those that are left of one.

        An epoch begins when its first batch is asked for: an iterator that is not used is none.
        """
        return self.watched(None)

    def watched(self, watch: Watch | None) -> Iterator[Any]:
        """Iterates; `watch` is told of each batch before its transforms, for `torchfits.lineage`."""
        epoch, position = self.epoch, self._resume_at
        self.epoch, self._resume_at = epoch + 1, 0
        self._at = (epoch, position)
        _set_epoch(self.sampler, epoch)
        _set_epoch(self.batch_sampler, epoch)
        yield from Epoch(self, epoch, position, watch).batches(self._accounts, self._arrived)

    def _arrived(self, epoch: int, position: int) -> None:
        """Where an iteration is."""
        self._at = (epoch, position)

    def set_epoch(self, epoch: int) -> None:
        """Says which epoch the next iteration is: on all ranks alike.

        It begins with its first batch, unless it is the one in which `load_state_dict` goes on.
        """
        if operator.index(epoch) != self.epoch:
            self._resume_at = 0
        self.epoch = operator.index(epoch)
        self._at = (self.epoch, self._resume_at)

    # Resume

    def state_dict(self) -> dict[str, int]:
        """Where the iteration is: behind the batch that was given last.

        `position` counts the samples of all ranks, or the batches of a `sampler` or `batch_sampler`.
        """
        return {
            "seed": self.seed,
            "epoch": self._at[0],
            "position": self._at[1],
            "length": len(self.dataset),
            "fingerprint": self.dataset.fingerprint(),
        }

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """The next iteration goes on where a state was taken, if need be with another number of ranks.

        Samplers are gone through up to that place.

        Raises:
            ValueError: if the state is of another dataset, or is none.
        """
        missing = [name for name in _STATE if name not in state_dict]
        if missing:
            raise ValueError(f"not the state of a loader: it has no {', '.join(missing)}")
        own = self.state_dict()
        for name, what in (("length", "samples"), ("fingerprint", "a fingerprint of the dataset")):
            if state_dict[name] != own[name]:
                raise ValueError(f"the state is of another dataset: {state_dict[name]} {what}, here {own[name]}")
        self.seed = state_dict["seed"]
        self.epoch, self._resume_at = self._at = (state_dict["epoch"], state_dict["position"])

    # What is going on

    def verify(self) -> Verification:
        """Compares all HDUs of the dataset with their CHECKSUM and DATASUM, as `dataset.verify()`.

        Samples of those that do not fit are bad from now on, as if they could not be read. A resumed run has the same
        batches if it does the same; so have all ranks.
        """
        found = self.dataset.verify()
        self.failed = found.errors
        return found

    def report(self) -> Report:
        """What training waited for, and what to change; since the loader was made."""
        return self._accounts.report(self)

    def plan(self, batches: int | None = None) -> dict[str, Any]:
        """What the next batches need, and how well they are mixed; nothing is read.

        Args:
            batches: how many; None for those of a window.

        Returns:
            `batches`, `samples`, `files` that they are of, `samples_per_file`, `shuffle`, in words, and
            `while_decoding`: the first transforms, which the engine does on the way, as far as it can. Some are known
            only when a first batch told what images are like.
        """
        return plan(self, batches or max(1, self.prefetch_batches // 2))

    def schedule(self, epoch: int, position: int) -> Schedule:
        """The batches of an epoch from a position on."""
        if self.batch_sampler is not None:
            return sampled(self.batch_sampler, position)
        if self.sampler is not None:
            share = self._share()
            return sampled(torch.utils.data.BatchSampler(self.sampler, share.batch_size, self.drop_last), position)  # pyright: ignore[reportArgumentType]
        order = Order(
            len(self.dataset),
            self.seed if self.shuffle else None,
            epoch,
            self.dataset.fingerprint() if self.shuffle else 0,
            self.shuffle_window,
        )
        return ordered(order, self._share(), position)


def _set_epoch(sampler: object, epoch: int) -> None:
    """Of a sampler that has epochs, such as torch's for several ranks."""
    set_epoch = getattr(sampler, "set_epoch", None)
    if set_epoch is not None:
        set_epoch(epoch)


def _place(rank: int | None, world_size: int | None) -> tuple[int, int]:
    if (rank is None) != (world_size is None):
        raise ValueError("rank and world_size are given together or not at all")
    if rank is not None and world_size is not None:
        if not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} is not in range({world_size})")
        return rank, world_size
    in_use = distributed.is_available() and distributed.is_initialized()
    return (distributed.get_rank(), distributed.get_world_size()) if in_use else (0, 1)
