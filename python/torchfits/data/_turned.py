"""Parts of images, each mirrored and transposed in its own way, and parts of these again."""

from __future__ import annotations

import torch

_ROWS, _COLUMNS, _TRANSPOSED = 1, 2, 4  # as the engine has them: rows and columns are mirrored, then transposed

QUARTERS = (0, _COLUMNS | _TRANSPOSED, _ROWS | _COLUMNS, _ROWS | _TRANSPOSED)
"""The symmetry of `torch.rot90` by so many quarter turns."""


def flip_of(axis: int) -> int:
    """The symmetry of a flip of the axis -1 or -2."""
    return _COLUMNS if axis == -1 else _ROWS


class Parts:
    """A part of each of some images, and how it is turned: rectangles of one size at the end."""

    def __init__(self, count: int, size: tuple[int, int]) -> None:
        """All of each image, as it is.

        Args:
            count: number of images.
            size: rows and columns of each.
        """
        self._size = size
        self._row = torch.zeros(count, dtype=torch.int64)
        self._column = torch.zeros(count, dtype=torch.int64)
        self._symmetry = torch.zeros(count, dtype=torch.int64)

    @staticmethod
    def transposes(symmetry: int) -> bool:
        """Whether rows become columns."""
        return symmetry & _TRANSPOSED != 0

    def cut(self, row: torch.Tensor | int, column: torch.Tensor | int, size: tuple[int, int]) -> None:
        """Takes a part of what there is now.

        Args:
            row: the first one of the part, for all or int64 (count,).
            column: likewise.
            size: rows and columns of the part.
        """
        before, behind_row = row, self._size[0] - size[0] - row
        left, behind_column = column, self._size[1] - size[1] - column
        transposed = self._has(_TRANSPOSED)
        # Along the axes of the image, what is before the part there, and what is behind it.
        rows = torch.where(transposed, left, before), torch.where(transposed, behind_column, behind_row)
        columns = torch.where(transposed, before, left), torch.where(transposed, behind_row, behind_column)
        self._row = self._row + torch.where(self._has(_ROWS), rows[1], rows[0])
        self._column = self._column + torch.where(self._has(_COLUMNS), columns[1], columns[0])
        self._size = size

    def turn(self, symmetry: torch.Tensor | int) -> None:
        """Turns what there is now; for all, or int64 (count,). Of different turns rows and columns must be as many."""
        turn = torch.as_tensor(symmetry).expand_as(self._symmetry)
        # A flip of what is transposed is one of the other axis before that.
        self._symmetry = torch.where(self._has(_TRANSPOSED), _swapped(turn), turn) ^ self._symmetry
        if bool((turn & _TRANSPOSED).any()):
            self._size = (self._size[1], self._size[0])

    def moves(self) -> torch.Tensor:
        """First row and column in each image, and the symmetry: int64 (count, 3)."""
        return torch.stack([self._row, self._column, self._symmetry], -1)

    def _has(self, bit: int) -> torch.Tensor:
        return self._symmetry & bit != 0


def _swapped(symmetry: torch.Tensor) -> torch.Tensor:
    """Rows for columns."""
    return (symmetry & _TRANSPOSED) | (symmetry & _ROWS) << 1 | (symmetry & _COLUMNS) >> 1


_MIRRORED = [quarter ^ (_ROWS if quarter & _TRANSPOSED else _COLUMNS) for quarter in QUARTERS]

DIHEDRAL = torch.tensor([*QUARTERS, *_MIRRORED])
"""The symmetry of each number that `RandomDihedral` draws: quarter turns, and these with mirrored columns then."""
