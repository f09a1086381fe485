"""One iteration of a loader: batches as the caller gets them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from torchfits import cache
from torchfits.data._ahead import Ahead
from torchfits.data._bad import BadSamples
from torchfits.data._devices import Mover, in_pinned_memory, mapped, pinned
from torchfits.data._random import draws
from torchfits.data._reading import named, transformed, transformed_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from torchfits.data._accounts import Accounts
    from torchfits.data._reading import Samples
    from torchfits.data.loader import DataLoader


class Batch(dict[str, Any]):
    """A batch of several parts, a dict of them.

    Attributes:
        sample_ids: of its samples, int64 (B,).
    """

    sample_ids: torch.Tensor


class Epoch:
    """The batches of an epoch from a position on."""

    def __init__(self, loader: DataLoader, epoch: int, position: int) -> None:
        """Begins nothing yet."""
        self._loader = loader
        self._epoch = epoch
        self._bad = BadSamples(loader, epoch)
        schedule = loader.schedule(epoch, position)
        self._ahead = Ahead(loader, schedule, self._bad.read, pinned if loader.pin_memory else None)
        self._mover = None if loader.device is None else Mover(loader.device)

    def batches(self, accounts: Accounts, arrived: Callable[[int, int], None]) -> Iterator[Any]:
        """The batches; `arrived` is told epoch and position behind each one before it is given."""
        bar = self._bar() if self._loader.progress else None
        try:
            asked = time.perf_counter()
            while (taken := self._ahead.next()) is not None:
                samples, behind = taken
                accounts.counted(samples.counts)
                batch, count = self._finished(samples)
                arrived(self._epoch, behind)
                if bar is not None:
                    bar.set_postfix(bad=len(self._loader.bad), refresh=False)
                    bar.update()
                if count:
                    given = time.perf_counter()
                    accounts.gave(count, given - asked)
                    yield batch
                    asked = time.perf_counter()
                    accounts.used(asked - given)
            arrived(self._epoch + 1, 0)
            cache.warn_of_disk()
        finally:
            self._ahead.stop()
            if bar is not None:
                bar.close()

    def _finished(self, samples: Samples) -> tuple[Any, int]:
        """The batch as it is given, and how many samples it has: perhaps none."""
        loader = self._loader
        samples = self._bad.settled(samples)
        if len(samples.ids) == 0:
            return None, 0
        if loader.collate_fn is None:
            data = transformed(loader.dataset, samples, loader.seed, self._epoch).data
        else:
            data = loader.collate_fn(transformed_items(loader.dataset, samples, loader.seed, self._epoch))
        if loader.pin_memory:
            data = mapped(data, in_pinned_memory)
        if self._mover is not None:
            data = self._mover.moved(data)
        if loader.transform is not None:
            with draws(loader.seed + 1, self._epoch, samples.ids), named(loader.dataset, samples.ids):
                data = loader.transform(data)
        return _with_ids(data, samples.ids), len(samples.ids)

    def _bar(self) -> Any:  # noqa: ANN401 - without tqdm at import
        from tqdm.auto import tqdm

        return tqdm(total=len(self._loader), desc=f"epoch {self._epoch}", unit="batch")


def _with_ids(data: Any, ids: torch.Tensor) -> Any:  # noqa: ANN401 - see Samples
    if isinstance(data, dict):
        data = Batch(cast("dict[str, Any]", data))
    if hasattr(data, "__dict__"):
        data.sample_ids = ids
    return data
