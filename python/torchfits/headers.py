"""FITS headers: a dict with cards, parsed when it is looked at."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any, TypeAlias

from torchfits import _engine
from torchfits._cards import (
    CARD_LENGTH,
    COMMENTARY_KEYWORDS,
    Card,
    CardValue,
    SupportsItem,
    format_card,
    format_commentary,
    keyword_of,
    normal_keyword,
    normal_keywords,
    parse_card,
    replace_comment,
    replace_value,
    split_cards,
)
from torchfits._location import Hdu, locate

if TYPE_CHECKING:
    from torchfits._memory import Source

__all__ = ["Header", "read_header"]

_PRIMARY = (0, None, 0)
_BLOCK_LENGTH = 2880

Key: TypeAlias = str | int | tuple[str, int]
"""A keyword in any case; the position of a card from 0; or (keyword, n): its n-th card, from 0."""

Value: TypeAlias = Any
"""What a look-up gives: a `CardValue`, for COMMENT, HISTORY and the blank keyword a list of str.

Only the file says which, so a type checker lets it pass for any of them.
"""

NewValue: TypeAlias = CardValue | SupportsItem | list[str] | tuple[CardValue | SupportsItem, str | None]


def read_header(path: Source, *, hdu: Hdu = 0) -> Header:
    """The header of one HDU of a FITS file.

    Only the headers are read, no data. The cards come as they stand in the file, so for a compressed image
    they are those of the table that holds it (FITS 4.0, section 10).

    Args:
        path: The file; a str may name the HDU in CFITSIO's syntax, `img.fits[SCI,1]`. Also bytes or a file object, as
            for `read_image`.
        hdu: The HDU: its number from 0, its name (EXTNAME, in any case), or (name, version).

    Returns:
        The header; it belongs to the caller, and changing it does not change the file.

    Raises:
        FitsError: the file cannot be read or has no such HDU; the subclass and the message say which.
        TypeError: for arguments of a wrong type.
        ValueError: for an HDU both in the path and as an argument, or a section of an image in the path.
    """
    name, selector, section = locate(path, None if hdu == 0 else hdu, default=_PRIMARY)
    if section is not None:
        raise ValueError(f"{path}: a header has no section")
    return Header.fromstring(_engine.read_header(name, selector))


class Header(MutableMapping[str, Value]):
    """The cards of one HDU: a dict from keyword to value, in the order of the file.

    A look-up takes a keyword in any case, with or without `HIERARCH `, the position of a card from 0, or
    `(keyword, n)` for the n-th of several cards with one keyword, from 0; a keyword alone means the first.
    Values are str, bool, int, float, complex, or None where the value is undefined. `h["HISTORY"]`,
    `h["COMMENT"]` and `h[""]` are lists of str, empty where there is no such card. Length and iteration count
    cards, so a repeated keyword comes repeatedly.

    `h[key] = value` keeps the card's comment and place, `h[key] = value, comment` sets both; a new card goes
    before the COMMENT, HISTORY and blank cards at the end. A str set for a commentary keyword is added after
    the others, a list takes the place of all of them. `del h[keyword]` removes all cards of the keyword.

    It behaves as `astropy.io.fits.Header`, with these differences:

    - A value that does not parse is the text before the slash; a look-up never raises for what is in a file.
    - CONTINUE joins only to a string that ends with `&` (FITS 4.0, section 4.2.1.2). An `&` with nothing
      after it, and a CONTINUE with nothing before it, stay.
    - Record-valued cards are not taken apart: `DP1 = 'AXIS.1: 2'` is the str `AXIS.1: 2` under `DP1`.
    - Floats are written with all digits they need to come back the same, long keywords in upper case.
    - A comment given with a number that does not fit on the card is an error, not cut.
    - Neither slices nor wildcards are keys.

    The text of the file is kept; cards that are not changed are written as they were. Not safe to change in
    one thread while another one uses it.
    """

    __slots__ = ("_loaded", "_text")

    _text: str
    _loaded: _CardList | None

    def __init__(self, cards: Mapping[str, NewValue] | None = None) -> None:
        """A header with the given keywords; copies the cards if they are another `Header`'s.

        Args:
            cards: keyword -> value or (value, comment), in order.
        """
        self._text = cards.tostring() if isinstance(cards, Header) else ""
        self._loaded = None
        if cards is not None and not isinstance(cards, Header):
            for keyword, value in cards.items():
                self[keyword] = value

    @classmethod
    def fromstring(cls, text: str) -> Header:
        """A header from its text: cards of 80 characters, latin-1 decoded, with or without END and padding.

        Nothing is parsed before the first look-up.
        """
        header = cls.__new__(cls)
        header._text = text
        header._loaded = None
        return header

    @property
    def _cards(self) -> _CardList:
        loaded = self._loaded
        if loaded is None:
            loaded = self._loaded = _CardList(split_cards(self._text))
        return loaded

    def __getitem__(self, key: Key) -> Value:
        """The value of a card; KeyError or IndexError where there is none."""
        cards = self._cards
        if isinstance(key, str) and (name := normal_keyword(key)) in COMMENTARY_KEYWORDS:
            return [cards.images[i][8:].rstrip() for i in cards.positions(name)]
        return parse_card(cards.images[cards.position(key)]).value

    def __contains__(self, key: object) -> bool:
        """Whether there is a card for a keyword, a position or (keyword, n)."""
        try:
            self._cards.position(key)
        except (LookupError, TypeError):
            return False
        return True

    def __setitem__(self, key: Key, value: NewValue) -> None:
        """Sets the value of a card, or adds one.

        Raises:
            ValueError: keyword, value or comment cannot stand in a header (not printable ASCII, NaN,
                infinite), or the card would be too long and is no string that could be continued.
            TypeError: a value of a type that no card can hold.
            LookupError: no card at that position.
        """
        cards = self._cards
        name = normal_keyword(key) if isinstance(key, str) else None
        if name in COMMENTARY_KEYWORDS:
            self._set_commentary(name, value)
            return
        plain, comment = _value_and_comment(value)
        if name is None or name in cards.first:
            position = cards.position(key)
            cards.images[position] = replace_value(cards.images[position], plain, comment)
        else:
            cards.add(name, [format_card(name, plain, comment or "")])

    def __delitem__(self, key: Key) -> None:
        """Removes all cards of a keyword, or the one at a position or (keyword, n)."""
        cards = self._cards
        positions = [cards.position(key)]
        if isinstance(key, str):
            positions = cards.positions(normal_keyword(key))
        cards.remove(positions)

    def __iter__(self) -> Iterator[str]:
        """The keyword of each card."""
        return iter([keyword_of(image) for image in self._cards.images])

    def __len__(self) -> int:
        """The number of cards, blank ones before END too; one with its CONTINUE cards counts once."""
        return len(self._cards.images)

    def values(self) -> ValuesView[Value]:
        """The value of each card."""
        return _Values(self)

    def items(self) -> ItemsView[str, Value]:
        """(keyword, value) of each card."""
        return _Items(self)

    @property
    def cards(self) -> list[Card]:
        """All cards, parsed: tuples (keyword, value, comment). A copy, to look at."""
        return [parse_card(image) for image in self._cards.images]

    @property
    def comments(self) -> Comments:
        """The comments: `h.comments[key]`, to read and to set."""
        return Comments(self._cards)

    def copy(self) -> Header:
        """A header of its own with the same cards."""
        return Header(self)

    def tostring(self) -> str:
        """The cards as they stand in a file: 80 characters each, END, and blanks up to a multiple of 2880."""
        text = "".join(self._cards.images) + "END".ljust(CARD_LENGTH)
        return text.ljust(-(-len(text) // _BLOCK_LENGTH) * _BLOCK_LENGTH)

    def __eq__(self, other: object) -> bool:
        """Whether the other is a header with the same cards, character by character."""
        return self._cards.images == other._cards.images if isinstance(other, Header) else NotImplemented

    def __repr__(self) -> str:
        """The cards, one a line."""
        text = "".join(self._cards.images)
        return "\n".join(text[i : i + CARD_LENGTH].rstrip() for i in range(0, len(text), CARD_LENGTH))

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Pickles and copies the text."""
        return Header.fromstring, (self.tostring(),)

    def _set_commentary(self, name: str, value: NewValue) -> None:
        texts = value if isinstance(value, list) else [value]
        images: list[str] = []
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"{name or 'blank'} cards take str, not {type(text).__name__}")
            images += format_commentary(name, text)
        if isinstance(value, list):
            self._cards.remove(self._cards.positions(name))
        self._cards.add(name, images)


class Comments:
    """The comments of a header's cards, by the same keys as their values."""

    __slots__ = ("_cards",)

    def __init__(self, cards: _CardList) -> None:
        self._cards = cards

    def __getitem__(self, key: Key) -> str:
        """The comment of a card, empty if it has none; KeyError or IndexError where there is no such card."""
        cards = self._cards
        return parse_card(cards.images[cards.position(key)]).comment

    def __setitem__(self, key: Key, comment: str) -> None:
        """Sets the comment of a card that is there; the value stays as it was written.

        Raises:
            ValueError: the comment is not printable ASCII, or too long for the card of a number.
            LookupError: there is no such card.
        """
        cards = self._cards
        position = cards.position(key)
        cards.images[position] = replace_comment(cards.images[position], comment)


class _Values(ValuesView[Value]):
    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self._header = header

    def __iter__(self) -> Iterator[Value]:
        return (card.value for card in self._header.cards)

    def __contains__(self, value: object) -> bool:
        return value in list(self)


class _Items(ItemsView[str, Value]):
    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self._header = header

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        return ((card.keyword, card.value) for card in self._header.cards)

    def __contains__(self, item: object) -> bool:
        return item in list(self)


class _CardList:
    """Card images, their normal keywords, and where each keyword comes first."""

    __slots__ = ("first", "images", "keywords")

    def __init__(self, images: list[str]) -> None:
        self.images = images
        self.keywords = normal_keywords(images)
        self.first = self._first_positions()

    def _first_positions(self) -> dict[str, int]:
        # From the end, so that the first card of a keyword is what stays.
        count = len(self.keywords)
        return dict(zip(reversed(self.keywords), range(count - 1, -1, -1), strict=True))

    def position(self, key: object) -> int:
        match key:
            case str():
                return self._first_of(normal_keyword(key))
            case int():
                return self._position_from_start(key)
            case (str() as keyword, int() as n):
                return self._nth_of(normal_keyword(keyword), n)
            case _:
                raise TypeError(f"a card's key is a keyword, a position or (keyword, n), not {key!r}")

    def _first_of(self, name: str) -> int:
        try:
            return self.first[name]
        except KeyError:
            raise KeyError(f"Keyword {name!r} not found.") from None

    def _position_from_start(self, index: int) -> int:
        try:
            return range(len(self.images))[index]
        except IndexError:
            raise IndexError(f"Card {index} of a header with {len(self.images)} cards.") from None

    def _nth_of(self, name: str, n: int) -> int:
        positions = self.positions(name)
        if not positions:
            raise KeyError(f"Keyword {name!r} not found.")
        if not -len(positions) <= n < len(positions):
            raise IndexError(f"There are only {len(positions)} {name!r} cards in the header.")
        return positions[n]

    def positions(self, name: str) -> list[int]:
        """Of all cards of a normal keyword."""
        return [i for i, keyword in enumerate(self.keywords) if keyword == name]

    def add(self, name: str, images: list[str]) -> None:
        """Inserts cards of one keyword at their place; blank cards at the end make room for them."""
        place = self._place_for(name)
        at_end = place == len(self.images)
        self.images[place:place] = images
        self.keywords[place:place] = [name] * len(images)
        if at_end and images:
            self.first.setdefault(name, place)
        else:
            self._drop_blanks(len("".join(images)) // CARD_LENGTH)
            self.first = self._first_positions()

    def _place_for(self, name: str) -> int:
        if name in COMMENTARY_KEYWORDS and name in self.first:
            return self.positions(name)[-1] + 1
        place = len(self.images)
        while place and self.images[place - 1].isspace():
            place -= 1
        while name not in COMMENTARY_KEYWORDS and place and self.keywords[place - 1] in COMMENTARY_KEYWORDS:
            place -= 1
        return place

    def _drop_blanks(self, count: int) -> None:
        while count and self.images[-1].isspace():
            del self.images[-1], self.keywords[-1]
            count -= 1

    def remove(self, positions: list[int]) -> None:
        for position in reversed(positions):
            del self.images[position], self.keywords[position]
        self.first = self._first_positions()


def _value_and_comment(value: NewValue) -> tuple[CardValue | SupportsItem, str | None]:
    if isinstance(value, list):
        raise TypeError("only COMMENT, HISTORY and blank cards take a list")
    return value if isinstance(value, tuple) else (value, None)
