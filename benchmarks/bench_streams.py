"""Streams: a table that may be larger than memory in batches of rows, its time and the memory that it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness import LIMIT, MEGABYTES, OURS, PEERS, SECONDS, Bench, Case, Outcome, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Rows of a whole run, a file of 4 GB, and of a quick one.
ROWS = 200_000_000
QUICK_ROWS = 20_000_000
#: Of the rate of a loop of `read()`, how much a stream reaches.
GOAL_PART = 0.7
#: Peak resident memory that a stream may add, in MB.
GOAL_MEGABYTES = 1000.0


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    count = QUICK_ROWS if bench.quick else ROWS
    stream = f"stream: {count // 1_000_000}M rows x 4 columns"
    one_buffer = f"{stream}, beside read() into one buffer"
    memory = f"memory: peak while streaming {count // 1_000_000}M rows x 4"
    if not any(bench.wants(name) for name in (stream, one_buffer, memory)):
        return
    path = bench.files.stream(count)
    if bench.wants(stream):
        yield bench.measure(Case(stream, "stream", [path], SECONDS, 1, 1.0, (OURS, *PEERS, LIMIT)))
    if bench.wants(one_buffer):
        row = bench.measure(Case(one_buffer, "stream_cached", [path], SECONDS, 1, None, (OURS, LIMIT)))
        limit = row.value(LIMIT)
        yield row if limit is None else replace(row, goal_value=limit / GOAL_PART)
    if bench.wants(memory):
        bench.restart()
        bench.start((OURS, *PEERS))
        outcomes = {library: _peak(bench, library, path) for library in (OURS, *PEERS)}
        yield Row(memory, MEGABYTES, outcomes, goal_value=GOAL_MEGABYTES)
    bench.files.remove([path])


def _peak(bench: Bench, library: str, path: str) -> Outcome:
    answer, problem = bench.ask(library, "peak_of_stream", path=path)
    return Outcome(problem=problem) if problem is not None else Outcome([answer / 1e6])
