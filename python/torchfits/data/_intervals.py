"""Transforms that bring each image from an interval of its own to [0, 1]."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np
import torch

from torchfits.data._images import Images, ValueTransform

__all__ = ["MinMax", "Percentile", "ZScale"]


class Interval(ValueTransform):
    """(values - low) / (high - low), low and high of each image its own.

    Only good values tell the limits: finite and not masked. An image of one value becomes 0, one without good
    values is not changed. Inverse variances are multiplied by (high - low)². To the gradient limits are constants.
    """

    def __init__(self, *, clip: bool = True, axes: int = 2, key: str | None = None) -> None:
        super().__init__(key)
        self.clip = clip
        self.axes = axes

    @abstractmethod
    def _limits(self, values: torch.Tensor, good: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Low and high, (R,), of images (R, N); `good` (R, N) is None if all values are."""
        raise NotImplementedError

    def limits(self, values: torch.Tensor, mask: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The interval of each image.

        Args:
            values: (B, ..., H, W), floating.
            mask: true where values are bad; its shape can be expanded to theirs.

        Returns:
            Low and high, of the values' dtype, with 1 in place of the axes of an image.
        """
        if not 0 < self.axes < values.ndim:
            raise ValueError(
                f"images of {self.axes} axes in values of shape {tuple(values.shape)}; apply_one() takes one sample"
            )
        rows = values.detach().flatten(-self.axes).flatten(0, -2)
        if mask is None and all(ends.isfinite().all() for ends in rows.aminmax(dim=-1)):
            good = None  # testing each value takes longer than most of what follows
        else:
            good = Images(values.detach(), None, mask).good().reshape(rows.shape)
        low, high = self._limits(rows, good)
        shape = (*values.shape[: -self.axes], *[1] * self.axes)
        ends = torch.stack([low, high]).to(values.dtype)
        if good is not None:
            ends = torch.where(good.any(-1), ends, ends.new_tensor([[0], [1]]))
        return ends[0].reshape(shape), ends[1].reshape(shape)

    def _changed(self, images: Images) -> Images:
        low, high = self.limits(images.values, images.mask)
        scaled = images.scaled(low, torch.where(high > low, high - low, 1))
        return scaled._replace(values=scaled.values.clamp_(0, 1)) if self.clip else scaled


class MinMax(Interval):
    """From the least to the greatest good value of each image; see `Percentile` for the rest."""

    def __init__(self, *, clip: bool = True, axes: int = 2, key: str | None = None) -> None:
        """Takes what an image is; arguments as for `Percentile`."""
        super().__init__(clip=clip, axes=axes, key=key)

    def _limits(self, values: torch.Tensor, good: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        if good is None:
            low, high = values.aminmax(dim=-1)
            return low, high
        return values.masked_fill(~good, math.inf).amin(-1), values.masked_fill(~good, -math.inf).amax(-1)


class Percentile(Interval):
    """From one percentile of the good values of each image to another, to [0, 1].

    Good is what is finite and not masked. The percentiles are exact, between two values linear, as in numpy and in
    astropy's `AsymmetricPercentileInterval`. An image of one value becomes 0, one without good values is not changed.
    Inverse variances are multiplied by (high - low)². The gradient takes the limits as constants.
    """

    def __init__(
        self, lower: float = 1.0, upper: float = 99.0, *, clip: bool = True, axes: int = 2, key: str | None = None
    ) -> None:
        """Takes the percentiles.

        Args:
            lower: of what becomes 0, from 0 to 100.
            upper: of what becomes 1, above `lower`.
            clip: whether values beyond become 0 and 1.
            axes: how many of the last axes are an image: 2 for each plane by itself, 1 for spectra, 3 for all bands.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if not 0 <= lower < upper <= 100.
        """
        super().__init__(clip=clip, axes=axes, key=key)
        if not 0 <= lower < upper <= 100:
            raise ValueError(f"percentiles rise from 0 to 100, not from {lower} to {upper}")
        self.lower = lower
        self.upper = upper

    def _limits(self, values: torch.Tensor, good: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        if good is None:
            ordered, counts = _ordered(values), torch.full_like(values[:, 0], values.shape[-1], dtype=torch.int64)
        else:
            ordered, counts = _ordered(values.masked_fill(~good, math.inf)), good.sum(-1)
        return _percentile(ordered, counts, self.lower), _percentile(ordered, counts, self.upper)


def _percentile(ordered: torch.Tensor, counts: torch.Tensor, percent: float) -> torch.Tensor:
    """float64 (R,): that of the first `counts` (R,) values among sorted ones (R, N)."""
    last = (counts - 1).clamp(min=0).double()
    rank = last * (percent / 100)
    lower = rank.floor()
    places = torch.stack([lower, torch.minimum(lower + 1, last)], -1).long()
    below, above = ordered.gather(-1, places).double().unbind(-1)
    return torch.where(rank > lower, below + (above - below) * (rank - lower), below)


def _ordered(values: torch.Tensor) -> torch.Tensor:
    """(R, N) with each row in ascending order; on a CPU by numpy, whose sort is vectorised."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))  # pyright: ignore[reportUnknownMemberType]
    return values.sort(-1).values


class ZScale(Interval):
    """From z1 to z2 of IRAF's zscale of each image, to [0, 1].

    The limits are those of astropy's `ZScaleInterval`: a line through sorted samples, without those far from it.
    Good is what is finite and not masked. An image of one value becomes 0, one without good values is not changed.
    Inverse variances are multiplied by (z2 - z1)². The gradient takes the limits as constants.
    """

    def __init__(
        self, contrast: float = 0.25, n_samples: int = 1000, *, clip: bool = True, axes: int = 2, key: str | None = None
    ) -> None:
        """Takes IRAF's parameters.

        Args:
            contrast: by which the slope of the line is divided; larger is a narrower interval.
            n_samples: values of an image that are looked at.
            clip: whether values beyond become 0 and 1.
            axes: how many of the last axes are an image: 2 for each plane by itself, 1 for spectra, 3 for all bands.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if contrast or n_samples is not positive.
        """
        super().__init__(clip=clip, axes=axes, key=key)
        if not (contrast > 0 and n_samples > 0):
            raise ValueError(f"contrast and n_samples are positive, not {contrast} and {n_samples}")
        self.contrast = contrast
        self.n_samples = n_samples

    def _limits(self, values: torch.Tensor, good: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        if good is None:
            samples, counts = _samples(values, self.n_samples)
        else:
            samples, counts = _good_samples(values, good, self.n_samples)
        return _zscale(_ordered(samples).double(), counts, self.contrast)


def _samples(values: torch.Tensor, n_samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Every so-manieth value of images (R, N), as (R, S); S for each."""
    stride = max(1, values.shape[-1] // n_samples)
    samples = values[:, ::stride][:, :n_samples]
    return samples, torch.full(values.shape[:1], samples.shape[-1], device=values.device)


def _good_samples(values: torch.Tensor, good: torch.Tensor, n_samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Every so-manieth good value of images (R, N), as (R, S) with infinities at the end; how many are none."""
    totals = good.sum(-1)
    strides = (totals // n_samples).clamp(min=1)
    counts = ((totals + strides - 1) // strides).clamp(max=n_samples)
    places = torch.arange(min(n_samples, values.shape[-1]), device=values.device)
    ordinals = (places * strides[:, None] + 1).to(torch.int32)
    found = torch.searchsorted(good.cumsum(-1, dtype=torch.int32), ordinals).clamp(max=values.shape[-1] - 1)
    return values.gather(-1, found).masked_fill(places >= counts[:, None], math.inf), counts


_REJECTED, _LEAST, _SIGMAS, _ITERATIONS = 0.5, 5, 2.5, 5  # of IRAF's zscale


def _zscale(ordered: torch.Tensor, counts: torch.Tensor, contrast: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Limits (R,) of sorted samples (R, S), float64, of which the first `counts` (R,) are some."""
    places = torch.arange(ordered.shape[-1], device=ordered.device)
    valid = places < counts[:, None]
    samples = ordered.masked_fill(~valid, 0)
    slope, fits = _fitted_slope(samples, valid, counts)
    last = (counts - 1).clamp(min=0)
    ends = torch.stack([torch.zeros_like(last), last // 2, counts // 2, last], -1)
    low, middle, other, high = samples.gather(-1, ends).unbind(-1)
    median, slope = (middle + other) / 2, slope / contrast
    z1 = torch.maximum(low, median - (last // 2 - 1) * slope)
    z2 = torch.minimum(high, median + (counts - last // 2) * slope)
    return torch.where(fits, z1, low), torch.where(fits, z2, high)


def _fitted_slope(
    samples: torch.Tensor, valid: torch.Tensor, counts: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of the line through the samples (R,), and whether enough of them are near it."""
    least = (counts.double() * _REJECTED).long().clamp(min=_LEAST)
    left, before, near = counts, counts + 1, valid
    slope = torch.zeros_like(samples[:, 0])
    for _ in range(_ITERATIONS):
        active = (left < before) & (left >= least)
        if not active.any():
            break
        fitted, far = _fit(samples, near)
        slope = torch.where(active, fitted, slope)
        nearer = valid & ~_grown(valid & (far | ~near), counts)
        near = torch.where(active[:, None], nearer, near)
        before, left = torch.where(active, left, before), near.sum(-1)
    return slope.clamp(min=0), left >= least


def _fit(samples: torch.Tensor, near: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Slope (R,) of the line through the near samples, and which samples are far from it."""
    weights = near.to(samples.dtype)
    total = weights.sum(-1, keepdim=True).clamp(min=1)
    x = torch.arange(samples.shape[-1], dtype=samples.dtype, device=samples.device)
    dx = x - (weights * x).sum(-1, keepdim=True) / total
    dy = samples - (weights * samples).sum(-1, keepdim=True) / total
    weighted = weights * dx
    slope = (weighted * dy).sum(-1, keepdim=True) / (weighted * dx).sum(-1, keepdim=True).clamp(min=1e-300)
    rest = dy - slope * dx
    sigma = ((weights * rest * rest).sum(-1, keepdim=True) / total).sqrt()
    return slope[:, 0], rest.abs() > _SIGMAS * sigma


def _grown(bad: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Bad samples with their neighbours: as many as 1% of the samples, as numpy's convolve(mode="same") puts them."""
    width = (counts // 100).clamp(min=1)[:, None]
    size = bad.shape[-1]
    places = torch.arange(size, device=bad.device)
    until = torch.nn.functional.pad(bad.cumsum(-1), (1, 0))  # how many are bad before a place
    first = (places - width // 2).clamp(min=0)
    end = (places + (width - 1) // 2 + 1).clamp(max=size)
    return until.gather(-1, end) > until.gather(-1, first)
