"""What a bug report needs: versions and paths of everything that torchfits stands on."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version

import torch

from torchfits import _engine

__all__ = ["doctor"]


def doctor() -> None:
    """Prints versions and paths of Python, torch, JVM, engine, cfitsio and wcslib. Starts the engine.

    A native library that is missing is shown as missing, with what to install.

    Raises:
        EngineError: if the engine cannot start; the message says why.
    """
    lines = [
        ("torchfits", f"{version('torchfits')} ({__file__.rpartition('/')[0]})"),
        ("python", f"{sys.version.split()[0]} ({sys.executable})"),
        ("platform", platform.platform()),
        ("torch", f"{torch.__version__} ({torch.__file__.rpartition('/')[0]})"),
        ("jpype", version("jpype1")),
        *(_split(line) for line in _engine.describe().splitlines()),
    ]
    for name, text in lines:
        print(f"{name:<10} {text}")


def _split(line: str) -> tuple[str, str]:
    name, _, text = line.partition("\t")
    return name, text
