"""Header cards as text: 80 characters to keyword, value and comment, and back (FITS 4.0, section 4).

A card image is a `str` of 80 characters, one for each byte of the file (latin-1). Where a string value goes
on in CONTINUE cards, the image of the whole is 80 characters for each of them, joined.
"""

from __future__ import annotations

import math
import re
import textwrap
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable

CARD_LENGTH = 80
COMMENTARY_KEYWORDS = frozenset({"", "COMMENT", "HISTORY"})

CardValue: TypeAlias = str | bool | int | float | complex | None
"""What a card can hold; None is the undefined value (a value field that is blank)."""


class Card(NamedTuple):
    """One card, parsed."""

    keyword: str
    value: CardValue
    comment: str


class SupportsItem(Protocol):
    """A scalar of numpy, or a tensor with one element."""

    def item(self) -> object:
        """The same as a scalar of Python."""
        ...


_TEXT_LENGTH = CARD_LENGTH - 8
# Of a card that continues: 10 characters before the string, two quotes, the ampersand.
_CONTINUE_ROOM = CARD_LENGTH - 13
_CONTINUE_COMMENT_ROOM = _CONTINUE_ROOM - 3

_KEYWORD_FIELD: Callable[[str], str] = itemgetter(slice(8))
_COLUMN_9: Callable[[str], str] = itemgetter(8)
_IMAGE = re.compile(r".{80}", re.DOTALL)
# `[^']*(?:''[^']*)*` can match a text in one way only, so no input takes more than linear time.
_STRING = re.compile(r" *'([^']*(?:''[^']*)*)' *(?:/ *(.*))?", re.DOTALL)
# The string ends at the first quote after which nothing but a comment follows: 'O'Hara' is O'Hara.
_UNESCAPED_STRING = re.compile(r" *'(.*?)'(?:(?=[ /])|$) *(?:/ *(.*))?", re.DOTALL)
_NUMBER = r"[+-]? *(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+) *(?:[deDE] *[+-]? *[0-9]+)?"
_INTEGER = re.compile(r"[+-]? *[0-9]+")
_FLOAT = re.compile(_NUMBER)
_COMPLEX = re.compile(rf"\( *({_NUMBER}) *, *({_NUMBER}) *\)")
_EXPONENT = str.maketrans({"d": "E", "D": "E", " ": None})

_STANDARD_KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}")
_HIERARCH_KEYWORD = re.compile(r"[!-<>-~]+(?: [!-<>-~]+)*")
_PRINTABLE = re.compile(r"[ -~]*")


# Reading


def split_cards(text: str) -> list[str]:
    """The card images of a header's text, in order, without END and what follows it.

    Args:
        text: Cards of 80 characters. It may end with the last card, with END, or with blanks after END;
            without END, blank cards at the end are cards.
    """
    images = _IMAGE.findall(text, 0, _length_without_end(text))
    return _joined(images) if "CONTINUE" in text else images


def _length_without_end(text: str) -> int:
    length = len(text.rstrip(" "))
    if length % CARD_LENGTH == 3 and text.endswith("END", 0, length):
        return length - 3
    # Something stands behind END, or there is no END.
    return next((i for i in range(0, len(text), CARD_LENGTH) if text.startswith("END     ", i)), len(text))


def _joined(images: list[str]) -> list[str]:
    joined: list[str] = []
    for image in images:
        if image.startswith("CONTINUE") and joined and _continues(joined[-1]) and _string_of(image):
            joined[-1] += image
        else:
            joined.append(image)
    return joined


def _continues(image: str) -> bool:
    string = _string_of(image[-CARD_LENGTH:])
    return string is not None and string[0].endswith("&")


def _string_of(image: str) -> tuple[str, str] | None:
    start = _split(image)[1]
    return _parse_string(image[start:]) if start else None


def normal_keyword(keyword: str) -> str:
    """A keyword as it is looked up: upper case, without blanks around it and without HIERARCH before it."""
    return keyword.strip().upper().removeprefix("HIERARCH ").lstrip()


def normal_keywords(images: list[str]) -> list[str]:
    """The `normal_keyword` of each card."""
    names = list(map(str.upper, map(str.strip, map(_KEYWORD_FIELD, images))))
    # Nearly all cards are standard ones; a call for each would triple the time of the first look-up.
    for i, mark in enumerate(map(_COLUMN_9, images)):
        if mark != "=" and names[i] not in COMMENTARY_KEYWORDS:
            names[i] = normal_keyword(keyword_of(images[i]))
    return names


def keyword_of(image: str) -> str:
    """The keyword of a card: upper case, but as written in a HIERARCH card and in one without a value."""
    return _split(image)[0]


def _split(image: str) -> tuple[str, int]:
    """Keyword, and where value and comment begin; 0 where the card has no value but text from column 9 on."""
    name = image[:8].strip()
    keyword = name.upper()
    if keyword in COMMENTARY_KEYWORDS:
        return keyword, 0
    if image.startswith("=", 8):
        return (keyword, 9) if image.startswith(" ", 9) else (name, 0)
    if keyword == "CONTINUE":
        return keyword, 8
    if keyword == "HIERARCH" and image.startswith(" ", 8) and "=" in image:
        equals = image.index("=")
        return image[9:equals].strip(), equals + 1
    # Some writers do not fill up the keyword: `KEY= 5`.
    equals = image.find("= ", 0, 9)
    return (image[:equals].strip().upper(), equals + 1) if equals > 0 else (name, 0)


def parse_card(image: str) -> Card:
    """Keyword, value and comment of a card; never raises.

    A card without a value indicator has its text as value, from column 9 on. A value that does not parse is
    the text before the first slash.
    """
    keyword, start = _split(image)
    if not start:
        return Card(keyword, image[8:].rstrip(), "")
    if len(image) > CARD_LENGTH:
        return Card(keyword, *_parse_long_string(image))
    return Card(keyword, *_parse_field(image[start:]))


def _parse_field(field: str) -> tuple[CardValue, str]:
    if field.lstrip(" ").startswith("'"):
        string = _parse_string(field)
        if string:
            return string
    value, _, comment = field.partition("/")
    return _parse_value(value.strip()), comment.strip()


def _parse_string(field: str) -> tuple[str, str] | None:
    match = _STRING.fullmatch(field) or _UNESCAPED_STRING.fullmatch(field)
    if match is None:
        return None
    string, comment = match.groups("")
    return string.rstrip(" ").replace("''", "'"), comment.rstrip()


def _parse_long_string(image: str) -> tuple[str, str]:
    parts = [_string_of(image[i : i + CARD_LENGTH]) or ("", "") for i in range(0, len(image), CARD_LENGTH)]
    strings = [string.removesuffix("&") for string, _ in parts[:-1]] + [parts[-1][0]]
    return "".join(strings).rstrip(" "), " ".join(comment for _, comment in parts if comment)


def _parse_value(text: str) -> CardValue:
    if text in ("T", "F"):
        return text == "T"
    if _INTEGER.fullmatch(text):
        return int(text.replace(" ", ""))
    if _FLOAT.fullmatch(text):
        return _parse_float(text)
    pair = _COMPLEX.fullmatch(text)
    if pair:
        return complex(_parse_float(pair[1]), _parse_float(pair[2]))
    return text or None


def _parse_float(text: str) -> float:
    return float(text.translate(_EXPONENT))


# Writing


def format_card(keyword: str, value: CardValue | SupportsItem, comment: str = "") -> str:
    """The image of a new card (FITS 4.0, section 4.2).

    Numbers end in column 30 and strings begin in column 11 (the fixed format) unless they or the comment need
    the room. Floats have all the digits they need to be read back the same. Strings and their comments go on
    in CONTINUE cards. A keyword longer than 8 characters, or with others than letters, digits, - and _, makes
    a HIERARCH card.

    Raises:
        ValueError: keyword, value or comment cannot stand in a header, or the card would be too long.
        TypeError: a value of another type.
    """
    return _assemble(_head(normal_keyword(keyword)), plain_value(value), _checked_text(comment))


def format_commentary(keyword: str, text: str) -> list[str]:
    """The images of one commentary text, 72 characters a card; ValueError if it is not printable ASCII."""
    _checked_text(text)
    return [f"{keyword:<8}{text[i : i + _TEXT_LENGTH]:<{_TEXT_LENGTH}}" for i in range(0, len(text) or 1, _TEXT_LENGTH)]


def replace_value(image: str, value: CardValue | SupportsItem, comment: str | None = None) -> str:
    """The image of a card with another value; raises as `format_card` does.

    Args:
        image: The card.
        value: Its new value; for a commentary card a text of up to 72 characters.
        comment: Its new comment. None: its own, cut where the card of a number ends.
    """
    keyword, start = _split(image)
    if keyword in COMMENTARY_KEYWORDS:
        return _replace_commentary(keyword, value, comment)
    if not start:
        return format_card(keyword, value, comment or "")
    head = _own_head(image, keyword, start)
    plain = plain_value(value)
    if comment is not None:
        return _assemble(head, plain, _checked_text(comment))
    own = parse_card(image).comment
    if not isinstance(plain, str):
        own = own[: max(0, CARD_LENGTH - len(head) - len(_format_number(plain)) - 3)]
    return _assemble(head, plain, own)


def replace_comment(image: str, comment: str) -> str:
    """The image of a card with another comment, its value as it was written; raises as `format_card` does."""
    keyword, start = _split(image)
    if not start:
        raise ValueError(f"a {keyword or 'blank'} card without a value has no comment")
    head = _own_head(image, keyword, start)
    string = parse_card(image).value
    if isinstance(string, str) and (len(image) > CARD_LENGTH or _string_of(image)):
        return _assemble_string(head, string, _checked_text(comment))
    return _assemble_number(head, image[start:].partition("/")[0].strip(), _checked_text(comment))


def _replace_commentary(keyword: str, text: object, comment: str | None) -> str:
    if comment or not isinstance(text, str):
        raise TypeError(f"a {keyword or 'blank'} card takes a str and no comment")
    image, *more = format_commentary(keyword, text)
    if more:
        raise ValueError(f"{text!r} is longer than the {_TEXT_LENGTH} characters of one {keyword or 'blank'} card")
    return image


def _own_head(image: str, keyword: str, start: int) -> str:
    if keyword == "CONTINUE":
        raise ValueError("a CONTINUE card has no value of its own")
    # A HIERARCH card stays one, even if its keyword is short.
    return f"{image[:start]} " if image[:9].upper() == "HIERARCH " else f"{keyword:<8}= "


def _head(keyword: str) -> str:
    if keyword in ("", "END", "CONTINUE"):
        raise ValueError(f"no value can be set for keyword {keyword!r}")
    if _STANDARD_KEYWORD.fullmatch(keyword):
        return f"{keyword:<8}= "
    if _HIERARCH_KEYWORD.fullmatch(keyword):
        return f"HIERARCH {keyword} = "
    raise ValueError(f"keyword {keyword!r} has characters that cannot stand in a header")


def plain_value(value: CardValue | SupportsItem) -> CardValue:
    """A value as a plain Python one; raises ValueError or TypeError for what no card can hold."""
    if _is_card_value(value):
        return _checked_value(value)
    item = getattr(value, "item", None)
    plain: object = item() if callable(item) else value
    if not _is_card_value(plain):
        raise TypeError(f"a header cannot hold a value of type {type(value).__name__}")
    return _checked_value(plain)


def _is_card_value(value: object) -> TypeGuard[CardValue]:
    return value is None or isinstance(value, str | int | float | complex)


def _checked_value(value: CardValue) -> CardValue:
    if isinstance(value, str):
        return _checked_text(value)
    if isinstance(value, float | complex) and not (math.isfinite(value.real) and math.isfinite(value.imag)):
        raise ValueError(f"a header cannot hold {value}")
    return value


def _checked_text(text: str) -> str:
    if not _PRINTABLE.fullmatch(text):
        raise ValueError(f"{text!r} has characters other than printable ASCII")
    return text


def _assemble(head: str, value: CardValue, comment: str) -> str:
    if isinstance(value, str):
        return _assemble_string(head, value, comment)
    return _assemble_number(head, _format_number(value), comment)


def _assemble_number(head: str, number: str, comment: str) -> str:
    image = _one_card(head, f"{number:>20}", comment)
    if image is None:
        raise ValueError(f"{head}{number} / {comment} is longer than the {CARD_LENGTH} characters of a card")
    return image


def _one_card(head: str, field: str, comment: str) -> str | None:
    """The card in fixed format, else with no blanks around the value, else None."""
    tail = f" / {comment}" if comment else ""
    cards = (f"{head}{field}{tail}", f"{head}{field.strip(' ')}{tail}")
    return next((card.ljust(CARD_LENGTH) for card in cards if len(card) <= CARD_LENGTH), None)


def _format_number(value: int | float | complex | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _format_float(value)
    return f"({_format_float(value.real)}, {_format_float(value.imag)})"


def _format_float(value: float) -> str:
    # float(): a subclass (numpy.float64) has a repr of its own.
    digits, exponent, power = repr(float(value)).partition("e")
    return digits + ("" if "." in digits else ".0") + (f"E{power}" if exponent else "")


def _assemble_string(head: str, value: str, comment: str) -> str:
    escaped = value.replace("'", "''")
    field = f"'{escaped:<8}'" if escaped else "''"
    return _one_card(head, f"{field:<20}", comment) or _continued(head, escaped, comment)


def _continued(head: str, escaped: str, comment: str) -> str:
    """A string and its comment on one card and its CONTINUE cards (FITS 4.0, section 4.2.1.2)."""
    rows = _rows(_pieces(escaped, head), comment)
    heads = chain([head], repeat("CONTINUE  "))
    marks = chain(repeat("&", len(rows) - 1), [""])
    cards = [
        f"{start}'{string}{mark}'" + (f" / {note}" if note else "")
        for start, mark, (string, note) in zip(heads, marks, rows, strict=False)
    ]
    return "".join(card.ljust(CARD_LENGTH) for card in cards)


def _rows(strings: list[str], comment: str) -> list[tuple[str, str]]:
    """String and comment of each card."""
    *others, last = strings
    # Some readers drop an ampersand at the end of the last card, so a comment gets a card behind it.
    if others and len(last) + len(comment) <= _CONTINUE_COMMENT_ROOM and not last.endswith("&"):
        return [*((string, "") for string in others), (last, comment)]
    notes = textwrap.wrap(comment, _CONTINUE_COMMENT_ROOM, break_on_hyphens=False)
    return [*((string, "") for string in strings), *(("", note) for note in notes)]


def _pieces(escaped: str, head: str) -> list[str]:
    room = CARD_LENGTH - len(head) - 3
    if room < 2:
        raise ValueError(f"{head.strip()} leaves no room for its value")
    pieces: list[str] = []
    while len(escaped) > room:
        # Two quotes that stand for one stay together.
        end = room - escaped.count("'", 0, room) % 2
        pieces.append(escaped[:end])
        escaped, room = escaped[end:], _CONTINUE_ROOM
    return [*pieces, escaped]
