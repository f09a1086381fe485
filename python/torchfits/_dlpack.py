"""Blocks of the engine become torch tensors, and tensors memory that the engine fills, without a copy."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.dlpack import to_dlpack  # pyright: ignore[reportPrivateImportUsage]

if TYPE_CHECKING:
    from collections.abc import Callable

# What torch.utils.dlpack.from_dlpack calls for a capsule; the steps before it cost a tenth of the read of a small file.
_from_dlpack: Callable[[Any], torch.Tensor] = torch._C._from_dlpack  # pyright: ignore[reportPrivateUsage]

_NAME = ctypes.c_char_p(b"dltensor")

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
