"""Training: epochs of our loader beside those of peers, epochs of what was decoded before, and first batches."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from bench_images import SMALL_FILES
from bench_starts import await_rest
from harness import (
    HERE,
    IMAGES_PER_SECOND,
    MEGABYTES,
    MILLISECONDS,
    OURS,
    PEERS,
    Bench,
    Case,
    Outcome,
    Row,
    python_of,
    rotated,
    worker_environment,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Worker processes that peers are measured with; the best one counts. Ours has none.
PEER_WORKERS = (0, 1, 2)

CUTOUT_SIDE = 64
CUTOUTS = 20_000
CUTOUT_BATCH = 256
#: Of peers, whose cutouts cost the same however many there are, fewer are timed.
PEER_CUTOUTS = 1024

#: An epoch whose data is decoded already, to one that decodes it.
GOAL_SECOND_EPOCH = 3.0
SECOND_EPOCHS = 3

#: Peak memory of ten epochs: the budgets of decoded tiles and of batches ahead, and 256 MB.
EPOCHS = 10
GOAL_PEAK_MEGABYTES = 1024.0
#: Growth of resident memory from the third epoch to the tenth that still counts as flat.
GOAL_GROWTH_MEGABYTES = 32.0

GOAL_FIRST_BATCH = 500.0
START_SECONDS = 120


@dataclass(frozen=True)
class Kind:
    """Files of a training: how many, the batch size, and what is to be reached over whom."""

    name: str
    side: int
    count: int
    batch_size: int
    goals: dict[str, float]
    is_rice: bool = False

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


KINDS = (
    Kind("2,000 files of 64x64 float32, batch 256", 64, SMALL_FILES, 256, {"fitsio": 5.0, "cpp": 3.0}),
    Kind("128 files of 512x512 float32, batch 16", 512, 128, 16, {"fitsio": 2.0, "cpp": 2.0}),
    Kind("128 files of 512x512 Rice int16, batch 16", 512, 128, 16, {"fitsio": 2.0, "cpp": 2.0}, is_rice=True),
)
RICE = KINDS[2]
TITLES = {"fitsio": "fitsio", "cpp": "the C++ package"}


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    for kind in KINDS:
        names = {peer: f"training: {kind.name}, over {TITLES[peer]}" for peer in kind.goals}
        if any(map(bench.wants, names.values())):
            best = _best_of_workers(bench, kind)
            for peer, goal in kind.goals.items():
                chosen = {library: best[library] for library in (OURS, peer)}
                yield Row(names[peer], IMAGES_PER_SECOND, chosen, goal_ratio=goal)
    yield from _cutouts(bench)
    yield from _second_epoch(bench)
    yield from _memory(bench)
    yield from _first_batch(bench)


def _best_of_workers(bench: Bench, kind: Kind) -> dict[str, Outcome]:
    """Images a second of whole epochs; of peers by that number of workers which is the best for them."""
    paths = kind.paths(bench)
    found: dict[str, list[Outcome]] = {}
    for workers in PEER_WORKERS:
        if workers > 0:
            bench.restart()  # before any thread or JVM that a worker must not be forked from
        # astropy says what is right, once.
        libraries = (OURS, "fitsio", "cpp", "astropy") if workers == 0 else (OURS, "fitsio", "cpp")
        options = {"batch_size": kind.batch_size, "workers": workers, "hdu": kind.hdu}
        case = Case(kind.name, "training", paths, IMAGES_PER_SECOND, len(paths), libraries=libraries, options=options)
        for library, outcome in bench.measure(case).outcomes.items():
            found.setdefault(library, []).append(outcome)
    return {library: _best(outcomes) for library, outcomes in found.items()}


def _best(outcomes: list[Outcome]) -> Outcome:
    """The one with the highest rate; one with a problem if there is any, which must be seen."""
    problem = next((outcome for outcome in outcomes if outcome.problem is not None), None)
    return problem or max(outcomes, key=lambda outcome: outcome.median or 0.0)


def _cutouts(bench: Bench) -> Iterator[Row]:
    name = f"training: {CUTOUTS:,} random 64x64 cutouts of ten 4000x4000 Rice images"
    if not bench.wants(name):
        return
    side, count = (1000, CUTOUTS // 10) if bench.quick else (4000, CUTOUTS)
    paths = bench.files.compressed_images(10, side)
    found: dict[str, list[Outcome]] = {}
    for workers in PEER_WORKERS:
        bench.restart()
        options = {"count": PEER_CUTOUTS, "side": CUTOUT_SIDE, "image_side": side}
        options |= {"batch_size": CUTOUT_BATCH, "workers": workers}
        few = Case(name, "training_cutouts", paths, IMAGES_PER_SECOND, PEER_CUTOUTS, options=options)
        row = bench.measure(few)
        for library in PEERS:
            found.setdefault(library, []).append(row.outcomes[library])
        if row.outcomes[OURS].problem is not None:
            found[OURS] = [row.outcomes[OURS]]
    if OURS not in found:
        options = {**options, "count": count, "workers": 0}
        whole = Case(name, "training_cutouts", paths, IMAGES_PER_SECOND, count, libraries=(OURS,), options=options)
        found[OURS] = [bench.measure(whole).outcomes[OURS]]
    outcomes = {library: _best(found[library]) for library in (OURS, *PEERS)}
    yield Row(name, IMAGES_PER_SECOND, outcomes, goal_ratio=5.0)


def _second_epoch(bench: Bench) -> Iterator[Row]:
    """Epochs of a process whose code is warm: the first one of files that it has not seen, and those behind it."""
    names = [f"training: {which} epoch of {RICE.name}" for which in ("first", "second")]
    if not any(map(bench.wants, names)):
        return
    paths = RICE.paths(bench)
    first, second = _epochs(bench, paths, 1 if bench.quick else SECOND_EPOCHS)
    yield Row(names[0], MILLISECONDS, {OURS: first})
    goal = None if first.median is None else first.median / GOAL_SECOND_EPOCH
    yield Row(names[1], MILLISECONDS, {OURS: second}, goal_value=goal)


def _epochs(bench: Bench, paths: list[str], rounds: int) -> tuple[Outcome, Outcome]:
    """Milliseconds of first and second epochs, each pair in a fresh process."""
    first: list[float] = []
    second: list[float] = []
    half = len(paths) // 2
    for _ in range(rounds):
        bench.restart()
        bench.start((OURS,))
        answer, problem = bench.ask(
            OURS, "epochs", warm_paths=paths[half:], paths=paths[:half], batch_size=RICE.batch_size, hdu=RICE.hdu
        )
        if problem is not None:
            return Outcome(problem=problem), Outcome(problem=problem)
        first.append(answer[0] * 1e3)
        second.append(median(answer[1:]) * 1e3)
    return Outcome(first), Outcome(second)


def _memory(bench: Bench) -> Iterator[Row]:
    """Resident memory over ten epochs, in fresh processes."""
    names = [f"memory: {what} over {EPOCHS} epochs of {RICE.name}" for what in ("peak", "growth")]
    if not any(map(bench.wants, names)):
        return
    paths = RICE.paths(bench)
    libraries = (OURS, "fitsio", "cpp")
    bench.restart()
    bench.start(libraries)
    found = {library: _resident(bench, library, paths) for library in libraries}
    for number, (name, goal) in enumerate(zip(names, (GOAL_PEAK_MEGABYTES, GOAL_GROWTH_MEGABYTES), strict=True)):
        outcomes = {library: pair[number] for library, pair in found.items()}
        yield Row(name, MEGABYTES, outcomes, goal_value=goal)


def _resident(bench: Bench, library: str, paths: list[str]) -> tuple[Outcome, Outcome]:
    """Megabytes: the peak beyond what there was before the first epoch, and the growth from the third to the last."""
    answer: Any
    answer, problem = bench.ask(
        library, "resident", paths=paths, batch_size=RICE.batch_size, epochs=EPOCHS, hdu=RICE.hdu
    )
    if problem is not None:
        return Outcome(problem=problem), Outcome(problem=problem)
    return Outcome([answer["peak"] / 1e6]), Outcome([answer["growth"] / 1e6])


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
        outcomes = {library: _joined([pair[number] for pair in pairs]) for library, pairs in found.items()}
        yield Row(name, MILLISECONDS, outcomes, goal_value=goal)


def _start(library: str, listed: Path, cache: Path) -> tuple[Outcome, Outcome]:
    """Milliseconds of the first batch and of the import."""
    cache.mkdir(exist_ok=True)
    command = [python_of(library), HERE / "worker.py", "first_batch", library, str(listed)]
    environment = worker_environment(library, XDG_CACHE_HOME=str(cache))
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=START_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Outcome(problem=str(error)), Outcome(problem=str(error))
    if done.returncode != 0:
        problem = Outcome(problem=(done.stderr.strip() or "no output").splitlines()[-1])
        return problem, problem
    seconds = json.loads(done.stdout.splitlines()[-1])
    return Outcome([seconds["first"] * 1e3]), Outcome([seconds["import"] * 1e3])


def _joined(found: list[Outcome]) -> Outcome:
    problem = next((outcome.problem for outcome in found if outcome.problem), None)
    return Outcome([value for outcome in found for value in outcome.values], problem)
