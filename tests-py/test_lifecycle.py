"""The JVM as a guest in a Python process: each program in `lifecycle/` runs in one of its own, which must end well."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from _programs import loaded_python
from astropy.io import fits
from torchfits import _jvm
from torchfits._aot import Cache

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAMS = Path(__file__).parent / "lifecycle"
HANGS_SECONDS = 120

LONG_SHAPE = (200_000_000, 64)
TABLE_ROWS = 10_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that `lifecycle/samples.py` describes."""
    folder = tmp_path_factory.mktemp("samples")
    fits.writeto(folder / "small.fits", np.arange(64 * 64, dtype=np.float32).reshape(64, 64))
    fits.writeto(folder / "large.fits", np.full((2048, 2048), 7, dtype=np.int16))
    for number in range(16):
        fits.writeto(folder / f"plane-{number:02}.fits", np.full((300, 200), number, dtype=np.int32))
    write_sparse(folder / "long.fits")
    write_sparse_table(folder / "table.fits")
    return folder


def write_sparse(path: Path) -> None:
    rows, columns = LONG_SHAPE
    header = fits.Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", columns), ("NAXIS2", rows)])
    blocks = -(-rows * columns // 2880)
    with path.open("wb") as file:
        file.write(header.tostring().encode())
        file.truncate(file.tell() + 2880 * blocks)


def write_sparse_table(path: Path) -> None:
    header = fits.BinTableHDU.from_columns([fits.Column("X", "D"), fits.Column("N", "J")]).header
    header["NAXIS2"] = TABLE_ROWS
    with path.open("wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode() + header.tostring().encode())
        file.truncate(file.tell() + 2880 * -(-12 * TABLE_ROWS // 2880))


@pytest.fixture(scope="module")
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of the tests' own, in which the first program that reads lets the cache be made."""
    return tmp_path_factory.mktemp("cache")


def command(program: str, folder: Path, *arguments: str, python: Sequence[str] = (sys.executable,)) -> list[str]:
    return [*python, str(PROGRAMS / f"prog_{program}.py"), str(folder), *arguments]


def environment(cache_home: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(cache_home)}


def run(program: str, folder: Path, cache_home: Path, *arguments: str) -> list[str]:
    """The lines that a program prints; the last one must be "done", and nothing may crash, hang or be complained of."""
    python = [sys.executable] if program == "import" else loaded_python()
    ended = subprocess.run(
        command(program, folder, *arguments, python=python),
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


class TestCache:
    """The ahead-of-time cache may be anything; it only costs time."""

    def test_two_processes_make_it_and_the_next_one_uses_it(self, folder: Path, cache_home: Path):
        with ThreadPoolExecutor(2) as pool:
            printed = list(pool.map(lambda _: run("cache", folder, cache_home), range(2)))
        path = cache_in(cache_home)
        assert printed[0] == [str(path), "not mapped", "done"]
        await_file(path)
        assert list(path.parent.glob("*.aot")) == [path]
        assert run("cache", folder, cache_home) == [str(path), "mapped", "done"]

    def test_truncated(self, folder: Path, cache_home: Path, tmp_path: Path):
        whole = await_file(cache_in(cache_home)).read_bytes()
        write_cache(tmp_path, whole[: len(whole) // 2])
        run("cache", folder, tmp_path)

    def test_garbage(self, folder: Path, tmp_path: Path):
        write_cache(tmp_path, b"garbage" * 1000)
        run("cache", folder, tmp_path)

    def test_no_folder_can_be_made(self, folder: Path):
        assert run("cache", folder, Path(os.devnull))[1] == "not mapped"

    def test_name_changes_with_what_it_is_made_of(self, tmp_path: Path):
        names = list(cache_names(tmp_path))
        assert len(set(names)) == len(names)


def cache_in(home: Path) -> Path:
    """Where the cache belongs in a cache folder."""
    cache = Cache.of(_jvm.library_path(), _jvm.class_path(), _jvm.flags())
    return home / "torchfits" / cache.path.name


def await_file(path: Path) -> Path:
    deadline = time.monotonic() + HANGS_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not made"
        time.sleep(0.1)
    return path


def write_cache(home: Path, content: bytes) -> None:
    path = cache_in(home)
    path.parent.mkdir()
    path.write_bytes(content)


def cache_names(folder: Path) -> Iterator[str]:
    """Names of caches that differ in one thing each."""
    library = folder / "jdk" / "lib" / "server" / "libjvm.so"
    library.parent.mkdir(parents=True)
    release, jar, other = folder / "jdk" / "release", folder / "torchfits-engine.jar", folder / "other.jar"
    release.write_text("25.0.3")
    jar.write_bytes(b"jar")
    other.write_bytes(b"jar")

    def name(*flags: str) -> str:
        return Cache.of(library, [jar, other], flags).path.name

    yield name()
    yield name("-Xmx1g")
    jar.write_bytes(b"raj")
    yield name()
    other.write_bytes(b"newer")
    yield name()
    release.write_text("25.0.4")
    yield name()


PROGRAM_ARGUMENTS = [
    "order ray read no-ray read",
    "order read ray read no-ray read",
    "order faulthandler read",
    "order faulthandler read no-faulthandler read",
    "order read faulthandler read",
    "order read faulthandler read no-faulthandler read",
    "import",
    "fork_before",
    "fork_after",
    "loader_after",
    "served",
    "memory",
    "short_threads",
    "parallel_threads",
    "signals",
    "exit_in_read",
    "windows",
    "exit_in_call",
    "exit_with_tensors",
    "streams",
    "start_in_thread",
    "start_in_thread main-reads",
    "foreign_jvm",
]


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, folder: Path, cache_home: Path) -> Iterator[dict[str, Future[list[str]]]]:
    """The programs of the tests that were selected, two at a time."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    selected = [str(item.callspec.params["program"]) for item in items if item.function is test_program]
    pool = ThreadPoolExecutor(2)
    yield {
        program: pool.submit(run, program.split()[0], folder, cache_home, *program.split()[1:]) for program in selected
    }
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("program", PROGRAM_ARGUMENTS)
def test_program(runs: dict[str, Future[list[str]]], program: str):
    if "ray" in program.split():
        pytest.importorskip("ray", reason="the optional extra 'ray' is not installed")
    runs[program].result()


def test_twenty_pytest_sessions_with_faulthandler(folder: Path, cache_home: Path):
    assert run("pytest_sessions", folder, cache_home) == ["done"]


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


@pytest.mark.parametrize("end", ["exit", "stay"])
def test_the_engine_of_forked_processes_ends_with_their_parent(folder: Path, cache_home: Path, end: str):
    with subprocess.Popen(
        command("served_owner", folder, end), env=environment(cache_home), cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        name, _, engine = process.stdout.readline().partition(" ")
        assert name == "engine"
        if end == "stay":
            process.kill()
        await_end(int(engine))
        # The child has another one from then on.
        assert "read again" in process.stdout.read().split("\n")


def await_end(process: int) -> None:
    deadline = time.monotonic() + HANGS_SECONDS
    while Path(f"/proc/{process}/fd").exists():
        assert time.monotonic() < deadline, f"{process} did not end"
        time.sleep(0.05)


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
