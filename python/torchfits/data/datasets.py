"""Map-style datasets: item i is what file i holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch

from torchfits import _engine
from torchfits._location import selector
from torchfits._memory import Source, is_source
from torchfits._results import engine_dtype
from torchfits.data._reading import Empty, ReadableDataset, Reading
from torchfits.data._windows import Images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torchfits._location import Hdu, Section
    from torchfits.data._transform import Transform

__all__ = ["ImageDataset"]


class ImageDataset(ReadableDataset):
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
        transform: Transform | Callable[[torch.Tensor], Any] | None = None,
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
        super().__init__(transform)
        if is_source(paths):
            raise TypeError("ImageDataset takes several paths, not one")
        self.paths = [os.fspath(path) if isinstance(path, os.PathLike) else path for path in paths]
        self._hdu = hdu
        self._section = section
        self._dtype = dtype
        items = torch.zeros(len(self.paths), 2, dtype=torch.int64)
        items[:, 0] = torch.arange(len(self.paths))
        chosen = (_engine.FIRST_IMAGE, None, 0) if hdu is None else selector(hdu)
        self._images = Images(self.paths, [chosen], items, engine_dtype(dtype), fill="0")  # of bad ones

    def __len__(self) -> int:
        return len(self.paths)

    def begin(
        self, batches: Sequence[Sequence[int]], *, keep_going: bool = False, empty: Empty | None = None
    ) -> Reading:
        """Begins to read batches, before transforms."""
        return self._images.begin(batches, keep_going=keep_going, empty=empty)

    def describe(self, index: int) -> str:
        """The file and the HDU."""
        hdu = "" if self._hdu is None else f"[{self._hdu}]"
        return f"{self.paths[index]}{hdu}"

    def spec(self) -> dict[str, Any]:
        """What it was made of."""
        if not all(isinstance(path, str) for path in self.paths):
            raise TypeError("bytes and file objects cannot be written down")
        return {"paths": self.paths, "hdu": self._hdu, "section": self._section, "dtype": str(self._dtype)}
