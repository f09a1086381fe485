"""Images that become floats: scaled ones, other dtypes, and dark and flat fields applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from files import SCALED
from harness import MILLISECONDS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 2048


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    for kind in SCALED:
        yield from _row(bench, f"convert: {SIDE}x{SIDE} {kind}", kind, "read_image")
    for bits in (32, 16):
        name = f"convert: {SIDE}x{SIDE} uint16 to float{bits}"
        yield from _row(bench, name, "uint16", "read_as", {"bits": bits})
    yield from _row(bench, f"convert: {SIDE}x{SIDE} uint16, dark and flat", "uint16", "read_calibrated", {"side": SIDE})


def _row(bench: Bench, name: str, kind: str, operation: str, options: dict[str, int] | None = None) -> Iterator[Row]:
    if bench.wants(name):
        paths = [bench.files.scaled(kind, SIDE)]
        yield bench.measure(Case(name, operation, paths, MILLISECONDS, goal_ratio=1.0, options=options or {}))
