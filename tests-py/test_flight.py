"""The Flight Recorder of the JVM, in a process of its own: it stays loaded once it was used."""

import subprocess
from pathlib import Path

import numpy as np
from _fitsbytes import image
from _programs import loaded_python
from torchfits import _jvm

PROGRAM = """
import sys
import torchfits
from torchfits.data import DataLoader, ImageDataset, flight_recording

paths = sys.argv[2:]
try:
    with flight_recording(sys.argv[1]):
        for _ in range(50):
            list(DataLoader(ImageDataset(paths), 4))
        raise KeyError("while it was recorded")
except KeyError:
    pass
try:
    with flight_recording("/dev/full"):
        pass
except torchfits.errors.FileWriteError as error:
    print(error)
try:
    with flight_recording("/no such folder/x.jfr"):
        raise AssertionError
except FileNotFoundError as error:
    print(error)
"""


def test_flightRecording_ofALoader_isReadByJfr(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{number}.fits") for number in range(8)]
    for path in paths:
        Path(path).write_bytes(image(np.zeros((50, 60), "f4")))
    recording = tmp_path / "épochs.jfr"
    done = subprocess.run(
        [*loaded_python(), "-c", PROGRAM, recording, *paths], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the recording could not be written: No space left" in done.stdout
    assert "No such file or directory" in done.stdout
    assert recording.read_bytes()[:4] == b"FLR\0"
    jfr = _jvm.library_path().parents[2] / "bin" / "jfr"
    told = subprocess.run([jfr, "summary", recording], capture_output=True, text=True, timeout=100, check=True).stdout
    counts = {line.split()[0]: int(line.split()[1]) for line in told.splitlines() if line.startswith(" jdk.")}
    assert counts["jdk.JVMInformation"] == 1
    assert counts["jdk.InitialEnvironmentVariable"] == counts["jdk.SystemProcess"] == 0
