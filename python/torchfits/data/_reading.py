"""Batches of a dataset that are begun now and asked for later, and what datasets have in common."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, cast

import torch
from torch.utils.data import Dataset

from torchfits.data._collating import collate, is_frame
from torchfits.data._places import distinct
from torchfits.data._random import draws
from torchfits.data._transform import Transform

if TYPE_CHECKING:
    from typing_extensions import Self

    from torchfits.data._fusing import Chain, Fusion
    from torchfits.data._places import Place
    from torchfits.data._verifying import Verification
    from torchfits.errors import FitsError

OnBad: TypeAlias = 'Literal["raise", "skip", "substitute"]'
"""What becomes of samples that cannot be read."""

Empty = Callable[[tuple[int, ...], torch.dtype], torch.Tensor]
"""Gives memory for a batch: a tensor of that shape and dtype, dense, on the CPU, perhaps pinned."""


class Samples(NamedTuple):
    """A batch.

    Attributes:
        data: a tensor (B, ...) or a dict of them, what `default_collate` would make of the items; or a TensorFrame of B
            rows.
        ids: of the samples, int64 (B,).
        bad: of each sample that could not be read its place in the batch and why. What `data` has there means nothing.
        counts: what the engine counted of the read that the batch was part of, see `torchfits._engine.stages`; of one
            batch of each read.
        fusion: the first transforms, if the engine has done them already.
    """

    data: Any
    ids: torch.Tensor
    bad: Sequence[tuple[int, FitsError]] = ()
    counts: Mapping[str, int] = MappingProxyType({})
    fusion: Fusion | None = None


class Reading(Protocol):
    """Batches that were begun: the engine's threads read them meanwhile."""

    def result(self) -> list[Samples]:
        """The batches; asked for once. Dropping it before stops the work."""
        ...

    def cancel(self) -> None:
        """Stops the work."""
        ...


class ReadableDataset(Dataset[Any]):
    """A map-style dataset of which batches are read as one.

    Making one reads nothing and starts no engine; it is picklable if what it was made of is.

    Attributes:
        on_bad: what becomes of samples that cannot be read, unless a loader of torchfits says otherwise.
    """

    on_bad: OnBad = "raise"

    def __init__(self, transform: Transform | Callable[[Any], Any] | None = None) -> None:
        """Keeps what becomes of items.

        Args:
            transform: a `Transform`, which gets whole batches, or anything that is called with one item.
        """
        self.transform = transform
        self._fingerprint: int | None = None

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""
        raise NotImplementedError

    @abstractmethod
    def begin(
        self, batches: Sequence[Sequence[int]], *, keep_going: bool = False, empty: Empty | None = None
    ) -> Reading:
        """Begins to read batches, before transforms.

        Args:
            batches: ids of samples, from 0, of each batch.
            keep_going: whether samples that cannot be read are told by `Samples.bad`; else the first one is raised.
            empty: where batches of tensors are put; None for memory of the engine.
        """
        raise NotImplementedError

    def fusion(self, chains: Sequence[Chain | None]) -> Fusion | None:  # noqa: ARG002 - by default nothing is
        """What the engine can do, while it decodes, of the transforms that batches will get; None for nothing.

        `begin` of a dataset that gives one takes it as `fusion=`.

        Args:
            chains: the dataset's own transform, then others; None for one that does nothing.
        """
        return None

    @abstractmethod
    def describe(self, index: int) -> str:
        """Where a sample comes from: file, HDU, box or row."""
        raise NotImplementedError

    @abstractmethod
    def places(self, index: int) -> list[Place]:
        """Files and HDUs that a sample is read from, each once."""
        raise NotImplementedError

    def all_places(self) -> list[Place]:
        """Files and HDUs of all samples, each once."""
        return distinct(place for index in range(len(self)) for place in self.places(index))

    def verify(self) -> Verification:
        """Reads the HDUs of all samples, and compares them with the sums that their CHECKSUM and DATASUM tell.

        All their bytes are read, one file after another: not for the way of training.
        """
        from torchfits.data._verifying import verified

        return verified(self.all_places())

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """The arguments of the construction but `transform`, as JSON can hold them: `from_spec` takes them.

        The names of files are absolute.

        Raises:
            TypeError: if one cannot be written down.
        """
        raise NotImplementedError

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any], transform: Transform | Callable[[Any], Any] | None = None) -> Self:
        """The dataset of `spec`, of the same class."""
        return cls(**cls._arguments(spec), transform=transform)

    @classmethod
    def _arguments(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of the construction out of what `spec` wrote down."""
        return dict(spec)

    def fingerprint(self) -> int:
        """64 bits of what the samples are: files, HDUs, boxes, options. No file is opened."""
        if self._fingerprint is None:
            digest = hashlib.blake2b(type(self).__qualname__.encode(), digest_size=8)
            for part in self._identity():
                digest.update(part)
            self._fingerprint = int.from_bytes(digest.digest(), "big")
        return self._fingerprint

    def _identity(self) -> Iterator[bytes]:
        """What tells the samples from those of another dataset of this class."""
        yield json.dumps(self.spec(), sort_keys=True).encode()

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401 - what the transform gives
        """One sample after the transform.

        Raises:
            IndexError: if there is no such sample.
            FitsError: one of its subclasses, naming file, HDU and reason.
        """
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> Any:  # noqa: ANN401 - see items
        """The samples of a batch after the transform, read by one call of the engine."""
        ids = [self.checked(index) for index in indices]
        return self.items(self.begin_items(ids), ids)

    def begin_items(self, ids: Sequence[int]) -> Reading:
        """Begins to read what `items` takes."""
        return self.begin([ids])

    def alone(self, index: int) -> Samples:
        """A batch of one sample, before the transform; it may have another shape than all others.

        Raises:
            FitsError: one of its subclasses, if it cannot be read.
        """
        (samples,) = self.begin([[index]]).result()
        return samples

    def items(self, reading: Reading, ids: Sequence[int]) -> Any:  # noqa: ANN401, ARG002 - for datasets that read anew
        """The items of one batch that was begun, after the transform: a list, or a frame, which is one of its rows.

        Args:
            reading: what `begin_items` gave for the batch.
            ids: of its samples.
        """
        (samples,) = reading.result()
        return transformed_items(self, samples)

    def checked(self, index: int) -> int:
        """The id of a sample; negative numbers count from the end."""
        return range(len(self))[index]


def begin(dataset: Any, batches: Sequence[Sequence[int]], fusion: Fusion | None, **options: Any) -> Reading:  # noqa: ANN401
    """Begins to read batches of a dataset; one that has no fusion need not know of any."""
    return dataset.begin(batches, **options, **({} if fusion is None else {"fusion": fusion}))


def transformed(dataset: Any, samples: Samples, seed: int | None = None, epoch: int = 0) -> Samples:  # noqa: ANN401
    """The batch after the dataset's transform.

    Args:
        dataset: with `transform` and `describe`.
        samples: that were read.
        seed: of the numbers that random transforms draw, with `epoch` and the ids; None for torch's generator.
        epoch: likewise.

    Raises:
        Exception: whatever a transform raises, with a note that names the sample (or the first one of the batch).
    """
    transform, first = dataset.transform, 0
    if samples.fusion is not None:
        transform, first = samples.fusion.rest(transform)
    if transform is None:
        return samples
    if not isinstance(dataset.transform, Transform):
        return samples._replace(data=collate(transformed_items(dataset, samples, seed, epoch)))
    with _counted(seed, epoch, samples.ids, first), named(dataset, samples.ids):
        return samples._replace(data=transform(samples.data))


def transformed_items(dataset: Any, samples: Samples, seed: int | None = None, epoch: int = 0) -> Any:  # noqa: ANN401
    """The items of the batch after the dataset's transform, as for `transformed`: a list, or a frame of rows."""
    if dataset.transform is None or isinstance(dataset.transform, Transform):
        data = transformed(dataset, samples, seed, epoch).data
        return data if is_frame(data) else items_of(data)
    made: list[Any] = []
    for number, item in enumerate(items_of(samples.data)):
        own = samples.ids[number : number + 1]
        with _counted(seed, epoch, own), named(dataset, own):
            made.append(dataset.transform(item))
    return made


def _counted(seed: int | None, epoch: int, ids: torch.Tensor, first: int = 0) -> Any:  # noqa: ANN401 - a context
    return nullcontext() if seed is None else draws(seed, epoch, ids, first=first)


@contextmanager
def named(dataset: Any, ids: torch.Tensor) -> Generator[None, None, None]:  # noqa: ANN401
    """Within it, an exception tells of which samples of a dataset it is."""
    try:
        yield
    except Exception as error:
        first = int(ids[0])
        more = "" if len(ids) == 1 else f" and {len(ids) - 1} more of its batch"
        _add_note(error, f"in the transform of sample {first} ({dataset.describe(first)}){more}")
        raise


def _add_note(error: Exception, note: str) -> None:
    add_note: Any = getattr(error, "add_note", None)
    if add_note is not None:
        add_note(note)
    else:  # Python 3.10 shows no notes
        error.args = (f"{error.args[0]}; {note}" if error.args else note, *error.args[1:])


def items_of(data: Any) -> list[Any]:  # noqa: ANN401 - see Samples
    """The items of a batch; tensors are views."""
    if isinstance(data, torch.Tensor):
        return list(data.unbind())
    if isinstance(data, Mapping):
        columns = {name: items_of(part) for name, part in cast("Mapping[str, Any]", data).items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [data[i] for i in range(len(data))]
