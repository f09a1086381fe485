"""FITS files made byte by byte, so that no library stands between a test and what the engine reads."""

import numpy as np

BLOCK = 2880
CARD = 80

BITPIX = {"u1": 8, "i2": 16, "i4": 32, "i8": 64, "f4": -32, "f8": -64}
"""BITPIX of each stored type."""


def raw_card(keyword: str, text: str) -> bytes:
    """A card with `text` where the value stands, whatever it means."""
    return f"{keyword:8}= {text:>20}".ljust(CARD).encode("latin-1")


def card(keyword: str, value: bool | int | float | str) -> bytes:  # noqa: FBT001 - a value of FITS
    if isinstance(value, bool):
        return raw_card(keyword, "T" if value else "F")
    return raw_card(keyword, f"'{value:8}'".ljust(20) if isinstance(value, str) else repr(value).upper())


def padded(content: bytes, fill: bytes = b"\0") -> bytes:
    return content + fill * (-len(content) % BLOCK)


def header(*cards: bytes) -> bytes:
    return padded(b"".join(cards) + b"END".ljust(CARD), b" ")


def image_header(bitpix: int, shape: tuple[int, ...], *cards: bytes, extension: bool = False) -> bytes:
    """A header for an image of that shape in C order; `cards` follow the required ones."""
    first = card("XTENSION", "IMAGE") if extension else card("SIMPLE", value=True)
    lengths = [card(f"NAXIS{i + 1}", length) for i, length in enumerate(reversed(shape))]
    groups = [card("PCOUNT", 0), card("GCOUNT", 1)] if extension else []
    return header(first, card("BITPIX", bitpix), card("NAXIS", len(shape)), *lengths, *groups, *cards)


def image(stored: np.ndarray, *cards: bytes, extension: bool = False) -> bytes:
    """A whole HDU that stores the values of `stored`."""
    bitpix = BITPIX[stored.dtype.str[1:]]
    data = np.ascontiguousarray(stored).astype(stored.dtype.newbyteorder(">")).tobytes()
    return image_header(bitpix, stored.shape, *cards, extension=extension) + padded(data)


def empty_primary() -> bytes:
    return image_header(8, ())
