"""One iteration of a loader: batches as the caller gets them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from torchfits import cache
from torchfits.data._ahead import Ahead
from torchfits.data._bad import BadSamples
from torchfits.data._devices import Mover, in_pinned_memory, mapped, pinned
from torchfits.data._fusing import of_loader
from torchfits.data._random import draws
from torchfits.data._reading import named, transformed, transformed_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from torchfits.data._accounts import Accounts
    from torchfits.data._fusing import Fusion
    from torchfits.data._reading import Samples
    from torchfits.data.loader import DataLoader


Watch: TypeAlias = "Callable[[int, int, Samples], None]"
"""Is told epoch, position behind the batch, and its samples, of which none is bad."""


class Batch(dict[str, Any]):
    """A batch of several parts, a dict of them.

    Attributes:
        sample_ids: of its samples, int64 (B,).
    """

    sample_ids: torch.Tensor


class Epoch:
    """The batches of an epoch from a position on."""

    def __init__(self, loader: DataLoader, epoch: int, position: int, watch: Watch | None = None) -> None:
        """Begins nothing yet; `watch` is told of each batch before its transforms.

        The loader's seed of now is that of the whole epoch: a state that is loaded meanwhile is for the next one.
        """
        self._loader = loader
        self._seed = loader.seed
        self._watch = watch
        self._epoch = epoch
        self._bad = BadSamples(loader, epoch)
        schedule = loader.schedule(epoch, position)
        self._ahead = Ahead(loader, schedule, self._bad.read, pinned if loader.pin_memory else None, self._fusion)
        self._mover = None if loader.device is None else Mover(loader.device)

    def _fusion(self) -> Fusion | None:
        """What the engine does of transforms; a watch sees samples before them."""
        return None if self._watch is not None else of_loader(self._loader, self._seed, self._epoch)

    def batches(self, accounts: Accounts, arrived: Callable[[int, int], None]) -> Iterator[Any]:
        """The batches; `arrived` is told epoch and position behind each one before it is given."""
        bar = self._bar() if self._loader.progress else None
        try:
            asked = time.perf_counter()
            while (taken := self._ahead.next()) is not None:
                samples, behind = taken
                accounts.counted(samples.counts)
                samples = self._bad.settled(samples)
                count = len(samples.ids)
                if count and self._watch is not None:
                    self._watch(self._epoch, behind, samples)
                batch = self.finished(self._current(samples)) if count else None
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

    def _current(self, samples: Samples) -> Samples:
        """The batch; if its transforms were changed since it was begun, it is read again, before them."""
        loader = self._loader
        if samples.fusion is None or samples.fusion.holds(loader.dataset.transform, loader.transform):
            return samples
        ids = cast("list[int]", samples.ids.tolist())  # pyright: ignore[reportUnknownMemberType]
        (read,) = loader.dataset.begin([ids]).result()
        return read

    def finished(self, samples: Samples) -> Any:  # noqa: ANN401 - see Samples
        """The batch of good samples as it is given."""
        loader = self._loader
        if loader.collate_fn is None:
            data = transformed(loader.dataset, samples, self._seed, self._epoch).data
        else:
            data = loader.collate_fn(transformed_items(loader.dataset, samples, self._seed, self._epoch))
        if loader.pin_memory:
            data = mapped(data, in_pinned_memory)
        if self._mover is not None:
            data = self._mover.moved(data)
        transform, first = loader.transform, 0
        if samples.fusion is not None:
            transform, first = samples.fusion.rest(transform, 1)
        if transform is not None:
            with draws(self._seed + 1, self._epoch, samples.ids, first=first), named(loader.dataset, samples.ids):
                data = transform(data)
        return _with_ids(data, samples.ids)

    def _bar(self) -> Any:  # noqa: ANN401 - without tqdm at import
        from tqdm.auto import tqdm

        return tqdm(total=len(self._loader), desc=f"epoch {self._epoch}", unit="batch")


def _with_ids(data: Any, ids: torch.Tensor) -> Any:  # noqa: ANN401 - see Samples
    if isinstance(data, dict):
        data = Batch(cast("dict[str, Any]", data))
    if hasattr(data, "__dict__"):
        data.sample_ids = ids
    return data
