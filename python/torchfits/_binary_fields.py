"""Columns of binary tables (FITS 4.0, section 7.3)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np
import torch

from torchfits._engine import RowPart
from torchfits._fields import Column, Field, Heap

if TYPE_CHECKING:
    from torchfits._values import Values

_FORM = re.compile(r"(\d*)([LXBIJKEDCMA])")
_DESCRIPTOR = re.compile(r"[01]?([PQ])([LBIJKEDCMA])(?:\(\d*\))?")
P_MOST_BYTES = (1 << 31) - 1
"""What the descriptors of 32 bits can reach; Q has 64."""


def binary_field(name: str, values: Values, column: Column, *, descriptor: str, any_length: bool) -> Field:
    """The field for a column.

    Args:
        name: of the column.
        values: the first ones.
        column: what the user wants.
        descriptor: "P" or "Q", of arrays and strings of any length.
        any_length: whether strings, other than those of one width, are of any length unless the form tells a width.
    """
    wanted = column.form
    if values.offsets is None:
        kind = _BitField if wanted is not None and wanted.endswith("X") else _FixedField
        return kind(name, values, column)
    if values.letter == "A" and not (wanted is None and any_length) and not _is_descriptor(wanted):
        return _StringField(name, values, column)
    return _ArrayField(name, values, column, descriptor)


def _is_descriptor(form: str | None) -> bool:
    return form is not None and _DESCRIPTOR.fullmatch(form) is not None


class _FixedField(Field):
    """Numbers, truth values, or text that has one width already."""

    def __init__(self, name: str, values: Values, column: Column) -> None:
        super().__init__(name, values, column)
        self._item_bytes = values.elements.element_size()
        self._shape = list(values.elements.shape[1:])
        if self.letter == "A":
            self._shape[-1] = max(1, self._shape[-1])
        self._apply_form(column.form)
        count = math.prod(self._shape)
        self.form = f"{'' if count == 1 else count}{self.letter}"
        self.width = count * self._item_bytes
        # A vector of one element is told from a scalar by its TDIM.
        if len(self._shape) > 1 or (self._shape == [1] and self.letter != "A"):
            self.dim = f"({','.join(map(str, reversed(self._shape)))})"
        if values.letter in "BIJK":
            limits = torch.iinfo(values.elements.dtype)
            self.null = self._stored_null(values, limits.min, limits.max)
        else:
            self._stored_null(values, 0, 0)

    def _apply_form(self, form: str | None) -> None:
        """A form may only make text wider; other ones say what is there."""
        if form is None:
            return
        match = _FORM.fullmatch(form)
        count = int(match[1] or 1) if match else -1
        if match is None or match[2] != self.letter:
            raise self.failure(f"form {form!r} is not for {self.letter} values")
        if self.letter == "A" and len(self._shape) == 1:
            self._shape = [count]
        elif count != math.prod(self._shape):
            raise self.failure(f"form {form!r} is not for {math.prod(self._shape)} values in a row")

    def _encode(self, values: Values, heap: Heap) -> RowPart:
        del heap
        elements = values.elements
        if values.offsets is not None:
            raise self.failure("values of any length in one batch, of one width in those before")
        if self.letter == "A":
            elements = self._padded(elements)
        if list(elements.shape[1:]) != self._shape:
            raise self.failure(f"shape {tuple(elements.shape[1:])} of a row, {tuple(self._shape)} in those before")
        self._require_null(values, self.zero)
        return RowPart(elements)

    def _padded(self, text: torch.Tensor) -> torch.Tensor:
        width = self._shape[-1]
        long = (text[..., width:] != 0).nonzero()
        if len(long):
            raise self.failure(f"text longer than {width} characters; give a form", int(long[0, 0]))
        return torch.nn.functional.pad(text[..., :width], (0, width - min(width, text.shape[-1]))).contiguous()


class _BitField(Field):
    """Truth values as bits, the first one in the highest bit of the first byte."""

    def __init__(self, name: str, values: Values, column: Column) -> None:
        super().__init__(name, values, column)
        self._shape = values.elements.shape[1:]
        count = math.prod(self._shape)
        self.form = f"{count}X"
        self.width = -(-count // 8)
        if len(self._shape) > 1:
            self.dim = f"({','.join(map(str, reversed(self._shape)))})"
        if column.form not in (self.form, "X"):
            raise self.failure(f"form {column.form!r} is not for {count} values in a row")
        self._stored_null(values, 0, 0)

    def _encode(self, values: Values, heap: Heap) -> RowPart:
        del heap
        if values.elements.dtype != torch.bool:
            raise self.failure("bits are made of truth values of which none is missing")
        if values.elements.shape[1:] != self._shape:
            raise self.failure(f"shape {tuple(values.elements.shape[1:])} of a row, {tuple(self._shape)} before")
        rows = values.elements.reshape(values.rows, math.prod(self._shape))
        return RowPart(torch.as_tensor(np.packbits(rows.numpy(), axis=1)))


class _StringField(Field):
    """Strings in fields of one width, with 0 behind shorter ones."""

    def __init__(self, name: str, values: Values, column: Column) -> None:
        super().__init__(name, values, column)
        self._stored_null(values, 0, 0)
        match = None if column.form is None else _FORM.fullmatch(column.form)
        if column.form is not None and (match is None or match[2] != "A"):
            raise self.failure(f"form {column.form!r} is not for strings")
        self.width = max(1, values.longest) if match is None else int(match[1] or 1)
        self.form = f"{self.width}A"

    def _encode(self, values: Values, heap: Heap) -> RowPart:
        del heap
        if values.offsets is None:
            raise self.failure("text of one width in one batch, of any length in those before")
        if values.longest > self.width:
            row = int((values.offsets.diff() > self.width).nonzero()[0, 0])
            raise self.failure(f"text longer than {self.width} characters; give a form", row)
        return RowPart(values.elements, values.offsets, self.width)


class _ArrayField(Field):
    """Arrays of any lengths, or strings, in the heap; the rows hold their descriptors (FITS 4.0, section 7.3.5)."""

    def __init__(self, name: str, values: Values, column: Column, descriptor: str) -> None:
        super().__init__(name, values, column)
        self._descriptor = descriptor
        if column.form is not None:
            match = _DESCRIPTOR.fullmatch(column.form)
            if match is None or match[2] != self.letter:
                raise self.failure(f"form {column.form!r} is not for arrays of {self.letter}")
            self._descriptor = match[1]
        self.width = 8 if self._descriptor == "P" else 16
        self._longest = 0
        limits = torch.iinfo(values.elements.dtype) if values.letter in "BIJK" else None
        self.null = self._stored_null(values, limits.min if limits else 0, limits.max if limits else 0)

    @property
    def form(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - known when all rows are
        """TFORM with the length of the longest array."""
        return f"1{self._descriptor}{self.letter}({self._longest})"

    def _encode(self, values: Values, heap: Heap) -> RowPart:
        if values.offsets is None:
            raise self.failure("text of one width in one batch, of any length in those before")
        first, end = int(values.offsets[0]), int(values.offsets[-1])
        size = values.elements.element_size()
        start = heap.add(values.elements[first:end])
        if self._descriptor == "P" and start + (end - first) * size > P_MOST_BYTES:
            raise self.failure(f"P descriptors do not reach byte {start + (end - first) * size} of the heap; Q do")
        self._longest = max(self._longest, values.longest)
        descriptors = torch.stack([values.offsets.diff(), (values.offsets[:-1] - first) * size + start], dim=1)
        return RowPart(descriptors.to(torch.int32) if self._descriptor == "P" else descriptors)
