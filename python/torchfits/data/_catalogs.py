# pyarrow has no types, numpy's arrays too many.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
"""Manifests out of catalogs: FITS tables, Parquet and CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from torchfits import _arrow
from torchfits._columns import StringColumn
from torchfits.data._manifest import Manifest, from_centres, size_of
from torchfits.tables import read_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchfits._location import Hdu

_Codes = tuple[Any, list[str]]
"""Of each row the number of its word, -1 for none; and the words."""


def boxes_of(
    path: str | os.PathLike[str],
    file: str | Sequence[str],
    centres: list[str],
    *,
    hdu: Hdu | list[Hdu | None] | None,
    size: int | Sequence[int],
    origin: int,
    folder: str | os.PathLike[str] | None,
    table: Hdu | None,
) -> Manifest:
    """The manifest of boxes around the objects of a catalog, as `CutoutDataset.from_catalog` has it.

    Args:
        path: of the catalog.
        file: columns with names of files.
        centres: columns of positions, C order.
        hdu: of the images.
        size: of the boxes.
        origin: the number of the first pixel.
        folder: of the files.
        table: of a FITS catalog.
    """
    columns = [file] if isinstance(file, str) else list(file)
    hdus = hdu if isinstance(hdu, list) else [hdu] * len(columns)
    if not columns or len(hdus) != len(columns):
        raise ValueError(f"{len(columns)} columns of files, {len(hdus)} HDUs: each band needs one of both")
    lengths = size_of(size, len(centres))
    words, positions = _read(path, columns, centres, table)
    if folder is not None:
        words = [(codes, [str(Path(folder) / name) if name else "" for name in names]) for codes, names in words]
    stacked = not isinstance(file, str)
    return from_centres(words, hdus, positions - origin, lengths, stacked=stacked)


def _read(
    path: str | os.PathLike[str], files: list[str], centres: list[str], table: Hdu | None
) -> tuple[list[_Codes], Any]:
    names = list(dict.fromkeys([*files, *centres]))
    kind = Path(path).suffix.lower()
    if kind in (".parquet", ".pq", ".csv"):
        columns: Any = _parquet(path, names) if kind != ".csv" else _csv(path, names)
        words = [_coded(columns[name].combine_chunks(), path, name) for name in files]
        return words, np.stack([_numbers(columns[name], path, name) for name in centres], axis=1)
    read = read_columns(path, names, hdu=table)
    # Names are found whatever their case.
    by_name = dict(zip(names, read.values(), strict=True))
    return (
        [_coded(_words(by_name[name], path, name), path, name) for name in files],
        np.stack([_tensor(by_name[name], path, name) for name in centres], axis=1),
    )


def _parquet(path: str | os.PathLike[str], names: list[str]) -> Any:  # noqa: ANN401
    from pyarrow import parquet

    known = parquet.read_schema(path).names
    _require(path, names, known)
    return parquet.read_table(path, columns=names)


def _csv(path: str | os.PathLike[str], names: list[str]) -> Any:  # noqa: ANN401
    from pyarrow import csv

    columns = csv.read_csv(path)
    _require(path, names, columns.column_names)
    return columns


def _require(path: str | os.PathLike[str], names: list[str], known: list[str]) -> None:
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"{os.fspath(path)} has no column {missing[0]!r}: {', '.join(known)}")


def _words(column: Any, path: str | os.PathLike[str], name: str) -> Any:  # noqa: ANN401
    if not isinstance(column, StringColumn) or len(column.shape) != 1:
        raise ValueError(f"{os.fspath(path)}: column {name!r} holds no names of files")
    return _arrow.to_binary(column)


def _coded(column: Any, path: str | os.PathLike[str], name: str) -> _Codes:  # noqa: ANN401 - an array of Arrow
    import pyarrow as pa

    if pa.types.is_null(column.type):
        return np.full(len(column), -1), []
    if not (_is_text(column.type) or pa.types.is_dictionary(column.type)):
        raise ValueError(f"{os.fspath(path)}: column {name!r} holds no names of files, but {column.type}")
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = [_decoded(word) for word in coded.dictionary.to_pylist()]
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, words


def _is_text(kind: Any) -> bool:  # noqa: ANN401
    from pyarrow import types

    return any(test(kind) for test in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary))


def _decoded(word: str | bytes | None) -> str:
    return os.fsdecode(word).strip() if isinstance(word, bytes) else (word or "").strip()


def _numbers(column: Any, path: str | os.PathLike[str], name: str) -> Any:  # noqa: ANN401
    import pyarrow as pa

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise ValueError(f"{os.fspath(path)}: column {name!r} holds no positions, but {column.type}")
    return column.cast(pa.float64()).to_numpy()


def _tensor(column: Any, path: str | os.PathLike[str], name: str) -> Any:  # noqa: ANN401
    if not isinstance(column, torch.Tensor) or column.ndim != 1 or column.is_complex() or column.dtype == torch.bool:
        raise ValueError(f"{os.fspath(path)}: column {name!r} holds no positions")
    return cast("Any", column.to(torch.float64).numpy())
