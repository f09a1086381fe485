"""Rows of tensors of any dtype: torch has no indexing of the unsigned ones."""

from __future__ import annotations

import torch

_SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


def picked_rows(values: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows of a tensor."""
    signed = _SIGNED.get(values.dtype)
    return values[rows] if signed is None else values.view(signed)[rows].view(values.dtype)


def put_rows(values: torch.Tensor, rows: torch.Tensor, given: torch.Tensor) -> None:
    """Puts rows into a tensor."""
    signed = _SIGNED.get(values.dtype)
    if signed is not None:
        values, given = values.view(signed), given.view(signed)
    values[rows] = given
