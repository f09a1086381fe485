"""The tree of exceptions: `FitsError` where a file is to blame, `EngineError` where none is.

Every class has a builtin parent, so that code written for `open()` or a `dict` catches what it expects to catch.
Wrong arguments are `TypeError` and `ValueError`, raised before any file is touched.
"""

from __future__ import annotations


class FitsError(Exception):
    """A file, or what was asked of it, is at fault. The message names the file, the HDU and the reason.

    Attributes:
        status: the status of cfitsio or wcslib, or the errno of the operating system; 0 if there is none.
    """

    status: int = 0


class MissingFileError(FitsError, FileNotFoundError):
    """No file of that name."""


class FileAccessError(FitsError, PermissionError):
    """The operating system refuses access to the file."""


class NotAFileError(FitsError, OSError):
    """A directory, pipe, socket or device where a regular file is needed."""


class FileReadError(FitsError, OSError):
    """The operating system failed to deliver bytes."""


class FileWriteError(FitsError, OSError):
    """The operating system failed to take bytes."""


class ExistingFileError(FitsError, FileExistsError):
    """A file of that name is there, and was not to be overwritten."""


class UnwritableDataError(FitsError, ValueError):
    """Data that no FITS file can hold as they are. The message names column and row."""


class NotFitsError(FitsError, ValueError):
    """The bytes are not FITS."""


class TruncatedFileError(FitsError, EOFError):
    """The file ends before the data that its header describes."""


class ChangedFileError(FitsError, OSError):
    """The file is not the one any more, or not as it was, of which other parts were read before."""


class HeaderError(FitsError, ValueError):
    """The header breaks the standard so that the data cannot be located or understood."""


class CorruptDataError(FitsError, ValueError):
    """The bytes of the data, or of the whole compressed file, cannot be decoded."""


class HduNotFoundError(FitsError, LookupError):
    """The file has no HDU of that number, name or version."""


class ColumnNotFoundError(FitsError, LookupError):
    """The table has no column of that name."""


class HduKindError(FitsError, TypeError):
    """The HDU is not of the kind that was asked for, or holds no data."""


class UnsupportedFitsError(FitsError, NotImplementedError):
    """Valid FITS of a kind that this version cannot read."""


class SectionError(FitsError, IndexError):
    """The section does not lie in the image."""


class ExpressionError(FitsError, ValueError):
    """The condition on the rows of a table cannot be understood, or not of its columns; the message shows where."""


class MismatchError(FitsError, ValueError):
    """Images of one batch, or an image and its destination, differ in shape or dtype."""


class ValueRangeError(FitsError, ValueError):
    """The dtype that was asked for does not hold a pixel's value."""


class FitsMemoryError(FitsError, MemoryError):
    """The memory for the result is not to be had."""


class CfitsioError(FitsError):
    """cfitsio refused; `status` is its own."""


class WcslibError(FitsError, ValueError):
    """wcslib refused; `status` is its own."""


class FitsWarning(UserWarning):
    """A file has a defect that does not keep it from being read."""


class EngineError(RuntimeError):
    """The engine cannot work; no file is to blame."""


class EngineStartError(EngineError):
    """The Java virtual machine could not be started."""


class EngineForkError(EngineError):
    """The process was forked from one whose engine runs, and neither the read nor another engine is to be had there."""


class LibraryNotFoundError(EngineError, ImportError):
    """cfitsio or wcslib is missing or unusable."""


BY_KIND: dict[str, type[Exception]] = {
    "NOT_FOUND": MissingFileError,
    "ACCESS_DENIED": FileAccessError,
    "NOT_A_FILE": NotAFileError,
    "IO": FileReadError,
    "WRITE": FileWriteError,
    "NOT_FITS": NotFitsError,
    "TRUNCATED": TruncatedFileError,
    "BAD_HEADER": HeaderError,
    "BAD_DATA": CorruptDataError,
    "HDU_NOT_FOUND": HduNotFoundError,
    "COLUMN_NOT_FOUND": ColumnNotFoundError,
    "WRONG_HDU_KIND": HduKindError,
    "UNSUPPORTED": UnsupportedFitsError,
    "BAD_SECTION": SectionError,
    "BAD_EXPRESSION": ExpressionError,
    "MISMATCH": MismatchError,
    "VALUE_RANGE": ValueRangeError,
    "OUT_OF_MEMORY": FitsMemoryError,
    "CFITSIO": CfitsioError,
    "WCSLIB": WcslibError,
    "LIBRARY": LibraryNotFoundError,
    "CHANGED": ChangedFileError,
    "CANCELLED": EngineError,
}
"""The class for each kind of error that the engine knows."""
