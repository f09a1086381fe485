"""Starts: from an imported torch to a library's first tensor, in fresh processes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness import (
    MILLISECONDS,
    OURS,
    PEERS,
    Bench,
    Outcome,
    Row,
    in_fresh_process,
    joined,
    rotated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOAL_MILLISECONDS = 300.0
START_SECONDS = 120
#: A cache that is made in the background is taken as finished when its folder rests this long.
REST_SECONDS = 1.5
MOST_REST_SECONDS = 30.0


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted: with the engine's start-up cache, and without one."""
    name = "start: import + first 64x64 tensor, over import torch"
    if bench.wants(name):
        bench.restart()
        path = bench.files.images(-32, 64)[0]
        yield _warm(bench, name, path)
        yield _first_ever(bench, f"{name}, first ever (no cache)", path)


def _warm(bench: Bench, name: str, path: str) -> Row:
    folder = bench.files.root / "cache"
    starts: dict[str, list[Outcome]] = {library: [] for library in (OURS, *PEERS)}
    _start(OURS, path, folder)
    await_rest(folder)
    for turn in range(1 if bench.quick else 4):
        for library in rotated(list(starts), turn):
            starts[library].append(_start(library, path, folder))
    outcomes = {library: joined(found) for library, found in starts.items()}
    return Row(name, MILLISECONDS, outcomes, goal_value=GOAL_MILLISECONDS)


def _first_ever(bench: Bench, name: str, path: str) -> Row:
    found = []
    for turn in range(1 if bench.quick else 2):
        folder = bench.files.root / f"cache-{turn}"
        found.append(_start(OURS, path, folder))
        await_rest(folder)
    return Row(name, MILLISECONDS, {OURS: joined(found)})


def _start(library: str, path: str, cache: Path) -> Outcome:
    answer, problem = in_fresh_process(library, "start", library, path, cache=cache, seconds=START_SECONDS)
    return problem or Outcome([answer["first"] * 1e3])


def await_rest(folder: Path) -> None:
    """Wait until the cache that is being made in the background is there and complete."""
    give_up = time.monotonic() + MOST_REST_SECONDS
    before = None
    while time.monotonic() < give_up:
        now = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        if now == before and any(path.suffix == ".aot" for path in now):
            return
        before = now
        time.sleep(REST_SECONDS)
