"""Whether the HDUs of a dataset are as they were written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from torchfits import _engine
from torchfits._checksums import FAILURES, Unreadable, compare
from torchfits._memory import Content, kept
from torchfits.data._windows import place as text_of
from torchfits.errors import CorruptDataError, FitsError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchfits.data._places import Place

__all__ = ["Failure", "Verification", "verified"]


@dataclass(frozen=True)
class Failure:
    """An HDU that is not as it was written, or cannot be read.

    Attributes:
        file: its name; of bytes what messages call them.
        hdu: its number from 0; None if the file has no such HDU, or cannot be read up to it.
        reason: in words.
    """

    file: str
    hdu: int | None
    reason: str


@dataclass
class Verification:
    """What came of comparing HDUs with their CHECKSUM and DATASUM.

    Attributes:
        failed: those that do not fit, or cannot be read, each with the reason.
        verified: number of those that fit.
        unverified: number of those without sums, or in files compressed by what Python cannot read.
        errors: of those that failed, by the keys of their places.
    """

    failed: list[Failure] = field(default_factory=list[Failure])
    verified: int = 0
    unverified: int = 0
    errors: dict[object, FitsError] = field(default_factory=dict[object, FitsError], repr=False)

    def fail(self, places: Sequence[Place], hdu: int | None, error: FitsError | str) -> None:
        """Takes what is wrong with an HDU, as which several places may know it."""
        file = text_of(places[0].source, None)
        if isinstance(error, str):
            error = CorruptDataError(f"{text_of(places[0].source, hdu)}: {error}")
        self.failed.append(Failure(file, hdu, str(error)))
        self.errors.update({place.key: error for place in places})


def verified(places: Iterable[Place]) -> Verification:
    """Compares HDUs with their sums, file by file."""
    files: dict[object, list[Place]] = {}
    for place in places:
        files.setdefault(place.key[0], []).append(place)
    found = Verification()
    for own in files.values():
        _verify(found, own[0].source, _numbered(found, own))
    return found


def _numbered(found: Verification, places: list[Place]) -> dict[int, list[Place]]:
    """The HDUs of a file by their numbers; those that there are none of failed."""
    numbers: dict[int, list[Place]] = {}
    for place in places:
        try:
            number, _ = _engine.describe_hdu(_engine.encode(place.source), place.selector)
        except FitsError as error:  # noqa: PERF203 - each may fail
            if place.required or not isinstance(error, MissingFileError):
                found.fail([place], None, error)
        else:
            numbers.setdefault(number, []).append(place)
    return numbers


def _verify(found: Verification, source: Any, numbers: dict[int, list[Place]]) -> None:  # noqa: ANN401
    if not numbers:
        return
    left = dict(numbers)
    try:
        with _open(source) as file:
            for number, wrong, has_sum in compare(file, numbers):
                places = left.pop(number)
                if wrong is not None:
                    found.fail(places, number, wrong)
                elif has_sum:
                    found.verified += 1
                else:
                    found.unverified += 1
    except Unreadable:
        found.unverified += len(left)
    except FAILURES as error:
        for number, places in left.items():
            found.fail(places, number, str(error))


def _open(source: Any) -> IO[bytes]:  # noqa: ANN401
    file = source if isinstance(source, str) else kept(source)
    return file.open() if isinstance(file, Content) else Path(file).open("rb")
