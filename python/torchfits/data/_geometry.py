"""Moves of whole pixels: flips, quarter turns, crops, padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch

from torchfits.data._moves import Move, RandomMove, outside_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CenterCrop", "Flip", "Pad", "RandomCrop", "RandomDihedral", "Rot90"]

PadMode: TypeAlias = Literal["constant", "edge", "reflect"]


class Flip(Move):
    """Turns the order of rows or of columns round."""

    def __init__(self, axis: int = -1, *, keys: Sequence[str] | None = None) -> None:
        """Takes the axis.

        Args:
            axis: -1 to reverse each row (left and right), -2 to reverse the order of the rows.
            keys: the entries; see `Move`.

        Raises:
            ValueError: if it is another axis.
        """
        super().__init__(keys)
        if axis not in (-1, -2):
            raise ValueError(f"Flip takes the axis -1 or -2, not {axis}")
        self.axis = axis

    def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
        del name
        return entry.flip(self.axis)


class Rot90(Move):
    """Turns images by quarter turns, as `torch.rot90(image, k, (-2, -1))`: counterclockwise if row 0 is on top."""

    def __init__(self, k: int = 1, *, keys: Sequence[str] | None = None) -> None:
        """Takes the number of quarter turns, and the entries; see `Move`."""
        super().__init__(keys)
        self.k = k

    def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
        del name
        return entry.rot90(self.k, (-2, -1))


class CenterCrop(Move):
    """Cuts the centre out of images; where it cannot be exact, half a pixel towards row and column 0."""

    def __init__(self, size: int | Sequence[int], *, keys: Sequence[str] | None = None) -> None:
        """Takes the size.

        Args:
            size: rows and columns of what is left, or one number for both.
            keys: the entries; see `Move`.
        """
        super().__init__(keys)
        self.size = _pair(size)

    def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
        return _center(entry, name, self.size)


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    rows, columns = (size, size) if isinstance(size, int) else size
    if rows < 1 or columns < 1:
        raise ValueError(f"a size is positive, not {size}")
    return rows, columns


def _center(entry: torch.Tensor, name: str, size: tuple[int, int]) -> torch.Tensor:
    _check_fits(entry, name, size)
    row, column = center_place(entry.shape[-2:], size)
    return entry[..., row : row + size[0], column : column + size[1]]


def center_place(whole: Sequence[int], size: Sequence[int]) -> tuple[int, int]:
    """First row and column of the centre of images, of the rows and columns that these are told of."""
    return (whole[0] - size[0]) // 2, (whole[1] - size[1]) // 2


def _check_fits(entry: torch.Tensor, name: str, size: tuple[int, int]) -> None:
    if entry.shape[-2] < size[0] or entry.shape[-1] < size[1]:
        raise ValueError(f"{name} of {tuple(entry.shape[-2:])} pixels is smaller than the crop of {size}")


class RandomCrop(RandomMove):
    """Cuts a random part out of each image; in `eval()` its centre."""

    _numbers = 2

    def __init__(self, size: int | Sequence[int], *, keys: Sequence[str] | None = None) -> None:
        """Takes the size.

        Args:
            size: rows and columns of what is left, or one number for both.
            keys: the entries; see `Move`.
        """
        super().__init__(keys)
        self.size = _pair(size)

    def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
        return _center(entry, name, self.size)

    def _moved_by(self, entry: torch.Tensor, name: str, drawn: torch.Tensor) -> torch.Tensor:
        _check_fits(entry, name, self.size)
        (rows, columns), width = self.size, entry.shape[-1]
        row, column = drawn_places(drawn, entry.shape[-2:], self.size)
        row_of = row[:, None] + torch.arange(rows, device=entry.device)
        column_of = column[:, None] + torch.arange(columns, device=entry.device)
        places = row_of[:, :, None] * width + column_of[:, None, :]
        return gathered(entry, places)


def drawn_places(drawn: torch.Tensor, whole: Sequence[int], size: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """First row and first column, int64 (B,), of a random part of each image.

    Args:
        drawn: (B, 2) in [0, 1).
        whole: rows and columns of the images.
        size: likewise of the parts.
    """
    free = torch.tensor([whole[0] - size[0] + 1, whole[1] - size[1] + 1], device=drawn.device)
    row, column = (drawn * free).long().unbind(-1)
    return row, column


def gathered(entry: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Pixels (B, ..., h, w) of an entry (B, ..., H, W) at `places` (B, h, w), numbers of pixels in a plane."""
    planes = entry.reshape(entry.shape[0], -1, entry.shape[-2] * entry.shape[-1])
    pixels = planes.gather(-1, places.flatten(1)[:, None].expand(-1, planes.shape[1], -1))
    return pixels.reshape(*entry.shape[:-2], *places.shape[1:])


class Pad(Move):
    """Adds pixels around images."""

    def __init__(
        self,
        padding: int | Sequence[Sequence[int]],
        mode: PadMode = "constant",
        fill: float = 0.0,
        *,
        keys: Sequence[str] | None = None,
    ) -> None:
        """Takes how many, and which.

        Args:
            padding: as for `numpy.pad`: ((top, bottom), (left, right)), or one number for all sides.
            mode: "constant" for `fill` (in inverse variances 0, in masks true), "edge" for the nearest pixel, "reflect"
                for the image mirrored at the centre of its outermost pixels.
            fill: in units of the values.
            keys: the entries; see `Move`.

        Raises:
            ValueError: if a number is negative, or the mode is another.
        """
        super().__init__(keys)
        sides: Any = ((padding, padding), (padding, padding)) if isinstance(padding, int) else padding
        (top, bottom), (left, right) = sides
        if min(top, bottom, left, right) < 0:
            raise ValueError(f"padding is not negative, as in {padding}")
        if mode not in ("constant", "edge", "reflect"):
            raise ValueError(f"mode is 'constant', 'edge' or 'reflect', not {mode!r}")
        self.padding = ((top, bottom), (left, right))
        self.mode: PadMode = mode
        self.fill = fill

    def _moved(self, entry: torch.Tensor, name: str) -> torch.Tensor:
        (top, bottom), (left, right) = self.padding
        if self.mode == "constant":
            outside = outside_of(entry, name, self.fill)
            return torch.nn.functional.pad(entry, (left, right, top, bottom), value=outside)
        rows = self._places(entry.shape[-2], top, bottom, name)
        columns = self._places(entry.shape[-1], left, right, name)
        return entry.index_select(-2, rows.to(entry.device)).index_select(-1, columns.to(entry.device))

    def _places(self, size: int, before: int, after: int, name: str) -> torch.Tensor:
        """Which row or column stands at each place of the padded image."""
        places = torch.arange(-before, size + after)
        if self.mode == "edge":
            return places.clamp(0, size - 1)
        if max(before, after) >= size:
            raise ValueError(f"{name} of {size} pixels cannot be reflected {max(before, after)} pixels far")
        return size - 1 - (size - 1 - places.abs()).abs()


class RandomDihedral(RandomMove):
    """Turns and flips each image at random: one of the 8 symmetries of the square, all alike likely.

    Images that are not square are a ValueError.
    """

    def __init__(self, *, keys: Sequence[str] | None = None) -> None:
        """Takes the entries; see `Move`."""
        super().__init__(keys)

    def _moved_by(self, entry: torch.Tensor, name: str, drawn: torch.Tensor) -> torch.Tensor:
        size = entry.shape[-1]
        if entry.shape[-2] != size:
            raise ValueError(f"{name} of {tuple(entry.shape[-2:])} pixels is not square")
        places = torch.arange(size * size, device=entry.device).reshape(size, size)
        turned = [places.rot90(k) for k in range(4)]
        symmetries = torch.stack([*turned, *(each.flip(-1) for each in turned)])
        return gathered(entry, symmetries[dihedral_number(drawn)])


def dihedral_number(drawn: torch.Tensor) -> torch.Tensor:
    """Which symmetry, int64 (B,): 0 to 3 for so many quarter turns, 4 to 7 for these with mirrored columns then.

    Args:
        drawn: (B, 1) in [0, 1).
    """
    return (drawn[:, 0] * 8).long()
