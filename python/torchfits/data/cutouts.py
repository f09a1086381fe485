"""Datasets of boxes of images and cubes."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Literal, SupportsFloat, SupportsIndex

import torch

from torchfits._results import engine_dtype
from torchfits.batches import fill_text
from torchfits.data._fusing import Layout, fuse
from torchfits.data._manifest import Manifest, from_rows
from torchfits.data._places import Place, image_selector
from torchfits.data._reading import Empty, ReadableDataset, Reading, Samples
from torchfits.data._specs import dtype_of, dtype_to_spec, identity_of
from torchfits.data._windows import Images

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from typing_extensions import Self

    from torchfits._location import Hdu
    from torchfits.data._fusing import Chain, Fusion
    from torchfits.data._manifest import Cutout
    from torchfits.data._transform import Transform
    from torchfits.data._windows import WindowReading

__all__ = ["CubeDataset", "CutoutDataset"]

Missing = Literal["raise", "fill"]


class CutoutDataset(ReadableDataset):
    """Boxes of images, one an item, or one in each of several bands.

    An item is a tensor in the shape of a box. If the rows of the manifest are lists, one entry for each band, it is a
    dict of "image" (bands, *shape of a box) and "mask", bool of the same shape, which is True in bands that are
    missing. Pixels outside an image and missing bands become `fill`.

    Boxes that are read together are grouped by file, and within it in the order in which they stand there, so that each
    compressed tile is decoded once. The manifest is held as arrays: 16 bytes a box, and the name of each file once.
    """

    _AXES: int | None = None

    def __init__(
        self,
        manifest: Iterable[Cutout | list[Cutout | None]] | Manifest,
        *,
        fill: SupportsFloat | SupportsIndex = math.nan,
        missing: Missing = "raise",
        dtype: torch.dtype | None = torch.float32,
        transform: Transform | Callable[[Any], Any] | None = None,
    ) -> None:
        """Remembers what to read; no file is touched.

        Args:
            manifest: rows of (file, box) or (file, HDU, box), or lists of these, one for each band. A box is a tuple of
                slices in the order of the tensor's axes, pixels from 0, which may lie outside the image (negative
                numbers are before it); `slice(None)` is a whole axis, and a number one pixel of an axis that items do
                not have. All boxes are of one size. A band without a file (None, "", NaN, or None for the whole entry)
                is missing.
            fill: of pixels that there are none of. An integer dtype has no NaN and needs another number.
            missing: what files are that do not exist: "raise" for a MissingFileError, "fill" for missing bands.
            dtype: of the items, as for `ImageDataset`.
            transform: a `Transform` of whole batches, or anything that is called with one item.

        Raises:
            TypeError: for a row that is none.
            ValueError: for boxes of different sizes, or rows with different numbers of bands.
        """
        super().__init__(transform)
        if missing not in ("raise", "fill"):
            raise ValueError(f"missing is 'raise' or 'fill', not {missing!r}")
        self._manifest = manifest if isinstance(manifest, Manifest) else from_rows(manifest, self._AXES)
        self._fill = fill
        self._missing: Missing = missing
        self._dtype = dtype
        rows = self._manifest
        self._images = Images(
            rows.files,
            [image_selector(hdu) for hdu in rows.hdus],
            rows,
            engine_dtype(dtype),
            fill=fill_text(fill),
            bands=rows.bands,
            shape=rows.shape,
        )

    @classmethod
    def from_catalog(
        cls,
        path: str | os.PathLike[str],
        *,
        size: int | Sequence[int] = 64,
        file: str | Sequence[str] = "FILE",
        x: str = "X",
        y: str = "Y",
        hdu: Hdu | list[Hdu | None] | None = None,
        origin: int = 0,
        folder: str | os.PathLike[str] | None = None,
        table: Hdu | None = None,
        **options: Any,  # noqa: ANN401 - those of the construction
    ) -> Self:
        """A dataset of boxes around the objects of a catalog, which is read now; the images are not.

        Box and centre are as in `astropy.nddata.Cutout2D`: an even size has one pixel more before the centre's.

        Args:
            path: a FITS table, or a file of Parquet (`.parquet`, `.pq`) or CSV (`.csv`) with a header line.
            size: of the boxes: one number, or (height, width).
            file: the column with the names of the files; several for several bands, which are stacked.
            x: the column of the centres' positions along NAXIS1, in pixels whose centres are integers.
            y: likewise along NAXIS2.
            hdu: of the images; a list for one in each band.
            origin: the number of the first pixel: 0, or 1 as FITS counts.
            folder: that the names of the files are relative to; None for the current one.
            table: the HDU of a FITS catalog; None for the first table.
            **options: `fill`, `missing`, `dtype`, `transform`.

        Raises:
            FitsError: if the FITS catalog cannot be read, or has no such columns.
            ValueError: if a centre is not finite, a Parquet or CSV file has no such columns, or bands do not fit.
        """
        from torchfits.data._catalogs import boxes_of

        centres = cls._centres(x, y, options)
        manifest = boxes_of(path, file, centres, hdu=hdu, size=size, origin=origin, folder=folder, table=table)
        return cls(manifest, **options)

    @classmethod
    def _centres(cls, x: str, y: str, options: dict[str, Any]) -> list[str]:  # noqa: ARG003 - cubes take one of them
        """The columns of the centres, C order."""
        return [y, x]

    def __len__(self) -> int:
        return len(self._manifest)

    def begin(
        self,
        batches: Sequence[Sequence[int]],
        *,
        keep_going: bool = False,
        empty: Empty | None = None,
        fusion: Fusion | None = None,
    ) -> Reading:
        """Begins to read batches, before transforms but those of `fusion`."""
        # Files that do not exist are told, to be filled; other failures are raised when they come.
        told = keep_going or self._missing == "fill"
        begun = self._images.begin(batches, keep_going=told, empty=empty, fusion=fusion)
        return _CutoutReading(begun, self._manifest, fills_absent=self._missing == "fill", keep_going=keep_going)

    def fusion(self, chains: Sequence[Chain | None]) -> Fusion | None:
        """What the engine can do of transforms; of boxes that lose axes nothing."""
        rows = self._manifest
        if rows.dropped or type(self).begin is not CutoutDataset.begin:
            return None
        layout = self._images.layout()
        if layout is None and rows.shape is not None and self._dtype is not None:
            layout = Layout(rows.shape, self._dtype, as_stored=False, bands=rows.bands)
        return fuse(chains, layout)

    def describe(self, index: int) -> str:
        """Files, HDUs and boxes."""
        return self._manifest.described(self.checked(index))

    def places(self, index: int) -> list[Place]:
        """Files and HDUs of the boxes."""
        return self._places(self._manifest.sources(self.checked(index)))

    def all_places(self) -> list[Place]:
        """Files and HDUs of all boxes."""
        return self._places(self._manifest.sources())

    def _places(self, sources: Iterable[tuple[Any, Hdu | None]]) -> list[Place]:
        required = self._missing == "raise"
        return [Place(file, image_selector(hdu), required) for file, hdu in sources]

    def spec(self) -> dict[str, Any]:
        """What it was made of, with all rows of the manifest."""
        return {"manifest": self._manifest.spec(), **self._options()}

    def _options(self) -> dict[str, Any]:
        return {"fill": fill_text(self._fill), "missing": self._missing, "dtype": dtype_to_spec(self._dtype)}

    def _identity(self) -> Iterator[bytes]:
        rows = self._manifest
        told = [rows.hdus, rows.size, rows.dropped, rows.bands, self._options()]
        yield json.dumps(told, sort_keys=True).encode()
        yield from map(identity_of, rows.files)
        yield rows.numbers.numpy().tobytes()
        yield rows.starts.numpy().tobytes()

    @classmethod
    def _arguments(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "manifest": Manifest.from_spec(spec["manifest"]),
            "fill": _number(spec["fill"]),
            "missing": spec["missing"],
            "dtype": dtype_of(spec["dtype"]),
        }


def _number(text: str) -> float:
    """What `fill_text` wrote down; an integer keeps all its digits."""
    return int(text) if text.lstrip("-").isdigit() else float(text)


class CubeDataset(CutoutDataset):
    """Boxes of spectral cubes: `CutoutDataset` with three axes, (NAXIS3, NAXIS2, NAXIS1).

    `(slice(None), 7, 9)` is a spaxel, an item of shape (NAXIS3,), and `(5, slice(None), slice(None))` a plane.
    """

    _AXES = 3

    @classmethod
    def _centres(cls, x: str, y: str, options: dict[str, Any]) -> list[str]:
        return [options.pop("z", "Z"), y, x]


class _CutoutReading:
    """Boxes on their way into samples."""

    def __init__(self, begun: WindowReading, manifest: Manifest, *, fills_absent: bool, keep_going: bool) -> None:
        self._begun = begun
        self._manifest = manifest
        self._fills_absent = fills_absent
        self._keep_going = keep_going

    def result(self) -> list[Samples]:
        if not self._fills_absent:
            return [self._finished(samples, None) for samples in self._begun.result()]
        read, absent = self._begun.result_with_absent()
        return [self._finished(*batch) for batch in zip(read, absent, strict=True)]

    def cancel(self) -> None:
        self._begun.cancel()

    def _finished(self, samples: Samples, absent: torch.Tensor | None) -> Samples:
        """The batch without the axes that are dropped, and with the mask of what is missing."""
        if samples.bad and not self._keep_going:
            raise samples.bad[0][1]
        manifest = self._manifest
        before = 1 if manifest.bands is None else 2
        image = samples.data
        if manifest.dropped:
            image = image.squeeze([axis + before for axis in manifest.dropped])
        if manifest.bands is None:
            return samples._replace(data=image)
        gone = manifest.missing(samples.ids)
        mask = torch.zeros(image.shape, dtype=torch.bool)
        mask[gone if absent is None else gone | absent] = True
        return samples._replace(data={"image": image, "mask": mask})
