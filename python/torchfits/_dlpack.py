"""Blocks of the engine become torch tensors, and tensors memory that the engine fills, without a copy.

`_blocks` has the same names for a process without torch.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import weakref
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.utils.dlpack import to_dlpack  # pyright: ignore[reportPrivateImportUsage]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

# What torch.utils.dlpack.from_dlpack calls for a capsule; the steps before it cost a tenth of the read of a small file.
_from_dlpack: Callable[[Any], torch.Tensor] = torch._C._from_dlpack  # pyright: ignore[reportPrivateUsage]

_NAME = ctypes.c_char_p(b"dltensor")

Elements = torch.Tensor
"""What elements in memory are to this process."""

Layout = tuple[int, tuple[int, ...]]
"""Of elements in C order: their DLDataType as a little-endian word, and their shape."""

_WORDS = {
    torch.uint8: 0x10801,
    torch.int8: 0x10800,
    torch.int16: 0x11000,
    torch.int32: 0x12000,
    torch.int64: 0x14000,
    torch.uint16: 0x11001,
    torch.uint32: 0x12001,
    torch.uint64: 0x14001,
    torch.float16: 0x11002,
    torch.float32: 0x12002,
    torch.float64: 0x14002,
    torch.bfloat16: 0x11004,
    torch.complex64: 0x14005,
    torch.complex128: 0x18005,
    torch.bool: 0x10806,
}
_LARGE_BYTES = 1 << 16
_IDLE_BYTES = 256 << 20

_idle: dict[int, list[mmap.mmap]] = {}
"""Memory that no tensor has any more, by size."""

_DTYPES = {word: dtype for dtype, word in _WORDS.items()}

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)

_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype = ctypes.c_void_p
_get_pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)

_get_destructor = ctypes.pythonapi.PyCapsule_GetDestructor
_get_destructor.restype = ctypes.c_void_p
_get_destructor.argtypes = (ctypes.py_object,)

# torch's own destructor calls the deleter of a capsule that nobody consumed. It is native code: no Python runs for it.
_DESTRUCTOR = _get_destructor(to_dlpack(torch.empty(0)))


def capsule_at(address: int) -> Any:  # noqa: ANN401 - PyCapsule has no name in typing
    """A capsule that owns the block at `address`, whether it is consumed or dropped."""
    return _new_capsule(address, _NAME, _DESTRUCTOR)


def tensor_at(address: int) -> torch.Tensor:
    """The tensor that owns the block at `address` (of a DLManagedTensor) from now on."""
    return _from_dlpack(capsule_at(address))


class Exported:
    """A tensor's memory for the engine; valid as long as this object lives.

    Attributes:
        address: of the DLManagedTensor.
    """

    def __init__(self, tensor: torch.Tensor) -> None:
        self._capsule = to_dlpack(tensor)
        self.address: int = _get_pointer(self._capsule, _NAME)


def int64s(numbers: Sequence[int], *shape: int) -> torch.Tensor:
    """Numbers for the engine, in C order."""
    return torch.tensor(numbers, dtype=torch.int64).reshape(shape)


def numbers_in(tensor: torch.Tensor) -> list[int]:
    """Those of a tensor with one axis."""
    return tensor.tolist()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def layout_of(tensor: torch.Tensor) -> Layout:
    """How its elements stand in memory, which they must in C order."""
    return layout(tensor.dtype, tuple(tensor.shape))


def memory_of(tensor: torch.Tensor) -> memoryview:
    """The bytes of its elements, which are contiguous and on the CPU; they can be written to."""
    return memoryview(cast("Buffer", tensor.detach().view(-1).view(torch.uint8).numpy()))


def empty(layout: Layout) -> torch.Tensor:
    """A tensor of any content. The memory of large ones is used again: new pages cost more than to fill them."""
    dtype, shape = _DTYPES[layout[0]], layout[1]
    size = dtype.itemsize * math.prod(shape)
    if size < _LARGE_BYTES:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(_memory(size), dtype=dtype).view(shape)


def _memory(size: int) -> ctypes.Array[ctypes.c_char]:
    room = size + -size % (1 << max(size.bit_length() - 4, 12))  # so that there are few sizes
    idle = _idle.setdefault(room, [])
    try:
        mapped = idle.pop()
    except IndexError:
        mapped = mmap.mmap(-1, room, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory = (ctypes.c_char * size).from_buffer(mapped)
    weakref.finalize(memory, _take_back, mapped).atexit = False
    return memory


def _take_back(mapped: mmap.mmap) -> None:
    if sum(room * len(idle) for room, idle in list(_idle.items())) + len(mapped) <= _IDLE_BYTES:
        _idle[len(mapped)].append(mapped)


def of_bytes(content: bytearray, layout: Layout) -> torch.Tensor:
    """A tensor over bytes, which it keeps."""
    word, shape = layout
    flat = torch.frombuffer(content, dtype=_DTYPES[word]) if content else torch.empty(0, dtype=_DTYPES[word])
    return flat.view(shape)


def of_file(descriptor: int, layout: Layout, *, shared: bool) -> torch.Tensor:
    """A tensor over all bytes of a file, of which the descriptor may be closed.

    Args:
        descriptor: of the file, which is not empty.
        layout: of its bytes.
        shared: whether what is written to the tensor is written to the file.
    """
    word, shape = layout
    size = os.fstat(descriptor).st_size
    # By a path, since a mapping of the descriptor itself would keep another one open.
    flat = torch.from_file(f"/proc/self/fd/{descriptor}", shared=shared, size=size, dtype=torch.uint8)
    return flat.view(_DTYPES[word]).view(shape)


def layout(dtype: torch.dtype, shape: tuple[int, ...]) -> Layout:
    """Of elements of that type and shape."""
    return _WORDS[dtype], shape
