"""cfitsio's own compression of tables, which only its library has."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_READONLY, _BINARY_TABLE, _END_OF_FILE = 0, 2, 107


def compress_tables(source: Path, target: Path) -> None:
    """As fpack -table does. FZALGOR, FZALGn and FZTILELN in the headers tell how; small tables stay as they are."""
    _convert(source, target, _library().fits_compress_table)


def uncompress_tables(source: Path, target: Path) -> None:
    """As funpack does."""
    _convert(source, target, _library().fits_uncompress_table)


def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("cfitsio")
    assert name is not None, "libcfitsio is not installed"
    return ctypes.CDLL(name)


def _convert(source: Path, target: Path, convert: Callable[..., int]) -> None:
    library = _library()
    status = ctypes.c_int(0)
    files = [ctypes.c_void_p(), ctypes.c_void_p()]
    library.ffdkopn(ctypes.byref(files[0]), str(source).encode(), _READONLY, ctypes.byref(status))
    library.ffdkinit(ctypes.byref(files[1]), str(target).encode(), ctypes.byref(status))
    kind = ctypes.c_int()
    number = 1
    while status.value == 0:
        library.ffmahd(files[0], number, ctypes.byref(kind), ctypes.byref(status))
        if status.value == _END_OF_FILE:
            status.value = 0
            break
        if kind.value == _BINARY_TABLE:
            convert(files[0], files[1], ctypes.byref(status))
        else:
            library.ffcopy(files[0], files[1], 0, ctypes.byref(status))
        number += 1
    library.ffclos(files[0], ctypes.byref(ctypes.c_int(0)))
    library.ffclos(files[1], ctypes.byref(ctypes.c_int(0)))
    assert status.value == 0, f"cfitsio reports status {status.value}"
