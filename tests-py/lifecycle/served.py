"""What is seen of the process that runs the engine for the forked processes of this one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_HANGS_SECONDS = 60


def engines(owner: int) -> list[int]:
    """The processes that run the engine for those that were forked from `owner`."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        if str(owner).encode() in arguments and any(b"torchfits._served" in argument for argument in arguments):
            found.append(int(folder.name))
    return found


def segments(process: int) -> list[str]:
    """The shared memory that a process has open; none of one that has ended."""
    names: list[str] = []
    for link in Path(f"/proc/{process}/fd").glob("*"):
        try:
            names.append(str(link.readlink()))
        except OSError:  # it is closed
            continue
    return [name for name in names if "memfd:torchfits" in name]


def has_ended(process: int) -> bool:
    """Whether nothing of a process is left but what its parent may ask for."""
    try:
        return _status(process)[0] == "Z"
    except FileNotFoundError:
        return True


def is_busy(process: int) -> bool:
    """Whether a process works: it takes time of a processor."""
    try:
        before = _ticks(process)
        time.sleep(0.2)
        return _ticks(process) > before + 1
    except FileNotFoundError:
        return False


def _ticks(process: int) -> int:
    fields = _status(process)
    return int(fields[11]) + int(fields[12])


def _status(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def await_that(condition: Callable[[], bool]) -> None:
    """Waits until a condition is true."""
    deadline = time.monotonic() + _HANGS_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.01)


def fork(body: Callable[[], object]) -> int:
    """Starts a process that does something and ends with exit code 7, and without a word if it is killed."""
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)  # as workers do: the threads of OpenMP do not survive a fork
        body()
        os._exit(7)
    return child


def exit_code(child: int) -> int:
    """Waits for the end of a process."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
