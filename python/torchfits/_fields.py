"""Columns of a table that is written: the cards that describe them, and how values become bytes of the rows."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol

from torchfits._cards import format_card
from torchfits.errors import UnwritableDataError

if TYPE_CHECKING:
    import torch

    from torchfits._cards import CardValue
    from torchfits._engine import RowPart
    from torchfits._values import Values

_DISPLAY = re.compile(r"[ALIBOZ]\d+(\.\d+)?|(F|EN?|ES|G|D)\d+\.\d+(E\d+)?")


def is_display(text: str) -> bool:
    """Whether it can be TDISP (FITS 4.0, table 20)."""
    return _DISPLAY.fullmatch(text) is not None


@dataclass(frozen=True)
class Column:
    """How a column is written, where the data alone do not tell.

    Attributes:
        form: TFORM (FITS 4.0, tables 15 and 18): `20A` for the width of strings, `PA` or `QA` for strings of any
            length, `PE` or `QE` for the descriptors of arrays, `8X` for truth values as bits; in ASCII tables `A20`,
            `I10`, `F10.4`, `E15.8`, `D24.16`. None for the form that holds the values.
        unit: TUNIT.
        display: TDISP, as `F8.3`.
        null: TNULL, the integer that stands for missing values, as the column has it (before TZERO).
        comment: of the column, as TCOMM.
    """

    form: str | None = None
    unit: str | None = None
    display: str | None = None
    null: int | None = None
    comment: str | None = None

    def or_else(self, other: Column) -> Column:
        """This column, with what it does not tell from another one."""
        mine = {field.name: getattr(self, field.name) for field in fields(self)}
        return Column(**{name: getattr(other, name) if value is None else value for name, value in mine.items()})


class Heap(Protocol):
    """Where the elements of arrays go."""

    def add(self, elements: torch.Tensor) -> int:
        """Writes elements behind those that are there; the byte of the heap where they begin."""
        ...


class Field(ABC):
    """A column of a table that is written.

    Attributes:
        name: TTYPE.
        letter: the data type of FITS.
        zero: TZERO.
        form: TFORM; its length does not change as values are encoded.
        width: bytes in a row.
        dim: TDIM; None for scalars and vectors.
        null: TNULL as it is stored; None for none.
    """

    form: str
    width: int
    dim: str | None = None
    null: int | str | None = None

    def __init__(self, name: str, values: Values, column: Column) -> None:
        """The field for values like these.

        Raises:
            UnwritableDataError: if they cannot be written so.
        """
        self.name = name
        self.letter = values.letter
        self.zero = values.zero
        self._column = column
        if column.display is not None and not is_display(column.display):
            raise self.failure(f"display {column.display!r} is no TDISP")

    def encode(self, values: Values, heap: Heap) -> RowPart:
        """What these rows have in the column.

        Raises:
            UnwritableDataError: for values that are not like the first ones.
        """
        # Arrays of which all are empty have no dtype to speak of.
        if values.elements.numel() and (values.letter, values.zero) != (self.letter, self.zero):
            raise self.failure(f"{values.elements.dtype} in one batch, another dtype in those before")
        return self._encode(values, heap)

    @abstractmethod
    def _encode(self, values: Values, heap: Heap) -> RowPart: ...

    def cards(self, number: int, start: int | None) -> list[str]:
        """The images of the cards of column `number`, from 1, which begins at byte `start` of an ASCII row, from 1."""
        cards: list[tuple[str, CardValue]] = [
            ("TTYPE", self.name),
            ("TFORM", self.form),
            ("TBCOL", start),
            ("TUNIT", self._column.unit),
            ("TNULL", self.null),
            ("TSCAL", 1 if self.zero and start is None else None),
            ("TZERO", self.zero if self.zero and start is None else None),
            ("TDISP", self._column.display),
            ("TDIM", self.dim),
            ("TCOMM", self._column.comment),
        ]
        try:
            return [format_card(f"{keyword}{number}", value) for keyword, value in cards if value is not None]
        except ValueError as error:
            raise self.failure(str(error)) from None

    def failure(self, reason: str, row: int | None = None) -> UnwritableDataError:
        """The exception that names this column, and the row from 0 in the batch."""
        return UnwritableDataError(f"column {self.name!r}{'' if row is None else f', row {row}'}: {reason}")

    def _stored_null(self, values: Values, least: int, most: int) -> int | None:
        """TNULL as it is stored, of an integer column that holds values from `least` to `most`."""
        null = self._column.null if values.null is None else values.null
        if null is None:
            return None
        if values.letter not in "BIJK":
            raise self.failure(f"only integers have a null value, not {values.elements.dtype}")
        if not least <= null <= most:
            raise self.failure(f"{values.elements.dtype} does not hold the null value {null}")
        return null - self.zero

    def _require_null(self, values: Values, zero: int) -> None:
        if values.null is not None and self.null != values.null - zero:
            raise self.failure("a value is missing, and none was in the first batch: give its null in columns")
