"""Transforms that move pixels, of all images of a batch in step."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import torch

from torchfits.data._transform import Batch, Transform, main_entry, stream_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Move", "RandomMove", "is_ivar", "is_mask", "outside_of"]


class Move(Transform):
    """A transform that moves pixels, of all entries in step.

    Of a dict it moves the entries `keys`; None: all tensors whose last two axes are those of the entry "image" (or else
    "flux"). An entry whose name ends in "ivar" holds inverse variances, one whose name ends in "mask", or of bools, a
    mask: what comes from outside the image is 0 in the one and true (all bits of integers) in the other.
    """

    def __init__(self, keys: Sequence[str] | None = None) -> None:
        super().__init__()
        self.keys = keys if keys is None else tuple(keys)

    @abstractmethod
    def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
        raise NotImplementedError

    def forward(self, batch: Batch) -> Batch:
        """The batch with moved pixels; other entries are those that were given."""
        return map_planes(batch, self.keys, self._moved)


class RandomMove(Move):
    """A move by random numbers, one for each sample; in `eval()` nothing is moved."""

    _numbers = 1  # that are drawn for each sample

    @abstractmethod
    def _moved_by(self, entry: torch.Tensor, name: str, drawn: torch.Tensor) -> torch.Tensor:
        """The entry moved by `drawn`, (B, `_numbers`) in [0, 1)."""
        raise NotImplementedError

    def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
        """The entry in `eval()`."""
        del name
        return entry

    def forward(self, batch: Batch) -> Batch:
        """The batch with pixels moved at random, all entries of a sample alike."""
        if not self.training:
            return map_planes(batch, self.keys, self._moved)
        first = first_plane(batch, self.keys)
        drawn = stream_of(first).uniform((self._numbers,))
        return map_planes(batch, self.keys, lambda entry, name: self._moved_by(entry, name, drawn.to(entry.device)))


def first_plane(batch: Batch, keys: Sequence[str] | None) -> torch.Tensor:
    """The entry that tells number and device of the samples."""
    if isinstance(batch, torch.Tensor):
        return _with_planes(batch, "image")
    name = main_entry(batch) if keys is None else keys[0]
    return _with_planes(batch[name], name)


def map_planes(batch: Batch, keys: Sequence[str] | None, change: Callable[[torch.Tensor, str], torch.Tensor]) -> Batch:
    """The batch with `change(entry, name)` instead of the entries that a move is for."""
    if isinstance(batch, torch.Tensor):
        return change(_with_planes(batch, "image"), "image")
    if keys is None:
        keys = _of_one_size(batch, first_plane(batch, None).shape[-2:])
    missing = [name for name in keys if name not in batch]
    if missing:
        raise ValueError(f"the batch has no entries {missing}, only {list(batch)}")
    return {**batch, **{name: change(_with_planes(batch[name], name), name) for name in keys}}


def _of_one_size(batch: Mapping[str, Any], size: torch.Size) -> list[str]:
    tensors = {name: entry for name, entry in batch.items() if isinstance(entry, torch.Tensor)}
    return [name for name, entry in tensors.items() if entry.ndim >= 3 and entry.shape[-2:] == size]


def _with_planes(entry: torch.Tensor, name: str) -> torch.Tensor:
    if entry.ndim < 3:
        raise ValueError(
            f"{name} has the shape {tuple(entry.shape)}, not (B, ..., H, W); apply_one() takes a single sample"
        )
    return entry


def is_ivar(name: str) -> bool:
    """Whether an entry holds inverse variances."""
    return name.endswith("ivar")


def is_mask(entry: torch.Tensor, name: str) -> bool:
    """Whether an entry tells which pixels are bad."""
    return entry.dtype == torch.bool or (name.endswith("mask") and not entry.is_floating_point())


def outside_of(entry: torch.Tensor, name: str, fill: float) -> float | int | bool:
    """What stands for pixels beyond the edges of an image."""
    if is_ivar(name):
        return 0
    if entry.dtype == torch.bool:
        return True
    if is_mask(entry, name):
        return -1 if entry.dtype.is_signed else torch.iinfo(entry.dtype).max
    return fill if entry.is_floating_point() else int(fill)
