"""Transforms of values: masks, normalisation, stretches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from torchfits.data._images import Images, ValueTransform, usable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchfits.data._transform import Batch

__all__ = ["Asinh", "Clip", "Log", "Normalize", "NormalizeIvar", "ToDtype", "ToMask", "Whiten"]


class ToMask(ValueTransform):
    """Replaces values that are not finite by a number, and tells in a mask which values are bad.

    Bad is what is not finite, equals `blank`, has an inverse variance that is not a positive number, or was masked
    before. The mask (bool, of the values' shape) is true there, inverse variances become 0 there. Values are only
    replaced where they are not finite or equal `blank`. A tensor becomes the dict of "image" and "mask".
    """

    _takes_integers = True

    def __init__(self, fill: float = 0.0, *, blank: float | None = None, key: str | None = None) -> None:
        """Takes the replacement.

        Args:
            fill: what replaces them, in units of the values.
            blank: a value that stands for none, of images that were read with `scale=False`.
            key: the entry; see `ValueTransform`.
        """
        super().__init__(key)
        self.fill = fill
        self.blank = blank

    def forward(self, batch: Batch) -> Batch:
        """A dict with a mask."""
        return super().forward({"image": batch} if isinstance(batch, torch.Tensor) else batch)

    def _changed(self, images: Images) -> Images:
        unknown = ~images.values.isfinite()
        if self.blank is not None:
            unknown = unknown | (images.values == self.blank)
        bad = unknown if images.mask is None else unknown | (images.mask != 0)
        values = images.values.masked_fill(unknown, self.fill)
        if images.ivar is None:
            return Images(values, None, bad)
        bad = bad | ~usable(images.ivar)
        return Images(values, images.ivar.masked_fill(bad, 0), bad)


class ToDtype(ValueTransform):
    """Converts values, integers too, and inverse variances to a floating dtype; by default to float32."""

    _takes_integers = True

    def __init__(self, dtype: torch.dtype = torch.float32, *, key: str | None = None) -> None:
        """Takes the dtype.

        Args:
            dtype: a floating one.
            key: the entry; see `ValueTransform`.

        Raises:
            TypeError: if the dtype is not floating.
        """
        super().__init__(key)
        if not dtype.is_floating_point:
            raise TypeError(f"ToDtype takes a floating dtype, not {dtype}")
        self.dtype = dtype

    def _changed(self, images: Images) -> Images:
        return images

    def _dtype_for(self, given: torch.dtype) -> torch.dtype:
        del given
        return self.dtype


class Normalize(ValueTransform):
    """(values - mean) / std, of each band its own; inverse variances are multiplied by std²."""

    def __init__(
        self, mean: float | Sequence[float], std: float | Sequence[float], *, axis: int = -3, key: str | None = None
    ) -> None:
        """Takes the statistics of a data set.

        Args:
            mean: one number, or one for each band.
            std: likewise; positive.
            axis: that of the bands, of images (B, bands, H, W) -3, of spectra (B, bands, N) -2.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if a std is not positive.
        """
        super().__init__(key)
        self.mean: float | tuple[float, ...] = _numbers(mean)
        self.std: float | tuple[float, ...] = _numbers(std)
        self.axis = axis
        if not all(number > 0 for number in (self.std if isinstance(self.std, tuple) else (self.std,))):
            raise ValueError(f"std is positive, not {std}")

    def _changed(self, images: Images) -> Images:
        return images.scaled(self._along_axis(self.mean, images.values), self._along_axis(self.std, images.values))

    def _along_axis(self, numbers: float | tuple[float, ...], values: torch.Tensor) -> torch.Tensor | float:
        if not isinstance(numbers, tuple):
            return numbers
        axis = self.axis % values.ndim
        if values.shape[axis] != len(numbers):
            raise ValueError(f"{len(numbers)} numbers for {values.shape[axis]} bands of {tuple(values.shape)}")
        return values.new_tensor(numbers).reshape(-1, *[1] * (values.ndim - axis - 1))


def _numbers(given: float | Sequence[float]) -> float | tuple[float, ...]:
    return float(given) if isinstance(given, int | float) else tuple(float(number) for number in given)


class NormalizeIvar(ValueTransform):
    """Each image less its mean, over its standard deviation, both weighted by inverse variance.

    The weights are 0 at masked values and values that are not finite. Inverse variances are multiplied by the square of
    the deviation. Sums are in float64. An image without any weight is not changed; one whose values are all
    equal becomes 0. The gradient takes mean and deviation as constants.
    """

    def __init__(self, *, axes: int = 2, key: str | None = None) -> None:
        """Takes what an image is.

        Args:
            axes: how many of the last axes: 2 for each plane by itself, 1 for spectra, 3 for all bands together.
            key: the entry; see `ValueTransform`.
        """
        super().__init__(key)
        self.axes = axes

    def _changed(self, images: Images) -> Images:
        if images.ivar is None:
            raise ValueError("NormalizeIvar needs inverse variances: a dict with 'image' and 'ivar'")
        mean, std = _weighted(images.values.detach(), _weights(images, images.ivar).detach(), _last(images, self.axes))
        return images.scaled(mean, std)


def _weights(images: Images, ivar: torch.Tensor) -> torch.Tensor:
    return ivar.masked_fill(~(images.good() & usable(ivar)), 0)


def _last(images: Images, axes: int) -> list[int]:
    if not 0 < axes < images.values.ndim:
        raise ValueError(
            f"images of {axes} axes in values of shape {tuple(images.values.shape)}; apply_one() takes a single sample"
        )
    return list(range(-axes, 0))


def _weighted(values: torch.Tensor, weights: torch.Tensor, axes: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation, in the dtype of the values."""
    weights64 = weights.double()
    values64 = values.double().masked_fill(weights == 0, 0)
    total = weights64.sum(axes, keepdim=True)
    weights64 = weights64 / torch.where(total > 0, total, 1)
    mean = (weights64 * values64).sum(axes, keepdim=True)
    std = (weights64 * (values64 - mean) ** 2).sum(axes, keepdim=True).sqrt()
    return mean.to(values.dtype), torch.where(std > 0, std, 1).to(values.dtype)


class Whiten(ValueTransform):
    """Values in units of their own noise: values * sqrt(ivar); 0 where nothing is known (ivar 0).

    Inverse variances become 1, or stay 0.
    """

    def __init__(self, *, key: str | None = None) -> None:
        """Takes the entry; see `ValueTransform`."""
        super().__init__(key)

    def _changed(self, images: Images) -> Images:
        if images.ivar is None:
            raise ValueError("Whiten needs inverse variances: a dict with 'image' and 'ivar'")
        known = usable(images.ivar)
        root = images.ivar.masked_fill(~known, 0).sqrt()
        return Images((images.values * root).masked_fill(~known, 0), known.to(images.ivar.dtype), images.mask)


class Asinh(ValueTransform):
    """asinh(values / softening) / asinh(scale / softening): linear near 0, logarithmic beyond the softening.

    With scale 1 it is astropy's `AsinhStretch(a=softening)` without its clipping; Lupton's asinh(Q x / stretch) / Q has
    the softening stretch / Q. Inverse variances are divided by the square of the slope at each value.
    """

    def __init__(self, softening: float = 0.1, scale: float = 1.0, *, key: str | None = None) -> None:
        """Takes the curve.

        Args:
            softening: positive, in units of the values; often a few times their noise.
            scale: the value that becomes 1.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if softening or scale is not positive.
        """
        super().__init__(key)
        if not (softening > 0 and scale > 0):
            raise ValueError(f"softening and scale are positive, not {softening} and {scale}")
        self.softening = softening
        self.scale = scale

    def _changed(self, images: Images) -> Images:
        top = math.asinh(self.scale / self.softening)
        values = (images.values / self.softening).asinh() / top
        if images.ivar is None:
            return Images(values, None, images.mask)
        slope2 = 1 / ((images.values**2 + self.softening**2) * top**2)
        return Images(values, _over(images.ivar, slope2), images.mask)


class Log(ValueTransform):
    """log(a * values + 1) / log(a + 1), of negative values 0; astropy's `LogStretch(a)` without its clipping at 1.

    Inverse variances are divided by the square of the slope at each value, at negative ones of that at 0.
    """

    def __init__(self, a: float = 1000.0, *, key: str | None = None) -> None:
        """Takes the curve.

        Args:
            a: positive; the larger, the more logarithmic. Values from 0 to 1 become values from 0 to 1.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if a is not positive.
        """
        super().__init__(key)
        if not a > 0:
            raise ValueError(f"a is positive, not {a}")
        self.a = a

    def _changed(self, images: Images) -> Images:
        linear = self.a * images.values.clamp(min=0)
        values = linear.log1p() / math.log1p(self.a)
        if images.ivar is None:
            return Images(values, None, images.mask)
        slope = self.a / ((linear + 1) * math.log1p(self.a))
        return Images(values, _over(images.ivar, slope * slope), images.mask)


def _over(ivar: torch.Tensor, slope2: torch.Tensor) -> torch.Tensor:
    """Inverse variances of stretched values; none where there was none, whatever the value is there."""
    return (ivar / slope2).masked_fill(~usable(ivar), 0)


class Clip(ValueTransform):
    """Values between two limits; NaN stays, and so do inverse variances."""

    def __init__(self, low: float | None = None, high: float | None = None, *, key: str | None = None) -> None:
        """Takes the limits.

        Args:
            low: the least value; None for no limit.
            high: the greatest value; None for no limit.
            key: the entry; see `ValueTransform`.

        Raises:
            ValueError: if there is no limit, or low is above high.
        """
        super().__init__(key)
        if low is None and high is None:
            raise ValueError("Clip needs a limit")
        if low is not None and high is not None and low > high:
            raise ValueError(f"low {low} is above high {high}")
        self.low = low
        self.high = high

    def _changed(self, images: Images) -> Images:
        return images._replace(values=images.values.clamp(self.low, self.high))
