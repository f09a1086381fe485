"""The JVM's ahead-of-time cache: loaded classes and profiles of an earlier run, which halve the start.

The cache belongs to one JDK, one set of jars and one set of flags. HotSpot does not notice all changes of a jar
(JDK-8377932), hence all of these are in the name of the file. It is made by a child process at the first use, in the
background; a missing, broken or stale cache costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Cache(NamedTuple):
    """The cache for one JDK, set of jars and set of flags; the file may not exist.

    Attributes:
        path: of the cache file.
    """

    path: Path

    @classmethod
    def of(cls, library: Path, jars: Iterable[Path], flags: Sequence[str]) -> Cache:
        """The cache for a libjvm, the class path and the JVM's flags."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr((os.fspath(library), flags)).encode())
        with contextlib.suppress(OSError):
            digest.update((library.parents[2] / "release").read_bytes())
        for jar in jars:
            digest.update(os.fspath(jar).encode())
            digest.update(_content(jar))
        return cls(folder() / f"engine-{digest.hexdigest()}.aot")

    def flags(self) -> tuple[str, ...]:
        """The flags that make the JVM use the cache; none if it does not exist."""
        return (f"-XX:AOTCache={self.path}",) if self.path.is_file() else ()

    def build_if_missing(self) -> None:
        """Begins to make the cache in a process of its own, unless one does already. Returns at once."""
        if self.path.is_file():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError:
            return  # A cache folder that cannot be written: every start is a cold one.
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._spawn_builder(lock)
        except BlockingIOError:
            pass  # Another process builds it.
        finally:
            os.close(lock)

    def _spawn_builder(self, lock: int) -> None:
        """The shell ends at once and leaves the builder to init; the builder holds the lock until it ends."""
        command = (sys.executable, "-m", "torchfits._train", os.fspath(self.path))
        subprocess.run(
            ("/bin/sh", "-c", '"$@" &', "sh", *command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
            check=False,
        )


def _content(jar: Path) -> bytes:
    """What tells the content of a jar: ours change with the same size, those of others are too large to be read."""
    if jar.name.startswith("torchfits-"):
        return jar.read_bytes()
    status = jar.stat()
    return repr((status.st_size, status.st_mtime_ns)).encode()


def folder() -> Path:
    """Where caches are kept: $XDG_CACHE_HOME/torchfits, by default ~/.cache/torchfits."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never fails
    return Path(base) / "torchfits"
