"""Moves by parts of a pixel: shifts and rotations."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import torch

from torchfits.data._geometry import gathered
from torchfits.data._images import usable
from torchfits.data._moves import RandomMove, is_ivar, is_mask, outside_of
from torchfits.data._transform import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["RandomRotate", "RandomShift"]

Kernel: TypeAlias = Literal["nearest", "bilinear", "bicubic"]
_KERNELS = ("nearest", "bilinear", "bicubic")


class Part(NamedTuple):
    """Of each new pixel one of those that it is made of, (B, ..., h, w), and its weight, (B, 1 ..., 1 or h, 1 or w)."""

    pixels: torch.Tensor
    weight: torch.Tensor


class Positions(NamedTuple):
    """Where new pixels lie in an image: whole pixels (int64) and fractions in [0, 1), (B, h, w) each."""

    row: torch.Tensor
    row_fraction: torch.Tensor
    column: torch.Tensor
    column_fraction: torch.Tensor

    def parts(self, entry: torch.Tensor, kernel: Kernel, outside: float) -> Iterator[Part]:
        """What the new pixels are made of."""
        for row_step, row_weight in _weights(kernel, self.row_fraction):
            for column_step, column_weight in _weights(kernel, self.column_fraction):
                pixels = _pixels(entry, self.row + row_step, self.column + column_step, outside)
                yield Part(pixels, _in_front(row_weight * column_weight, entry))


class Shift(NamedTuple):
    """The content of each image goes so many pixels back: whole ones (int64) and fractions in [0, 1), (B, 2) each."""

    whole: torch.Tensor
    fraction: torch.Tensor

    def parts(self, entry: torch.Tensor, kernel: Kernel, outside: float) -> Iterator[Part]:
        """What the new pixels are made of: one window of each image, seen from places one pixel apart."""
        height, width = entry.shape[-2:]
        fractions = _in_front(self.fraction[:, :, None, None], entry[:, None]).unbind(1)
        rows, columns = (_weights(kernel, fraction) for fraction in fractions)
        first, reach = rows[0][0], len(rows) - 1
        row, column = (self.whole + first)[:, :, None, None].unbind(1)
        row = row + torch.arange(height + reach, device=entry.device)[:, None]
        column = column + torch.arange(width + reach, device=entry.device)
        window = _pixels(entry, row, column, outside)
        for i, (_, row_weight) in enumerate(rows):
            for j, (_, column_weight) in enumerate(columns):
                yield Part(window[..., i : i + height, j : j + width], row_weight * column_weight)


def _pixels(entry: torch.Tensor, row: torch.Tensor, column: torch.Tensor, outside: float) -> torch.Tensor:
    """Those (B, ..., h, w) of an entry at rows and columns (B, 1 or h, 1 or w)."""
    height, width = entry.shape[-2:]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    places = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    return torch.where(_in_front(inside, entry), gathered(entry, places), outside)


def _weights(kernel: Kernel, t: torch.Tensor) -> list[tuple[int, torch.Tensor]]:
    """Steps from the whole pixel and their weights at the fractions t; whole pixels are kept exactly."""
    if kernel == "nearest":
        later = (t >= 0.5).to(t.dtype)
        return [(0, 1 - later), (1, later)]
    if kernel == "bilinear":
        return [(0, 1 - t), (1, t)]
    return [  # Keys' cubic convolution with a = -1/2
        (-1, ((1 - t / 2) * t - 0.5) * t),
        (0, (1.5 * t - 2.5) * t * t + 1),
        (1, ((2 - 1.5 * t) * t + 0.5) * t),
        (2, (t - 1) / 2 * t * t),
    ]


def _in_front(numbers: torch.Tensor, entry: torch.Tensor) -> torch.Tensor:
    """(B, ..., h, w) with axes of 1 for those that the entry has more."""
    axes = numbers.ndim - 3
    return numbers.reshape(*numbers.shape[: 1 + axes], *[1] * (entry.ndim - numbers.ndim), *numbers.shape[1 + axes :])


def resampled(
    entry: torch.Tensor, name: str, positions: Positions | Shift, kernel: Kernel, fill: float
) -> torch.Tensor:
    """New pixels of an entry, by what it holds; see `RandomShift`."""
    outside = outside_of(entry, name, fill)
    if is_mask(entry, name):
        return _any_of(positions.parts(entry, kernel, outside))
    if not entry.is_floating_point():
        if name in MAIN:
            raise TypeError(f"{entry.dtype} cannot be interpolated: use ToDtype before it")
        return _any_of(positions.parts(entry, "nearest", outside))
    wide = entry.float() if entry.dtype in (torch.float16, torch.bfloat16) else entry
    if is_ivar(name):
        return _resampled_ivar(wide, positions, kernel).to(entry.dtype)
    return _sum(positions.parts(wide, kernel, fill)).to(entry.dtype)


def _sum(parts: Iterator[Part]) -> torch.Tensor:
    """The weighted sum; what has no weight has no part in it, even if it is NaN."""
    weighed = (torch.where(weight != 0, pixels * weight.to(pixels.dtype), 0) for pixels, weight in parts)
    return functools.reduce(torch.add, weighed)


def _any_of(parts: Iterator[Part]) -> torch.Tensor:
    """All bits of the pixels that have a weight."""
    some = (torch.where(weight != 0, pixels, torch.zeros_like(pixels)) for pixels, weight in parts)
    return functools.reduce(torch.bitwise_or, some)


def _resampled_ivar(ivar: torch.Tensor, positions: Positions | Shift, kernel: Kernel) -> torch.Tensor:
    known = usable(ivar)
    variance = 1 / torch.where(known, ivar, 1)
    unknown = _any_of(positions.parts(~known, kernel, outside=True))
    return (1 / _sum(positions.parts(variance, "bilinear", 1.0))).masked_fill(unknown, 0)


class RandomShift(RandomMove):
    """Shifts each image by a random part of pixels.

    Values are interpolated by a kernel: "bicubic" (Keys, third order; small overshoots at edges), "bilinear" (smooths)
    or "nearest" (whole pixels alone, values unchanged). Shifts by whole pixels are exact for all. What comes from
    outside the image is `fill`. In step with the values, variances are interpolated linearly, as if the noise of
    neighbours were one: pixels that share noise are not counted twice, so that the information of an area stays.
    Inverse variances are 0, and masks true (bits of integers: any), where a pixel that is unknown, masked or outside
    has a part in the new one. Other integers (labels) take the nearest pixel; an "image" or "flux" of integers is a
    TypeError.
    """

    _numbers = 2

    def __init__(
        self,
        max_shift: float | Sequence[float] = 0.5,
        kernel: Kernel = "bicubic",
        fill: float = 0.0,
        *,
        keys: Sequence[str] | None = None,
    ) -> None:
        """Takes the range.

        Args:
            max_shift: greatest shift to either side, in pixels, of rows and columns or one number for both.
            kernel: "bicubic", "bilinear" or "nearest".
            fill: what is outside the image, in units of the values.
            keys: the entries; see `Move`.

        Raises:
            ValueError: if a shift is negative, or the kernel is another.
        """
        super().__init__(keys)
        rows, columns = (max_shift, max_shift) if isinstance(max_shift, int | float) else max_shift
        if rows < 0 or columns < 0:
            raise ValueError(f"max_shift is not negative, as in {max_shift}")
        self.max_shift = (float(rows), float(columns))
        self.kernel: Kernel = _checked(kernel)
        self.fill = fill

    def _moved_by(self, entry: torch.Tensor, name: str, drawn: torch.Tensor) -> torch.Tensor:
        shift = (drawn * 2 - 1) * drawn.new_tensor(self.max_shift)
        return shifted(entry, name, shift, self.kernel, self.fill)


def _checked(kernel: Kernel) -> Kernel:
    if kernel not in _KERNELS:
        raise ValueError(f"kernel is one of {', '.join(_KERNELS)}, not {kernel!r}")
    return kernel


def shifted(entry: torch.Tensor, name: str, shift: torch.Tensor, kernel: Kernel, fill: float) -> torch.Tensor:
    """An entry whose content is `shift` (B, 2) pixels further along rows and columns."""
    whole = (-shift).floor()
    return resampled(entry, name, Shift(whole.long(), -shift - whole), kernel, fill)


class RandomRotate(RandomMove):
    """Turns each image by a random angle about its centre, counterclockwise if row 0 is on top; its size stays.

    Values, inverse variances, masks and labels are interpolated as by `RandomShift`; positions are rounded to 1/1024
    pixel, so that quarter turns are exact.
    """

    def __init__(
        self,
        degrees: float | Sequence[float] = 180.0,
        kernel: Kernel = "bilinear",
        fill: float = 0.0,
        *,
        keys: Sequence[str] | None = None,
    ) -> None:
        """Takes the range.

        Args:
            degrees: the least and the greatest angle, or one number for both ways.
            kernel: "bicubic", "bilinear" or "nearest".
            fill: what is outside the image, in units of the values.
            keys: the entries; see `Move`.

        Raises:
            ValueError: if the range is empty, or the kernel is another.
        """
        super().__init__(keys)
        low, high = (-degrees, degrees) if isinstance(degrees, int | float) else degrees
        if low > high:
            raise ValueError(f"angles from {low} to {high}")
        self.degrees = (float(low), float(high))
        self.kernel: Kernel = _checked(kernel)
        self.fill = fill

    def _moved_by(self, entry: torch.Tensor, name: str, drawn: torch.Tensor) -> torch.Tensor:
        low, high = self.degrees
        angle = (low + (high - low) * drawn[:, :, None]) * (math.pi / 180)
        rows, columns = (torch.arange(size, device=entry.device) - (size - 1) / 2 for size in entry.shape[-2:])
        sine, cosine = angle.sin(), angle.cos()
        row = cosine * rows[:, None] + sine * columns + (entry.shape[-2] - 1) / 2
        column = cosine * columns - sine * rows[:, None] + (entry.shape[-1] - 1) / 2
        return resampled(entry, name, Positions(*_split(row), *_split(column)), self.kernel, self.fill)


def _split(position: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Whole pixels and fractions of positions rounded to 1/1024."""
    steps = (position * 1024).round()
    whole = (steps / 1024).floor()
    return whole.long(), steps / 1024 - whole
