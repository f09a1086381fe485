"""Columns of tables: all and some of many rows, wide tables, vectors, variable length, ASCII tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness import MICROSECONDS, MILLISECONDS, OURS, REFERENCE, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Kind of table, first column, number of columns (0 for all), ratio to reach.
CASES = {
    "table: 2M rows x 7 numbers": ("7 numbers", 0, 0, 2.0),
    "table: two columns of 2M rows x 7": ("7 numbers", 2, 2, 2.0),
    "table: 100,000 rows x 200 numbers": ("200 numbers", 0, 0, 1.5),
    "table: 20,000 rows of vectors": ("vectors", 0, 0, 1.5),
    "table: 200,000 rows of variable length": ("variable length", 0, 0, 2.0),
    "table: 200,000 rows of an ASCII table": ("ASCII", 0, 0, 1.0),
}
SMALL_FILES = 300

#: How many times as fast as the describe() of pandas, reading included.
STATISTICS_GOAL = 2.0

#: Seconds that frames and their columns warm up.
FRAME_WARM_UP = 4.0

#: How many times as long as its columns a frame may take.
FRAME_OVER_COLUMNS = 3.0


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    for name, (kind, first, count, goal) in CASES.items():
        if bench.wants(name):
            options = {"first": first, "count": count}
            paths = [bench.files.table(kind)]
            yield bench.measure(Case(name, "read_columns", paths, MILLISECONDS, goal_ratio=goal, options=options))
    yield from _small(bench)
    yield from _where(bench)
    yield from _statistics(bench)
    yield from _frame(bench)


def _small(bench: Bench) -> Iterator[Row]:
    name = "table: 1,000 rows x 7, 300 files one by one"
    if bench.wants(name):
        paths = bench.files.tables("7 numbers of 1,000 rows", SMALL_FILES)
        options = {"first": 0, "count": 0}
        yield bench.measure(Case(name, "read_columns", paths, MICROSECONDS, SMALL_FILES, 1.0, options=options))


def _where(bench: Bench) -> Iterator[Row]:
    for percent in (50, 1):
        name = f"table: where, {percent}% of 2M rows x 7"
        if bench.wants(name):
            paths = [bench.files.table("7 numbers")]
            options = {"percent": percent}
            yield bench.measure(Case(name, "read_where", paths, MILLISECONDS, goal_ratio=2.0, options=options))


def _statistics(bench: Bench) -> Iterator[Row]:
    """Peers read the columns, of which pandas finds count, moments, extremes and quartiles."""
    name = "table: statistics, 2M rows x 7"
    if bench.wants(name):
        paths = [bench.files.table("7 numbers")]
        libraries = (OURS, "fitsio", REFERENCE)
        yield bench.measure(
            Case(name, "statistics", paths, MILLISECONDS, goal_ratio=STATISTICS_GOAL, libraries=libraries)
        )


def _frame(bench: Bench) -> Iterator[Row]:
    """No peer makes frames: the goal is a multiple of what the columns alone take, right before.

    Both warm up as long as training does; the first seconds, in which the JVM's compiler is at work, have a row.
    """
    for name, warm_up in (
        ("table: TensorFrame with statistics, 2M rows x 7", FRAME_WARM_UP),
        ("table: first seconds of TensorFrame with statistics, 2M rows x 7", 1.0),
    ):
        if bench.wants(name):
            paths = [bench.files.table("7 numbers")]
            case = Case(name, "read_frame", paths, MILLISECONDS, libraries=(OURS,), warm_up=warm_up)
            whole = {"first": 0, "count": 0}
            of_columns = replace(case, name="its columns", operation="read_columns", options=whole)
            columns = bench.measure(of_columns).value(OURS)
            frame = bench.measure(case)
            goal = None if columns is None else round(FRAME_OVER_COLUMNS * columns, 1)
            yield replace(frame, goal_value=goal if warm_up == FRAME_WARM_UP else None)
