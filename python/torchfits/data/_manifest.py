# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Manifests: of each sample the boxes that it is made of, as arrays rather than objects."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import torch

from torchfits._memory import is_source
from torchfits.data._specs import hdu_of, named, written
from torchfits.data._windows import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from torchfits._location import Hdu
    from torchfits._memory import Source

Part: TypeAlias = "slice | int"
Box: TypeAlias = "tuple[Part, ...]"
Cutout: TypeAlias = "tuple[Source | None, Box] | tuple[Source | None, Hdu | None, Box]"
"""File, HDU and box; a file that is None or empty is missing."""

FROM_FIRST = -(2**63)
TO_LAST = 2**63 - 1
_BEYOND = 2**62
WHOLE = -1
"""The size of an axis that is taken whole, whatever it is."""


@dataclass(frozen=True)
class Manifest:
    """Boxes of one size in images of many files.

    Attributes:
        files: each once.
        hdus: each once; None for the first image.
        numbers: int32 (boxes, 2): number of the file, MISSING for none, and of the HDU.
        starts: int32 or int64 (boxes, axes), C order, pixels from 0.
        size: of all boxes; WHOLE for an axis that is taken whole.
        dropped: axes that are indexed by a number, so that samples do not have them.
        bands: boxes of each sample, one behind the other; None for one box that is not stacked.
    """

    files: Sequence[Any]
    hdus: Sequence[Hdu | None]
    numbers: torch.Tensor
    starts: torch.Tensor
    size: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    bands: int | None = None

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.numbers) // (self.bands or 1)

    def __getitem__(self, rows: torch.Tensor) -> torch.Tensor:
        """Boxes as the engine takes them: int64 (rows, 2 + 2 * axes)."""
        axes = len(self.size)
        items = torch.empty(len(rows), 2 + 2 * axes, dtype=torch.int64)
        items[:, :2] = self.numbers[rows]
        size = torch.tensor(self.size)
        whole = size == WHOLE
        starts = self.starts[rows].long()
        items[:, 2::2] = torch.where(whole, FROM_FIRST, starts)
        items[:, 3::2] = torch.where(whole, TO_LAST, starts + size)
        return items

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Of a box; None if that of the image decides."""
        return None if WHOLE in self.size else self.size

    def missing(self, ids: torch.Tensor) -> torch.Tensor:
        """Which boxes of samples there are no files of: bool (samples, boxes of each)."""
        bands = self.bands or 1
        rows = ids[:, None] * bands + torch.arange(bands)
        return self.numbers[:, 0][rows] == MISSING

    def described(self, sample: int) -> str:
        """Files, HDUs and boxes of a sample, for messages."""
        from torchfits.data._windows import place

        bands = self.bands or 1
        told = dict.fromkeys(
            f"{place(self.files[file], self.hdus[hdu])}{self._box_text(starts)}"
            for (file, hdu), starts in zip(
                self.numbers[sample * bands : (sample + 1) * bands].tolist(),
                self.starts[sample * bands : (sample + 1) * bands].tolist(),
                strict=True,
            )
            if file != MISSING
        )
        return ", ".join(told) or "no file"

    def _box_text(self, starts: list[int]) -> str:
        parts = [
            ":" if size == WHOLE else str(start) if axis in self.dropped else f"{start}:{start + size}"
            for axis, (start, size) in enumerate(zip(starts, self.size, strict=True))
        ]
        return f"[{', '.join(parts)}]"

    def sources(self, sample: int | None = None) -> list[tuple[Any, Hdu | None]]:
        """Files and HDUs of the boxes of a sample, or of all, each once."""
        bands = self.bands or 1
        numbers = self.numbers if sample is None else self.numbers[sample * bands : (sample + 1) * bands]
        present = numbers[numbers[:, 0] != MISSING]
        return [(self.files[file], self.hdus[hdu]) for file, hdu in np.unique(present.numpy(), axis=0).tolist()]

    # As JSON

    def spec(self) -> dict[str, Any]:
        """All of it."""
        return {
            "files": [written(file) for file in self.files],
            "hdus": list(self.hdus),
            "numbers": self.numbers.tolist(),
            "starts": self.starts.tolist(),
            "size": list(self.size),
            "dropped": list(self.dropped),
            "bands": self.bands,
        }

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Manifest:
        """The manifest of `spec`.

        Raises:
            ValueError: if its numbers do not belong together.
        """
        size = tuple(spec["size"])
        manifest = cls(
            files=list(spec["files"]),
            hdus=[hdu_of(hdu) for hdu in spec["hdus"]],
            numbers=torch.tensor(spec["numbers"], dtype=torch.int32).reshape(-1, 2),
            starts=_narrow(torch.tensor(spec["starts"], dtype=torch.int64).reshape(-1, len(size))),
            size=size,
            dropped=tuple(spec["dropped"]),
            bands=spec["bands"],
        )
        manifest.require_sound()
        return manifest

    def require_sound(self) -> None:
        """Checks that all numbers mean something.

        Raises:
            ValueError: if one does not.
        """
        files, hdus = self.numbers[:, 0], self.numbers[:, 1]
        sound = len(self.starts) == len(self.numbers) and len(self.numbers) % (self.bands or 1) == 0
        if len(files) and sound:
            sound = int(files.min()) >= MISSING and int(files.max()) < len(self.files)
            sound = sound and int(hdus.min()) >= 0 and int(hdus.max()) < len(self.hdus)
        if not sound or not all(length >= 0 or length == WHOLE for length in self.size):
            raise ValueError("the numbers of a manifest do not belong together")


def from_rows(rows: Iterable[Any], axes: int | None = None) -> Manifest:
    """The manifest of rows that are told one by one.

    Args:
        rows: `Cutout`s, or lists of as many (or None) for several bands.
        axes: that boxes must have; None for any.

    Raises:
        TypeError: for a row that is none.
        ValueError: for boxes of different sizes, rows of different numbers of bands.
    """
    builder = _Builder(axes)
    bands: int | None = None
    count = 0
    for count, row in enumerate(rows, start=1):
        own = len(row) if isinstance(row, list) else None
        if count > 1 and own != bands:
            raise ValueError(f"row {count - 1} of the manifest has {own or 1} bands, those before {bands or 1}")
        bands = own
        for cutout in row if isinstance(row, list) else [row]:
            builder.add(count - 1, cutout)
    if bands == 0:
        raise ValueError("a row of the manifest needs at least one band")
    return builder.manifest(bands)


class _Builder:
    def __init__(self, axes: int | None) -> None:
        self._axes = axes
        self._files: dict[Any, int] = {}
        self._sources: list[Any] = []
        self._hdus: dict[Any, int] = {}
        self._numbers: list[tuple[int, int]] = []
        self._starts: list[list[int]] = []
        self._size: tuple[int, ...] | None = None
        self._dropped: tuple[int, ...] = ()
        self._boxless: list[int] = []

    def add(self, row: int, cutout: Any) -> None:  # noqa: ANN401 - users without a type checker
        if cutout is None:
            self._boxless.append(len(self._numbers))
            self._numbers.append((MISSING, self._hdu(None)))
            self._starts.append([])
            return
        if not isinstance(cutout, tuple) or len(cutout) not in (2, 3):
            raise TypeError(f"row {row} of the manifest is no (file, HDU, box): {cutout!r}")
        path, hdu, box = cutout if len(cutout) == 3 else (cutout[0], None, cutout[1])
        starts, size, dropped = self._box(row, box)
        if self._size is None:
            self._size, self._dropped = size, dropped
        elif (size, dropped) != (self._size, self._dropped):
            raise ValueError(f"row {row} of the manifest is of size {list(size)}, those before of {list(self._size)}")
        self._numbers.append((self._file(row, path), self._hdu(hdu)))
        self._starts.append(starts)

    def _file(self, row: int, path: Any) -> int:  # noqa: ANN401
        if path is None or (isinstance(path, str) and not path) or (isinstance(path, float) and math.isnan(path)):
            return MISSING
        if not is_source(path):
            raise TypeError(f"row {row} of the manifest names no file: {path!r}")
        source = named(cast("Source", path))
        key = source if isinstance(source, str) else id(source)
        if key not in self._files:
            self._files[key] = len(self._sources)
            self._sources.append(source)
        return self._files[key]

    def _hdu(self, hdu: Hdu | None) -> int:
        return self._hdus.setdefault(hdu, len(self._hdus))

    def _box(self, row: int, box: Any) -> tuple[list[int], tuple[int, ...], tuple[int, ...]]:  # noqa: ANN401
        parts = box if isinstance(box, tuple) else (box,)
        if self._axes is not None and len(parts) != self._axes:
            raise ValueError(f"row {row} of the manifest has a box of {len(parts)} axes, not {self._axes}")
        bounds = [_bounds(row, part) for part in parts]
        dropped = tuple(axis for axis, part in enumerate(parts) if not isinstance(part, slice))
        return [start for start, _ in bounds], tuple(size for _, size in bounds), dropped

    def manifest(self, bands: int | None) -> Manifest:
        size = () if self._size is None else self._size
        if self._size is None and self._numbers:
            raise ValueError("no row of the manifest has a box")
        for place in self._boxless:
            self._starts[place] = [0] * len(size)
        numbers = torch.tensor(self._numbers, dtype=torch.int32).reshape(-1, 2)
        starts = torch.tensor(self._starts, dtype=torch.int64).reshape(len(numbers), len(size))
        return Manifest(self._sources, list(self._hdus), numbers, _narrow(starts), size, self._dropped, bands)


def _bounds(row: int, part: Any) -> tuple[int, int]:  # noqa: ANN401
    """Start and size on an axis."""
    if not isinstance(part, slice):
        start = operator.index(part)
        stop = start + 1
    elif part.start is None and part.stop is None and part.step is None:
        return 0, WHOLE
    elif part.start is None or part.stop is None or part.step not in (None, 1):
        raise ValueError(f"row {row} of the manifest: a slice has start and stop, or neither, and no step, not {part}")
    else:
        start, stop = operator.index(part.start), operator.index(part.stop)
    if not -_BEYOND <= start <= stop <= _BEYOND:
        raise ValueError(f"row {row} of the manifest: a box goes from {start} to {stop}")
    return start, stop - start


def _narrow(starts: torch.Tensor) -> torch.Tensor:
    """The same numbers in half the memory, if they are small enough."""
    fits = starts.numel() == 0 or (int(starts.min()) >= -(2**31) and int(starts.max()) < 2**31)
    return starts.int() if fits else starts


def from_centres(
    files: Sequence[tuple[Any, Sequence[str | None]]],
    hdus: Sequence[Hdu | None],
    centres: Any,  # noqa: ANN401 - an array of numpy
    size: tuple[int, ...],
    *,
    stacked: bool,
) -> Manifest:
    """The manifest of boxes around pixels.

    Args:
        files: of each band the numbers of the rows' files, int (rows,), among the names that follow; -1 for none.
        hdus: of each band.
        centres: float64 (rows, axes), C order, pixels from 0 whose centres are the integers.
        size: of the boxes.
        stacked: whether samples have an axis of bands.

    Raises:
        ValueError: for a centre that is no number, or beyond any image.
    """
    wrong = ~(np.abs(centres) < _BEYOND / 2).all(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"row {row} of the catalog has no centre in an image: {centres[row, ::-1].tolist()}")
    starts = np.ceil(centres - np.array(size) / 2).astype(np.int64)
    names: dict[str, int] = {}
    kinds: dict[Any, int] = {}
    bands = len(files)
    numbers: Any = np.empty((len(starts), bands, 2), np.int32)
    for band, (codes, words) in enumerate(files):
        known = [MISSING if not word else names.setdefault(word, len(names)) for word in words]
        numbers[:, band, 0] = np.array([*known, MISSING], np.int32)[codes]  # of -1 the one behind the last
        numbers[:, band, 1] = kinds.setdefault(hdus[band], len(kinds))
    return Manifest(
        list(names),
        list(kinds),
        torch.from_numpy(numbers.reshape(-1, 2)),
        _narrow(torch.from_numpy(np.repeat(starts, bands, axis=0))),
        size,
        bands=bands if stacked else None,
    )


def size_of(size: Any, axes: int) -> tuple[int, ...]:  # noqa: ANN401
    """The size of boxes: one number for all axes, or one for each.

    Raises:
        ValueError: for another number of axes, or no positive size.
    """
    lengths = (size,) * axes if isinstance(size, int) else tuple(map(operator.index, size))
    if len(lengths) != axes or min(lengths) < 1:
        raise ValueError(f"a size is a number from 1, or {axes} of them, not {size!r}")
    return lengths
