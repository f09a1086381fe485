"""Images as mapped files: tensors larger than memory.

What cannot be mapped as it is (all but bytes are swapped, scaled or compressed) is decoded once, into a file of the
cache folder that is mapped from then on, by this process and by later ones.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import math
import mmap
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from torchfits import _aot, _engine
from torchfits._dlpack import layout
from torchfits._location import Hdu, locate
from torchfits.errors import FileReadError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

# To be raised when the decoded bytes of any image change.
_FORMAT = 1

# Of the disk's space that is free or taken by the cache.
_LARGEST_SHARE = 0.5

# Files are stamped by a clock that ticks every few milliseconds; some file systems count every second second only.
_TICK_NS = 100_000_000
_COARSE_TICK_NS = 3_000_000_000
_SECOND_NS = 1_000_000_000

_CHANGES_BEARABLE = 3

# Without it the kernel refuses private mappings that are larger than its memory. Python 3.13 has a name for it.
_MAP_NORESERVE = 0x4000


def memmap(path: str | os.PathLike[str], *, hdu: Hdu | None = None) -> torch.Tensor:
    """Maps one image: its pixels are read from disk when they are used, so it may be larger than memory.

    Unscaled bytes (BITPIX 8) are those of the file itself. Any other image is decoded at the first call, in native byte
    order and as `read_image` has it, into a file below `$XDG_CACHE_HOME/torchfits` (default `~/.cache/torchfits`).
    Later calls, also of other processes, map that file and decode nothing. A file that was changed is decoded again.
    The files used longest ago are removed so that all take at most half of the free space of their disk.

    What is written to the tensor stays in memory and reaches neither file. A file must not be shortened while it is
    mapped: the pixels that it lost cannot be read, and the process gets SIGBUS.

    Args:
        path: the file, compressed or not; a str may carry an HDU in CFITSIO's syntax, `img.fits[SCI,1]`. Only files are
            mapped: `read_image` reads bytes and file objects.
        hdu: a number from 0, a name, or (name, version); None for the first HDU with an image.

    Returns:
        A tensor of shape (NAXISn, ..., NAXIS1), of the dtype that `read_image` has without `dtype`.

    Raises:
        FitsError: one of its subclasses, naming file, HDU and reason.
        OSError: if the decoded image cannot be kept, with the reason and the bytes that it needs.
        TypeError: for arguments of a wrong type.
        ValueError: for arguments that make no sense.
    """
    if not isinstance(path, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance] - others are read
        raise TypeError(f"memmap maps files, not {type(path).__name__}: read_image reads it")
    name, selector, section = locate(path, hdu)
    if section is not None:
        raise ValueError("memmap maps whole images: index its result instead")
    for _ in range(_CHANGES_BEARABLE):
        mapped = _map(name, selector)
        if mapped is not None:
            return mapped
    raise FileReadError(f"{os.fsdecode(_bytes(name))}: the file changes all the time")


def _map(name: str, selector: _engine.Selector) -> torch.Tensor | None:
    """None if the file changed meanwhile."""
    try:
        source = _Source.of(name)
    except OSError:
        _engine.describe_image(name, selector)  # says the same as every other function
        raise
    image = _Image.of(name, selector)
    return _map_source(source, image) if image.offset >= 0 else _map_decoded(source, image)


@dataclass(frozen=True)
class _Source:
    """A file and its content at one time.

    Attributes:
        name: as the engine takes it.
        identity: what no other file, and not this one with other content, has.
    """

    name: str
    identity: tuple[int, ...]

    @classmethod
    def of(cls, name: str) -> _Source:
        """The file of that name, when a change from now on would show."""
        source = cls(name, _identity(os.stat(_bytes(name))))  # noqa: PTH116 - bytes
        source._await_tick()
        return source

    @property
    def path(self) -> str:
        """For messages."""
        return os.fsdecode(_bytes(self.name))

    def is_unchanged(self, descriptor: int | None = None) -> bool:
        """Whether the file of that name, or an open one, is still this."""
        try:
            now = os.stat(_bytes(self.name) if descriptor is None else descriptor)  # noqa: PTH116
        except FileNotFoundError:
            return False
        return _identity(now) == self.identity

    def _await_tick(self) -> None:
        """A file that was written just now could be written again without a trace."""
        changed = self.identity[-1]
        tick = _TICK_NS if changed % _SECOND_NS else _COARSE_TICK_NS
        rest = changed + tick - time.time_ns()
        if 0 < rest <= tick:
            time.sleep(rest / _SECOND_NS)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _bytes(name: str) -> bytes:
    return name.encode("latin-1")


@dataclass(frozen=True)
class _Image:
    """What is mapped.

    Attributes:
        hdu: its number.
        offset: where in the FITS file it stands as it is; -1 if it does not.
    """

    hdu: int
    dtype: torch.dtype
    offset: int
    shape: tuple[int, ...]

    @classmethod
    def of(cls, name: str, selector: _engine.Selector) -> _Image:
        """As the engine would read it."""
        hdu, dtype, offset, shape = _engine.describe_image(name, selector).split("\t")
        lengths = tuple(int(length) for length in shape.split(",") if length)
        return cls(int(hdu), getattr(torch, dtype.lower()), int(offset), lengths)

    @property
    def size(self) -> int:
        """Of the elements, in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def tensor(self, mapped: mmap.mmap, offset: int) -> torch.Tensor:
        """The elements that stand in a mapping, which lives as long as the tensor."""
        count = math.prod(self.shape)
        return torch.frombuffer(mapped, dtype=self.dtype, count=count, offset=offset).reshape(self.shape)

    def map(self, descriptor: int, offset: int) -> torch.Tensor:
        """The elements that stand in a file, copied when they are written to."""
        if self.size == 0:
            return torch.empty(self.shape, dtype=self.dtype)
        start = offset - offset % mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(
            descriptor,
            self.size + offset - start,
            flags=mmap.MAP_PRIVATE | _MAP_NORESERVE,
            prot=mmap.PROT_READ | mmap.PROT_WRITE,
            offset=start,
        )
        return self.tensor(mapped, offset - start)


def _map_source(source: _Source, image: _Image) -> torch.Tensor | None:
    """The image in its file; None if that is another one by now."""
    with _opened(source.name) as descriptor:
        if not source.is_unchanged(descriptor):
            return None
        # Offsets are those of the FITS file; the one that is compressed holds no such bytes.
        if os.pread(descriptor, 6, 0) == b"SIMPLE":
            return image.map(descriptor, image.offset)
    return _map_decoded(source, image)


@contextlib.contextmanager
def _opened(name: str) -> Generator[int]:
    descriptor = os.open(_bytes(name), os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


# The cache: FOLDER/KEY is complete, FOLDER/KEY.partial is being written by whoever has its lock, or was left behind.


def _map_decoded(source: _Source, image: _Image) -> torch.Tensor | None:
    """The decoded image, from the cache if it is there; None if the file changed meanwhile."""
    folder = _aot.folder() / "images"
    entry = folder / _key(source, image)
    mapped = _map_entry(entry, image)
    if mapped is not None or image.size == 0:
        return image.map(-1, 0) if mapped is None else mapped
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(_partial(entry)) as descriptor:
            # Another process may have written it while this one waited for the lock.
            mapped = _map_entry(entry, image)
            if mapped is not None:
                _partial(entry).unlink()
                return mapped
            return image.map(descriptor, 0) if _write(source, image, entry, descriptor) else None
    except OSError as failure:
        if failure.errno is None or failure.filename is None:
            raise
        reason = f"{source.path}[{image.hdu}]: its {image.size} decoded bytes cannot be kept: {failure.strerror}"
        raise OSError(failure.errno, reason, failure.filename) from None


def _key(source: _Source, image: _Image) -> str:
    what = (_FORMAT, source.identity, image.hdu, str(image.dtype), image.shape)
    return hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()


def _partial(entry: Path) -> Path:
    return entry.with_suffix(".partial")


def _map_entry(entry: Path, image: _Image) -> torch.Tensor | None:
    try:
        descriptor = os.open(entry, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(descriptor)
        if status.st_size != image.size:
            return None
        with contextlib.suppress(OSError):  # A read-only cache: only the order of removal is lost.
            os.utime(descriptor, ns=(time.time_ns(), status.st_mtime_ns))
        return image.map(descriptor, 0)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(path: Path) -> Generator[int]:
    """Opens a file, which is made if it is missing, and waits until nobody else has it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Whoever had it may have renamed or removed it.
            if _is_still(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _write(source: _Source, image: _Image, entry: Path, descriptor: int) -> bool:
    """Decodes an image into a new file of the cache; False, and no file, if its source changed meanwhile."""
    partial = _partial(entry)
    try:
        _make_room(entry.parent, image.size, keep=partial)
        _allocate(descriptor, image.size, partial)
        _engine.fill_file(descriptor, source.name, (image.hdu, None, 0), layout(image.dtype, image.shape))
        os.fsync(descriptor)
        unchanged = source.is_unchanged()
        if unchanged:
            partial.rename(entry)
            _sync_folder(entry.parent)
        else:
            partial.unlink()
        return unchanged
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _allocate(descriptor: int, size: int, path: Path) -> None:
    """Takes all space now: a mapped page that finds the disk full would end the process."""
    try:
        os.ftruncate(descriptor, 0)
        os.posix_fallocate(descriptor, 0, size)
    except OSError as failure:
        raise OSError(failure.errno, failure.strerror, os.fspath(path)) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_room(folder: Path, size: int, *, keep: Path) -> None:
    """Removes what was left behind, then the images used longest ago, until the new one fits the share of the cache."""
    images: list[tuple[int, int, Path]] = []
    for path in folder.iterdir():
        if path.suffix:
            if path != keep:
                _remove_if_left(path)
            continue
        with contextlib.suppress(FileNotFoundError):  # Another process removes too.
            status = path.stat()
            images.append((status.st_atime_ns, status.st_size, path))
    taken = sum(occupied for _, occupied, _ in images)
    space = os.statvfs(folder)
    most = int((space.f_bavail * space.f_frsize + taken) * _LARGEST_SHARE)
    for _, occupied, path in sorted(images):
        if taken + size <= most:
            return
        path.unlink(missing_ok=True)
        taken -= occupied


def _remove_if_left(partial: Path) -> None:
    """Removes what nobody writes: its writer was killed."""
    with contextlib.suppress(BlockingIOError, FileNotFoundError), partial.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_still(partial, file.fileno()):
            partial.unlink()
