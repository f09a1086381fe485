"""Samples that cannot be read: raised, left out, or replaced by others, on all ranks alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch

from torchfits._tensor_rows import picked_rows, put_rows
from torchfits.data._random import uniform
from torchfits.data._reading import OnBad, Samples, begin
from torchfits.data._windows import sorted_by_place
from torchfits.errors import FitsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchfits.data._fusing import Fusion
    from torchfits.data._reading import ReadableDataset, Reading

_ATTEMPTS = 16
_STREAM = 2**32 - 1  # of no transform


class Policy(Protocol):
    """What decides about bad samples: a loader, or a dataset under another one."""

    @property
    def dataset(self) -> ReadableDataset:
        """Of the samples."""
        ...

    on_bad: OnBad
    seed: int
    world_size: int
    bad: dict[int, str]
    failed: Mapping[object, FitsError]


@dataclass
class OwnPolicy:
    """That of a dataset itself, whose batches may not be empty.

    Attributes:
        bad: of each sample that could not be read its number, and why.
    """

    dataset: ReadableDataset
    on_bad: OnBad
    seed: int = 0
    world_size: int = 2
    bad: dict[int, str] = field(default_factory=dict[int, str])
    failed: Mapping[object, FitsError] = field(default_factory=dict[object, FitsError])


def require_policy(on_bad: str) -> None:
    """Checks what shall become of bad samples.

    Raises:
        ValueError: if it is none of the three.
    """
    if on_bad not in ("raise", "skip", "substitute"):
        raise ValueError(f"on_bad is 'raise', 'skip' or 'substitute', not {on_bad!r}")


class BadSamples:
    """What becomes of the bad samples of an epoch."""

    def __init__(self, loader: Policy, epoch: int) -> None:
        """Of one iteration."""
        self._loader = loader
        self._seed = loader.seed
        self._epoch = epoch

    def read(self, reading: Reading, batches: Sequence[Sequence[int]]) -> list[Samples]:
        """What was begun of batches. If nothing of it can be read, each sample is bad, and there is no data.

        Raises:
            FitsError: if there is an error that no single sample has.
        """
        try:
            return [self._marked(samples) for samples in reading.result()]
        except FitsError as error:
            if self._loader.on_bad == "raise":
                raise
            # Of what shape the samples should be is known from none of them.
            return [Samples(None, torch.tensor(batch), self._each_bad(batch, error)) for batch in batches]

    def _marked(self, samples: Samples) -> Samples:
        """The batch with those of its samples bad too whose HDUs failed when they were verified."""
        failed = self._loader.failed
        if not failed:
            return samples
        bad = dict(samples.bad)
        ids = cast("list[int]", samples.ids.tolist())  # pyright: ignore[reportUnknownMemberType]
        for number, sample in enumerate(ids):
            for place in self._loader.dataset.places(sample):
                if place.key in failed:
                    bad.setdefault(number, failed[place.key])
        return samples._replace(bad=sorted_by_place(bad))

    def _each_bad(self, batch: Sequence[int], error: FitsError) -> list[tuple[int, FitsError]]:
        bad: list[tuple[int, FitsError]] = []
        for place, sample in enumerate(batch):
            try:
                self._loader.dataset.begin([[sample]]).result()
            except FitsError as own:  # noqa: PERF203 - each has its own
                bad.append((place, own))
            else:
                raise error
        return bad

    def settled(self, samples: Samples) -> Samples:
        """A batch without bad samples; perhaps without any.

        Raises:
            FitsError: of the first bad sample, unless the loader shall go on; of the last substitute, if none that was
                tried can be read; or if nothing is left of a batch that other ranks wait for.
        """
        if not samples.bad:
            return samples
        self._note(samples.ids, samples.bad)
        if self._loader.on_bad == "raise":
            raise samples.bad[0][1]
        return self._substituted(samples) if self._loader.on_bad == "substitute" else self._good(samples)

    def _note(self, ids: torch.Tensor, bad: Sequence[tuple[int, FitsError]]) -> None:
        for place, error in bad:
            self._loader.bad[int(ids[place])] = str(error)

    def _good(self, samples: Samples) -> Samples:
        if len(samples.bad) < len(samples.ids):
            return good_part(samples)
        if self._loader.world_size > 1:
            raise samples.bad[0][1]
        return samples._replace(data=None, ids=samples.ids[:0], bad=())

    def _substituted(self, samples: Samples) -> Samples:
        places = torch.tensor([place for place, _ in samples.bad])
        ids = samples.ids.clone()
        ids[places] = self._readable(ids[places])
        if samples.data is None:
            return samples._replace(data=self._again(ids, samples.fusion), ids=ids, bad=())
        rows = self._again(ids[places], samples.fusion)
        return samples._replace(data=_with_rows(samples.data, places, rows), ids=ids, bad=())

    def _readable(self, bad: torch.Tensor) -> torch.Tensor:
        """A sample that can be read for each of these."""
        chosen = self._chosen(bad, 0)
        attempt = 0
        while (read := self._begun(chosen)).bad:
            self._note(chosen, read.bad)
            attempt += 1
            if attempt == _ATTEMPTS:
                raise read.bad[0][1]
            places = [place for place, _ in read.bad]
            chosen[places] = self._chosen(bad[places], attempt)
        return chosen

    def _again(self, ids: torch.Tensor, fusion: Fusion | None) -> Any:  # noqa: ANN401 - see Samples
        """Samples that could be read a moment ago, with the transforms that were done of the others."""
        read = self._begun(ids, fusion)
        if read.bad:
            raise read.bad[0][1]
        return read.data

    def _begun(self, ids: torch.Tensor, fusion: Fusion | None = None) -> Samples:
        batch = cast("list[int]", ids.tolist())  # pyright: ignore[reportUnknownMemberType]
        (read,) = self.read(begin(self._loader.dataset, [batch], fusion, keep_going=True), [batch])
        return read

    def _chosen(self, ids: torch.Tensor, attempt: int) -> torch.Tensor:
        """Another sample for each: a function of seed, epoch, id and attempt."""
        numbers = uniform(self._seed, self._epoch, ids, _STREAM, (_ATTEMPTS, 2)).double()[:, attempt]
        count = len(self._loader.dataset)
        return ((numbers[:, 0] + numbers[:, 1] * 2.0**-24) * count).long().clamp(max=count - 1)


def good_part(samples: Samples) -> Samples:
    """A batch without its bad samples, of which not all are."""
    if not samples.bad:
        return samples
    bad = {place for place, _ in samples.bad}
    good = torch.tensor([place for place in range(len(samples.ids)) if place not in bad], dtype=torch.int64)
    return samples._replace(data=_rows(samples.data, good), ids=samples.ids[good], bad=())


def _rows(data: Any, rows: torch.Tensor) -> Any:  # noqa: ANN401
    if isinstance(data, Mapping):
        return {name: _rows(part, rows) for name, part in cast("Mapping[str, Any]", data).items()}
    return picked_rows(data, rows) if isinstance(data, torch.Tensor) else data[rows]


def _with_rows(data: Any, places: torch.Tensor, rows: Any) -> Any:  # noqa: ANN401
    """The batch with other rows in some places; tensors are changed, of a frame another one is made."""
    if isinstance(data, Mapping):
        parts = cast("Mapping[str, Any]", data)
        return {name: _with_rows(part, places, rows[name]) for name, part in parts.items()}
    if isinstance(data, torch.Tensor):
        put_rows(data, places, rows)
        return data
    from torchfits.frames import concatenated

    order = torch.arange(len(data))
    order[places] = len(data) + torch.arange(len(places))
    return concatenated([data, rows])[order]
