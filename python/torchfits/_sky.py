"""Pairs of points on the sky that lie close to each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, Any]

_CHUNK = 1 << 16
"""Points of the first set that are matched at a time."""

_FINEST = 2.0**-19
"""The smallest edge of a cell, 0.4 arcseconds, so that a number of cells along an axis has 21 bits."""

_BITS = 21


@dataclass(frozen=True)
class SkyMatch:
    """How points of two tables are matched, as `torchfits.sky` makes it."""

    radius: float
    left: tuple[str, str]
    right: tuple[str, str]
    nearest: bool


@dataclass(frozen=True)
class Pairs:
    """Pairs of points, those of the first set in order, and the points of the second set in order within.

    Attributes:
        left: numbers in the first set, int64.
        right: numbers in the second set, int64.
        separation: in degrees, float64.
    """

    left: Array
    right: Array
    separation: Array


def pairs_within(radius: float, left: tuple[Array, Array], right: tuple[Array, Array], *, nearest: bool) -> Pairs:
    """All pairs of points that are no farther from each other than a radius.

    Points are unit vectors in cubes at least as wide as the radius's chord, so that the neighbours of a point are in
    its cube or in one of the 26 around it, at the poles and at 0 = 360 degrees as anywhere.

    Args:
        radius: degrees, from 0 to 180.
        left: longitudes and latitudes of the first set in degrees, float64. NaN is near nothing.
        right: those of the second set.
        nearest: whether of each point of the first set only the pair with the nearest one counts (of several as near,
            the first).
    """
    chord = 2 * math.sin(math.radians(radius) / 2)
    cells = _Cells(_unit_vectors(*right), max(chord * (1 + 1e-9), _FINEST))
    points = _unit_vectors(*left)
    found = [
        _near(points[first : first + _CHUNK], first, cells, chord, nearest=nearest)
        for first in range(0, len(points), _CHUNK)
    ]
    if not found:
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    return Pairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _unit_vectors(longitudes: Array, latitudes: Array) -> Array:
    ra, dec = np.radians(longitudes), np.radians(latitudes)
    across = np.cos(dec)
    return np.stack([across * np.cos(ra), across * np.sin(ra), np.sin(dec)], axis=1)


class _Cells:
    """Points sorted by the cubes that they are in, cubes that follow each other along z side by side."""

    def __init__(self, points: Array, edge: float) -> None:
        self.edge = edge
        numbers = np.flatnonzero(np.isfinite(points).all(axis=1))
        keys = self._keys(self.of(points[numbers]))
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        self.numbers = numbers[order]
        self.points = points[self.numbers]

    def of(self, points: Array) -> Array:
        """The cubes of points, int64 (points, 3), from 1."""
        return np.floor((points + 1) / self.edge).astype(np.int64) + 1

    @staticmethod
    def _keys(cubes: Array) -> Array:
        return (((cubes[:, 0] << _BITS) + cubes[:, 1]) << _BITS) + cubes[:, 2]

    def columns_around(self, cubes: Array) -> Iterator[tuple[Array, Array]]:
        """First and last place of the points in the three cubes along z, for each of the nine columns around."""
        for x in (-1, 0, 1):
            for y in (-1, 0, 1):
                key = self._keys(cubes + np.array([x, y, 0]))
                yield np.searchsorted(self.keys, key - 1, "left"), np.searchsorted(self.keys, key + 1, "right")


def _near(points: Array, first: int, cells: _Cells, chord: float, *, nearest: bool) -> tuple[Array, Array, Array]:
    """Pairs of some points of the first set, as `Pairs` has them."""
    numbers = np.flatnonzero(np.isfinite(points).all(axis=1))
    cubes = cells.of(points[numbers])
    found = [_in_column(points, numbers, cells, *places, chord) for places in cells.columns_around(cubes)]
    left, right, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((right, distance, left) if nearest else (right, left))
    if nearest:
        order = order[np.unique(left[order], return_index=True)[1]]
    separation = np.degrees(2 * np.arcsin(np.minimum(distance[order] / 2, 1)))
    return left[order] + first, right[order], separation


def _in_column(
    points: Array, numbers: Array, cells: _Cells, begins: Array, ends: Array, chord: float
) -> tuple[Array, Array, Array]:
    """Point, neighbour and their distance in a straight line."""
    counts = ends - begins
    left = np.repeat(numbers, counts)
    places = np.arange(len(left)) + np.repeat(begins - np.cumsum(counts) + counts, counts)
    distance = np.sqrt(((points[left] - cells.points[places]) ** 2).sum(axis=1))
    # Rounding of unit vectors, so that a radius of 0 finds the point itself.
    close = distance <= chord + 1e-15
    return left[close], cells.numbers[places[close]], distance[close]
