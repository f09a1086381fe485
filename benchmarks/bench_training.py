"""Training: epochs of our loader beside those of peers, and first batches."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench_images import SMALL_FILES
from bench_starts import await_rest
from harness import (
    IMAGES_PER_SECOND,
    MILLISECONDS,
    OURS,
    PEERS,
    REFERENCE,
    Bench,
    Case,
    Outcome,
    Row,
    in_fresh_process,
    joined,
    rotated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Worker processes that peers are measured with; the best one counts. Ours has none.
PEER_WORKERS = (0, 1, 2)

#: A training runs for hours. The just-in-time compiler of the JVM, which shares two processors with the reading, is
#: done with a loader after some three seconds; what these are like has rows of its own.
EPOCHS_WARM_UP = 4.0

CUTOUT_SIDE = 64
CUTOUTS = 20_000
CUTOUT_BATCH = 256
#: Of peers, whose cutouts cost the same however many there are, fewer are timed.
PEER_CUTOUTS = 512

GOAL_FIRST_BATCH = 500.0
START_SECONDS = 120


@dataclass(frozen=True)
class Kind:
    """Files of a training: how many, the batch size, and what is to be reached over whom."""

    name: str
    side: int
    count: int
    batch_size: int
    goals: dict[str, float | None]
    is_rice: bool = False
    warm_up: float = EPOCHS_WARM_UP

    @property
    def hdu(self) -> int:
        """Where the images are."""
        return 1 if self.is_rice else 0

    def paths(self, bench: Bench) -> list[str]:
        """The files."""
        files = bench.files
        if self.is_rice:
            return files.compressed_images(self.count, self.side)
        return files.images(-32, self.side, self.count)

    def case(self, bench: Bench) -> Case:
        """Whole epochs."""
        paths = self.paths(bench)
        options = {"batch_size": self.batch_size, "hdu": self.hdu}
        return Case(self.name, "training", paths, IMAGES_PER_SECOND, len(paths), options=options, warm_up=self.warm_up)


KINDS = (
    Kind("2,000 files of 64x64 float32, batch 256", 64, SMALL_FILES, 256, {"fitsio": 5.0, "cpp": 3.0}),
    Kind("first seconds of 2,000 files of 64x64", 64, SMALL_FILES, 256, {"fitsio": None, "cpp": None}, warm_up=1.0),
    Kind("128 files of 512x512 float32, batch 16", 512, 128, 16, {"fitsio": 2.0, "cpp": 2.0}),
    Kind("128 files of 512x512 Rice int16, batch 16", 512, 128, 16, {"fitsio": 2.0, "cpp": 2.0}, is_rice=True),
)
TITLES = {"fitsio": "fitsio", "cpp": "the C++ package"}


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    for kind in KINDS:
        names = {peer: f"training: {kind.name}, over {TITLES[peer]}" for peer in kind.goals}
        if any(map(bench.wants, names.values())):
            best = _best_of_workers(bench, kind.case(bench), (OURS, *kind.goals))
            for peer, goal in kind.goals.items():
                chosen = {library: best[library] for library in (OURS, peer)}
                yield Row(names[peer], IMAGES_PER_SECOND, chosen, goal_ratio=goal)
    yield from _augmented(bench)
    yield from _cutouts(bench)
    yield from _first_batch(bench)


def _augmented(bench: Bench) -> Iterator[Row]:
    """Transforms that the engine does while it decodes, and the same ones done by torch after that."""
    name = "training: 512x512 float32 with crop, flips and scale"
    rows = {name: 1, f"{name}, after decoding": 0}
    wanted = {row: fused for row, fused in rows.items() if bench.wants(row)}
    if not wanted:
        return
    paths = bench.files.images(-32, 512, 32 if bench.quick else 128)
    for row, fused in wanted.items():
        options = {"batch_size": 16, "fused": fused}
        case = Case(row, "training_augmented", paths, IMAGES_PER_SECOND, len(paths), options=options)
        yield Row(row, IMAGES_PER_SECOND, _best_of_workers(bench, case, (OURS, "fitsio")))


def _best_of_workers(bench: Bench, case: Case, libraries: tuple[str, ...]) -> dict[str, Outcome]:
    """Images a second of whole epochs; of peers by that number of workers which is the best for them."""
    found: dict[str, list[Outcome]] = {library: [] for library in libraries}
    for workers in PEER_WORKERS:
        if workers > 0:
            bench.restart()  # before any thread or JVM that a worker must not be forked from
        # astropy says what is right, once.
        measured = (*libraries, REFERENCE) if workers == 0 else libraries
        row = bench.measure(replace(case, libraries=measured, options={**case.options, "workers": workers}))
        for library in libraries:
            found[library].append(row.outcomes[library])
    return {library: _best(outcomes) for library, outcomes in found.items()}


def _best(outcomes: list[Outcome]) -> Outcome:
    """The one with the highest rate; one with a problem if there is any, which must be seen."""
    problem = next((outcome for outcome in outcomes if outcome.problem is not None), None)
    return problem or max(outcomes, key=lambda outcome: outcome.median or 0.0)


def _cutouts(bench: Bench) -> Iterator[Row]:
    """Ours with all cutouts, peers with some of them: theirs take the same however many there are."""
    side, count = (2000, CUTOUTS // 5) if bench.quick else (4000, CUTOUTS)
    name = f"training: {count:,} random 64x64 cutouts of ten {side}x{side} Rice images"
    if not bench.wants(name):
        return
    paths = bench.files.compressed_images(10, side)
    found: dict[str, list[Outcome]] = {}
    for workers in PEER_WORKERS:
        bench.restart()
        # The slowest one says what is right, once.
        libraries = (OURS, *PEERS) if workers == 0 else (OURS, "fitsio", "cpp")
        row = bench.measure(_some_cutouts(name, paths, side, (PEER_CUTOUTS, workers), libraries))
        for library, outcome in row.outcomes.items():
            if library != OURS or outcome.problem is not None:
                found.setdefault(library, []).append(outcome)
    if OURS not in found:
        case = _some_cutouts(name, paths, side, (count, 0), (OURS,))
        found[OURS] = [bench.measure(case).outcomes[OURS]]
    bench.files.remove(paths)
    outcomes = {library: _best(found[library]) for library in (OURS, *PEERS)}
    yield Row(name, IMAGES_PER_SECOND, outcomes, goal_ratio=5.0)


def _some_cutouts(name: str, paths: list[str], side: int, sizes: tuple[int, int], libraries: tuple[str, ...]) -> Case:
    """Epochs of some cutouts, by peers with some workers."""
    count, workers = sizes
    options = {"count": count, "side": CUTOUT_SIDE, "image_side": side}
    options |= {"batch_size": CUTOUT_BATCH, "workers": workers}
    return Case(name, "training_cutouts", paths, IMAGES_PER_SECOND, count, libraries=libraries, options=options)


def _first_batch(bench: Bench) -> Iterator[Row]:
    """The first batch of a loader in a fresh process, and beside it what the imports before take."""
    names = [
        "start: first batch of 256 64x64 files, from the loader on",
        "start: import of the loader, over import torch",
    ]
    if not any(map(bench.wants, names)):
        return
    bench.restart()
    paths = bench.files.images(-32, 64, KINDS[0].batch_size)
    listed = bench.files.root / "first-batch.json"
    listed.write_text(json.dumps(paths))
    folder = bench.files.root / "cache"
    found: dict[str, list[tuple[Outcome, Outcome]]] = {library: [] for library in (OURS, "fitsio", "cpp")}
    _start(OURS, listed, folder)
    await_rest(folder)
    for turn in range(1 if bench.quick else 4):
        for library in rotated(list(found), turn):
            found[library].append(_start(library, listed, folder))
    for number, (name, goal) in enumerate(zip(names, (GOAL_FIRST_BATCH, None), strict=True)):
        outcomes = {library: joined([pair[number] for pair in pairs]) for library, pairs in found.items()}
        yield Row(name, MILLISECONDS, outcomes, goal_value=goal)


def _start(library: str, listed: Path, cache: Path) -> tuple[Outcome, Outcome]:
    """Milliseconds of the first batch and of the import."""
    answer, problem = in_fresh_process(library, "first_batch", library, str(listed), cache=cache, seconds=START_SECONDS)
    if problem is not None:
        return problem, problem
    return Outcome([answer["first"] * 1e3]), Outcome([answer["import"] * 1e3])
