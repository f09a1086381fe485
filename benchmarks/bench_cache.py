"""The cache of decoded images: later epochs over compressed files beside the first."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from harness import MEGABYTES, MILLISECONDS, OURS, Bench, Outcome, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = 128
SIDE = 512
BATCH = 16

#: The second epoch is so many times as fast as the first.
GOAL_RATIO = 3

#: Of the images, 256 MB, a budget of a quarter.
MEMORY_FILES = 512
BUDGET_BYTES = 64 << 20
EPOCHS = 10

#: What ten epochs may take beside the budget and the batches ahead, and what they may take more at their end, in MB.
GOAL_MEGABYTES = 256.0
GOAL_GROWTH = 16.0


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    yield from _epochs(bench)
    yield from _memory(bench)


def _epochs(bench: Bench) -> Iterator[Row]:
    name = f"epoch of Rice int16 {SIDE}x{SIDE} files"
    if not bench.wants(f"cache: first {name}") and not bench.wants(f"cache: second {name}"):
        return
    bench.restart()
    bench.start((OURS,))
    paths = bench.files.compressed_images(FILES, SIDE)
    answer, problem = bench.ask(OURS, "epochs", paths=paths, batch_size=BATCH, rounds=bench.rounds)
    if problem is not None:
        yield Row(f"cache: second {name}", MILLISECONDS, {OURS: Outcome(problem=problem)}, goal_value=0)
        return
    first, second = ([value * 1e3 for value in answer[which]] for which in ("first", "second"))
    yield Row(f"cache: first {name}", MILLISECONDS, {OURS: Outcome(first)})
    yield Row(f"cache: second {name}", MILLISECONDS, {OURS: Outcome(second)}, goal_value=median(first) / GOAL_RATIO)


def _memory(bench: Bench) -> Iterator[Row]:
    beyond = f"memory: peak beyond the cache's budget over {EPOCHS} epochs, Rice int16 {SIDE}x{SIDE}"
    growth = f"memory: growth from epoch 2 to {EPOCHS}, Rice int16 {SIDE}x{SIDE}"
    if not bench.wants(beyond) and not bench.wants(growth):
        return
    bench.restart()
    bench.start((OURS,))
    paths = bench.files.compressed_images(MEMORY_FILES, SIDE)
    options = {"batch_size": BATCH, "budget": BUDGET_BYTES, "epochs": EPOCHS}
    answer, problem = bench.ask(OURS, "peak_of_epochs", paths=paths, **options)
    for name, which, goal in ((beyond, "beyond", GOAL_MEGABYTES), (growth, "growth", GOAL_GROWTH)):
        outcome = Outcome(problem=problem) if problem is not None else Outcome([answer[which] / 1e6])
        yield Row(name, MEGABYTES, {OURS: outcome}, goal_value=goal)
