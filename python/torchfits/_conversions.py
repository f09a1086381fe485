"""Tables of other packages as columns. None of these packages is imported before its table is there."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from torchfits._columns import RaggedColumn, StringColumn
from torchfits._fields import Column
from torchfits._frame_columns import columns_of_frame
from torchfits._table_file import Batch
from torchfits._values import Masked, offsets_of, shared, values_of
from torchfits.errors import UnwritableDataError

if TYPE_CHECKING:
    import torch


def batch_of(data: object) -> Batch | None:
    """The columns of a table; None if it is none.

    Takes a mapping from name to column, a structured array, a Table of astropy, a TensorFrame, a DataFrame of pandas,
    and whatever has an Arrow stream or array: tables and batches of pyarrow, DataFrames of polars.

    Raises:
        UnwritableDataError: for a column that FITS cannot hold.
    """
    if isinstance(data, Mapping):
        return Batch(cast("Mapping[str, object]", data), {})
    if isinstance(data, np.ndarray):
        array = cast("np.ndarray[Any, Any]", data)
        return None if array.dtype.names is None else Batch({name: array[name] for name in array.dtype.names}, {})
    if _is_a(data, "astropy", "Table"):
        return _from_astropy(data)
    if _is_a(data, "torch_frame", "TensorFrame"):
        return columns_of_frame(data)
    if _is_a(data, "pandas", "DataFrame") or hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return _from_arrow(data)
    return None


def _is_a(data: object, package: str, name: str) -> bool:
    """Whether the object is of a class of a package that need not be installed."""
    return any(cls.__name__ == name and cls.__module__.partition(".")[0] == package for cls in type(data).__mro__)


# astropy


def _from_astropy(table: Any) -> Batch:  # noqa: ANN401 - of a package that is not there for the type checker
    columns = {name: _astropy_column(name, table[name]) for name in table.colnames}
    return Batch(columns, {name: _astropy_description(table[name]) for name in table.colnames})


def _astropy_column(name: str, column: Any) -> object:  # noqa: ANN401
    if hasattr(column, "jd1") or not hasattr(column, "dtype"):
        raise UnwritableDataError(
            f"column {name!r}: {type(column).__name__} is no column of numbers or text; convert it to one"
        )
    missing = getattr(column, "mask", None)
    bare = getattr(column, "unmasked", column)
    values = np.ma.getdata(getattr(bare, "value", bare))
    return np.asarray(values) if missing is None else Masked(np.asarray(values), np.broadcast_to(missing, values.shape))


def _astropy_description(column: Any) -> Column:  # noqa: ANN401
    unit = column.info.unit
    return Column(unit=None if unit is None else _unit_text(unit), comment=column.info.description)


def _unit_text(unit: Any) -> str:  # noqa: ANN401
    """As FITS writes units; those that FITS does not know as astropy does."""
    try:
        return unit.to_string("fits")
    except ValueError:
        return str(unit)


# Arrow


def _arrow(module: str) -> Any:  # noqa: ANN401
    return import_module(module)


def _from_arrow(data: Any) -> Batch:  # noqa: ANN401
    pa = _arrow("pyarrow")
    try:
        is_pandas = _is_a(data, "pandas", "DataFrame")
        table: Any = pa.Table.from_pandas(data, preserve_index=False) if is_pandas else pa.table(data)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise UnwritableDataError(f"no Arrow table can be made of {type(data).__name__}: {error}") from None
    names: list[str] = table.column_names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UnwritableDataError(f"two columns have the name {twice!r}")
    return Batch({name: _arrow_column(name, _whole(table[name])) for name in names}, {})


def _whole(column: Any) -> Any:  # noqa: ANN401
    """All chunks as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _arrow_column(name: str, array: Any) -> object:  # noqa: ANN401
    pa, types = _arrow("pyarrow"), _arrow("pyarrow.types")
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _arrow_column(name, array.storage)
    if types.is_dictionary(kind):
        return _arrow_column(name, array.dictionary_decode())
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _arrow_strings(array.cast(pa.large_string()).fill_null(""))
    if types.is_fixed_size_list(kind):
        return _arrow_vectors(name, array)
    if types.is_list(kind) or types.is_large_list(kind):
        lengths = array.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        return RaggedColumn(_arrow_elements(name, array.flatten()), offsets_of(lengths))
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return _arrow_numbers(array)
    if types.is_timestamp(kind) or types.is_date(kind):
        return array.to_numpy(zero_copy_only=False)
    raise UnwritableDataError(f"column {name!r}: FITS has nothing for Arrow's {kind}")


def _arrow_strings(array: Any) -> StringColumn:  # noqa: ANN401
    _, offsets, characters = array.buffers()
    starts = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(characters, np.uint8) if characters is not None else np.empty(0, np.uint8)
    return StringColumn(shared(text), shared(starts))


def _arrow_vectors(name: str, array: Any) -> object:  # noqa: ANN401
    if array.null_count:
        raise UnwritableDataError(f"column {name!r}: a vector is missing")
    elements = _arrow_elements(name, array.flatten())
    return elements.reshape(len(array), array.type.list_size, *elements.shape[1:])


def _arrow_elements(name: str, array: Any) -> torch.Tensor:  # noqa: ANN401
    values = values_of(name, _arrow_column(name, array), None)
    if values.letter == "A" or values.offsets is not None or values.null is not None:
        raise UnwritableDataError(f"column {name!r}: lists of {array.type} with or without missing ones")
    return values.elements


def _arrow_numbers(array: Any) -> object:  # noqa: ANN401
    if array.null_count == 0:
        return array.to_numpy(zero_copy_only=False)
    return Masked(
        array.fill_null(False if str(array.type) == "bool" else 0).to_numpy(zero_copy_only=False),
        array.is_null().to_numpy(zero_copy_only=False),
    )
