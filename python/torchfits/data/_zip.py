"""Several datasets in step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchfits.data._places import distinct
from torchfits.data._reading import ReadableDataset
from torchfits.data._windows import PartsReading
from torchfits.data._written import dataset_of, dataset_to_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torchfits.data._places import Place
    from torchfits.data._reading import Empty, Reading
    from torchfits.data._transform import Transform

__all__ = ["ZipDataset"]


class ZipDataset(ReadableDataset):
    """Several datasets of the same objects in step: an item is a dict of an item of each, such as cutout and row.

    `ZipDataset(image=cutouts, row=catalog)`; all of them are read at the same time. If a part of an item cannot be
    read, the item cannot.
    """

    def __init__(self, transform: Transform | Callable[[Any], Any] | None = None, /, **parts: ReadableDataset) -> None:
        """Takes the datasets under the names that their items get.

        Args:
            transform: of the dicts: a `Transform` of whole batches, or anything that is called with one item.
            **parts: datasets of torchfits without a transform and `on_bad` of their own.

        Raises:
            TypeError: if a part is no dataset of torchfits.
            ValueError: without parts, or if a part has a transform or `on_bad`.
        """
        super().__init__(transform)
        for name, part in parts.items():
            if not isinstance(part, ReadableDataset):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"{name} is no dataset of torchfits, but {type(part).__name__}")
            if part.transform is not None:
                raise ValueError(f"the transform of {name} belongs to the ZipDataset, which has the whole item")
            if part.on_bad != "raise":
                raise ValueError(f"on_bad of {name} belongs to the loader, which knows the whole item")
        if not parts:
            raise ValueError("a ZipDataset has at least one part")
        self.parts = parts

    def __len__(self) -> int:
        """Number of items of each part.

        Raises:
            ValueError: if they differ.
        """
        lengths = {name: len(part) for name, part in self.parts.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{length} of {name}" for name, length in lengths.items())
            raise ValueError(f"the parts differ in length: {told}")
        return next(iter(lengths.values()))

    def begin(
        self, batches: Sequence[Sequence[int]], *, keep_going: bool = False, empty: Empty | None = None
    ) -> Reading:
        """Begins to read batches of all parts, before transforms."""
        begun = {name: part.begin(batches, keep_going=keep_going, empty=empty) for name, part in self.parts.items()}
        return PartsReading(begun)

    def describe(self, index: int) -> str:
        """Where each part of the item comes from."""
        return "; ".join(f"{name}: {part.describe(index)}" for name, part in self.parts.items())

    def places(self, index: int) -> list[Place]:
        """Files and HDUs of all parts of the item."""
        return distinct(place for part in self.parts.values() for place in part.places(index))

    def all_places(self) -> list[Place]:
        """Files and HDUs of all parts."""
        return distinct(place for part in self.parts.values() for place in part.all_places())

    def spec(self) -> dict[str, Any]:
        """What the parts were made of, with their classes."""
        return {name: dataset_to_spec(part) for name, part in self.parts.items()}

    @classmethod
    def from_spec(
        cls,
        spec: Mapping[str, Any],
        transform: Transform | Callable[[Any], Any] | None = None,
    ) -> ZipDataset:
        """The dataset of `spec`."""
        return cls(transform, **{name: dataset_of(part) for name, part in spec.items()})

    def _identity(self) -> Iterator[bytes]:
        for name, part in self.parts.items():
            yield f"{name}:{part.fingerprint()},".encode()
