"""Which HDU of which file, and which part of it: from arguments and from CFITSIO's extended file names."""

from __future__ import annotations

import operator
import os
import re
from types import EllipsisType
from typing import TYPE_CHECKING, SupportsIndex, TypeVar

from torchfits import _engine

if TYPE_CHECKING:
    from torchfits._memory import Source

Hdu = int | str | tuple[str, int]
"""An HDU: its number from 0, its EXTNAME, or its EXTNAME and EXTVER."""

SectionItem = slice | SupportsIndex | EllipsisType
Section = SectionItem | tuple[SectionItem, ...]
"""A part of an image as torch would index it: slices with steps from 1, integers, one ellipsis; slowest axis first."""

_T = TypeVar("_T")
_Path = TypeVar("_Path", bound="Source")

_BRACKETS = re.compile(r"(.+?)((?:\[[^\[\]]*\])+)", re.DOTALL)
_LARGEST = 2**31 - 1  # what the engine counts HDUs and versions by
_NUMBER = re.compile(r"\+?\d+", re.ASCII)
_RANGE = re.compile(r"(?:(-?)\*|0*([1-9]\d*)\s*:\s*0*([1-9]\d*))(?:\s*:\s*0*([1-9]\d*))?", re.ASCII)


Location = tuple[str, _engine.Selector, str | None]
"""What to read, as the engine takes it: the file, the HDU, and the part of the image (None for all)."""


def locate(
    path: Source,
    hdu: Hdu | None = None,
    section: Section | None = None,
    *,
    default: _engine.Selector = (_engine.FIRST_IMAGE, None, 0),
) -> Location:
    """Resolves a path that may carry an HDU and a section, `img.fits[SCI,1][101:200,1:50]`.

    A file whose real name ends with brackets is found first. In brackets FITS's order and bases hold: the fastest axis
    first, pixels from 1, both ends in.

    Args:
        path: of the file, or its bytes or a file object, which have no brackets.
        hdu: None for that in the path or `default`.
        section: None for that in the path or all.
        default: the HDU where neither says one.

    Returns:
        The file, the HDU and the section, None for the whole image, as the engine takes them.

    Raises:
        TypeError: for arguments of a wrong type.
        ValueError: for an HDU or section both in the path and as an argument, or one that cannot be understood.
    """
    encoded = _engine.encode(path)
    text = None if section is None else section_text(section)
    if isinstance(path, str) and path.endswith("]") and not os.path.exists(path):  # noqa: PTH110 - may be no path
        name, bracket_hdu, bracket_section = _split(path)
        encoded = _engine.encode(name)
        hdu = _either("an HDU", hdu, bracket_hdu)
        text = _either("a section", text, bracket_section)
    return encoded, default if hdu is None else selector(hdu), text


def split_row_filter(path: _Path) -> tuple[_Path | str, str | None]:
    """Takes CFITSIO's row filter off a path, `events.fits[EVENTS][pha > 5]`; None if there is none.

    Returns:
        The path up to the HDU, and the expression in the bracket behind it, which is neither empty nor a section.
    """
    if not isinstance(path, str) or not path.endswith("]") or os.path.exists(path):  # noqa: PTH110 - may be no path
        return path, None
    name, groups = _split_groups(path)
    if len(groups) != 2 or not groups[1].strip() or _bracket_section(groups[1]) is not None:
        return path, None
    return f"{name}[{groups[0]}]", groups[1]


def selector(hdu: Hdu) -> _engine.Selector:
    """An HDU as the engine takes it.

    Raises:
        TypeError: if it is neither a number, a name, nor a pair of name and version.
        ValueError: if a number is out of the range that files can have, or the name is empty.
    """
    if isinstance(hdu, str):
        return (_engine.BY_NAME, _require_name(hdu), 0)
    if isinstance(hdu, tuple):
        name, version = hdu
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
            raise TypeError(f"hdu must be an int, a name or (name, version), not {hdu!r}")
        return (_engine.BY_NAME, _require_name(name), _in_range("a version", version, lowest=-_LARGEST))
    if isinstance(hdu, bool):
        raise TypeError("hdu must be an int, a name or (name, version), not a bool")
    return (_in_range("hdu", hdu, lowest=0), None, 0)


def _require_name(name: str) -> str:
    if not name.strip():
        raise ValueError("an HDU without a name is found by its number")
    return name


def _in_range(what: str, value: SupportsIndex, *, lowest: int) -> int:
    number = operator.index(value)
    if not lowest <= number <= _LARGEST:
        raise ValueError(f"{what} is from {lowest} to {_LARGEST}, not {number}")
    return number


def section_text(section: Section) -> str:
    """A section as the engine takes it.

    Raises:
        TypeError: for items that are neither integers, slices nor an ellipsis.
        ValueError: for a step below 1 or more than one ellipsis.
    """
    items = section if isinstance(section, tuple) else (section,)
    if sum(item is Ellipsis for item in items) > 1:
        raise ValueError("a section can have one ellipsis only")
    return ",".join(map(_item_text, items)) if items else "..."


def _item_text(item: SectionItem | None) -> str:
    if isinstance(item, EllipsisType):
        return "..."
    if isinstance(item, slice):
        return f"{_bound_text(item.start)}:{_bound_text(item.stop)}{_step_text(item.step)}"
    if item is None:
        raise TypeError("a section adds no axes: read it without None and use unsqueeze() on the tensor")
    return str(_index(item))


def _index(item: SupportsIndex) -> int:
    if _is_integer(item):
        return operator.index(item)
    if isinstance(item, list | tuple) or hasattr(item, "__array__"):
        raise TypeError(
            "a section holds slices, integers and an ellipsis, no masks and no index arrays: "
            "read the box around the pixels and index the tensor with them"
        )
    raise TypeError(f"a section holds slices, integers and an ellipsis, not {item!r}")


def _is_integer(item: object) -> bool:
    """Whether it is one integer: no bool, which means a mask, and no array, not even one with a single index."""
    mask = isinstance(item, bool) or str(getattr(item, "dtype", "")) in ("bool", "torch.bool")
    return isinstance(item, SupportsIndex) and not mask and getattr(item, "ndim", 0) == 0


def _bound_text(bound: SupportsIndex | None) -> str:
    return "" if bound is None else str(_index(bound))


def _step_text(step: SupportsIndex | None) -> str:
    number = 1 if step is None else _index(step)
    if number < 1:
        raise ValueError(f"a slice's step is 1 or more, as in torch, not {number}; flip() turns the tensor around")
    return "" if number == 1 else f":{number}"


def _either(what: str, argument: _T | None, bracket: _T | None) -> _T | None:
    if argument is not None and bracket is not None:
        raise ValueError(f"{what} is given both in the path and as an argument")
    return bracket if argument is None else argument


def _split(path: str) -> tuple[str, Hdu | None, str | None]:
    """Path, HDU and section of an extended file name; the path alone if it does not look like one."""
    name, groups = _split_groups(path)
    if not groups:
        return path, None, None
    if len(groups) > 2:
        raise ValueError(f"{path}: at most an HDU and a section can be given")
    section = _bracket_section(groups[-1])
    if section is None and len(groups) == 2:
        raise ValueError(f"[{groups[-1]}] is not a section such as [1:100,*]")
    hdu = groups[0] if section is None or len(groups) == 2 else None
    return name, None if hdu is None else _bracket_hdu(hdu), section


def _split_groups(path: str) -> tuple[str, list[str]]:
    """The longest name of a file that exists, and the brackets behind it; without such a file, the shortest."""
    match = _BRACKETS.fullmatch(path)
    if match is None:
        return path, []
    groups = match[2][1:-1].split("][")
    for own in range(len(groups) - 1, 0, -1):
        name = match[1] + "".join(f"[{group}]" for group in groups[:own])
        if os.path.exists(name):  # noqa: PTH110 - may be no path
            return name, groups[own:]
    return match[1], groups


def _bracket_hdu(text: str) -> Hdu:
    """CFITSIO's `3`, `+3`, `SCI` or `SCI,2`."""
    name, comma, version = (part.strip() for part in text.partition(","))
    if not name or (comma and not _NUMBER.fullmatch(version)):
        raise ValueError(f"[{text}] is not an HDU such as [1], [SCI] or [SCI,2]")
    if comma:
        return name, int(version)
    return int(name) if _NUMBER.fullmatch(name) else name


def _bracket_section(text: str) -> str | None:
    """CFITSIO's `x1:x2:step,*,-*` in the engine's syntax and order; None if it is not of that form.

    Axes that are not told are whole: the slowest ones, as the fastest comes first.
    """
    items = [_bracket_item(item.strip()) for item in text.split(",")]
    return None if None in items else ",".join(["...", *(str(item) for item in reversed(items))])


def _bracket_item(item: str) -> str | None:
    match = _RANGE.fullmatch(item)
    if match is None:
        return None
    minus, first, last, step = match.groups()
    return f"::{minus}{step or 1}" if first is None else f"{first}..{last}:{step or 1}"
