# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""Columns as tables of other libraries, each of which is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from torchfits._columns import ColumnInfo, RaggedColumn, StringColumn
from torchfits._rows import ColumnData, Columns, null_value

_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")

Schema = Mapping[str, ColumnInfo]


def to_arrow(columns: Columns, schema: Schema) -> Any:  # noqa: ANN401 - pyarrow.Table
    """A `pyarrow.Table`, see `_arrow`."""
    from torchfits import _arrow

    return _arrow.to_table(columns, schema)


def to_pandas(columns: Columns, schema: Schema) -> Any:  # noqa: ANN401 - pandas.DataFrame
    """A `pandas.DataFrame`; integers with TNULL are pandas' nullable ones."""
    import pandas as pd

    by_type = {name.lower(): getattr(pd, f"{name}Dtype")() for name in _INTEGERS}
    made = {name: _series(data, schema[name], by_type) for name, data in columns.items()}
    return pd.DataFrame(made)


def _series(data: ColumnData, info: ColumnInfo, nullable: Mapping[str, Any]) -> Any:  # noqa: ANN401 - pandas.Series
    from torchfits import _arrow

    if isinstance(data, torch.Tensor) and data.ndim == 1 and data.is_complex():
        return data.numpy()
    array = _arrow.to_array(data, info)
    dtype = nullable.get(str(array.type)) if array.null_count else None
    return array.to_pandas(types_mapper=None if dtype is None else {array.type: dtype}.get)


def to_polars(columns: Columns, schema: Schema) -> Any:  # noqa: ANN401 - polars.DataFrame
    """A `polars.DataFrame` over the memory of the Arrow table."""
    import polars  # pyright: ignore[reportMissingImports] - perhaps it is not installed

    return polars.from_arrow(to_arrow(columns, schema))


def to_astropy(columns: Columns, schema: Schema) -> Any:  # noqa: ANN401 - astropy.table.Table
    """An `astropy.table.Table` with units; integers with TNULL are masked columns."""
    from astropy.table import Column, MaskedColumn, Table

    table = Table()
    for name, data in columns.items():
        info = schema[name]
        values = _array(data)
        null = None if isinstance(data, RaggedColumn) else null_value(info)
        unit = info.unit or None
        if null is None:
            table[name] = Column(values, unit=unit)
        else:
            table[name] = MaskedColumn(values, mask=values == null, unit=unit)
    return table


def _array(data: ColumnData) -> np.ndarray[Any, Any]:
    if isinstance(data, torch.Tensor):
        return data.numpy()
    if isinstance(data, StringColumn):
        width = int(data.offsets.diff().max()) if data.offsets.numel() > 1 else 1
        return np.array(data.to_list(), dtype=f"U{max(1, width)}").reshape(data.shape)
    rows = np.empty(len(data), dtype=object)
    for row, values in enumerate(data):
        rows[row] = values.numpy()
    return rows
