"""Measures one case with every library in turn, and keeps what came out.

Each library lives in a worker process of its own, which measures itself; no two work at once. A
case is prepared first: every worker runs it once and its results are compared with astropy's. Then
come rounds: in each, every library has one turn, and the order is rotated from round to round, so
that a slow minute of the machine falls on all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from files import BenchFiles

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
CPP_PYTHON = ROOT / ".venv-cpp" / "bin" / "python"

OURS = "torchfits"
LIMIT = "limit"
REFERENCE = "astropy"
PEERS = ("fitsio", "astropy", "cpp")

ANSWER_SECONDS = 180
TURN_SECONDS = 0.04
CASE_SECONDS = 8.0
LEAST_ROUNDS = 3
MOST_REPEATS = 50


class WorkerError(Exception):
    """A library could not do what it was asked; the message is shown in the table."""


@dataclass(frozen=True)
class Unit:
    """How a row's values are written: ``value`` of ``seconds`` is what the table shows."""

    name: str
    per_second: float = 1.0
    is_rate: bool = False

    def value(self, seconds: float) -> float:
        """Express seconds of one item in this unit."""
        return 1 / seconds if self.is_rate else seconds * self.per_second


MICROSECONDS = Unit("us", 1e6)
SECONDS = Unit("s")
MILLISECONDS = Unit("ms", 1e3)
IMAGES_PER_SECOND = Unit("images/s", is_rate=True)
MEGABYTES = Unit("MB")


@dataclass(frozen=True)
class Case:
    """One thing to measure: ``items`` are what a time is divided by; runs of ``warm_up`` seconds are not counted."""

    name: str
    operation: str
    paths: list[str]
    unit: Unit
    items: int = 1
    goal_ratio: float | None = None
    libraries: tuple[str, ...] = (OURS, *PEERS)
    options: dict[str, int] = field(default_factory=dict)
    warm_up: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """What one library did in one case: values in the row's unit, or why there are none."""

    values: list[float] = field(default_factory=list)
    problem: str | None = None

    @property
    def median(self) -> float | None:
        """Median value; None where there is none."""
        return median(self.values) if self.values else None


def joined(found: list[Outcome]) -> Outcome:
    """The values of all, or the first problem."""
    problem = next((outcome.problem for outcome in found if outcome.problem), None)
    return Outcome([value for outcome in found for value in outcome.values], problem)


@dataclass(frozen=True)
class Row:
    """One line of the results. Goals: a least ratio to the best peer, or a most value of ours."""

    name: str
    unit: Unit
    outcomes: dict[str, Outcome]
    goal_ratio: float | None = None
    goal_value: float | None = None

    def value(self, library: str) -> float | None:
        """Median of one library, if it has one."""
        outcome = self.outcomes.get(library)
        return outcome.median if outcome and outcome.problem is None else None

    def ratio(self) -> float | None:
        """How many times faster than the best peer we are; None where there is no such number."""
        ours = self.value(OURS)
        peers = [value for value in map(self.value, PEERS) if value is not None]
        if ours is None or not peers or self.unit is MEGABYTES:
            return None
        return ours / max(peers) if self.unit.is_rate else min(peers) / ours

    def part_of_limit(self) -> float | None:
        """Speed of ours over that of read() alone."""
        ours, limit = self.value(OURS), self.value(LIMIT)
        return None if ours is None or limit is None else limit / ours

    def goal_met(self) -> bool | None:
        """Whether the goal is reached; None where there is no goal."""
        if self.goal_ratio is not None:
            return (self.ratio() or 0.0) >= self.goal_ratio
        if self.goal_value is not None:
            ours = self.value(OURS)
            return ours is not None and ours <= self.goal_value
        return None


class WorkerProcess:
    """The parent's end of one worker."""

    def __init__(self, library: str) -> None:
        """Start the process, which imports its library at once."""
        self._process = subprocess.Popen(
            [python_of(library), HERE / "worker.py", "serve", library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=worker_environment(library),
            text=True,
        )

    def ask(self, verb: str, **arguments: Any) -> Any:  # noqa: ANN401
        """Send one request and wait for the answer; a worker that hangs is killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(ANSWER_SECONDS, self._process.kill)
        timer.start()
        try:
            print(json.dumps({"verb": verb, **arguments}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise WorkerError(f"process ended ({self._process.wait()})")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer["ok"]

    def is_alive(self) -> bool:
        """Whether the process can still be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let the worker end by itself, or end it."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Bench:
    """One run: its files, its workers and how much is measured."""

    def __init__(self, files: BenchFiles, *, rounds: int, quick: bool, only: str | None) -> None:
        """Start without workers."""
        self.files = files
        self.rounds = rounds
        self.quick = quick
        self.only = only
        self.found_versions: dict[str, str] = {}
        self._workers: dict[str, WorkerProcess] = {}

    def wants(self, name: str) -> bool:
        """Whether the row of this name is asked for."""
        return self.only is None or self.only.lower() in name.lower()

    def start(self, libraries: Iterable[str]) -> None:
        """Start the workers that do not run yet, side by side, and wait until all are ready."""
        missing = [library for library in libraries if not self._runs(library)]
        self._workers.update({library: WorkerProcess(library) for library in missing})
        for library in missing:
            self._note_versions(library)

    def _runs(self, library: str) -> bool:
        return library in self._workers and self._workers[library].is_alive()

    def restart(self) -> None:
        """End all workers, so that the next case starts in fresh processes."""
        for library, worker in self._workers.items():
            self._note_versions(library)
            worker.close()
        self._workers.clear()

    def ask(self, library: str, verb: str, **arguments: Any) -> tuple[Any, str | None]:  # noqa: ANN401
        """Ask a library's worker: the answer, or the problem that took its place."""
        try:
            return self._workers[library].ask(verb, **arguments), None
        except WorkerError as error:
            return None, str(error)

    def _note_versions(self, library: str) -> None:
        versions, problem = self.ask(library, "versions")
        if problem is None:
            self.found_versions.update(versions)
        else:
            self.found_versions.setdefault(f"problem of {library}", problem)

    def measure(self, case: Case) -> Row:
        """Prepare, check and time one case."""
        self.start(case.libraries)
        problems = self._prepare(case)
        healthy = [library for library in case.libraries if library not in problems]
        seconds, failed = self._rounds(healthy)
        problems.update(failed)
        outcomes = {
            library: Outcome(
                [case.unit.value(value / case.items) for value in seconds.get(library, [])],
                problems.get(library),
            )
            for library in case.libraries
        }
        return Row(case.name, case.unit, outcomes, goal_ratio=case.goal_ratio)

    def _prepare(self, case: Case) -> dict[str, str]:
        digests: dict[str, Any] = {}
        problems: dict[str, str] = {}
        request = {"operation": case.operation, "paths": case.paths, "warm_up": case.warm_up, **case.options}
        for library in case.libraries:
            digests[library], problem = self.ask(library, "prepare", **request)
            if problem is not None:
                problems[library] = problem
        expected = digests.get(REFERENCE)
        for library, digest in digests.items():
            if library != LIMIT and library not in problems and expected is not None and digest != expected:
                problems[library] = f"WRONG: {digest}, astropy {expected}"
        return problems

    def _rounds(self, libraries: list[str]) -> tuple[dict[str, list[float]], dict[str, str]]:
        repeats: dict[str, int] = {}
        seconds: dict[str, list[float]] = {library: [] for library in libraries}
        problems: dict[str, str] = {}
        begin = time.monotonic()
        for turn in range(-1, self.rounds):
            if turn >= LEAST_ROUNDS and time.monotonic() - begin > CASE_SECONDS:
                break
            for library in rotated([name for name in libraries if name not in problems], turn):
                found, problem = self.ask(library, "time", repeats=repeats.get(library, 1))
                if problem is not None:
                    problems[library] = problem
                elif turn < 0:
                    repeats[library] = repeats_for(found[0])
                else:
                    seconds[library].append(median(found))
        return seconds, problems


def rotated(names: list[str], turn: int) -> list[str]:
    """Give the order of one round."""
    at = turn % len(names) if names else 0
    return names[at:] + names[:at]


def repeats_for(seconds: float) -> int:
    """Count of runs that make a turn long enough to be measured."""
    return max(1, min(MOST_REPEATS, round(TURN_SECONDS / max(seconds, 1e-9))))


def python_of(library: str) -> Path:
    """Interpreter of the environment a library lives in."""
    return CPP_PYTHON if library == "cpp" else PYTHON


def worker_environment(library: str, **changes: str) -> dict[str, str]:
    """Environment of a worker: as it comes, but with byte code kept, as an installed package has.

    PYTHONPATH is not for the C++ package, which would become ours by it.
    """
    dropped = ("PYTHONDONTWRITEBYTECODE", *(["PYTHONPATH"] if library == "cpp" else []))
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, **changes}


def in_fresh_process(library: str, *arguments: str, cache: Path, seconds: float) -> tuple[Any, Outcome | None]:
    """What `worker.py` prints as JSON in its last line for these arguments, and the problem if there is one.

    Args:
        library: whose Python runs it.
        arguments: of the program.
        cache: the cache folder of the process, made if it is not there.
        seconds: after which it is ended.
    """
    cache.mkdir(exist_ok=True)
    command = [python_of(library), HERE / "worker.py", *arguments]
    environment = worker_environment(library, XDG_CACHE_HOME=str(cache))
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, Outcome(problem=str(error))
    if done.returncode != 0:
        return None, Outcome(problem=(done.stderr.strip() or "no output").splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1]), None
