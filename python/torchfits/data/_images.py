"""Transforms of the values of images, with their inverse variances and masks."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from torchfits.data._transform import MAIN, Batch, Transform, main_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Images", "ValueTransform", "usable"]


class Images(NamedTuple):
    """What a transform of values works on."""

    values: torch.Tensor
    """(B, ...), floating, at least float32."""
    ivar: torch.Tensor | None
    """Inverse variances, of the values' shape; 0 where nothing is known of a value."""
    mask: torch.Tensor | None
    """True, or an integer other than 0, where a value is bad; its shape can be expanded to that of the values."""

    def good(self) -> torch.Tensor:
        """Bool, of the values' shape: finite and not masked."""
        finite = self.values.isfinite()
        return finite if self.mask is None else finite & (self.mask == 0)

    def scaled(self, offset: torch.Tensor | float, scale: torch.Tensor | float) -> Images:
        """(values - offset) / scale, and inverse variances in step."""
        ivar = None if self.ivar is None else self.ivar * (scale * scale)
        return Images((self.values - offset).div_(scale), ivar, self.mask)


class ValueTransform(Transform):
    """A transform of the values of one entry, each where it is.

    Of a dict it takes the entry `key` (None: "image", or else "flux") with its inverse variances and its mask, if they
    are there: "ivar" and "mask" beside "image" and "flux", "g_ivar" and "g_mask" beside a `key` "g". Half precision is
    widened for the computation. Integers are a TypeError.
    """

    _takes_integers = False

    def __init__(self, key: str | None = None) -> None:
        super().__init__()
        self.key = key

    def _dtype_for(self, given: torch.dtype) -> torch.dtype:
        """Of the result, and of inverse variances; by default the given one."""
        return given

    @abstractmethod
    def _changed(self, images: Images) -> Images:
        raise NotImplementedError

    def forward(self, batch: Batch) -> Batch:
        """The batch with new values; other entries are those that were given."""
        if isinstance(batch, torch.Tensor):
            return self._checked(batch, None, None).values
        key, ivar_name, mask_name = _names(batch, self.key)
        changed = self._checked(batch[key], batch.get(ivar_name), batch.get(mask_name))
        entries = {**batch, key: changed.values}
        if changed.ivar is not None:
            entries[ivar_name] = changed.ivar
        if changed.mask is not None:
            entries[mask_name] = changed.mask
        return entries

    def _checked(self, values: torch.Tensor, ivar: torch.Tensor | None, mask: torch.Tensor | None) -> Images:
        if not (self._takes_integers or values.is_floating_point()):
            raise TypeError(f"{type(self).__name__} takes floating values, not {values.dtype}: use ToDtype before it")
        if ivar is not None and ivar.shape != values.shape:
            raise ValueError(f"inverse variances of shape {tuple(ivar.shape)} for values of {tuple(values.shape)}")
        changed = self._changed(Images(_widened(values), None if ivar is None else _widened(ivar), mask))
        given = values.dtype if ivar is None else ivar.dtype
        new_ivar = None if changed.ivar is None else changed.ivar.to(self._dtype_for(given))
        return Images(changed.values.to(self._dtype_for(values.dtype)), new_ivar, changed.mask)


def _widened(values: torch.Tensor) -> torch.Tensor:
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def _names(batch: Mapping[str, Any], key: str | None) -> tuple[str, str, str]:
    """Of the entry, its inverse variances and its mask."""
    main = main_entry(batch) if key is None else key
    if main not in batch:
        raise ValueError(f"the batch has no entry {main!r}, only {list(batch)}")
    prefix = "" if main in MAIN else f"{main}_"
    return main, f"{prefix}ivar", f"{prefix}mask"


def usable(ivar: torch.Tensor) -> torch.Tensor:
    """Where inverse variances tell anything: positive numbers."""
    return (ivar > 0) & ivar.isfinite()
