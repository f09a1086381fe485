"""Zone maps: the second query of a large table whose rows are sorted, beside the first, in fresh processes."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench_starts import await_rest
from harness import MILLISECONDS, OURS, PEERS, Bench, Outcome, Row, in_fresh_process, joined, rotated

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Millions of rows, of 24 bytes, of which the queries give this many.
SIZES = (5, 50)
FOUND_ROWS = 10_000

#: The second query is so many times as fast as the first, and one of ten times the rows not ten times as slow.
GOAL_RATIO = 20
GOAL_GROWTH = 10

QUERY_SECONDS = 120
ROUNDS = 3


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted: of each size the first query and the second one."""
    name = "table: where by zone map"
    if not any(bench.wants(f"{name}, {millions}M rows") for millions in SIZES):
        return
    bench.restart()
    most: list[float] = []
    for millions in SIZES:
        path = bench.files.sorted_table(millions * 1_000_000)
        first, second = _measured(bench, path)
        Path(path).unlink()
        yield Row(f"table: where, the first time, {millions}M sorted rows", MILLISECONDS, first)
        goals = most + [median(values) / GOAL_RATIO for values in [first[OURS].values] if values]
        has_goal = goals and millions == max(SIZES)
        yield Row(f"{name}, {millions}M rows", MILLISECONDS, second, goal_value=min(goals) if has_goal else None)
        most = [GOAL_GROWTH * median(values) for values in [second[OURS].values] if values]


def _measured(bench: Bench, path: str) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
    """Milliseconds of the first query and of the second one."""
    cache = bench.files.root / "cache-zones"
    _queries(bench, OURS, path, cache)
    await_rest(cache)
    found: dict[str, list[tuple[Outcome, Outcome]]] = {library: [] for library in (OURS, *PEERS)}
    for turn in range(1 if bench.quick else ROUNDS):
        for library in rotated(list(found), turn):
            found[library].append(_queries(bench, library, path, cache))
    first = {library: joined([pair[0] for pair in pairs]) for library, pairs in found.items()}
    second = {library: joined([pair[1] for pair in pairs]) for library, pairs in found.items()}
    return first, second


def _queries(bench: Bench, library: str, path: str, cache: Path) -> tuple[Outcome, Outcome]:
    """Both of one process, which finds no zone map."""
    shutil.rmtree(cache / "torchfits" / "zones", ignore_errors=True)
    small = bench.files.sorted_table(FOUND_ROWS)
    arguments = ("queries", library, small, path, str(FOUND_ROWS))
    answer, problem = in_fresh_process(library, *arguments, cache=cache, seconds=QUERY_SECONDS)
    if problem is not None:
        return problem, problem
    first, second = answer
    return Outcome([first * 1e3]), Outcome([second * 1e3])
