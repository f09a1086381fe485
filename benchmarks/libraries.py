"""The libraries that are measured, each behind the same verbs.

Imported by the worker processes alone, which run in different virtual environments, so nothing but
the standard library and torch is imported before a library is asked for. Every verb gives what a
user trains with: a native-order, C-contiguous ``torch.Tensor``.
"""

from __future__ import annotations

import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: From this size on the engine splits a read over its threads, and the limit does the same.
THREADED_BYTES = 4 << 20
#: Chunks of a limit that reads into memory that stays in a core's cache.
BUFFER_BYTES = 1 << 20


#: TFORM of each dtype of numpy.
TFORMS = {"i2": "I", "i4": "J", "i8": "K", "f4": "E", "f8": "D"}


Box = tuple[str, int, int]
"""A square of an image: the file, and its first row and column from 0."""


class Library(Protocol):
    """One library under measurement."""

    def read_image(self, path: str) -> torch.Tensor:
        """Read the primary image, shape (NAXIS2, NAXIS1)."""
        ...

    def read_as(self, path: str, dtype: torch.dtype) -> torch.Tensor:
        """Read the primary image as a floating dtype."""
        ...

    def read_calibrated(self, path: str, dark: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        """Read the primary image as float32, less ``dark`` and times ``gain``, two float32 images."""
        ...

    def read_batch(self, paths: list[str]) -> torch.Tensor:
        """Read images of one shape into one tensor, shape (len(paths), NAXIS2, NAXIS1)."""
        ...

    def read_extension(self, path: str, hdu: int) -> torch.Tensor:
        """Read the image of an HDU, counted from 0."""
        ...

    def read_extensions(self, path: str, hdus: list[int]) -> torch.Tensor:
        """Read images of one shape into one tensor, shape (len(hdus), NAXIS2, NAXIS1)."""
        ...

    def read_cutouts(self, path: str, corners: list[list[int]], side: int, hdu: int) -> torch.Tensor:
        """Read squares into one tensor, shape (len(corners), side, side); corners are (row, column) from 0."""
        ...

    def read_header(self, path: str) -> Any:  # noqa: ANN401
        """Read the primary header, which maps keywords to values."""
        ...

    def write_table(self, path: str, columns: dict[str, torch.Tensor]) -> None:
        """Write columns as the table of HDU 1, in the place of a file that may be there."""
        ...

    def read_columns(self, path: str, names: list[str] | None) -> Iterable[torch.Tensor]:
        """Read columns of the table in HDU 1, all for None: one tensor each, of variable length all values."""
        ...

    def read_where(self, path: str, name: str, limit: float) -> Iterable[torch.Tensor]:
        """Read all columns of the rows of the table in HDU 1 in which a column is below a limit."""
        ...

    def stream(self, path: str, rows: int) -> Iterable[Iterable[torch.Tensor]]:
        """Iterate over the table of HDU 1 in batches of so many rows, one tensor for each column."""
        ...

    def loader(self, paths: list[str], batch_size: int, workers: int, hdu: int = 0) -> Iterable[Any]:
        """Iterate in order over batches of the images in an HDU, shape (batch_size, NAXIS2, NAXIS1)."""
        ...

    def cutout_loader(self, boxes: list[Box], side: int, batch_size: int, workers: int) -> Iterable[Any]:
        """Iterate in order over batches of squares of the images in HDU 1, shape (batch_size, side, side)."""
        ...

    def versions(self) -> dict[str, str]:
        """Names and versions of what takes part."""
        ...


class PathDataset(Dataset[torch.Tensor]):
    """The map-style dataset a user writes around a reading function."""

    def __init__(self, paths: list[str], read: Callable[[str], torch.Tensor]) -> None:
        """Keep the paths and the function that reads one of them."""
        self.paths = paths
        self.read = read

    def __len__(self) -> int:
        """Count of files."""
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Image ``index``, from 0."""
        return self.read(self.paths[index])


class BoxDataset(Dataset[torch.Tensor]):
    """The map-style dataset a user writes around a library that reads parts: each process opens each file once."""

    def __init__(self, boxes: list[Box], open_file: Callable[[str], Any], read: Callable[[Any, int, int], Any]) -> None:
        """Keep the boxes, how a file is opened and how a box of it is read."""
        self.boxes = boxes
        self.open_file = open_file
        self.read = read
        self.files: dict[str, Any] = {}

    def __len__(self) -> int:
        """Count of boxes."""
        return len(self.boxes)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Box ``index``, from 0."""
        path, row, column = self.boxes[index]
        if path not in self.files:
            self.files[path] = self.open_file(path)
        return self.read(self.files[path], row, column)


def _image_reader(library: Library, hdu: int) -> Callable[[str], torch.Tensor]:
    return library.read_image if hdu == 0 else lambda path: library.read_extension(path, hdu)


CROP = 448
"""Side of what is cut out of the centre of images by `augmented`."""


def augmented(read: Callable[[str], torch.Tensor], path: str) -> torch.Tensor:
    """An image, of which the centre is turned by half and scaled."""
    image = read(path)
    row, column = ((side - CROP) // 2 for side in image.shape)
    return image[row : row + CROP, column : column + CROP].flip(-1, -2).sub_(100.0).div_(7.0)


def augmented_loader(library: Library, paths: list[str], batch_size: int, workers: int) -> Iterable[Any]:
    """Iterate over batches of such images, shape (batch_size, CROP, CROP)."""
    return _data_loader(PathDataset(paths, partial(augmented, library.read_image)), batch_size, workers)


def _data_loader(dataset: Dataset[Any], batch_size: int, workers: int) -> DataLoader[Any]:
    return DataLoader(dataset, batch_size=batch_size, num_workers=workers, persistent_workers=workers > 0)


class Torchfits:
    """This project."""

    def __init__(self) -> None:
        """Import the package; the engine starts at the first read."""
        import torchfits

        self.module = torchfits

    def read_image(self, path: str) -> torch.Tensor:
        """See Library."""
        return self.module.read_image(path)

    def read_as(self, path: str, dtype: torch.dtype) -> torch.Tensor:
        """See Library."""
        return self.module.read_image(path, dtype=dtype)

    def read_calibrated(self, path: str, dark: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        """See Library."""
        return self.module.read_image(path, offset=dark, gain=gain)

    def read_batch(self, paths: list[str]) -> torch.Tensor:
        """See Library."""
        return self.module.read_batch(paths)

    def read_extension(self, path: str, hdu: int) -> torch.Tensor:
        """See Library."""
        return self.module.read_image(path, hdu=hdu)

    def read_extensions(self, path: str, hdus: list[int]) -> torch.Tensor:
        """See Library."""
        return self.module.read_batch(path, hdu=hdus)

    def read_cutouts(self, path: str, corners: list[list[int]], side: int, hdu: int) -> torch.Tensor:
        """See Library."""
        first = torch.tensor(corners)
        return self.module.read_cutouts(path, torch.stack([first, first + side], dim=2), hdu=hdu)

    def read_header(self, path: str) -> Any:  # noqa: ANN401
        """See Library."""
        return self.module.read_header(path)

    def write_table(self, path: str, columns: dict[str, torch.Tensor]) -> None:
        """See Library."""
        self.module.write(path, columns, overwrite=True)

    def read_columns(self, path: str, names: list[str] | None) -> Iterable[torch.Tensor]:
        """See Library."""
        columns = self.module.read_columns(path, names, hdu=1).values()
        return [column if isinstance(column, torch.Tensor) else column.values for column in columns]

    def read_where(self, path: str, name: str, limit: float) -> Iterable[torch.Tensor]:
        """See Library."""
        return cast(
            "dict[str, torch.Tensor]", self.module.read_columns(path, hdu=1, where=f"{name} < {limit}")
        ).values()

    def stream(self, path: str, rows: int) -> Iterable[Iterable[torch.Tensor]]:
        """See Library."""
        batches = cast("Iterable[dict[str, torch.Tensor]]", self.module.table(path, hdu=1).iter_batches(rows))
        return (batch.values() for batch in batches)

    def statistics(self, path: str) -> dict[str, list[float]]:
        """Count, mean, deviation, least and greatest of each column of a table; quartiles are found as well."""
        found: Any = self.module.data.statistics(path)
        return {name: [of.count, of.mean, of.std, of.min, of.max, *of.quartiles][:5] for name, of in found.items()}

    def loader(self, paths: list[str], batch_size: int, workers: int, hdu: int = 0) -> Iterable[Any]:
        """See Library."""
        from torchfits.data import ImageDataset

        return _data_loader(ImageDataset(paths, hdu=hdu), batch_size, workers)

    def import_loader(self) -> None:
        """What `own_loader` needs: names of the package are imported when they are asked for."""
        from torchfits.data import DataLoader, ImageDataset  # noqa: F401

    def own_loader(self, paths: list[str], batch_size: int, hdu: int = 0) -> Iterable[Any]:
        """Our loader, which reads ahead by the engine's threads; every epoch reads its files, as the peers do."""
        from torchfits.data import DataLoader as OwnLoader
        from torchfits.data import ImageDataset

        self.module.cache.resize(0)
        return OwnLoader(ImageDataset(paths, hdu=hdu, dtype=None), batch_size)

    def own_augmented_loader(self, paths: list[str], batch_size: int, *, fused: bool) -> Iterable[Any]:
        """Batches as of `augmented_loader`: the engine does it while it decodes, or torch after that."""
        from torchfits.data import DataLoader as OwnLoader
        from torchfits.data import ImageDataset
        from torchfits.data import transforms as T

        chain = T.Compose(T.CenterCrop(CROP), T.Flip(-1), T.Flip(-2), T.Normalize(100.0, 7.0))
        # What is no module of torchfits is called when a batch is there.
        return OwnLoader(ImageDataset(paths), batch_size, transform=chain if fused else lambda batch: chain(batch))

    def cutout_loader(self, boxes: list[Box], side: int, batch_size: int, workers: int) -> Iterable[Any]:  # noqa: ARG002
        """See Library; by our loader, which has no workers."""
        from torchfits.data import CutoutDataset
        from torchfits.data import DataLoader as OwnLoader

        manifest = [(path, 1, (slice(y, y + side), slice(x, x + side))) for path, y, x in boxes]
        return OwnLoader(CutoutDataset(manifest, fill=0, dtype=None), batch_size)

    def versions(self) -> dict[str, str]:
        """See Library."""
        return {name: version(name) for name in ("torchfits", "torch", "jpype1")}


class CppTorchfits:
    """The C++ package of the same import name, from PyPI.

    ``read_tensor`` is the call its documentation names for images, and the fastest: ``read`` looks
    through several caches of metadata first. Its cache of decoded results does not serve plain
    reads of whole images. ``read_header`` keeps the parsed cards of the last 128 files, which the
    benchmark's 2,000 files overflow.
    """

    def __init__(self) -> None:
        """Import the package from its own environment."""
        import torchfits

        self.module: Any = torchfits

    def read_image(self, path: str) -> torch.Tensor:
        """See Library."""
        return self.module.read_tensor(path)

    def read_as(self, path: str, dtype: torch.dtype) -> torch.Tensor:
        """See Library."""
        return self.read_image(path).to(dtype)

    def read_calibrated(self, path: str, dark: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        """See Library."""
        return _calibrated(self.read_image(path), dark, gain)

    def read_batch(self, paths: list[str]) -> torch.Tensor:
        """See Library; the package gives a list, which is stacked."""
        return torch.stack(self.module.read_batch(paths))

    def read_extension(self, path: str, hdu: int) -> torch.Tensor:
        """See Library."""
        return self.module.read_tensor(path, hdu=hdu)

    def read_extensions(self, path: str, hdus: list[int]) -> torch.Tensor:
        """See Library."""
        return torch.stack(self.module.read_hdus(path, hdus))

    def read_cutouts(self, path: str, corners: list[list[int]], side: int, hdu: int) -> torch.Tensor:
        """See Library; the reader keeps the file open."""
        with self.module.open_subset_reader(path, hdu) as reader:
            return torch.stack([reader.read_subset(x, y, x + side, y + side) for y, x in corners])

    def read_header(self, path: str) -> Any:  # noqa: ANN401
        """See Library."""
        return self.module.read_header(path)

    def write_table(self, path: str, columns: dict[str, torch.Tensor]) -> None:
        """See Library."""
        self.module.table.write(path, columns, overwrite=True)

    def read_columns(self, path: str, names: list[str] | None) -> Iterable[torch.Tensor]:
        """See Library; without the package's cache of results."""
        columns = self.module.read(path, hdu=1, columns=names, use_cache=False).values()
        return [torch.cat(column) if isinstance(column, list) else column for column in columns]

    def read_where(self, path: str, name: str, limit: float) -> Iterable[torch.Tensor]:
        """See Library."""
        return self.module.table.read_torch(path, hdu=1, where=f"{name} < {limit}").values()

    def stream(self, path: str, rows: int) -> Iterable[Iterable[torch.Tensor]]:
        """See Library."""
        return (batch.values() for batch in self.module.table.scan_torch(path, hdu=1, batch_size=rows))

    def loader(self, paths: list[str], batch_size: int, workers: int, hdu: int = 0) -> Iterable[Any]:
        """See Library; batches are (images, labels) pairs."""
        data = self.module.data
        dataset = data.FitsImageDataset(paths, hdu=hdu, add_channel_dim=False)
        return data.make_loader(
            dataset,
            batch_size=batch_size,
            shuffle=False,
            num_workers=workers,
            persistent_workers=workers > 0,
        )

    def cutout_loader(self, boxes: list[Box], side: int, batch_size: int, workers: int) -> Iterable[Any]:
        """See Library; readers that keep files open, as the documentation of its own dataset of cutouts advises."""
        dataset = BoxDataset(
            boxes,
            lambda path: self.module.open_subset_reader(path, 1),
            lambda reader, y, x: reader.read_subset(x, y, x + side, y + side),
        )
        return _data_loader(dataset, batch_size, workers)

    def versions(self) -> dict[str, str]:
        """See Library."""
        return {"torchfits (C++)": version("torchfits"), "its torch": version("torch")}


class Fitsio:
    """fitsio: native-order arrays out of cfitsio."""

    def __init__(self) -> None:
        """Import the package."""
        import fitsio

        self.module: Any = fitsio

    def read_image(self, path: str) -> torch.Tensor:
        """See Library."""
        return torch.from_numpy(self.module.read(path))

    def read_as(self, path: str, dtype: torch.dtype) -> torch.Tensor:
        """See Library."""
        return self.read_image(path).to(dtype)

    def read_calibrated(self, path: str, dark: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        """See Library."""
        return _calibrated(self.read_image(path), dark, gain)

    def read_batch(self, paths: list[str]) -> torch.Tensor:
        """See Library."""
        return torch.stack([self.read_image(path) for path in paths])

    def read_extension(self, path: str, hdu: int) -> torch.Tensor:
        """See Library."""
        return torch.from_numpy(self.module.read(path, ext=hdu))

    def read_extensions(self, path: str, hdus: list[int]) -> torch.Tensor:
        """See Library."""
        with self.module.FITS(path) as file:
            return torch.stack([torch.from_numpy(file[hdu].read()) for hdu in hdus])

    def read_cutouts(self, path: str, corners: list[list[int]], side: int, hdu: int) -> torch.Tensor:
        """See Library."""
        with self.module.FITS(path) as file:
            image = file[hdu]
            boxes = [image[y : y + side, x : x + side] for y, x in corners]
        return torch.stack([torch.from_numpy(box) for box in boxes])

    def read_header(self, path: str) -> Any:  # noqa: ANN401
        """See Library."""
        return self.module.read_header(path)

    def write_table(self, path: str, columns: dict[str, torch.Tensor]) -> None:
        """See Library."""
        self.module.write(path, {name: column.numpy() for name, column in columns.items()}, clobber=True)

    def read_columns(self, path: str, names: list[str] | None) -> Iterable[torch.Tensor]:
        """See Library."""
        return _columns(self.module.read(path, ext=1, columns=names))

    def read_where(self, path: str, name: str, limit: float) -> Iterable[torch.Tensor]:
        """See Library; fitsio reads the rows that cfitsio's row filter finds."""
        with self.module.FITS(path) as file:
            return _columns(file[1][file[1].where(f"{name} < {limit}")])

    def stream(self, path: str, rows: int) -> Iterable[Iterable[torch.Tensor]]:
        """See Library."""
        with self.module.FITS(path) as file:
            table = file[1]
            for first in range(0, table.get_nrows(), rows):
                yield _columns(table[first : first + rows])

    def loader(self, paths: list[str], batch_size: int, workers: int, hdu: int = 0) -> Iterable[Any]:
        """See Library."""
        return _data_loader(PathDataset(paths, _image_reader(self, hdu)), batch_size, workers)

    def cutout_loader(self, boxes: list[Box], side: int, batch_size: int, workers: int) -> Iterable[Any]:
        """See Library."""
        dataset = BoxDataset(
            boxes,
            self.module.FITS,
            lambda file, y, x: torch.from_numpy(file[1][y : y + side, x : x + side]),
        )
        return _data_loader(dataset, batch_size, workers)

    def versions(self) -> dict[str, str]:
        """See Library."""
        return {"fitsio": version("fitsio"), "cfitsio in fitsio": str(self.module.cfitsio_version())}


class Astropy:
    """astropy with its default memory map; big-endian arrays are brought to native order."""

    def __init__(self) -> None:
        """Import astropy.io.fits."""
        from astropy.io import fits

        self.module: Any = fits

    def read_image(self, path: str) -> torch.Tensor:
        """See Library."""
        return _native(self.module.getdata(path))

    def read_as(self, path: str, dtype: torch.dtype) -> torch.Tensor:
        """See Library."""
        return self.read_image(path).to(dtype)

    def read_calibrated(self, path: str, dark: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        """See Library."""
        return _calibrated(self.read_image(path), dark, gain)

    def read_batch(self, paths: list[str]) -> torch.Tensor:
        """See Library."""
        return torch.stack([self.read_image(path) for path in paths])

    def read_extension(self, path: str, hdu: int) -> torch.Tensor:
        """See Library."""
        return _native(self.module.getdata(path, hdu))

    def read_extensions(self, path: str, hdus: list[int]) -> torch.Tensor:
        """See Library."""
        with self.module.open(path) as file:
            return torch.stack([_native(file[hdu].data) for hdu in hdus])

    def read_cutouts(self, path: str, corners: list[list[int]], side: int, hdu: int) -> torch.Tensor:
        """See Library; ``section`` reads only what is asked for, tiles too."""
        with self.module.open(path) as file:
            image = file[hdu].section
            return torch.stack([_native(image[y : y + side, x : x + side]) for y, x in corners])

    def read_header(self, path: str) -> Any:  # noqa: ANN401
        """See Library."""
        return self.module.getheader(path)

    def write_table(self, path: str, columns: dict[str, torch.Tensor]) -> None:
        """See Library."""
        arrays = {name: column.numpy() for name, column in columns.items()}
        fields = [self.module.Column(name, TFORMS[array.dtype.str[1:]], array=array) for name, array in arrays.items()]
        self.module.BinTableHDU.from_columns(fields).writeto(path, overwrite=True)

    def read_columns(self, path: str, names: list[str] | None) -> Iterable[torch.Tensor]:
        """See Library."""
        data = self.module.getdata(path, 1)
        return [_column(data[name]) for name in names or data.names]

    def read_where(self, path: str, name: str, limit: float) -> Iterable[torch.Tensor]:
        """See Library."""
        data = self.module.getdata(path, 1)
        chosen = data[data[name] < limit]
        return [_column(chosen[column]) for column in data.names]

    def stream(self, path: str, rows: int) -> Iterable[Iterable[torch.Tensor]]:
        """See Library; slices of the memory map."""
        with self.module.open(path) as file:
            data = file[1].data
            for first in range(0, len(data), rows):
                chosen = data[first : first + rows]
                yield [_column(chosen[name]) for name in data.names]

    def loader(self, paths: list[str], batch_size: int, workers: int, hdu: int = 0) -> Iterable[Any]:
        """See Library."""
        return _data_loader(PathDataset(paths, _image_reader(self, hdu)), batch_size, workers)

    def cutout_loader(self, boxes: list[Box], side: int, batch_size: int, workers: int) -> Iterable[Any]:
        """See Library; ``section`` reads only the tiles that it needs."""
        dataset = BoxDataset(
            boxes,
            self.module.open,
            lambda file, y, x: _native(file[1].section[y : y + side, x : x + side]),
        )
        return _data_loader(dataset, batch_size, workers)

    def versions(self) -> dict[str, str]:
        """See Library."""
        return {"astropy": version("astropy"), "numpy": version("numpy")}


def _calibrated(image: torch.Tensor, dark: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    return image.to(torch.float32).sub_(dark).mul_(gain)


def _columns(table: Any) -> list[torch.Tensor]:  # noqa: ANN401 - a record array of numpy
    return [_column(table[name]) for name in table.dtype.names]


def _column(values: Any) -> torch.Tensor:  # noqa: ANN401 - an array of numpy
    return _native(_concatenated(values) if values.dtype == object else values)


def _concatenated(arrays: Any) -> Any:  # noqa: ANN401 - arrays of numpy
    import numpy as np

    return np.concatenate(list(arrays))


def _native(data: Any) -> torch.Tensor:  # noqa: ANN401 - an array of numpy
    return torch.from_numpy(data.astype(data.dtype.newbyteorder("=")))


class ReadLimit:
    """No library: the file's bytes read into fresh memory, the limit of what a reader can do.

    Small files take one open, pread and close; large ones are split over as many threads as there
    are cores, into memory that asks for huge pages.
    """

    def __init__(self) -> None:
        """Start the threads."""
        self.threads = len(os.sched_getaffinity(0))
        self.pool = ThreadPoolExecutor(self.threads)

    def read_image(self, path: str) -> torch.Tensor:
        """Read all bytes of the file, shape (size,), uint8."""
        fd = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(fd).st_size
            return self._read_split(fd, size) if size >= THREADED_BYTES else _read_once(fd, size)
        finally:
            os.close(fd)

    def stream(self, path: str, rows: int) -> Iterable[Iterable[torch.Tensor]]:  # noqa: ARG002 - bytes have no rows
        """Read all bytes of the file into fresh memory."""
        yield [self.read_image(path)]

    def stream_into_one_buffer(self, path: str) -> Iterable[Iterable[torch.Tensor]]:
        """Read all bytes of the file from its first to its last one, again and again into one buffer."""
        fd = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(fd).st_size
            buffer = torch.empty(BUFFER_BYTES, dtype=torch.uint8)
            view = buffer.numpy().data
            for at in range(0, size, BUFFER_BYTES):
                _read_fully(fd, view[: min(BUFFER_BYTES, size - at)], at)
            yield [buffer]
        finally:
            os.close(fd)

    def _read_split(self, fd: int, size: int) -> torch.Tensor:
        block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        block.madvise(mmap.MADV_HUGEPAGE)
        view = memoryview(block)
        share = -(-size // self.threads)
        starts = range(0, size, share)
        list(self.pool.map(lambda at: _read_fully(fd, view[at : at + share], at), starts))
        return torch.frombuffer(block, dtype=torch.uint8)

    def versions(self) -> dict[str, str]:
        """See Library."""
        return {}


def _read_once(fd: int, size: int) -> torch.Tensor:
    block = torch.empty(size, dtype=torch.uint8)
    _read_fully(fd, block.numpy().data, 0)
    return block


def _read_fully(fd: int, view: memoryview, offset: int) -> None:
    done = 0
    while done < len(view):
        count = os.preadv(fd, [view[done:]], offset + done)
        if count == 0:
            raise EOFError(f"file ended {len(view) - done} bytes early")
        done += count


LIBRARIES: dict[str, Callable[[], Any]] = {
    "torchfits": Torchfits,
    "fitsio": Fitsio,
    "astropy": Astropy,
    "cpp": CppTorchfits,
    "limit": ReadLimit,
}
