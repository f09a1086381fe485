"""What the engine does meanwhile, for Java's own tools: the Flight Recorder of the JVM, started when asked for."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchfits import _jvm
from torchfits.errors import EngineError, FileWriteError

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

__all__ = ["flight_recording"]

_PRIVATE = ("jdk.InitialEnvironmentVariable", "jdk.InitialSystemProperty", "jdk.SystemProcess")
"""Events that tell of the user or of other processes, and nothing of the engine."""


@contextmanager
def flight_recording(path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Records what the engine does within it, with the Flight Recorder of its JVM.

    That is where its threads spend their time, what they allocate and wait for. `DataLoader.report()` tells what
    training waited for; this tells why. Recording costs some percent of the time; to start it takes some seconds the
    first time, in which Ctrl-C waits. Nothing of Python or torch is in it, and no environment variables.

    Args:
        path: is made or replaced; `jfr summary`, `jfr print` and JDK Mission Control read it.

    Raises:
        EngineError: if the engine cannot start, or its Java runtime has no Flight Recorder (the module jdk.jfr).
        FileWriteError: at the end, if it cannot be written.
        OSError: if the file cannot be opened.
    """
    with Path(path).open("wb") as file:
        recording = _begun()
        try:
            yield
        finally:
            _end(recording, file.fileno(), str(path))


def _begun() -> Any:  # noqa: ANN401 - a jdk.jfr.Recording
    _jvm.enter()
    java = _jvm.jpype()
    try:
        recording = java.JClass("jdk.jfr.Recording")(java.JClass("jdk.jfr.Configuration").getConfiguration("profile"))
        for event in _PRIVATE:
            recording.disable(event)
        recording.start()
    except (TypeError, java.JException) as error:  # JPype's for a class that is not there is a TypeError
        raise EngineError(f"the Flight Recorder of the JVM cannot be used: {error}") from None
    return recording


def _end(recording: Any, descriptor: int, name: str) -> None:  # noqa: ANN401
    _jvm.enter()
    java = _jvm.jpype()
    try:
        recording.stop()
        # By its descriptor, since names of files in Java depend on the locale.
        target = java.JClass("java.io.FileOutputStream")(f"/proc/self/fd/{descriptor}")
        try:
            recording.getStream(None, None).transferTo(target)
        finally:
            target.close()
            recording.close()
    except java.JClass("java.io.IOException") as error:
        raise FileWriteError(f"{name}: the recording could not be written: {error.getMessage()}") from None
