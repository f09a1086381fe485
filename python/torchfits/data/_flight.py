"""What the engine does meanwhile, for Java's own tools."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from torchfits import _engine

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

__all__ = ["flight_recording"]


@contextmanager
def flight_recording(path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Records what the engine does within it, with the Flight Recorder of its JVM.

    That is where its threads spend their time, what they allocate and wait for. `DataLoader.report()` tells what
    training waited for; this tells why. Recording costs some percent of the time; to start it takes some seconds
    the first time, in which Ctrl-C waits. Nothing of Python or torch is in it, and no environment variables.

    Args:
        path: is made or replaced; `jfr summary`, `jfr print` and JDK Mission Control read it.

    Raises:
        EngineError: if the engine cannot start.
        FileWriteError: at the end, if it cannot be written.
        LibraryNotFoundError: if the Java runtime has no Flight Recorder.
        OSError: if the file cannot be opened.
    """
    with Path(path).open("wb") as file:
        recording = _engine.begin_recording()
        try:
            yield
        finally:
            _engine.end_recording(recording, file.fileno())
