"""Programs of tests in processes of their own, and folders of caches for them."""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from torchfits import _jvm
from torchfits._aot import Cache

PROGRAMS = Path(__file__).parent / "programs"


def loaded_python() -> list[str]:
    """Stands for `sys.executable` in a command: a Python that has loaded torch and torchfits, with no JVM.

    To import torch takes longer than most programs. Not for those that test how a process begins, and not for those
    that get a signal from outside other than SIGKILL.
    """
    with _lock:
        return [sys.executable, "-S", "-E", str(PROGRAMS / "ask_loaded_python.py"), _address()]


_lock = threading.Lock()


@functools.cache
def _address() -> str:
    """Where the one server of this process listens."""
    address = f"torchfits-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"\0{address}")
        listener.listen(100)
        server = subprocess.Popen(
            [sys.executable, PROGRAMS / "loaded_python.py", str(listener.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PROGRAMS.parent), *sys.path])},
        )
    atexit.register(server.communicate)  # which closes its input, and waits
    return address


def share_engine_cache(home: Path) -> None:
    """Lets processes with an XDG_CACHE_HOME of their own use the ahead-of-time cache of this one.

    To make one takes 20 s of processor time, and happens in the background of the tests. The lock is shared too: where
    the cache is not made yet, nobody makes another one.
    """
    cache = Cache.of(_jvm.library_path(), _jvm.class_path(), _jvm.flags()).path
    folder = home / "torchfits"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (cache, cache.with_suffix(".lock")):
        (folder / path.name).symlink_to(path)
