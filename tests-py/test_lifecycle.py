"""The JVM as a guest in a Python process: each program in `lifecycle/` runs in a process of its own and must end well."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from astropy.io import fits
from torchfits._aot import Cache

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(__file__).parent / "lifecycle"
HANGS_SECONDS = 120

LONG_SHAPE = (200_000_000, 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that `lifecycle/samples.py` describes."""
    folder = tmp_path_factory.mktemp("samples")
    fits.writeto(folder / "small.fits", np.arange(64 * 64, dtype=np.float32).reshape(64, 64))
    fits.writeto(folder / "large.fits", np.full((2048, 2048), 7, dtype=np.int16))
    for number in range(16):
        fits.writeto(folder / f"plane-{number:02}.fits", np.full((300, 200), number, dtype=np.int32))
    write_sparse(folder / "long.fits")
    return folder


def write_sparse(path: Path) -> None:
    rows, columns = LONG_SHAPE
    header = fits.Header(
        [("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", columns), ("NAXIS2", rows)]
    )
    blocks = -(-rows * columns // 2880)
    with path.open("wb") as file:
        file.write(header.tostring().encode())
        file.truncate(file.tell() + 2880 * blocks)


@pytest.fixture(scope="module")
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of the tests' own; the first program that reads lets the cache be made."""
    return tmp_path_factory.mktemp("cache")


def command(program: str, folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(PROGRAMS / f"prog_{program}.py"), str(folder), *arguments]


def environment(cache_home: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(cache_home)}


def run(program: str, folder: Path, cache_home: Path, *arguments: str) -> list[str]:
    """The lines that a program prints; the last one must be "done", and nothing may crash, hang or be complained of."""
    ended = subprocess.run(
        command(program, folder, *arguments),
        env=environment(cache_home),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    for complaint in ("Traceback", "Exception ignored", "FATAL", "Fatal"):
        assert complaint not in ended.stderr, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[-1] == "done", ended.stdout
    return lines


@pytest.mark.parametrize(
    "program",
    [
        "import",
        "fork_before",
        "fork_after",
        "loader_after",
        "short_threads",
        "parallel_threads",
        "signals",
        "exit_in_read",
        "exit_in_call",
        "exit_with_tensors",
        "start_in_thread",
        "start_in_thread main-reads",
        "foreign_jvm",
        "order faulthandler read",
        "order faulthandler read no-faulthandler read",
        "order read faulthandler read",
        "order read faulthandler read no-faulthandler read",
    ],
)
def test_program(folder: Path, cache_home: Path, program: str):
    name, *arguments = program.split()
    run(name, folder, cache_home, *arguments)


@pytest.mark.parametrize("order", ["ray read no-ray read", "read ray read no-ray read"])
def test_ray(folder: Path, cache_home: Path, order: str):
    pytest.importorskip("ray", reason="the optional extra 'ray' is not installed")
    run("order", folder, cache_home, *order.split())


def test_sigterm_ends_the_process_in_a_long_read(folder: Path, cache_home: Path):
    with subprocess.Popen(
        command("long_read", folder),
        env=environment(cache_home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        process.terminate()
        _, complaints = process.communicate(timeout=HANGS_SECONDS)
    assert process.returncode == -signal.SIGTERM
    assert complaints == ""


def test_an_older_foreign_jvm_is_refused(folder: Path, cache_home: Path):
    older = [library for library in installed_jvms() if java_version(library) < 25]
    if not older:
        pytest.skip("no Java older than 25 in /usr/lib/jvm")
    run("foreign_jvm", folder, cache_home, str(older[0]))


def installed_jvms() -> list[Path]:
    return sorted(Path("/usr/lib/jvm").glob("*/lib/server/libjvm.so"))


def java_version(library: Path) -> int:
    release = library.parents[2] / "release"
    found = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release.read_text(), re.MULTILINE)
    assert found, release
    return int(found[1])


def test_twenty_pytest_sessions_with_faulthandler(folder: Path, cache_home: Path):
    with ThreadPoolExecutor(2) as pool:
        sessions = [pool.submit(pytest_session, folder, cache_home) for _ in range(20)]
        for session in sessions:
            ended = session.result()
            assert ended.returncode == 0, ended.stdout + ended.stderr
            assert "3 passed" in ended.stdout
            assert ended.stderr == ""


def pytest_session(folder: Path, cache_home: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, str(PROGRAMS / "prog_pytest.py")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        env={**environment(cache_home), "LIFECYCLE_FOLDER": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )


class TestCache:
    """The ahead-of-time cache may be anything; it only costs time."""

    def test_two_processes_make_it_and_the_next_one_uses_it(self, folder: Path, tmp_path: Path):
        with ThreadPoolExecutor(2) as pool:
            path, mapped, _ = list(pool.map(lambda _: run("cache", folder, tmp_path), range(2)))[0]
        assert mapped == "not mapped"
        await_file(Path(path))
        assert list(Path(path).parent.glob("*.aot")) == [Path(path)]
        assert run("cache", folder, tmp_path)[:2] == [path, "mapped"]
        # Half of it is no longer one.
        os.truncate(path, Path(path).stat().st_size // 2)
        assert run("cache", folder, tmp_path)[0] == path

    def test_garbage(self, folder: Path, tmp_path: Path):
        path = Path(run("cache", folder, Path(os.devnull))[0])
        garbage = tmp_path / "torchfits" / path.name
        garbage.parent.mkdir()
        garbage.write_bytes(b"garbage" * 1000)
        assert run("cache", folder, tmp_path)[0] == str(garbage)

    def test_no_folder_can_be_made(self, folder: Path):
        assert run("cache", folder, Path(os.devnull))[1] == "not mapped"

    def test_name_changes_with_what_it_is_made_of(self, tmp_path: Path):
        names = list(cache_names(tmp_path))
        assert len(set(names)) == len(names)


def await_file(path: Path) -> None:
    deadline = time.monotonic() + HANGS_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not made"
        time.sleep(0.1)


def cache_names(folder: Path) -> Iterator[str]:
    """Names of caches that differ in one thing each."""
    library = folder / "jdk" / "lib" / "server" / "libjvm.so"
    library.parent.mkdir(parents=True)
    release, jar = folder / "jdk" / "release", folder / "engine.jar"
    release.write_text("25.0.3")
    jar.write_bytes(b"jar")

    def name(*flags: str) -> str:
        return Cache.of(library, [jar], flags).path.name

    yield name()
    yield name("-Xmx1g")
    jar.write_bytes(b"rebuilt")
    yield name()
    release.write_text("25.0.4")
    yield name()
