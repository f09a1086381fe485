"""What becomes of decoded pixels: dtypes, devices, and tensors of the caller that are filled."""

from __future__ import annotations

import torch

Device = str | int | torch.device

_DTYPES = {
    torch.uint8: "UINT8",
    torch.int8: "INT8",
    torch.int16: "INT16",
    torch.uint16: "UINT16",
    torch.int32: "INT32",
    torch.uint32: "UINT32",
    torch.int64: "INT64",
    torch.uint64: "UINT64",
    torch.float16: "FLOAT16",
    torch.bfloat16: "BFLOAT16",
    torch.float32: "FLOAT32",
    torch.float64: "FLOAT64",
}
"""What pixels can be, and the engine's names for it."""


def engine_dtype(dtype: torch.dtype | None) -> str | None:
    """The engine's name for a dtype; None for the exact one."""
    if dtype is None:
        return None
    if not isinstance(dtype, torch.dtype):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"dtype must be a torch.dtype, not {dtype!r}")
    if dtype not in _DTYPES:
        raise ValueError(f"pixels cannot be {dtype}")
    return _DTYPES[dtype]


def require_fillable(out: torch.Tensor, dtype: torch.dtype | None, device: Device | None) -> None:
    """Refuses a tensor that the engine cannot fill, or that is not what `dtype` and `device` ask for."""
    if dtype is not None and dtype != out.dtype:
        raise ValueError(f"dtype is {dtype}, but out is {out.dtype}")
    if device is not None and torch.device(device) != out.device:
        raise ValueError(f"device is {device}, but out is on {out.device}")
    if out.device.type != "cpu" or not out.is_contiguous():
        raise ValueError("out must be a contiguous tensor on the CPU")
