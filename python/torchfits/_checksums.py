"""CHECKSUM and DATASUM: whether an HDU is as it was written (FITS 4.0, section 4.4.2.7 and appendix J)."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import math
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_BLOCK = 2880
_CARD = 80
_CHUNK = _BLOCK * 1024

_LARGEST = 2**62

_ONES = 0xFFFFFFFF
"""Sums of ones' complement are those modulo this number: 0 and all ones are the same."""

_COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}

_KEPT = (b"BITPIX", b"NAXIS", b"PCOUNT", b"GCOUNT", b"GROUPS", b"CHECKSUM", b"DATASUM")

FAILURES = (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error)
"""What reading broken bytes raises."""


@dataclass
class _Header:
    """What a header says of sizes and sums.

    Attributes:
        values: as they stand behind the sign of equality, by keyword.
        total: of the header's words.
    """

    values: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    total: int = 0

    def number(self, keyword: str, default: int | None = None) -> int:
        """An integer.

        Raises:
            ValueError: if there is none, or it is negative.
        """
        text = self.values.get(keyword.encode())
        if text is None and default is not None:
            return default
        value = int(_bare(text or b""))
        if value < 0:
            raise ValueError(f"{keyword} is {value}")
        return value

    def sum_of(self, keyword: bytes) -> bytes | None:
        """The text of CHECKSUM or DATASUM; None if it is not there or empty, which is undefined."""
        return _bare(self.values.get(keyword, b"")).strip() or None

    def data_bytes(self) -> int:
        """Of the data, padding included."""
        lengths = [self.number(f"NAXIS{axis + 1}") for axis in range(min(999, self.number("NAXIS")))]
        if not lengths:
            return 0
        if lengths[0] == 0 and _bare(self.values.get(b"GROUPS", b"")) == b"T":
            lengths = lengths[1:]
        elements = self.number("GCOUNT", 1) * (self.number("PCOUNT", 0) + math.prod(lengths))
        size = elements * abs(int(_bare(self.values.get(b"BITPIX", b"")))) // 8
        if size > _LARGEST:
            raise ValueError(f"its data would have {size} bytes")
        return -(-size // _BLOCK) * _BLOCK


def _bare(value: bytes) -> bytes:
    """A value without its comment and quotes."""
    text = value.strip()
    if text.startswith(b"'"):
        return text[1:].partition(b"'")[0].rstrip()
    return text.partition(b"/")[0].strip()


class Unreadable(Exception):
    """A file is compressed as a whole by what Python does not decompress."""


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    """The FITS file in a file that may be compressed as a whole."""
    start = file.read(6)
    file.seek(0)
    for magic, decompress in _COMPRESSED.items():
        if start.startswith(magic):
            return cast("IO[bytes]", decompress(file))
    if start != b"SIMPLE":
        raise Unreadable
    return file


def compare(file: IO[bytes], wanted: Collection[int]) -> Iterator[tuple[int, str | None, bool]]:
    """Compares HDUs with the sums in their headers.

    Args:
        file: at its beginning, FITS, perhaps compressed as a whole by gzip, bzip2 or xz.
        wanted: numbers of HDUs, from 0.

    Yields:
        The number of an HDU, what is wrong with it (None for nothing), and whether it has any sum.

    Raises:
        Unreadable: if it is compressed by anything else.
        FAILURES: if it cannot be read up to the last of them.
    """
    file = _decompressed(file)
    last = max(wanted)
    for number in itertools.takewhile(lambda number: number <= last, itertools.count()):
        header = _read_header(file, number)
        size = header.data_bytes()
        if number not in wanted:
            file.seek(size, 1)
            continue
        datasum, checksum = header.sum_of(b"DATASUM"), header.sum_of(b"CHECKSUM")
        # Also without sums, since the file may end too early.
        total = _sum(file, size, number)
        yield number, _difference(header, total, datasum, checksum), bool(datasum or checksum)


def _difference(header: _Header, total: int, datasum: bytes | None, checksum: bytes | None) -> str | None:
    if datasum is not None and (not datasum.isdigit() or (total - int(datasum)) % _ONES):
        return f"DATASUM is {datasum.decode('latin-1')}, the sum of the data {total % _ONES}"
    if checksum is not None and (header.total + total) % _ONES:
        return "header and data do not fit CHECKSUM"
    return None


def _read_header(file: IO[bytes], number: int) -> _Header:
    header = _Header()
    while True:
        block = file.read(_BLOCK)
        if len(block) < _BLOCK:
            raise EOFError(f"it ends in the header of HDU {number}")
        header.total += _words(block)
        for first in range(0, _BLOCK, _CARD):
            keyword = block[first : first + 8].rstrip()
            if keyword == b"END":
                return header
            if keyword.startswith(_KEPT) and block[first + 8 : first + 9] == b"=":
                header.values.setdefault(keyword, block[first + 9 : first + _CARD])


def _sum(file: IO[bytes], size: int, number: int) -> int:
    """Of the words of `size` bytes; the padding may be missing at the end of the file."""
    total = 0
    left = size
    while left > 0:
        chunk = file.read(min(left, _CHUNK))
        left -= len(chunk)
        if not chunk and left >= _BLOCK:
            raise EOFError(f"it ends {left} bytes before the end of HDU {number}")
        if not chunk:
            return total
        total += _words(chunk)
    return total


def _words(content: bytes) -> int:
    padded = content + b"\0" * (-len(content) % 4)
    return int(np.frombuffer(padded, ">u4").sum(dtype=np.uint64))
