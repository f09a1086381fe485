"""Random transforms of values: noise, and transforms of some samples alone."""

from __future__ import annotations

from typing import Any

import torch

from torchfits.data._images import Images, ValueTransform, usable
from torchfits.data._transform import Batch, Transform, stream_of

__all__ = ["GaussianNoise", "NoiseFromIvar", "RandomApply"]


class NoiseFromIvar(ValueTransform):
    """Adds Gaussian noise of the deviation that inverse variances tell, `scale` / sqrt(ivar).

    None is added where nothing is known (ivar 0). Inverse variances are divided by 1 + scale². In `eval()` nothing is
    changed.
    """

    def __init__(self, scale: float = 1.0, *, key: str | None = None) -> None:
        """Takes the strength.

        Args:
            scale: of the added noise over that of the values.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if scale is negative.
        """
        super().__init__(key)
        if scale < 0:
            raise ValueError(f"scale is not negative, as {scale}")
        self.scale = scale

    def _changed(self, images: Images) -> Images:
        if images.ivar is None:
            raise ValueError("NoiseFromIvar needs inverse variances: a dict with 'image' and 'ivar'")
        if not self.training:
            return images
        known = usable(images.ivar)
        sigma = self.scale / images.ivar.masked_fill(~known, 1).sqrt()
        noise = (_noise(images.values) * sigma).masked_fill(~known, 0)
        return Images(images.values + noise, images.ivar / (1 + self.scale**2), images.mask)


def _noise(values: torch.Tensor) -> torch.Tensor:
    return stream_of(values).normal(values.shape[1:]).to(values.dtype)


class GaussianNoise(ValueTransform):
    """Adds Gaussian noise of one deviation. Variances grow by sigma². In `eval()` nothing is changed."""

    def __init__(self, sigma: float, *, key: str | None = None) -> None:
        """Takes the deviation.

        Args:
            sigma: in units of the values.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if sigma is negative.
        """
        super().__init__(key)
        if sigma < 0:
            raise ValueError(f"sigma is not negative, as {sigma}")
        self.sigma = sigma

    def _changed(self, images: Images) -> Images:
        if not self.training:
            return images
        ivar = None if images.ivar is None else images.ivar / (1 + self.sigma**2 * images.ivar)
        return Images(images.values + _noise(images.values) * self.sigma, ivar, images.mask)


class RandomApply(Transform):
    """Transforms each sample with a probability; in `eval()` none.

    The transform is computed for all samples. It must keep shapes, dtypes and names of the entries.
    """

    def __init__(self, transform: Transform, p: float = 0.5) -> None:
        """Takes the transform and the probability.

        Raises:
            TypeError: if it is no `Transform`.
            ValueError: if p is not from 0 to 1.
        """
        super().__init__()
        if not isinstance(transform, Transform):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"RandomApply takes a transform, not {transform!r}")
        if not 0 <= p <= 1:
            raise ValueError(f"a probability is from 0 to 1, not {p}")
        self.transform = transform
        self.p = p

    def forward(self, batch: Batch) -> Batch:
        """The batch, some of whose samples are transformed."""
        if not self.training:
            return batch
        entries = [batch] if isinstance(batch, torch.Tensor) else batch.values()
        first = next(entry for entry in entries if isinstance(entry, torch.Tensor))
        chosen = stream_of(first).uniform() < self.p
        changed = self.transform(batch)
        if isinstance(batch, torch.Tensor):
            return _mixed(chosen, changed, batch)
        if changed.keys() != batch.keys():
            raise ValueError(f"{self.transform} makes entries {list(changed)} of {list(batch)}, for some samples alone")
        return {name: _mixed(chosen, changed[name], entry) for name, entry in batch.items()}


def _mixed(chosen: torch.Tensor, changed: Any, entry: Any) -> Any:  # noqa: ANN401 - entries of a batch
    if changed is entry:
        return entry
    if changed.shape != entry.shape or changed.dtype != entry.dtype:
        made, given = (f"{tuple(each.shape)} {each.dtype}" for each in (changed, entry))
        raise ValueError(f"of some samples alone: {made} instead of {given}")
    return torch.where(chosen.to(entry.device).reshape(-1, *[1] * (entry.ndim - 1)), changed, entry)
