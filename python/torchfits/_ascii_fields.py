"""Columns of ASCII tables (FITS 4.0, section 7.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import torch

from torchfits._engine import RowPart
from torchfits._fields import Column, Field, Heap

if TYPE_CHECKING:
    from torchfits._values import Values

_FORM = re.compile(r"([AI])(\d+)|([FED])(\d+)\.(\d+)")
_FORMS = {
    torch.uint8: "I3",
    torch.int8: "I4",
    torch.int16: "I6",
    torch.uint16: "I5",
    torch.int32: "I11",
    torch.uint32: "I10",
    torch.int64: "I20",
    torch.float32: "E15.8",
    torch.float64: "D24.16",
}
"""What holds every value of a dtype with all its digits."""

_BLANK = ord(" ")
_MISSING = "NAN"
"""What stands for a floating number that is missing."""


def ascii_field(name: str, values: Values, column: Column) -> Field:
    """The field for a column.

    Raises:
        UnwritableDataError: for what ASCII tables do not have: truth values, complex numbers, vectors and arrays.
    """
    return _TextField(name, values, column) if values.letter == "A" else _NumberField(name, values, column)


class _AsciiField(Field):
    def __init__(self, name: str, values: Values, column: Column) -> None:
        super().__init__(name, values, column)
        is_text = values.letter == "A"
        axes = 2 if is_text and values.offsets is None else 1
        if values.elements.dim() != axes or (values.offsets is not None and not is_text):
            raise self.failure("in an ASCII table a row has one value")
        default = f"A{max(1, _width(values))}" if is_text else _FORMS.get(values.elements.dtype)
        if default is None:
            raise self.failure(f"ASCII tables have no data type for {values.elements.dtype}")
        self.form = column.form or default
        match = _FORM.fullmatch(self.form)
        if match is None or _kind(match) != _kind(_FORM.fullmatch(default)):
            raise self.failure(f"form {column.form!r} is not for {self.letter} values in an ASCII table")
        self._digits = match[5] and int(match[5])
        self._kind = match[1] or match[3]
        self.width = int(match[2] or match[4])


def _kind(match: re.Match[str] | None) -> str | None:
    return match and (match[1] or "float")


def _width(values: Values) -> int:
    return values.elements.shape[1] if values.offsets is None else values.longest


class _TextField(_AsciiField):
    def __init__(self, name: str, values: Values, column: Column) -> None:
        super().__init__(name, values, column)
        self._stored_null(values, 0, 0)

    def _encode(self, values: Values, heap: Heap) -> RowPart:
        del heap
        offsets = values.offsets
        characters = values.elements
        if offsets is None:
            lengths = (characters != 0).sum(1)
            offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
            characters = characters[characters != 0]
        too_long = (offsets.diff() > self.width).nonzero()
        if len(too_long):
            raise self.failure(f"text longer than {self.width} characters; give a form", int(too_long[0, 0]))
        return RowPart(characters, offsets, self.width, _BLANK)


class _NumberField(_AsciiField):
    def __init__(self, name: str, values: Values, column: Column) -> None:
        super().__init__(name, values, column)
        if self._kind == "I":
            limits = torch.iinfo(values.elements.dtype)
            null = self._stored_null(values, limits.min, limits.max)
            self.null = None if null is None else str(null + self.zero)
            self._format = f"%{self.width}d"
        else:
            self._stored_null(values, 0, 0)
            self.null = _MISSING[: self.width]
            self._format = f"%{self.width}.{self._digits}{'F' if self._kind == 'F' else 'E'}"

    def _encode(self, values: Values, heap: Heap) -> RowPart:
        del heap
        if values.null is not None and self.null != str(values.null):
            raise self.failure("a value is missing, and none was in the first batch: give its null in columns")
        numbers = cast("list[float]", values.elements.tolist())  # pyright: ignore[reportUnknownMemberType]
        if values.letter in "ED" and bool(values.elements.isinf().any()):
            row = int(values.elements.isinf().nonzero()[0, 0])
            raise self.failure("infinite, which ASCII tables do not have", row)
        text = (self._format * len(numbers)) % tuple(numbers)
        if len(text) != self.width * len(numbers):
            row = next(row for row, number in enumerate(numbers) if len(self._format % number) > self.width)
            raise self.failure(f"{numbers[row]} does not fit into {self.width} characters", row)
        characters = torch.frombuffer(bytearray(text, "ascii"), dtype=torch.uint8)
        return RowPart(characters.reshape(-1, self.width))
