"""Whole files: a lazy list of HDUs, after astropy's."""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TextIO, overload

from torchfits import _engine
from torchfits._location import Hdu, Section, selector
from torchfits._memory import Source, kept
from torchfits.errors import FitsWarning, HduNotFoundError
from torchfits.headers import Header, read_header
from torchfits.images import read_image
from torchfits.tables import ColumnData, describe_table, read_columns

if TYPE_CHECKING:
    from types import TracebackType

    import torch

    from torchfits._columns import TableSchema

__all__ = ["HDU", "HDUList", "open"]

Kind = Literal["IMAGE", "COMPRESSED_IMAGE", "BINARY_TABLE", "ASCII_TABLE", "RANDOM_GROUPS", "OTHER"]

_TABLES = ("BINARY_TABLE", "ASCII_TABLE")
_IMAGES = ("IMAGE", "COMPRESSED_IMAGE", "RANDOM_GROUPS")


class GroupParameters:
    """The parameters of random groups (FITS 4.0, section 6): for each group a number of every parameter.

    Attributes:
        names: of the parameters, PTYPEn without trailing blanks; "" where the card is missing. Two parameters of one
            name are meant to be added up.
    """

    def __init__(self, header: Header, stored: torch.Tensor) -> None:
        """The stored numbers (GCOUNT, PCOUNT) and the header that gives them names and scales."""
        self._header = header
        self._stored = stored
        self.names = tuple(str(header.get(f"PTYPE{i + 1}", "")).rstrip() for i in range(stored.shape[1]))

    def par(self, name: str | int) -> torch.Tensor:
        """A parameter of all groups, PSCALn * stored value + PZEROn.

        Args:
            name: of the parameter, in upper or lower case: the sum of all parameters of that name; or its number
                from 0.

        Returns:
            A tensor of shape (GCOUNT,): float64, or the stored dtype for one parameter that has no scale.

        Raises:
            KeyError: if there is no parameter of that name.
            IndexError: if there is none of that number.
        """
        if not isinstance(name, str):
            return self._physical(range(len(self.names))[name])
        wanted = name.strip().upper()
        found = [i for i, own in enumerate(self.names) if own.upper() == wanted]
        if not found:
            raise KeyError(f"no parameter {name!r} among {self.names}")
        first, *others = (self._physical(i) for i in found)
        return sum((other.double() for other in others), first.double()) if others else first

    def _physical(self, index: int) -> torch.Tensor:
        scale = float(self._header.get(f"PSCAL{index + 1}", 1))
        zero = float(self._header.get(f"PZERO{index + 1}", 0))
        stored = self._stored[:, index].contiguous()
        return stored if (scale, zero) == (1, 0) else stored.double() * scale + zero

    def __len__(self) -> int:
        """Number of groups."""
        return self._stored.shape[0]

    def __repr__(self) -> str:
        return f"GroupParameters({len(self)} groups, {self.names})"


class HDU:
    """One HDU of an open file: header and data are read when they are asked for, and kept.

    Attributes:
        index: from 0.
        kind: what it holds.
        name: EXTNAME in upper case, "PRIMARY" for a first HDU without one, else "".
        ver: EXTVER, 1 if there is none.
        bitpix: of the stored values; of the decompressed ones for a compressed image.
        shape: of the data in C order, (NAXISn, ..., NAXIS1); of the decompressed image for a compressed one; of the
            arrays of all groups for random groups, (GCOUNT, NAXISn, ..., NAXIS2).
    """

    def __init__(self, path: str | os.PathLike[str], index: int, line: str) -> None:
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
    def data(self) -> Any:  # noqa: ANN401 - of what kind the HDU is, only the file tells
        """The image as a tensor in its exact dtype, see `read_image`; None if the HDU holds no data.

        Of a table a dict of all columns, see `read_columns`.

        Raises:
            HduKindError: if it is neither an image nor a table.
        """
        if self.kind in _TABLES:
            return read_columns(self._path, hdu=self.index)
        if self.kind in _IMAGES and not self.shape:
            return None
        return read_image(self._path, hdu=self.index)

    @cached_property
    def parameters(self) -> GroupParameters:
        """The parameters of random groups; `data` has the arrays.

        Raises:
            HduKindError: if the HDU holds no random groups.
        """
        stored = _engine.read_parameters(_engine.encode(self._path), selector(self.index))
        return GroupParameters(self.header, stored)

    @cached_property
    def columns(self) -> TableSchema:
        """What the header of a table, or of random groups, says of its columns.

        Raises:
            HduKindError: if it is neither.
        """
        return describe_table(self._path, hdu=self.index)

    @overload
    def __getitem__(self, section: str) -> ColumnData: ...
    @overload
    def __getitem__(self, section: Section) -> torch.Tensor: ...
    def __getitem__(self, section: Section | str) -> ColumnData:
        """A section of the image, indexed as torch would: slices, integers, an ellipsis; only its bytes are read.

        Of a table, or of random groups, the column of that name, see `read_columns`.
        """
        if isinstance(section, str):
            (column,) = read_columns(self._path, section, hdu=self.index).values()
            return column
        # As a tuple None is refused as an index; alone it would mean the whole image.
        items = section if isinstance(section, tuple) else (section,)
        return read_image(self._path, hdu=self.index, section=items)

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
        filename: as it was given; of bytes and file objects what messages call them.
    """

    def __init__(self, path: Source) -> None:
        """Lists the HDUs of a file."""
        file = kept(path)
        self.filename = os.fspath(file)
        listing = _list(file)
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


def open(path: Source, mode: Literal["r"] = "r") -> HDUList:
    """Opens a FITS file: a lazy list of its HDUs.

    Args:
        path: of the file. Taken literally: brackets in it have no meaning. Also bytes or a file object, as for
            `read_image`: bytes are held, and a file object is read, when it is opened.
        mode: "r", for reading.

    Raises:
        FitsError: one of its subclasses, if the file cannot be opened or its first header not be read. A defect behind
            that gives a `FitsWarning`, and the HDUs before it are there.
        ValueError: for another mode.
    """
    if mode != "r":
        raise ValueError(f"mode must be 'r', not {mode!r}")
    return HDUList(path)


def _list(path: str | os.PathLike[str]) -> _Listing:
    text, _, problem = _engine.list_hdus(_engine.encode(path)).partition("\n!")
    hdus = tuple(HDU(path, index, line) for index, line in enumerate(text.split("\n")))
    return _Listing(hdus, problem or None)
