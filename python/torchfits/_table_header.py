"""Headers of files with one table (FITS 4.0, sections 4.4 and 7)."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from torchfits._cards import CARD_LENGTH, format_card, normal_keywords, split_cards
from torchfits.errors import UnwritableDataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchfits._cards import CardValue
    from torchfits._fields import Field

BLOCK_BYTES = 2880
_MOST_COLUMNS = 999
_LONGEST_NAME = 68
_NAME = re.compile(r"[ -~]*[!-~]")

_STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|TFIELDS|THEAP|BSCALE|BZERO|BLANK|CHECKSUM|DATASUM"
    r"|T(TYPE|FORM|BCOL|UNIT|NULL|SCAL|ZERO|DISP|DIM|COMM)\d+|ZIMAGE|ZTABLE|END|CONTINUE"
)
"""Keywords that tell how a file is built: a new one has its own."""


def require_names(names: Iterable[str]) -> None:
    """Refuses names that TTYPE cannot hold, two that are the same but for their case, and too many.

    Raises:
        UnwritableDataError: naming the column.
        TypeError: for a name that is no str.
    """
    seen: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
            raise TypeError(f"column {number}: its name is {type(name).__name__}, not str")
        if not _NAME.fullmatch(name):
            raise UnwritableDataError(
                f"column {number}: its name {name!r} is empty, ends blank or is no printable ASCII"
            )
        if len(name) + name.count("'") > _LONGEST_NAME:
            raise UnwritableDataError(f"column {number}: its name {name!r} is longer than {_LONGEST_NAME} characters")
        other = seen.setdefault(name.upper(), name)
        if len(seen) < number:
            raise UnwritableDataError(
                f"columns {other!r} and {name!r} have the same name: case does not matter in FITS"
            )
    if len(seen) > _MOST_COLUMNS:
        raise UnwritableDataError(f"{len(seen)} columns; a table has {_MOST_COLUMNS} at most")


def other_cards(text: str) -> list[str]:
    """The images of the cards of a header that do not tell how its file is built."""
    images = split_cards(text)
    keywords = normal_keywords(images)
    return [image for image, name in zip(images, keywords, strict=True) if not _STRUCTURE.fullmatch(name)]


def row_bytes(fields: Sequence[Field], *, is_ascii: bool) -> int:
    """NAXIS1; in an ASCII table there is a blank between two columns."""
    return sum(field.width for field in fields) + (max(0, len(fields) - 1) if is_ascii else 0)


def primary_header() -> bytes:
    """The header of a primary HDU without data."""
    return _header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)], [])


def table_header(
    fields: Sequence[Field], others: Sequence[str], rows: int, heap_bytes: int, *, is_ascii: bool
) -> bytes:
    """The header of a table; its length depends on fields and other cards alone.

    Args:
        fields: of the columns, in order.
        others: images of further cards.
        rows: NAXIS2.
        heap_bytes: PCOUNT.
        is_ascii: whether it is an ASCII table.
    """
    structure: list[tuple[str, CardValue]] = [
        ("XTENSION", "TABLE" if is_ascii else "BINTABLE"),
        ("BITPIX", 8),
        ("NAXIS", 2),
        ("NAXIS1", row_bytes(fields, is_ascii=is_ascii)),
        ("NAXIS2", rows),
        ("PCOUNT", heap_bytes),
        ("GCOUNT", 1),
        ("TFIELDS", len(fields)),
    ]
    starts = accumulate((field.width + 1 for field in fields), initial=1)
    cards: list[str] = []
    for number, (field, start) in enumerate(zip(fields, starts, strict=False), 1):
        cards += field.cards(number, start if is_ascii else None)
    return _header(structure, [*cards, *others])


def _header(structure: Sequence[tuple[str, CardValue]], others: Sequence[str]) -> bytes:
    images = [format_card(keyword, value) for keyword, value in structure]
    text = "".join([*images, *others, "END".ljust(CARD_LENGTH)])
    return text.ljust(-(-len(text) // BLOCK_BYTES) * BLOCK_BYTES).encode("latin-1")
