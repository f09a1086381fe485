"""Map-style datasets: item i is what file i holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Dataset

from torchfits._memory import Source, is_source
from torchfits.batches import read_batch
from torchfits.errors import MismatchError
from torchfits.images import read_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torchfits._location import Hdu, Section

__all__ = ["ImageDataset"]


class ImageDataset(Dataset[Any]):
    """The images of many files, one an item.

    Picklable, and made without starting the engine, so that it works under `torch.utils.data.DataLoader` with
    `num_workers=0` (the engine decodes a batch with threads of its own), with workers by forkserver and spawn, and with
    forked workers if this process has not read anything with torchfits yet.

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
        transform: Callable[[torch.Tensor], Any] | None = None,
    ) -> None:
        """Remembers what to read; no file is touched.

        Args:
            paths: the files, or their bytes, or file objects that can seek, which are read each time anew.
            hdu: in each file, as for `torchfits.read_image`.
            section: of each image, as for `torchfits.read_image`.
            dtype: of the items, as for `torchfits.read_image`; float32 by default since torch has no arithmetic on
                uint16, uint32 and uint64; None for the exact dtype.
            transform: applied to each image of shape (NAXISn, ..., NAXIS1).

        Raises:
            TypeError: if `paths` is a single path.
        """
        if is_source(paths):
            raise TypeError("ImageDataset takes several paths, not one")
        self.paths = [os.fspath(path) if isinstance(path, os.PathLike) else path for path in paths]
        self._hdu = hdu
        self._section = section
        self._dtype = dtype
        self._transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401 - what the transform gives
        """Image `index` after the transform.

        Raises:
            FitsError: one of its subclasses, naming file, HDU and reason.
        """
        image = read_image(self.paths[index], hdu=self._hdu, section=self._section, dtype=self._dtype)
        return self._transformed(image)

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """The images of a batch; those of one shape are views of one tensor.

        Raises:
            FitsError: one of its subclasses, naming file, HDU and reason.
        """
        paths = [self.paths[index] for index in indices]
        try:
            batch = read_batch(paths, hdu=self._hdu, section=self._section, dtype=self._dtype)
        except MismatchError:
            return [self[index] for index in indices]
        return [self._transformed(image) for image in batch.unbind()]

    def _transformed(self, image: torch.Tensor) -> Any:  # noqa: ANN401 - what the transform gives
        return image if self._transform is None else self._transform(image)
