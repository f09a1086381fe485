"""Map-style datasets: item i is what file i holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch

from torchfits._location import section_text
from torchfits._memory import Source, is_source
from torchfits._results import engine_dtype
from torchfits.data._bad import BadSamples, OwnPolicy, require_policy
from torchfits.data._fusing import fuse
from torchfits.data._places import Place, image_selector
from torchfits.data._reading import Empty, OnBad, ReadableDataset, Reading, Samples, transformed_items
from torchfits.data._specs import (
    dtype_of,
    dtype_to_spec,
    hdu_of,
    identity_of,
    named,
    section_of,
    section_to_spec,
    written,
)
from torchfits.data._windows import Images, place
from torchfits.errors import FitsError, MismatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from torchfits._location import Hdu, Section
    from torchfits.data._fusing import Chain, Fusion
    from torchfits.data._transform import Transform

__all__ = ["ImageDataset"]


class ImageDataset(ReadableDataset):
    """The images of many files, one an item.

    Picklable, and made without starting the engine, so that it works under `torch.utils.data.DataLoader` with
    `num_workers=0` (the engine decodes a batch with threads of its own) and with workers by fork, forkserver and spawn.

    A batch (`__getitems__`, which DataLoader calls) is one call to the engine, if its images have one shape; images of
    different shapes are read one by one, for a `collate_fn` that can take them.

    Attributes:
        paths: of the files, in the order of the items; bytes and file objects as they were given.
    """

    def __init__(
        self,
        paths: Iterable[Source],
        *,
        hdu: Hdu | None = None,
        section: Section | None = None,
        dtype: torch.dtype | None = torch.float32,
        transform: Transform | Callable[[torch.Tensor], Any] | None = None,
        on_bad: OnBad = "raise",
    ) -> None:
        """Remembers what to read; no file is touched.

        Args:
            paths: the files, or their bytes, or file objects that can seek, which are read each time anew.
            hdu: in each file, as for `torchfits.read_image`.
            section: of each image, as for `torchfits.read_image`.
            dtype: of the items, as for `torchfits.read_image`; float32 by default since torch has no arithmetic on
                uint16, uint32 and uint64; None for the exact dtype.
            transform: applied to each image of shape (NAXISn, ..., NAXIS1).
            on_bad: what becomes of images that cannot be read, also under torch's DataLoader: "raise" their error;
                "skip" them, so that a batch is smaller; "substitute" others, for each the same one always. An error is
                raised if nothing is left of a batch.

        Raises:
            TypeError: if `paths` is a single path.
            ValueError: if `on_bad` is none of these.
        """
        super().__init__(transform)
        require_policy(on_bad)
        if is_source(paths):
            raise TypeError("ImageDataset takes several paths, not one")
        self.paths = [named(path) for path in paths]
        self.on_bad = on_bad
        self._policy = OwnPolicy(self, on_bad)
        self._hdu = hdu
        self._section = section
        self._dtype = dtype
        items = torch.zeros(len(self.paths), 2, dtype=torch.int64)
        items[:, 0] = torch.arange(len(self.paths))
        text = None if section is None else section_text(section)
        self._images = Images(self.paths, [image_selector(hdu)], items, engine_dtype(dtype), fill="0", section=text)

    def __len__(self) -> int:
        return len(self.paths)

    def items(self, reading: Reading, ids: Sequence[int]) -> list[Any]:
        """The items of one batch that was begun, after the transform; those of different shapes are read anew."""
        try:
            return self._readable_items(reading, ids)
        except MismatchError:
            return self._one_by_one(ids)

    def _readable_items(self, reading: Reading, ids: Sequence[int]) -> list[Any]:
        policy = BadSamples(self._policy, 0)
        (samples,) = policy.read(reading, [ids])
        for _, error in samples.bad:
            if isinstance(error, MismatchError):
                raise error
        return transformed_items(self, policy.settled(samples))

    def _one_by_one(self, ids: Sequence[int]) -> list[Any]:
        items: list[Any] = []
        failure: FitsError | None = None
        for index in ids:
            self._images.forget()
            try:
                items += self._readable_items(self.begin_items([index]), [index])
            except FitsError as error:
                if self.on_bad != "skip":
                    raise
                failure = error
        if failure is not None and not items:
            raise failure
        return items

    @property
    def bad(self) -> dict[int, str]:
        """The images that could not be read in this process by the dataset itself, by their numbers, and why."""
        return self._policy.bad

    def begin_items(self, ids: Sequence[int]) -> Reading:
        """Begins to read what `items` takes."""
        return self.begin([ids], keep_going=self.on_bad != "raise")

    def alone(self, index: int) -> Samples:
        """A batch of one image, before the transform, of whatever shape it is."""
        self._images.forget()
        samples = super().alone(index)
        self._images.forget()
        return samples

    def begin(
        self,
        batches: Sequence[Sequence[int]],
        *,
        keep_going: bool = False,
        empty: Empty | None = None,
        fusion: Fusion | None = None,
    ) -> Reading:
        """Begins to read batches, before transforms but those of `fusion`."""
        return self._images.begin(batches, keep_going=keep_going, empty=empty, fusion=fusion)

    def fusion(self, chains: Sequence[Chain | None]) -> Fusion | None:
        """What the engine can do of transforms, once a first batch told what images are like."""
        return fuse(chains, self._images.layout()) if type(self).begin is ImageDataset.begin else None

    def describe(self, index: int) -> str:
        """The file and the HDU."""
        return place(self.paths[index], self._hdu)

    def places(self, index: int) -> list[Place]:
        """The file and the HDU."""
        return [Place(self.paths[index], image_selector(self._hdu))]

    def spec(self) -> dict[str, Any]:
        """What it was made of."""
        return {"paths": [written(path) for path in self.paths], **self._options(), "on_bad": self.on_bad}

    def _options(self) -> dict[str, Any]:
        return {"hdu": self._hdu, "section": section_to_spec(self._section), "dtype": dtype_to_spec(self._dtype)}

    def _identity(self) -> Iterator[bytes]:
        yield json.dumps(self._options(), sort_keys=True).encode()
        yield from map(identity_of, self.paths)

    @classmethod
    def _arguments(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "paths": spec["paths"],
            "hdu": hdu_of(spec["hdu"]),
            "section": section_of(spec["section"]),
            "dtype": dtype_of(spec["dtype"]),
            "on_bad": spec["on_bad"],
        }
