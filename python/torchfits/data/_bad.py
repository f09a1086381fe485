"""Samples that cannot be read: raised, left out, or replaced by others, on all ranks alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch

from torchfits.data._random import uniform

if TYPE_CHECKING:
    from torchfits.data._reading import Samples
    from torchfits.data.loader import DataLoader

OnBad: TypeAlias = 'Literal["raise", "skip", "substitute"]'

_ATTEMPTS = 16
_STREAM = 2**32 - 1  # of no transform


class BadSamples:
    """What becomes of the bad samples of a loader's batches."""

    def __init__(self, loader: DataLoader) -> None:
        """Of one iteration."""
        self._loader = loader

    def settled(self, samples: Samples, epoch: int) -> Samples:
        """A batch without bad samples; perhaps without any.

        Raises:
            FitsError: of the first bad sample, unless the loader shall go on; of the last substitute, if none that was
                tried can be read; or if nothing is left of a batch that other ranks wait for.
        """
        if not samples.bad:
            return samples
        loader = self._loader
        for place, error in samples.bad:
            loader.bad[int(samples.ids[place])] = str(error)
        if loader.on_bad == "raise":
            raise samples.bad[0][1]
        if loader.on_bad == "substitute":
            return self._substituted(samples, epoch)
        good = torch.ones(len(samples.ids), dtype=torch.bool)
        good[[place for place, _ in samples.bad]] = False
        if loader.world_size > 1 and not bool(good.any()):
            raise samples.bad[0][1]
        return replace(samples, data=_rows(samples.data, good.nonzero()[:, 0]), ids=samples.ids[good], bad=())

    def _substituted(self, samples: Samples, epoch: int) -> Samples:
        ids = samples.ids.clone()
        data, bad = samples.data, list(samples.bad)
        for attempt in range(_ATTEMPTS):
            places = torch.tensor([place for place, _ in bad])
            ids[places] = self._chosen(samples.ids[places], epoch, attempt)
            reading = self._loader.dataset.begin([ids[places].tolist()], keep_going=True)  # pyright: ignore[reportUnknownMemberType]
            (read,) = reading.result()
            data = _with_rows(data, places, read.data)
            bad = [(int(places[place]), error) for place, error in read.bad]
            for place, error in bad:
                self._loader.bad[int(ids[place])] = str(error)
            if not bad:
                return replace(samples, data=data, ids=ids, bad=())
        raise bad[0][1]

    def _chosen(self, ids: torch.Tensor, epoch: int, attempt: int) -> torch.Tensor:
        """Another sample for each: a function of seed, epoch, id and attempt."""
        numbers = uniform(self._loader.seed, epoch, ids, _STREAM, (_ATTEMPTS, 2)).double()[:, attempt]
        count = len(self._loader.dataset)
        return ((numbers[:, 0] + numbers[:, 1] * 2.0**-24) * count).long().clamp(max=count - 1)


def _rows(data: Any, rows: torch.Tensor) -> Any:  # noqa: ANN401 - see Samples
    if isinstance(data, dict):
        return {name: _rows(part, rows) for name, part in data.items()}  # pyright: ignore[reportUnknownVariableType]
    return data[rows]


def _with_rows(data: Any, places: torch.Tensor, rows: Any) -> Any:  # noqa: ANN401
    """The batch with other rows in some places; its tensors are changed."""
    if isinstance(data, dict):
        return {name: _with_rows(part, places, rows[name]) for name, part in data.items()}  # pyright: ignore[reportUnknownVariableType]
    data[places] = rows
    return data
