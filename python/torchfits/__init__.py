"""FITS files as torch tensors.

Nothing starts at import: the Java engine starts with the first call that reads.
"""

import typing as _typing

from torchfits import cache, data, lineage
from torchfits._columns import RaggedColumn, StringColumn
from torchfits._doctor import doctor
from torchfits._memmap import memmap
from torchfits._statistics import CategoryStats, NumberStats
from torchfits.batches import read_batch, read_cutouts
from torchfits.errors import (
    CfitsioError,
    ChangedFileError,
    ColumnNotFoundError,
    CorruptDataError,
    EngineError,
    EngineForkError,
    EngineStartError,
    ExistingFileError,
    ExpressionError,
    FileAccessError,
    FileReadError,
    FileWriteError,
    FitsError,
    FitsMemoryError,
    FitsWarning,
    HduKindError,
    HduNotFoundError,
    HeaderError,
    LibraryNotFoundError,
    MismatchError,
    MissingFileError,
    NotAFileError,
    NotFitsError,
    SectionError,
    TruncatedFileError,
    UnsupportedFitsError,
    UnwritableDataError,
    ValueRangeError,
    WcslibError,
)
from torchfits.files import HDU, HDUList, open
from torchfits.headers import Header, read_header
from torchfits.images import read_image
from torchfits.lazy import GroupedTable, Table, sky, table
from torchfits.reading import read
from torchfits.tables import read_columns
from torchfits.writing import Column, write

if _typing.TYPE_CHECKING:
    from torchfits.frames import MaterializedFrame, RemoteMaterializedFrame, read_table

__version__ = "0.1.0"

__all__ = [
    "HDU",
    "CategoryStats",
    "CfitsioError",
    "ChangedFileError",
    "Column",
    "ColumnNotFoundError",
    "CorruptDataError",
    "EngineError",
    "EngineForkError",
    "EngineStartError",
    "ExistingFileError",
    "ExpressionError",
    "FileAccessError",
    "FileReadError",
    "FileWriteError",
    "FitsError",
    "FitsMemoryError",
    "FitsWarning",
    "GroupedTable",
    "HDUList",
    "HduKindError",
    "HduNotFoundError",
    "Header",
    "HeaderError",
    "LibraryNotFoundError",
    "MaterializedFrame",
    "MismatchError",
    "MissingFileError",
    "NotAFileError",
    "NotFitsError",
    "NumberStats",
    "RaggedColumn",
    "RemoteMaterializedFrame",
    "SectionError",
    "StringColumn",
    "Table",
    "TruncatedFileError",
    "UnsupportedFitsError",
    "UnwritableDataError",
    "ValueRangeError",
    "WcslibError",
    "cache",
    "data",
    "doctor",
    "lineage",
    "memmap",
    "open",
    "read",
    "read_batch",
    "read_columns",
    "read_cutouts",
    "read_header",
    "read_image",
    "read_table",
    "sky",
    "table",
    "write",
]


def __getattr__(name: str) -> _typing.Any:  # noqa: ANN401 - what the module has under that name
    """`torch_frame` takes a second to import: what needs it is imported when it is asked for."""
    if name in ("MaterializedFrame", "RemoteMaterializedFrame", "read_table"):
        from torchfits import frames

        return getattr(frames, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
