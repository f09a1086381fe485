"""FITS files as torch tensors.

Nothing starts at import: the Java engine starts with the first call that reads. What has a name here is imported when
it is asked for: most programs need a small part of the package.
"""

import typing as _typing

# A process that forks while another package's JVM runs needs the hooks that this registers.
from torchfits import _jvm as _jvm
from torchfits._lazily import named as _named
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

if _typing.TYPE_CHECKING:
    from torchfits import cache, data, lineage
    from torchfits._columns import RaggedColumn, StringColumn
    from torchfits._doctor import doctor
    from torchfits._memmap import memmap
    from torchfits._statistics import CategoryStats, NumberStats
    from torchfits.batches import read_batch, read_cutouts
    from torchfits.files import HDU, HDUList, open
    from torchfits.frames import MaterializedFrame, RemoteMaterializedFrame, read_table
    from torchfits.headers import Header, read_header
    from torchfits.images import read_image
    from torchfits.lazy import GroupedTable, Table, sky, table
    from torchfits.reading import read
    from torchfits.tables import read_columns
    from torchfits.writing import Column, write

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

__getattr__, __dir__ = _named(
    __name__,
    {
        "CategoryStats": "torchfits._statistics",
        "Column": "torchfits.writing",
        "GroupedTable": "torchfits.lazy",
        "HDU": "torchfits.files",
        "HDUList": "torchfits.files",
        "Header": "torchfits.headers",
        "MaterializedFrame": "torchfits.frames",
        "NumberStats": "torchfits._statistics",
        "RaggedColumn": "torchfits._columns",
        "RemoteMaterializedFrame": "torchfits.frames",
        "StringColumn": "torchfits._columns",
        "Table": "torchfits.lazy",
        "cache": "torchfits.cache",
        "data": "torchfits.data",
        "doctor": "torchfits._doctor",
        "lineage": "torchfits.lineage",
        "memmap": "torchfits._memmap",
        "open": "torchfits.files",
        "read": "torchfits.reading",
        "read_batch": "torchfits.batches",
        "read_columns": "torchfits.tables",
        "read_cutouts": "torchfits.batches",
        "read_header": "torchfits.headers",
        "read_image": "torchfits.images",
        "read_table": "torchfits.frames",
        "sky": "torchfits.lazy",
        "table": "torchfits.lazy",
        "write": "torchfits.writing",
    },
)
