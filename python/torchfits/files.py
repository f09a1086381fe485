"""Whole files: a lazy list of HDUs, after astropy's."""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TextIO, overload

from torchfits import _engine
from torchfits._location import Hdu, Section, selector
from torchfits.errors import FitsWarning, HduNotFoundError
from torchfits.headers import Header, read_header
from torchfits.images import read_image

if TYPE_CHECKING:
    from types import TracebackType

    import torch

__all__ = ["HDU", "HDUList", "open"]

Kind = Literal["IMAGE", "COMPRESSED_IMAGE", "BINARY_TABLE", "ASCII_TABLE", "RANDOM_GROUPS", "OTHER"]

_IMAGES = ("IMAGE", "COMPRESSED_IMAGE")


class HDU:
    """One HDU of an open file: header and data are read when they are asked for, and kept.

    Attributes:
        index: from 0.
        kind: what it holds.
        name: EXTNAME in upper case, "PRIMARY" for a first HDU without one, else "".
        ver: EXTVER, 1 if there is none.
        bitpix: of the stored values; of the decompressed ones for a compressed image.
        shape: of the data in C order, (NAXISn, ..., NAXIS1); of the decompressed image for a compressed one.
    """

    def __init__(self, path: str, index: int, line: str) -> None:
        """One line of the engine's list."""
        kind, version, bitpix, shape, name = line.split("\t", 4)
        self._path = path
        self.index = index
        self.kind: Kind = kind  # pyright: ignore[reportAttributeAccessIssue] - the engine knows no others
        self.name = name.upper() or ("PRIMARY" if index == 0 else "")
        self.ver = int(version)
        self.bitpix = int(bitpix)
        self.shape = tuple(int(length) for length in shape.split(",") if length)

    @cached_property
    def header(self) -> Header:
        """The header; changes to it stay in memory."""
        return read_header(self._path, hdu=self.index)

    @cached_property
    def data(self) -> torch.Tensor | None:
        """The image in its exact dtype, see `read_image`; None if the HDU holds no data.

        Raises:
            HduKindError: if it is not an image.
        """
        if self.kind in _IMAGES and not self.shape:
            return None
        return read_image(self._path, hdu=self.index)

    def __getitem__(self, section: Section) -> torch.Tensor:
        """A section of the image, indexed as numpy would; only its bytes are read."""
        return read_image(self._path, hdu=self.index, section=section)

    def __repr__(self) -> str:
        return f"HDU({self.index}, {self.name!r}, ver={self.ver}, kind={self.kind}, shape={self.shape})"


@dataclass(frozen=True)
class _Listing:
    hdus: tuple[HDU, ...]
    problem: str | None


class HDUList(Sequence[HDU]):
    """The HDUs of a file, found by number, name, or (name, version).

    The list is made when the file is opened. No file is held open: nothing needs to be closed, and `with` is for those
    who are used to it. After `close` nothing more is read.

    Attributes:
        filename: as it was given.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Lists the HDUs of a file."""
        self.filename = os.fspath(path)
        listing = _list(self.filename)
        self._hdus = listing.hdus
        self._problem = listing.problem
        if listing.problem is not None:
            warnings.warn(f"{listing.problem}; the HDUs before it can be read", FitsWarning, stacklevel=3)

    @overload
    def __getitem__(self, key: Hdu) -> HDU: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[HDU, ...]: ...
    def __getitem__(self, key: Hdu | slice) -> HDU | tuple[HDU, ...]:
        """An HDU by number (negative ones count from the end), name (case does not matter) or (name, version).

        Raises:
            HduNotFoundError: if there is none; it is a LookupError.
        """
        if isinstance(key, slice):
            return self._hdus[key]
        if isinstance(key, str | tuple):
            return self._by_name(key)
        return self._by_number(operator.index(key))

    def _by_number(self, number: int) -> HDU:
        try:
            return self._hdus[number]
        except IndexError:
            raise self._not_found(f"no HDU {number}") from None

    def _by_name(self, key: str | tuple[str, int]) -> HDU:
        _, name, version = selector(key)
        wanted = str(name).strip().upper()
        for hdu in self._hdus:
            if (hdu.name.strip() == wanted or (hdu.index == 0 and wanted == "PRIMARY")) and version in (0, hdu.ver):
                return hdu
        raise self._not_found(f"no HDU {key!r}")

    def _not_found(self, what: str) -> HduNotFoundError:
        reason = f"the file has {len(self._hdus)} HDUs" if self._problem is None else self._problem
        return HduNotFoundError(f"{self.filename}: {what} ({reason})")

    def __len__(self) -> int:
        return len(self._hdus)

    def __iter__(self) -> Iterator[HDU]:
        return iter(self._hdus)

    def __contains__(self, key: object) -> bool:
        """Whether there is such an HDU: a number, a name, (name, version), or an HDU itself."""
        if isinstance(key, HDU):
            return key in self._hdus
        try:
            self[key]  # pyright: ignore[reportArgumentType, reportCallIssue]
        except HduNotFoundError:
            return False
        return True

    def info(self, output: TextIO | None = None) -> None:
        """Prints a line for each HDU.

        Args:
            output: where to; None for standard output.
        """
        print(f"Filename: {self.filename}", file=output)
        print(f"{'No.':<4}{'Name':<14}{'Ver':<6}{'Kind':<18}{'BITPIX':<8}Shape", file=output)
        for hdu in self._hdus:
            print(
                f"{hdu.index:<4}{hdu.name:<14}{hdu.ver:<6}{hdu.kind:<18}{hdu.bitpix:<8}{hdu.shape}",
                file=output,
            )

    def __enter__(self) -> HDUList:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Does nothing: no file is held open."""

    def __repr__(self) -> str:
        return f"HDUList({self.filename!r}, {len(self._hdus)} HDUs)"


def open(path: str | os.PathLike[str], mode: Literal["r"] = "r") -> HDUList:
    """Opens a FITS file: a lazy list of its HDUs.

    Args:
        path: of the file. Taken literally: brackets in it have no meaning.
        mode: "r", for reading.

    Raises:
        FitsError: one of its subclasses, if the file cannot be opened or its first header not be read. A defect behind
            that gives a `FitsWarning`, and the HDUs before it are there.
        ValueError: for another mode.
    """
    if mode != "r":
        raise ValueError(f"mode must be 'r', not {mode!r}")
    return HDUList(path)


def _list(path: str) -> _Listing:
    text, _, problem = _engine.list_hdus(_engine.encode(path)).partition("\n!")
    hdus = tuple(HDU(path, index, line) for index, line in enumerate(text.split("\n")))
    return _Listing(hdus, problem or None)
