"""Run files: lines of JSON, one for each step of a training, and what steps have in common.

A line is `{"run": ...}`, how batches are made from here on; `{"file": ...}`, what a file was when it was used from here
on; or `{"step": ...}`. The line of a step makes void those of this and later steps that stand before it: a resumed
run does them anew.
"""

from __future__ import annotations

import bisect
import fcntl
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Self

FORMAT = 1

_NAMES = {
    "run": ("dataset", "dataset_transform", "collate_fn", "transform", "length", "seed", "device", "versions"),
    "file": ("hdus", "size", "modified", "inode", "sha256"),
    "step": ("epoch", "position", "ids", "sha256"),
}
"""What each kind of line has at least."""

Line = dict[str, Any]


@dataclass
class Contents:
    """What stands in a run file.

    Attributes:
        run: the last line of its kind.
        files: the last line of each file, by its name.
        steps: epoch and position of each step, in order.
    """

    run: Line | None = None
    files: dict[str, Line] = field(default_factory=dict[str, Line])
    steps: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def add(self, line: Line) -> None:
        """Takes the next line.

        Raises:
            KeyError, TypeError, ValueError: if it is none.
        """
        kind = next((kind for kind in _NAMES if kind in line), "run")
        missing = [name for name in (kind, *_NAMES[kind]) if name not in line]
        if missing:
            raise ValueError(f"it has no {', '.join(missing)}")
        if kind == "step":
            number = line["step"]
            if self.run is None or not 0 <= number <= len(self.steps):
                raise ValueError(f"step {number} follows {len(self.steps)} steps")
            del self.steps[number:]
            self.steps.append((line["epoch"], line["position"]))
        elif kind == "file":
            self.files[line["file"]] = line
        elif line["run"] == FORMAT:
            self.run = line
        else:
            raise ValueError(f"format {line['run']} is not {FORMAT}")


@dataclass(frozen=True)
class Step:
    """A step, and what held for it.

    Attributes:
        line: of the step.
        run: the line that says how its batch was made.
        files: the lines of the files that were known then, by their names.
    """

    line: Line
    run: Line
    files: dict[str, Line]


def find(path: str, number: int) -> Step:
    """A step of a run.

    Raises:
        IndexError: if there is none.
        ValueError: if it is no run file.
    """
    contents = Contents()
    found: Step | None = None
    with open(path, "rb") as file:  # noqa: PTH123
        for line in _parsed(path, file, contents):
            if line.get("step", number + 1) == number:
                assert contents.run is not None
                found = Step(line, contents.run, dict(contents.files))
    if found is None or number >= len(contents.steps):
        raise IndexError(f"{path} has {len(contents.steps)} steps, and no step {number}")
    return found


def _parsed(path: str, lines: Iterable[bytes], contents: Contents) -> Iterator[Line]:
    """The lines, which `contents` takes first; what a killed run left of a last one is none."""
    for number, text in enumerate(lines, start=1):
        if not text.endswith(b"\n"):
            return
        try:
            line = cast("Line", json.loads(text))
            contents.add(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: line {number} is none of a run file: {error}") from error
        yield line


class RunWriter:
    """Adds lines to a run file, of which no other process is a writer meanwhile."""

    def __init__(self, path: str) -> None:
        """Opens or makes the file; what a killed run left of a line is cut off.

        Raises:
            OSError: if it cannot be opened.
            ValueError: if it is no run file, or being written elsewhere.
        """
        self._path = path
        self.contents = Contents()
        self._file = open(path, "a+b", buffering=0)  # noqa: PTH123, SIM115 - closed by `close`
        try:
            self._lock()
            with open(path, "rb") as reader:  # noqa: PTH123 - lines of an unbuffered file come byte by byte
                for _ in _parsed(path, reader, self.contents):
                    pass
                self._cut(reader)
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"{self._path} is being written: each rank and each iteration has its own") from None

    def _cut(self, reader: BinaryIO) -> None:
        reader.seek(0)
        whole = sum(len(line) for line in reader if line.endswith(b"\n"))
        if whole < reader.seek(0, os.SEEK_END):
            self._file.truncate(whole)

    def number_of(self, epoch: int, position: int) -> int:
        """The number of the step at a place of the run: behind those before it."""
        return bisect.bisect_left(self.contents.steps, (epoch, position))

    def write(self, lines: list[Line]) -> None:
        """Adds lines by one call of the operating system.

        Raises:
            OSError: if they cannot be written.
        """
        for line in lines:
            self.contents.add(line)
        text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        if self._file.write(text) != len(text):
            raise OSError(f"{self._path}: not all of a step could be written")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def ids_to_text(ids: list[int]) -> str:
    """Numbers as `3,7-9`: neighbours as a range."""
    runs: list[list[int]] = []
    for number in ids:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def ids_of(text: str, length: int) -> list[int]:
    """The numbers of `ids_to_text`.

    Raises:
        ValueError: if one is not below `length`, or is none.
    """
    ids: list[int] = []
    for run in text.split(","):
        first, _, last = run.partition("-")
        begin, end = int(first), int(last or first)
        if not 0 <= begin <= end < length:
            raise ValueError(f"samples {run} are not among {length}")
        ids.extend(range(begin, end + 1))
    return ids
