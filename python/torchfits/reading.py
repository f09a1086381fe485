"""What a file holds, be it an image or a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, overload

from torchfits import _engine
from torchfits._location import locate, split_row_filter
from torchfits._memory import kept
from torchfits.headers import Header
from torchfits.images import read_image

if TYPE_CHECKING:
    import torch

    from torchfits._location import Hdu
    from torchfits._memory import Source
    from torchfits.frames import MaterializedFrame

__all__ = ["read"]

_TABLES = ("BINARY_TABLE", "ASCII_TABLE")

OF_IMAGES = frozenset({"section", "scale", "dtype", "device", "backend", "offset", "gain"})
OF_TABLES = frozenset({"columns", "rows", "where", "stypes"})
"""Names of options, of `read_image` and `read_table`."""


@overload
def read(
    path: Source,
    *,
    hdu: Hdu | None = None,
    header: Literal[False] = False,
    **options: Any,  # noqa: ANN401
) -> torch.Tensor | MaterializedFrame: ...
@overload
def read(
    path: Source,
    *,
    hdu: Hdu | None = None,
    header: Literal[True],
    **options: Any,  # noqa: ANN401
) -> tuple[torch.Tensor | MaterializedFrame, Header]: ...
def read(
    path: Source,
    *,
    hdu: Hdu | None = None,
    header: bool = False,
    **options: Any,
) -> torch.Tensor | MaterializedFrame | tuple[torch.Tensor | MaterializedFrame, Header]:
    """Reads one HDU, be it an image or a table.

    Args:
        path: the file; a str may carry an HDU, and a section or a row filter, as for `read_image` and `read_columns`.
        hdu: a number from 0, a name, or (name, version); None for the first HDU with an image or a table.
        header: whether the header of the HDU is wanted too.
        options: of an image those of `read_image` (section, scale, dtype, device, backend, offset, gain), of a table
            those of `read_table` (columns, rows, where, stypes).

    Returns:
        An image as a tensor, as `read_image` has it; a table as a `MaterializedFrame`, as `read_table` has it. With
        `header` a pair of that and the header.

    Raises:
        HduNotFoundError: if there is no such HDU.
        HduKindError: if it holds neither an image nor a table.
        FitsError: another of its subclasses, naming file, HDU and reason.
        TypeError: for an option that such an HDU does not have.
        ValueError: for arguments that make no sense.
    """
    source = kept(path)
    bare, row_filter = split_row_filter(source)
    name, selector, _ = locate(bare, hdu, default=(_engine.FIRST_DATA, None, 0))
    number, kind = _engine.describe_hdu(name, selector)
    told = number if selector[0] == _engine.FIRST_DATA else hdu
    is_table = kind in _TABLES or row_filter is not None
    place = f"{os.fspath(bare)}[{number}]"
    if is_table:
        _require(options, OF_TABLES, f"{place} holds a table")
    else:
        _require(options, OF_IMAGES, f"{place} holds an image")
    data = _frame(source, told, options) if is_table else read_image(source, hdu=told, **options)
    return (data, Header.fromstring(_engine.read_header(name, (number, None, 0)))) if header else data


def _require(options: dict[str, Any], known: frozenset[str], told: str) -> None:
    wrong = sorted(options.keys() - known)
    if wrong:
        raise TypeError(f"{told}: {', '.join(wrong)} is none of its options, which are {', '.join(sorted(known))}")


def _frame(path: str | os.PathLike[str], hdu: Hdu | None, options: dict[str, Any]) -> MaterializedFrame:
    """`torch_frame` takes a second to import: an image does not need it."""
    from torchfits.frames import read_table

    return read_table(path, hdu=hdu, **options)
