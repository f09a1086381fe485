"""New FITS files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, cast

from torchfits._conversions import batch_of
from torchfits._fields import Column
from torchfits._new_file import NewFile
from torchfits._table_file import Options, write_table
from torchfits._table_header import other_cards
from torchfits.headers import Header, NewValue

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from torchfits._table_file import Batch

__all__ = ["Column", "write"]


def write(
    path: str | os.PathLike[str],
    data: object,
    header: Header | Mapping[str, NewValue] | None = None,
    *,
    columns: Mapping[str, Column] | None = None,
    format: Literal["binary", "ascii"] = "binary",
    overwrite: bool = False,
) -> None:
    """Writes a table into a new file, as HDU 1.

    The file is written beside its target, synced to the disk and renamed: after an error or Ctrl-C there is none, and
    one that is replaced stays as it was until then.

    Columns of a dict are tensors or numpy arrays (rows, ...) of any byte order, lists of str, lists of arrays of any
    lengths, `StringColumn` and `RaggedColumn`. Truth values become L; uint8 to int64, float32, float64 and complex
    numbers what they are; int8 and unsigned integers too, by TZERO; float16 and bfloat16 become float32; times become
    ISO 8601 text. More axes than one of rows give TDIM. Missing values (masks, nulls) become NaN, TNULL, the empty
    string, or a truth value that is neither. Strings get the width of the longest one, with zeros behind shorter ones.

    Of a `MaterializedFrame` everything is written, `others` too: categories as the values that they stand for, numbers
    as the float32 that they are in the frame, times as text, and units. Read again it is the same frame.

    Args:
        path: of the file. Taken literally: brackets in it have no meaning.
        data: a dict from name to column, a structured array, a `TensorFrame`, a table of Arrow (or of whatever gives
            an Arrow stream, as polars), a pandas DataFrame (without its index), an astropy Table; or an iterator or
            list of those, which is written batch by batch in constant memory. Of a stream the first batch tells what
            the columns are, its strings are of any length (QA) where `columns` gives no width, and an integer that is
            missing in a later batch alone needs a null.
        header: cards of the table's HDU, as EXTNAME; keywords that tell how a file is built are left out.
        columns: for columns of that name: unit, display, null, form and comment, before what `data` tells of them.
        format: "ascii" for an ASCII table, of integers (not uint64), floats and strings.
        overwrite: whether a file of that name may be replaced.

    Raises:
        ExistingFileError: if there is a file of that name; it is a FileExistsError.
        UnwritableDataError: for data that FITS cannot hold; it names column and row (of the batch, from 0).
        FitsError: if the file cannot be written.
        TypeError: for data of another kind.
        ValueError: for other arguments that make no sense.
    """
    if format not in ("binary", "ascii"):
        raise ValueError(f"format must be 'binary' or 'ascii', not {format!r}")
    is_stream = _is_stream(data)
    batches = map(_batch, cast("Iterable[object]", data) if is_stream else [data])
    options = Options(
        columns={} if columns is None else columns,
        others=[] if header is None else other_cards(_text(header)),
        is_ascii=format == "ascii",
        is_stream=is_stream,
    )
    with NewFile(path, overwrite=overwrite) as file:
        first = next(batches, None)
        if first is None:
            raise ValueError("no batch: what the columns are is not known")
        write_table(file, first, batches, options)


def _text(header: Header | Mapping[str, NewValue]) -> str:
    """The cards; a Header of astropy gives them too."""
    return cast("Header", header if hasattr(header, "tostring") else Header(header)).tostring()


def _is_stream(data: object) -> bool:
    return isinstance(data, Iterator | list | tuple)


def _batch(data: object) -> Batch:
    batch = batch_of(data)
    if batch is None:
        raise TypeError(f"{type(data).__name__} is no table; a dict from name to column is one")
    return batch
