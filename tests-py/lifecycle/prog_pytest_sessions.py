"""20 sessions of pytest with its faulthandler on, two at a time.

Each is a process of its own with a JVM of its own; they are forked from this one, where none runs, to load torch once.
The plug-ins of others, which take no part, are not loaded.
"""

import gc
import os
import sys
from pathlib import Path

import pytest
import samples

ARGUMENTS = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, str(Path(__file__).parent / "sample_tests.py")]


SESSIONS = 20


def output(number: int) -> Path:
    return samples.FOLDER / f"session-{number}.txt"


def start_session(number: int) -> None:
    if os.fork() == 0:
        os.dup2(os.open(output(number), os.O_CREAT | os.O_WRONLY | os.O_TRUNC), sys.stdout.fileno())
        sys.exit(pytest.main(ARGUMENTS))


def await_session() -> None:
    _, status = os.wait()
    assert os.waitstatus_to_exitcode(status) == 0


assert samples.FOLDER.is_dir()
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
gc.freeze()  # what all sessions have is not looked at by each
start_session(0)
for number in range(1, SESSIONS):
    start_session(number)
    await_session()
await_session()
for number in range(SESSIONS):
    assert "3 passed" in output(number).read_text(), output(number).read_text()
print("done")
