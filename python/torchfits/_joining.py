# pyright: reportUnknownMemberType=false
"""Which rows of two sources belong together, and the rows that they become."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from torchfits._columns import ColumnInfo
from torchfits._rows import nullable
from torchfits._sky import Array, Pairs, SkyMatch, pairs_within
from torchfits._sources import Joined, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torchfits._arrow import How
    from torchfits._rows import ColumnData, Columns
    from torchfits._sources import Source

_SEPARATION_INFO = ColumnInfo(
    "separation", "D", 0, "TENSOR", torch.float64, (), "deg", "", None, (), scale=1.0, zero=0.0, problem=None
)

_TO_DEGREES = {"rad": 180 / np.pi, "radian": 180 / np.pi, "h": 15, "hr": 15, "hour": 15, "hourangle": 15}


def equal(pairs: Sequence[tuple[str, str]], left: Source, right: Source, how: How) -> tuple[torch.Tensor, torch.Tensor]:
    from torchfits import _arrow

    first = left.read([pair[0] for pair in pairs])
    second = right.read([pair[1] for pair in pairs])
    return _arrow.join(
        [(first[name], left.schema[name]) for name, _ in pairs],
        [(second[name], right.schema[name]) for _, name in pairs],
        how,
    )


def matched(on: SkyMatch, left: Source, right: Source, how: How) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows of the first source, their partners and separations."""
    pairs = pairs_within(on.radius, _degrees(left, on.left), _degrees(right, on.right), nearest=on.nearest)
    if how == "left":
        pairs = _with_lonely(pairs, left.count())
    rows = pairs.left
    if how == "semi":
        rows = np.unique(rows)
    elif how == "anti":
        rows = np.setdiff1d(np.arange(left.count()), rows)
    return torch.from_numpy(rows), torch.from_numpy(pairs.right), torch.from_numpy(pairs.separation)


def _with_lonely(pairs: Pairs, count: int) -> Pairs:
    """And the points of the first set that have no neighbour."""
    lonely = np.setdiff1d(np.arange(count), pairs.left)
    left = np.concatenate([pairs.left, lonely])
    order = left.argsort(kind="stable")
    right = np.concatenate([pairs.right, np.full(len(lonely), -1)])
    separation = np.concatenate([pairs.separation, np.full(len(lonely), np.nan)])
    return Pairs(left[order], right[order], separation[order])


def _degrees(source: Source, names: tuple[str, str]) -> tuple[Array, Array]:
    """Two columns of angles."""
    found = [find(source.schema, name) for name in names]
    read = source.read(found)
    longitudes, latitudes = (_angles(read[name], source.schema[name]) for name in found)
    return longitudes, latitudes


def _angles(data: ColumnData, info: ColumnInfo) -> Array:
    if not isinstance(data, torch.Tensor) or data.ndim != 1 or not data.is_floating_point():
        raise TypeError(f"column {info.name} has not one floating-point angle in each row")
    return data.double().numpy() * _TO_DEGREES.get(info.unit.strip().lower(), 1)


def side_by_side(
    left: Source, right: Source, partners: torch.Tensor, keys: set[str], measured: Columns, *, missing: bool
) -> Joined:
    schema = dict(left.schema)
    renamed: dict[str, str] = {}
    for name, info in right.schema.items():
        if name not in keys:
            told = free(name, schema)
            renamed[told] = name
            schema[told] = replace(nullable(info) if missing else info, name=told)
    for name in measured:
        schema[name] = _SEPARATION_INFO if name == "separation" else replace(_SEPARATION_INFO, name=name)
    return Joined(left, right, partners, renamed, schema, schema, measured)


def free(name: str, taken: Mapping[str, object] | set[str]) -> str:
    """A name that no column has: with `_right` behind it, again and again, if one has it."""
    while name in taken:
        name += "_right"
    return name
