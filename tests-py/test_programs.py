"""Programs of tests that are forked from a loaded Python run and end as if Python had been started for each."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from _programs import loaded_python

TELLS = """
import json, os, sys
text = sys.stdin.read()
told = [__name__, sys.argv, sys.path[0], os.getcwd(), os.environ["VARIABLE"], "torch" in sys.modules, text]
print(json.dumps(told))
print("a complaint", file=sys.stderr)
sys.exit(3)
"""


def test_program_hasItsArgumentsFilesAndEnd(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(TELLS)
    for program, argv, folder in ((["-c", TELLS], "-c", ""), ([script], str(script), str(tmp_path))):
        done = subprocess.run(
            [*loaded_python(), *program, "x", "é"], env={"VARIABLE": "value"}, cwd=tmp_path, input="typed",
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        expected = ["__main__", [argv, "x", "é"], folder, str(tmp_path), "value", True, "typed"]
        assert (done.returncode, json.loads(done.stdout), done.stderr) == (3, expected, "a complaint\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_program_endedBySignal_saysSo(number: signal.Signals) -> None:
    program = f"import os; os.kill(os.getpid(), {int(number)})"
    assert subprocess.run([*loaded_python(), "-c", program], check=False).returncode == -number


def test_program_exception_isTold() -> None:
    done = subprocess.run([*loaded_python(), "-c", "1 / 0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_program_ofOneThatIsKilled_isKilled() -> None:
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    with subprocess.Popen([*loaded_python(), "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        running = Path("/proc") / process.stdout.readline().strip()
        assert running.exists()
        process.kill()
    deadline = time.monotonic() + 20
    while running.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
