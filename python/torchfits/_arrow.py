# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""Columns as Arrow arrays, without a copy where the memory allows it, and what pyarrow does with them.

The only module that imports pyarrow; it is imported by the functions that need it.

| column                   | Arrow                                                         | copied            |
|--------------------------|---------------------------------------------------------------|-------------------|
| integers, floats         | the same type                                                 | no                |
| bool                     | bool, a bit each                                              | yes               |
| complex64, complex128    | fixed_size_list<float>[2], fixed_size_list<double>[2]: re, im | no                |
| (rows, d, ...)           | fixed_size_list of fixed_size_list ...; large_list if d is 0  | as its elements   |
| StringColumn             | large_string                                                  | if not all ASCII  |
| RaggedColumn             | large_list, perhaps of fixed_size_lists                       | as its elements   |
| TNULL among integers     | null                                                          | a bit each        |

NaN stays a number, as in Arrow.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute
import torch

from torchfits._columns import FORM_LETTERS, FORM_ZEROS, ColumnInfo, RaggedColumn, StringColumn
from torchfits._rows import ColumnData, Columns, null_value, nullable, take_or_missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

pc: Any = pyarrow.compute  # its functions are made at import

How = Literal["inner", "left", "semi", "anti"]

Aggregate = Literal[
    "all", "any", "approximate_median", "count", "count_distinct", "distinct", "first", "kurtosis", "last", "list",
    "max", "mean", "min", "product", "skew", "stddev", "sum", "variance",
]  # fmt: skip
"""pyarrow's grouped aggregations that give a column."""

AGGREGATES: tuple[str, ...] = get_args(Aggregate)

_KEEP_UNIT = {"approximate_median", "distinct", "first", "last", "list", "max", "mean", "min", "stddev", "sum"}


def to_table(columns: Columns, schema: Mapping[str, ColumnInfo]) -> Any:  # noqa: ANN401 - pyarrow.Table
    """Columns as a `pyarrow.Table`; TUNITn is in the metadata of a field, as `unit`."""
    arrays = [to_array(data, schema[name]) for name, data in columns.items()]
    fields = [
        pa.field(name, array.type, metadata={"unit": schema[name].unit} if schema[name].unit else None)
        for name, array in zip(columns, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def to_array(data: ColumnData, info: ColumnInfo) -> Any:  # noqa: ANN401 - pyarrow.Array
    """A column as an Arrow array."""
    if isinstance(data, RaggedColumn):
        size = math.prod(data.shape)
        values = _of_cells(_elements(data.values, info), (len(data.values) // size, *data.shape))
        return _nested(
            pa.large_list(values.type), len(data), values, data.offsets if size == 1 else data.offsets // size
        )
    if isinstance(data, StringColumn):
        return _of_cells(_texts(data), data.shape)
    return _of_cells(_elements(data.reshape(-1), info), tuple(data.shape))


def _elements(values: torch.Tensor, info: ColumnInfo) -> Any:  # noqa: ANN401
    """A tensor of one axis."""
    if values.is_complex():
        return _of_cells(pa.array(torch.view_as_real(values).reshape(-1).numpy()), (len(values), 2))
    numbers = values.numpy()
    null = null_value(info)
    return pa.array(numbers, mask=None if null is None else numbers == null)


def _of_cells(elements: Any, shape: tuple[int, ...]) -> Any:  # noqa: ANN401
    """Rows of elements that stand one behind the other, in C order."""
    array = elements
    for axis in range(len(shape) - 1, 0, -1):
        count = 1
        for extent in shape[:axis]:
            count *= extent
        if shape[axis]:
            array = _nested(pa.list_(array.type, shape[axis]), count, array)
        else:
            # polars has no fixed-size lists of nothing.
            array = _nested(pa.large_list(array.type), count, array, torch.zeros(count + 1, dtype=torch.int64))
    return array


def _nested(type_: Any, count: int, values: Any, offsets: torch.Tensor | None = None) -> Any:  # noqa: ANN401
    buffers = [None] if offsets is None else [None, pa.py_buffer(offsets.numpy())]
    return pa.Array.from_buffers(type_, count, buffers, children=[values])


def to_binary(strings: StringColumn) -> Any:  # noqa: ANN401
    """Strings as large_binary, in the same memory."""
    buffers = [None, pa.py_buffer(strings.offsets.numpy()), pa.py_buffer(strings.values.numpy())]
    return pa.Array.from_buffers(pa.large_binary(), strings.offsets.numel() - 1, buffers)


def _texts(strings: StringColumn) -> Any:  # noqa: ANN401
    """Strings as large_string, whose bytes are UTF-8."""
    if bool((strings.values > 127).any()):
        values = bytes(strings.values.numpy())
        ends = strings.offsets.tolist()  # pyright: ignore[reportUnknownMemberType]
        texts = [values[ends[i] : ends[i + 1]].decode("latin-1") for i in range(len(ends) - 1)]
        return pa.array(texts, pa.large_string())
    return _compact(strings, pa.large_string())


def _compact(strings: StringColumn, type_: Any) -> Any:  # noqa: ANN401
    buffers = [None, pa.py_buffer(strings.offsets.numpy()), pa.py_buffer(strings.values.numpy())]
    return pa.Array.from_buffers(type_, strings.offsets.numel() - 1, buffers)


def _scalars(data: ColumnData, info: ColumnInfo) -> Any:  # noqa: ANN401
    """A column of one value a row, for what has an order and is equal or not; strings as their bytes.

    Raises:
        TypeError: for other columns.
    """
    plain = isinstance(data, torch.Tensor) and data.ndim == 1 and not data.is_complex()
    if not plain and not (isinstance(data, StringColumn) and len(data.shape) == 1):
        raise TypeError(f"column {info.name} has not one number, string or logical value in each row")
    return _compact(data, pa.large_binary()) if isinstance(data, StringColumn) else to_array(data, info)


def _keys(data: ColumnData, info: ColumnInfo) -> Any:  # noqa: ANN401
    """A column as a key: 0 and -0 are equal, and so are all NaN, though Arrow compares bits."""
    array = _scalars(data, info)
    if not pa.types.is_floating(array.type):
        return array
    numbers = array.to_numpy(zero_copy_only=False) + 0.0
    numbers[np.isnan(numbers)] = np.nan
    return pa.array(numbers)


def sort_order(keys: Columns, schema: Mapping[str, ColumnInfo], descending: Sequence[bool]) -> torch.Tensor:
    """The order of rows by keys, the first one first, rows with equal keys as they are.

    NaN comes after all numbers and TNULL last, also where the order is descending. Strings are in the order of their
    bytes.
    """
    arrays = [_scalars(data, schema[name]) for name, data in keys.items()]
    table = pa.Table.from_arrays(arrays, names=[str(i) for i in range(len(arrays))])
    orders = [(str(i), "descending" if down else "ascending") for i, down in enumerate(descending)]
    return _numbers(pc.sort_indices(table, sort_keys=orders))


def join(
    left: Sequence[tuple[ColumnData, ColumnInfo]], right: Sequence[tuple[ColumnData, ColumnInfo]], how: How
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which rows of two tables belong together.

    Args:
        left: the keys of the first table.
        right: those of the second, one for each of the first.
        how: "inner" for all pairs of rows with equal keys; "left" for these and, with -1, the rows of the first that
            have no partner; "semi" and "anti" for the rows of the first that have one and that have none.

    Returns:
        Rows of the first table, int64, in order, and their partners in the second, in order within; no partners for
        "semi" and "anti". TNULL and NaN equal nothing.
    """
    pairs = [_comparable(*pair) for pair in zip(left, right, strict=True)]
    names = [str(i) for i in range(len(pairs))]
    first = _numbered([pair[0] for pair in pairs], names, "left")
    second = _numbered([pair[1] for pair in pairs], names, "right")
    kind = {"inner": "inner", "left": "left outer", "semi": "left semi", "anti": "left anti"}[how]
    joined = first.join(second, keys=names, join_type=kind)
    rows = _numbers(joined["left"])
    if how in ("semi", "anti"):
        return rows.sort().values, torch.empty(0, dtype=torch.int64)
    partners = _numbers(pc.fill_null(joined["right"], -1))
    order = torch.from_numpy(np.lexsort((partners.numpy(), rows.numpy())))
    return rows[order], partners[order]


def _numbered(keys: Sequence[Any], names: Sequence[str], number: str) -> Any:  # noqa: ANN401
    rows = pa.array(np.arange(len(keys[0])))
    return pa.Table.from_arrays([*keys, rows], names=[*names, number])


def _comparable(left: tuple[ColumnData, ColumnInfo], right: tuple[ColumnData, ColumnInfo]) -> tuple[Any, Any]:
    """Two keys as arrays of one type, with null for NaN."""
    first, second = _key_or_null(*left), _key_or_null(*right)
    if first.type == second.type:
        return first, second
    numbers = [pa.types.is_integer(array.type) or pa.types.is_floating(array.type) for array in (first, second)]
    if not all(numbers):
        raise TypeError(f"column {left[1].name} ({first.type}) and {right[1].name} ({second.type}) cannot be equal")
    floating = any(pa.types.is_floating(array.type) for array in (first, second))
    target = pa.float64() if floating else pa.int64()
    return _cast(first, target), _cast(second, target)


def _cast(array: Any, target: Any) -> Any:  # noqa: ANN401
    """Numbers in another type; null for those that int64 does not have, which equal none in it."""
    if pa.types.is_uint64(array.type) and pa.types.is_int64(target):
        array = pc.if_else(pc.greater(array, pa.scalar(2**63 - 1, pa.uint64())), None, array)
    return array.cast(target, safe=False)


def _key_or_null(data: ColumnData, info: ColumnInfo) -> Any:  # noqa: ANN401
    array = _keys(data, info)
    if not pa.types.is_floating(array.type):
        return array
    return pc.if_else(pc.is_nan(array), None, array)


def aggregate(
    columns: Columns, schema: Mapping[str, ColumnInfo], keys: Sequence[str], wanted: Mapping[str, tuple[str, str]]
) -> tuple[Columns, dict[str, ColumnInfo]]:
    """One row for each group of rows with equal keys, in the order in which the groups begin.

    Args:
        columns: the keys and the columns to aggregate.
        schema: of them.
        keys: names of columns.
        wanted: from the names of the result to a column and one of `AGGREGATES`.

    Returns:
        The keys and the aggregates, and what is known of them.
    """
    names = list(columns)
    arrays = [(_keys if name in keys else _scalars)(columns[name], schema[name]) for name in names]
    table = pa.Table.from_arrays(arrays, names=names)
    # One thread keeps the order of groups and of the rows in them.
    grouped = table.group_by(list(keys), use_threads=False)
    values = [(column, function) for column, function in wanted.values()]
    try:
        made = grouped.aggregate(values)
    except pa.ArrowNotImplementedError as refused:
        raise TypeError(f"an aggregate does not go with the type of its column: {refused}") from refused
    result: Columns = {}
    infos: dict[str, ColumnInfo] = {}
    for name in keys:
        result[name], infos[name] = _from_arrow(made[name], schema[name], holes=null_value(schema[name]) is not None)
    for name, (column, function) in wanted.items():
        unit = schema[column].unit if function in _KEEP_UNIT else ""
        keep_null = schema[column].null if function in ("min", "max", "first", "last", "list", "distinct") else None
        info = replace(schema[column], name=name, unit=unit, null=keep_null)
        holes = null_value(schema[column]) is not None
        result[name], infos[name] = _from_arrow(made[f"{column}_{function}"], info, holes=holes)
    return result, infos


def _from_arrow(chunked: Any, info: ColumnInfo, *, holes: bool) -> tuple[ColumnData, ColumnInfo]:  # noqa: ANN401
    """An aggregate as a column; where it is null, as `take_or_missing` has it.

    Args:
        chunked: the aggregate.
        info: of what was aggregated.
        holes: whether some of that may have been TNULL.
    """
    array = pa.concat_arrays(chunked.chunks) if chunked.num_chunks else pa.array([], chunked.type)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        return _ragged(array.cast(pa.large_list(array.type.value_type)), info, holes=holes)
    rows = torch.from_numpy(np.where(array.is_null().to_numpy(zero_copy_only=False), -1, np.arange(len(array))))
    data = _plain(array)
    made = _made(info, data)
    return (take_or_missing(data, rows, nullable(made)), nullable(made)) if holes else (data, made)


def _ragged(array: Any, info: ColumnInfo, *, holes: bool) -> tuple[RaggedColumn, ColumnInfo]:  # noqa: ANN401
    if pa.types.is_large_binary(array.type.value_type):
        raise TypeError(f"column {info.name} would have lists of strings, which no column has")
    values, known = _from_arrow(pa.chunked_array([array.values]), info, holes=holes)
    offsets = torch.from_numpy(array.offsets.to_numpy(zero_copy_only=False).copy())
    ragged = RaggedColumn(values, offsets)  # pyright: ignore[reportArgumentType]
    return ragged, replace(known, kind="RAGGED", form=f"1Q{known.form}")


def _plain(array: Any) -> ColumnData:  # noqa: ANN401
    """Numbers, logical values or bytes, with anything where there is none."""
    if pa.types.is_large_binary(array.type):
        filled = array.fill_null(b"")
        offsets = np.frombuffer(filled.buffers()[1], np.int64, len(filled) + 1, filled.offset * 8)
        values = np.frombuffer(filled.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
        return StringColumn(torch.from_numpy(values.copy()), torch.from_numpy(offsets - offsets[0]))
    filled = array.fill_null(pa.scalar(0).cast(array.type))
    return torch.from_numpy(filled.to_numpy(zero_copy_only=False).copy())


def _made(info: ColumnInfo, data: ColumnData) -> ColumnInfo:
    """What is known of a column that no file has, in the terms of one."""
    told = replace(info, offset=0, dim=(), scale=1.0, shape=(), problem=None)
    if isinstance(data, StringColumn):
        width = int(data.offsets.diff().max()) if len(data) else 0
        return replace(told, kind="STRINGS", dtype=torch.uint8, form=f"{width}A", zero=0.0)
    assert isinstance(data, torch.Tensor)
    null = null_value(info) if info.dtype == data.dtype else None
    zero = float(FORM_ZEROS.get(data.dtype, 0))
    stored = None if null is None else null - int(zero)
    return replace(told, kind="TENSOR", dtype=data.dtype, form=FORM_LETTERS[data.dtype], zero=zero, null=stored)


def _numbers(array: Any) -> torch.Tensor:  # noqa: ANN401
    return torch.from_numpy(array.to_numpy().astype(np.int64))
