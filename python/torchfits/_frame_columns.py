"""Columns of a TensorFrame, as they are written; torch_frame is not imported, as a frame comes with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from torchfits._columns import RaggedColumn
from torchfits._fields import Column, is_display
from torchfits._rows import null_value
from torchfits._table_file import Batch
from torchfits._values import Masked
from torchfits.errors import UnwritableDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torchfits._columns import ColumnInfo


def columns_of_frame(frame: Any) -> Batch:  # noqa: ANN401 - of a package that is not there for the type checker
    """The columns of a TensorFrame; of a `MaterializedFrame` as its file had them, as far as the frame holds them.

    Numbers are written as float32 and times as text, as a frame has them. With a vocabulary, categories are written as
    the values that they stand for, with TNULL where an integer is missing; without one as numbers, -1 is missing.
    Units and displays are those of the schema, where they still fit; columns are in its order.

    Raises:
        UnwritableDataError: for a column that FITS cannot hold.
    """
    schema: Mapping[str, ColumnInfo] = getattr(frame, "schema", {})
    columns: dict[str, object] = {}
    described: dict[str, Column] = {}
    for stype, names in frame.col_names_dict.items():
        for index, name in enumerate(names):
            feature = _Feature(name, schema.get(name), getattr(frame, "vocabulary", {}).get(name))
            columns[name], described[name] = feature.column(stype.value, frame.feat_dict[stype], index)
    for name, data in getattr(frame, "others", {}).items():
        columns[name], described[name] = data, _like(schema.get(name), is_integer=True)
    if frame.y is not None:
        if "y" in columns:
            raise UnwritableDataError("column 'y': the name of the target, and of a feature too")
        columns["y"] = frame.y
    order = {name: columns[name] for name in schema if name in columns}
    return Batch({**order, **columns}, described)


def _like(info: ColumnInfo | None, *, is_integer: bool, null: int | None = None) -> Column:
    """What is told of a column besides its values.

    Args:
        info: of the column in the file; None if it is of none.
        is_integer: whether integers are still integers, and bits bits.
        null: for integers of no file.
    """
    if info is None:
        return Column(null=null)
    display = info.display if is_display(info.display) and (is_integer or info.display[0] not in "IBOZL") else None
    form = info.form if is_integer and info.kind == "TENSOR" and info.form.endswith("X") else None
    return Column(form, info.unit or None, display, null_value(info) if is_integer else None)


class _Feature:
    """A column of a frame."""

    def __init__(self, name: str, info: ColumnInfo | None, vocabulary: Sequence[Any] | None) -> None:
        self._name = name
        self._info = info
        self._vocabulary = vocabulary

    def column(self, stype: str, features: Any, index: int) -> tuple[object, Column]:  # noqa: ANN401
        """Its values, and what is told of them."""
        as_float = _like(self._info, is_integer=False)
        match stype:
            case "numerical":
                return features[:, index], as_float
            case "categorical":
                return self._categories(features[:, index])
            case "multicategorical" if self._vocabulary is not None:
                return self._members(features[:, index])
            case "multicategorical" | "sequence_numerical":
                cell = features[:, index]
                return RaggedColumn(cell.values, cell.offset), as_float
            case "embedding" | "text_embedded" | "image_embedded":
                return self._vectors(features[:, index].values), as_float
            case "timestamp":
                return _times(features[:, index].cpu().numpy()), Column()
            case _:
                raise UnwritableDataError(f"column {self._name!r}: FITS has nothing for the stype {stype}")

    def _categories(self, codes: torch.Tensor) -> tuple[object, Column]:
        if self._vocabulary is None:
            return codes, _like(self._info, is_integer=True, null=-1)
        numbers = codes.cpu().numpy()
        values = self._words()[numbers]
        if self._info is not None and self._info.dtype == torch.bool:
            values = values.astype(bool)
        return Masked(values, numbers < 0), _like(self._info, is_integer=True)

    def _words(self) -> np.ndarray[Any, Any]:
        """The vocabulary, and behind it, where -1 points to, what stands for no value."""
        words = list(self._vocabulary or ())
        if not words or isinstance(words[0], str):
            return np.array([*words, ""])
        if self._info is not None and self._info.dtype == torch.bool:
            # Of bits the words are the numbers of those that are set.
            return np.array([*words, 0])
        dtype = None if self._info is None else self._info.dtype
        return np.array([*words, 0], dtype=torch.empty(0, dtype=dtype or torch.int64).numpy().dtype)

    def _members(self, cells: Any) -> tuple[object, Column]:  # noqa: ANN401 - a MultiNestedTensor
        members = self._words()[cells.values.cpu().numpy()]
        told = _like(self._info, is_integer=True)
        if self._info is None or self._info.dtype != torch.bool:
            return RaggedColumn(torch.as_tensor(members), cells.offset), told
        lengths = cells.offset.diff()
        bits = torch.zeros(len(lengths), *self._info.shape, dtype=torch.bool)
        bits[torch.repeat_interleave(torch.arange(len(lengths)), lengths), torch.as_tensor(members).long()] = True
        return bits, told

    def _vectors(self, vectors: torch.Tensor) -> torch.Tensor:
        shape = () if self._info is None else self._info.shape
        return vectors.reshape(-1, *shape) if shape and math.prod(shape) == vectors.shape[1] else vectors


def _times(parts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Times out of year, month and day from 0, weekday, hour, minute, second; none where they are -1."""
    years = parts[:, 0].astype("M8[Y]") - 1970
    days = (years.astype("M8[M]") + parts[:, 1]).astype("M8[D]") + parts[:, 2]
    times = days.astype("M8[s]") + (parts[:, 4] * 3600 + parts[:, 5] * 60 + parts[:, 6])
    return np.where(parts[:, 0] < 0, np.datetime64("NaT"), times)
