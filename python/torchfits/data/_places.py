"""Which HDU of which file samples are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from torchfits import _engine
from torchfits._location import selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchfits._location import Hdu


class Place(NamedTuple):
    """An HDU of a file.

    Attributes:
        source: the file, or its bytes.
        selector: of the HDU, as the engine takes it.
        required: whether there must be such a file.
    """

    source: Any
    selector: _engine.Selector
    required: bool = True

    @property
    def key(self) -> tuple[object, _engine.Selector]:
        """The same for the same HDU of the same file; bytes are known by the object that holds them."""
        return self.source if isinstance(self.source, str) else id(self.source), self.selector

    @property
    def hdu(self) -> Hdu | None:
        """The HDU as it was asked for; None for the first one of its kind."""
        number, name, version = self.selector
        if number == _engine.BY_NAME and name is not None:
            return (name, version) if version else name
        return number if number >= 0 else None


def distinct(places: Iterable[Place]) -> list[Place]:
    """Each once, in their order."""
    found: dict[object, Place] = {}
    for place in places:
        found.setdefault(place.key, place)
    return list(found.values())


def image_selector(hdu: Hdu | None) -> _engine.Selector:
    """An HDU as the engine takes it; None for the first image."""
    return (_engine.FIRST_IMAGE, None, 0) if hdu is None else selector(hdu)


def table_selector(hdu: Hdu | None) -> _engine.Selector:
    """An HDU as the engine takes it; None for the first table."""
    return (_engine.FIRST_TABLE, None, 0) if hdu is None else selector(hdu)
