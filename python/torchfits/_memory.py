"""FITS files that are no files: bytes in memory, and what file objects deliver."""

from __future__ import annotations

import ctypes
import hashlib
import io
import itertools
import mmap
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeGuard, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from typing_extensions import Buffer

# As the engine's SourceNames has it: no byte is this character, so no file is called that way.
_KIND = "\u2003memory:"

_BYTE_FORMATS = ("B", "b", "c")

_numbers = itertools.count(1)

_Counts = ctypes.c_int64 * 2

# Of an object's memory numpy tells the address too, in four times the time.
_address_of_bytes = ctypes.pythonapi.PyBytes_AsString
_address_of_bytes.restype = ctypes.c_void_p
_address_of_bytes.argtypes = (ctypes.py_object,)


class Readable(Protocol):
    """A binary file object, as far as it is used here."""

    def read(self, size: int = ..., /) -> bytes:
        """All bytes from its position on."""
        ...


Source: TypeAlias = "str | os.PathLike[str] | Buffer | Readable | torch.Tensor"
"""What can be read: a path, bytes, or a binary file object."""


class Transfers(NamedTuple):
    """What was taken from sources that are no local files.

    Attributes:
        requests: how often a range of bytes was asked for.
        bytes_read: how many bytes came.
    """

    requests: int
    bytes_read: int

    def __sub__(self, before: Transfers) -> Transfers:
        return Transfers(self.requests - before.requests, self.bytes_read - before.bytes_read)


def transfers(contents: Iterable[Content]) -> Transfers:
    """What the engine took from all of them so far."""
    all_of_them = [content.transfers for content in contents]
    return Transfers(sum(one.requests for one in all_of_them), sum(one.bytes_read for one in all_of_them))


class Content(os.PathLike[str]):
    """The bytes of a FITS file, held where they are as long as this lives.

    It goes where paths go, and the path that it shows is what messages call it. Picklable if the bytes are.
    """

    def __init__(self, source: Buffer | torch.Tensor, label: str | None = None, *, constant: bool = False) -> None:
        """Holds bytes without a copy.

        Args:
            source: an object with a contiguous buffer of bytes, or a contiguous tensor of uint8 on the CPU.
            label: what messages call it; None for the type and the number of bytes.
            constant: whether they never change, as those of `bytes` do not in any case.

        Raises:
            TypeError: if these are no bytes.
            ValueError: if they are not contiguous, or not in memory of the CPU.
        """
        self._source = source
        self._held = source if isinstance(source, bytes) else _array(source)
        self._label = label
        self._constant = constant or isinstance(source, bytes)
        self._counts = _Counts()
        self._told = Transfers(0, 0)
        self._name: ContentName | None = None

    def __fspath__(self) -> str:
        """The label."""
        return self._label or f"<{type(self._source).__name__} of {len(self._held)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Content, (self._source, self._label)

    @property
    def name(self) -> str:
        """A name for the engine, which keeps the bytes; of those that may change it is another one each time."""
        if self._name is not None:
            return self._name
        number = next(_numbers)
        name = ContentName(self._text(number))
        name.held, name.counts, name.label = cast("Buffer", self._held), self._counts, os.fspath(self)
        name.number = number
        if self._constant:
            self._name = name
        return name

    def open(self) -> io.BytesIO:
        """The bytes as a binary file, perhaps of a copy."""
        return io.BytesIO(cast("Buffer", self._held))

    def digest(self) -> bytes:
        """A hash of all bytes."""
        return hashlib.blake2b(memoryview(cast("Buffer", self._held)), digest_size=16).digest()

    def _text(self, number: int) -> str:
        held = self._held
        address = _address_of_bytes(held) if isinstance(held, bytes) else held.ctypes.data
        label = os.fspath(self).encode("utf-8", "replace").decode().replace("\0", "?")
        return f"{_KIND}{number},{int(self._constant)},{address},{len(held)},{ctypes.addressof(self._counts)}:{label}"

    @property
    def transfers(self) -> Transfers:
        """What the engine took so far."""
        return Transfers(self._counts[0], self._counts[1])

    def transfers_since(self) -> Transfers:
        """What it took since this was asked before."""
        before, self._told = self._told, self.transfers
        return self._told - before


class Segment:
    """Memory that other processes can map.

    Attributes:
        descriptor: of the unnamed file that it is; closed with this object.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        """Makes an empty one, or takes over a descriptor of one."""
        self.descriptor = os.memfd_create("torchfits") if descriptor is None else descriptor

    @classmethod
    def of(cls, content: Buffer) -> Segment:
        """A segment with a copy of what a buffer holds."""
        segment = cls()
        segment.write(memoryview(content), 0)
        return segment

    def write(self, content: memoryview, place: int) -> None:
        """Copies bytes to a place; the segment grows as needed."""
        rest = content.cast("B")
        while rest:
            done = os.pwrite(self.descriptor, rest, place)
            rest, place = rest[done:], place + done

    def read(self, memory: memoryview, place: int) -> None:
        """Fills memory with the bytes from a place on."""
        done = 0
        while done < len(memory):
            done += os.preadv(self.descriptor, [memory[done:]], place + done)

    def __del__(self) -> None:
        os.close(self.descriptor)


class ContentName(str):
    """A name for the engine.

    Attributes:
        held: the memory of which it tells.
        counts: what was taken of it, likewise: requests and bytes.
        label: as for `Content`.
        number: of the bytes, no other of this process has or had.
        forgotten: whether other processes are told when it is gone.
        shared: the same bytes for other processes, from when one needs them; those that may change are copied anew.
    """

    held: Buffer
    shared: Segment | None = None
    counts: ctypes.Array[ctypes.c_int64]
    label: str
    number: int
    forgotten: bool = False


def kept(source: Source) -> str | os.PathLike[str]:
    """A source that can be read again and again.

    Paths stay as they are, bytes become a `Content` over the same memory. Of a file object all bytes from its position
    on are read; one that can seek has its position again afterwards.

    Raises:
        TypeError: if it is no source, or a file object of text.
        ValueError: for bytes that cannot be read where they are.
    """
    if isinstance(source, bytes):
        return Content(source)
    if isinstance(source, str | os.PathLike):
        return source
    return _content_of_file(cast("Readable", source)) if _is_file(source) else Content(cast("Buffer", source))


def is_source(candidate: object) -> bool:
    """Whether it is one source, rather than an iterable of several."""
    if isinstance(candidate, str | os.PathLike | bytes) or _is_tensor(candidate) or _is_file(candidate):
        return True
    try:
        return memoryview(cast("Buffer", candidate)).format in _BYTE_FORMATS
    except (TypeError, ValueError, BufferError):
        return False


def _array(source: Buffer | torch.Tensor) -> np.ndarray[Any, Any]:
    """An array over the same memory, which can neither go nor move while it lives."""
    if _is_tensor(source):
        return _array_of_tensor(source)
    try:
        view = memoryview(cast("Buffer", source))
    except TypeError:
        what = type(source).__name__
        raise TypeError(f"path must be str, os.PathLike[str], bytes or a binary file object, not {what}") from None
    if view.format not in _BYTE_FORMATS:
        raise TypeError(f"a FITS file is bytes, not {type(source).__name__} of format {view.format!r}")
    if not view.c_contiguous:
        raise ValueError(f"{type(source).__name__} is not contiguous: read a copy of it, bytes(...)")
    return np.frombuffer(view, np.uint8)


def _is_tensor(candidate: object) -> TypeGuard[torch.Tensor]:
    """Without torch there is none: the engine's process for forked workers has not imported it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(candidate, torch.Tensor)


def _array_of_tensor(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    import torch

    if tensor.dtype != torch.uint8:
        raise TypeError(f"a FITS file is bytes, a tensor of torch.uint8, not of {tensor.dtype}")
    if tensor.device.type != "cpu" or not tensor.is_contiguous():
        raise ValueError("a tensor of bytes must be contiguous and on the CPU")
    return np.frombuffer(tensor.numpy(), np.uint8)


def _is_file(candidate: object) -> bool:
    """A mapping can be read like a file, but is bytes."""
    return hasattr(candidate, "read") and not isinstance(candidate, mmap.mmap)


def _content_of_file(file: Readable) -> Content:
    if isinstance(file, io.TextIOBase):
        raise TypeError("a FITS file is bytes, not text: open it in binary mode, 'rb'")
    seekable: Any = file if getattr(file, "seekable", bool)() else None
    position = 0 if seekable is None else seekable.tell()
    content = file.read()
    if seekable is not None:
        seekable.seek(position)
    if not isinstance(content, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - any object may have read()
        raise TypeError(f"a FITS file is bytes, not {type(content).__name__} as {type(file).__name__}.read() gives")
    name = getattr(file, "name", None)
    return Content(content, name if isinstance(name, str) and name else f"<{type(file).__name__} of {len(content)}>")
