"""20 sessions of pytest with its faulthandler on, two at a time.

Each is a process of its own with a JVM of its own; they are forked from this one, where none runs, to load torch once.
"""

import os
import sys
from pathlib import Path

import pytest
import samples

ARGUMENTS = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, str(Path(__file__).parent / "sample_tests.py")]


def start_session() -> None:
    if os.fork() == 0:
        sys.exit(pytest.main(ARGUMENTS))


def await_session() -> None:
    _, status = os.wait()
    assert os.waitstatus_to_exitcode(status) == 0


assert samples.FOLDER.is_dir()
start_session()
for _ in range(19):
    start_session()
    await_session()
await_session()
print("done")
