"""What `_dlpack` is, for the process that serves forked ones: it runs without torch, which takes a second to import."""

from __future__ import annotations

import array
import ctypes
import math
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Layout = tuple[int, tuple[int, ...]]
"""Of elements in C order: their DLDataType as a little-endian word, and their shape."""

_CPU = 1
_INT64 = 0x14000

_WRITABLE = 0x200
_view = ctypes.pythonapi.PyMemoryView_FromMemory
_view.restype = ctypes.py_object
_view.argtypes = (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)

_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Managed(ctypes.Structure):
    """DLManagedTensor."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device", ctypes.c_int32),
        ("axes", ctypes.c_int32),
        ("word", ctypes.c_uint32),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.c_void_p),
        ("offset", ctypes.c_uint64),
        ("context", ctypes.c_void_p),
        ("deleter", _Deleter),
    )


class Block:
    """Elements in memory, in C order, as DLPack tells them.

    Attributes:
        address: of their DLManagedTensor.
    """

    def __init__(self, managed: _Managed, *, kept: object, owned: bool) -> None:
        """Takes over what is told.

        Args:
            managed: of the elements.
            kept: what their memory needs.
            owned: whether they are freed with this object.
        """
        self._managed = managed
        self._kept = kept
        self._owned = owned
        self.address = ctypes.addressof(managed)

    @property
    def layout(self) -> Layout:
        """Type and shape."""
        return self._managed.word, tuple(self._managed.shape[: self._managed.axes])

    @property
    def memory(self) -> memoryview:
        """All bytes, valid as long as this object lives."""
        return _view(self._managed.data, _size(self.layout), _WRITABLE)

    def __del__(self) -> None:
        if self._owned:
            self._managed.deleter(self.address)


def _size(layout: Layout) -> int:
    word, shape = layout
    return (word >> 8 & 0xFF) * (word >> 16) // 8 * math.prod(shape)


def _over(buffer: Any, layout: Layout) -> Block:  # noqa: ANN401 - what has a buffer that can be written to
    """A block over memory of another object.

    Raises:
        ValueError: if it is too small.
    """
    word, shape = layout
    memory = (ctypes.c_char * _size(layout)).from_buffer(buffer)
    lengths = (ctypes.c_int64 * len(shape))(*shape)
    managed = _Managed(ctypes.addressof(memory), _CPU, 0, len(shape), word, lengths)
    return Block(managed, kept=(memory, lengths), owned=False)


Elements = Block


class Exported:
    """A block's memory for the engine; valid as long as this object lives.

    Attributes:
        address: of the DLManagedTensor.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        self.address = block.address


def tensor_at(address: int) -> Block:
    """The block at `address`, freed when it is dropped."""
    return Block(_Managed.from_address(address), kept=None, owned=True)


def int64s(numbers: Sequence[int], *shape: int) -> Block:
    """Numbers for the engine, in C order."""
    return _over(array.array("q", numbers), (_INT64, shape))


def numbers_in(block: Block) -> list[int]:
    """Those of a block with one axis."""
    return block.memory.cast("q").tolist()


def layout_of(block: Block) -> Layout:
    """How its elements stand in memory."""
    return block.layout


def memory_of(block: Block) -> memoryview:
    """The bytes of its elements, which can be written to."""
    return block.memory


def empty(layout: Layout) -> Block:
    """A block of any content."""
    return _over(np.empty(_size(layout), np.uint8), layout)


def of_bytes(content: bytearray, layout: Layout) -> Block:
    """A block over bytes, which it keeps."""
    return _over(content, layout)


def of_file(descriptor: int, layout: Layout, *, shared: bool) -> Block:
    """A block over all bytes of a file, of which the descriptor may be closed."""
    flags = mmap.MAP_SHARED if shared else mmap.MAP_PRIVATE
    return _over(mmap.mmap(descriptor, 0, flags, mmap.PROT_READ | mmap.PROT_WRITE), layout)
