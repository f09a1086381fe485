"""Memory: peak resident memory beyond the result while one large image is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import MEGABYTES, OURS, PEERS, Bench, Outcome, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

#: BITPIX and side of the images.
IMAGES = {"10,000x10,000 float32": (-32, 10_000), "6144x6144 int16": (16, 6144)}
GOAL_MEGABYTES = 32.0


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted, each in fresh processes."""
    for kind, (bitpix, side) in IMAGES.items():
        name = f"memory: peak beyond the result, {kind}"
        if bench.wants(name):
            path = bench.files.images(bitpix, side)[0]
            bench.restart()
            bench.start((OURS, *PEERS))
            outcomes = {library: _extra(bench, library, path) for library in (OURS, *PEERS)}
            yield Row(name, MEGABYTES, outcomes, goal_value=GOAL_MEGABYTES)


def _extra(bench: Bench, library: str, path: str) -> Outcome:
    warm_path = bench.files.images(-32, 64)[0]
    answer, problem = bench.ask(library, "peak", path=path, warm_path=warm_path)
    return Outcome(problem=problem) if problem is not None else Outcome([answer["extra"] / 1e6])
