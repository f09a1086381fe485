"""Forked processes, and the process that runs the engine for them: interrupts, kills, threads, folders, ends."""

import gc
import gzip
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import samples
import served
import torch
import torchfits
from torchfits import EngineError, EngineForkError, _engine, _memory, _sidecar

OWNER = os.getpid()
FIRST: list[_engine.Selector] = [(_engine.FIRST_IMAGE, None, 0)]

Pending = _engine.Pending[_engine.WindowResult]


def begin_long() -> Pending:
    items = torch.tensor([[0, 0, 0, 200_000_000, 0, 1]])
    return _engine.begin_window(_engine.Window([_engine.encode(samples.LONG)], FIRST, items, [1]))


def begin_small() -> Pending:
    items = torch.tensor([[0, 0, 0, 64, 0, 64]])
    return _engine.begin_window(_engine.Window([_engine.encode(samples.SMALL)], FIRST, items, [1]))


def engine() -> int:
    (process,) = served.engines(OWNER)
    return process


def kill_engine() -> None:
    process = engine()
    os.kill(process, signal.SIGKILL)
    try:
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    except ChildProcessError:  # another process started it
        served.await_that(lambda: served.has_ended(process))


def require_engine_error(call: Callable[[], object], part: str) -> None:
    try:
        call()
    except EngineError as error:
        assert part in str(error), error
    else:
        raise AssertionError("no EngineError")


def be_interrupted() -> None:
    """Ctrl-C stops the read there too."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    for _ in range(2):
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            samples.read_long()
        except KeyboardInterrupt:
            pass
        else:
            raise AssertionError("no KeyboardInterrupt")
        served.await_that(lambda: not served.is_busy(engine()))
        samples.read_small()


def drop_reads() -> None:
    """A read that nobody waits for is stopped there."""
    for cancelled in (True, False):
        pending = begin_long()
        served.await_that(lambda: served.is_busy(engine()))
        assert not pending.done()
        if cancelled:
            pending.cancel()
        del pending
        gc.collect()
        served.await_that(lambda: not served.is_busy(engine()))
    small = begin_small()
    assert small.result().blocks[0].shape == (1, 64, 64)
    assert small.done()
    require_engine_error(small.result, "was given already")


def lose_engine() -> None:
    """A call ends with an error when the engine's process is killed; the next one has another process."""
    samples.read_small()
    first = engine()
    begun = begin_small()
    threading.Timer(0.3, kill_engine).start()
    require_engine_error(samples.read_long, "ended in the middle")
    require_engine_error(begun.result, "ended")
    begun.cancel()
    samples.read_small()
    assert engine() != first
    kill_engine()
    samples.read_small()
    begun = begin_small()
    kill_engine()
    require_engine_error(begun.result, "ended")
    samples.read_small()


def drop_bytes() -> None:
    """Compressed bytes, and what they decode to, are kept there as long as they are here."""
    content = gzip.compress(Path(samples.SMALL).read_bytes() + os.urandom(100_000))
    source = _memory.kept(content)
    before = torchfits.cache.stats().decoded_files
    for _ in range(3):
        assert torchfits.read_image(source).shape == (64, 64)
    assert torchfits.cache.stats().decoded_files == before + 1
    held = len(served.segments(engine()))
    del source, content
    gc.collect()
    served.await_that(lambda: len(served.segments(engine())) == held - 1)


def use_threads() -> None:
    """Several threads read, and begin reads, at once."""
    with ThreadPoolExecutor(4) as pool:
        for read in [pool.submit(samples.read_small) for _ in range(100)]:
            read.result()
        for read in [pool.submit(lambda: begin_small().result().blocks[0]) for _ in range(40)]:
            assert torch.equal(read.result()[0], torch.arange(64.0 * 64).reshape(64, 64))


def read_elsewhere() -> None:
    """Names of files are those of the folder that the process is in."""
    samples.read_small()
    Path("elsewhere").mkdir(exist_ok=True)
    os.chdir("elsewhere")
    assert torchfits.read_image("../small.fits").shape == (64, 64)
    try:
        torchfits.read_image("small.fits")
    except torchfits.MissingFileError as error:
        assert str(error) == "small.fits: no such file", error
    else:
        raise AssertionError("no MissingFileError")


def fork_again() -> None:
    """A process that such a process forks is another client; what was begun before is none of its."""
    begun = begin_small()
    samples.read_small()

    def ask() -> None:
        try:
            begun.result()
        except EngineForkError:
            begun.cancel()
            samples.read_small()
            return
        raise AssertionError("no EngineForkError")

    child = served.fork(ask)
    assert served.exit_code(child) == 7
    assert begun.result().blocks[0].shape == (1, 64, 64)


def have_no_engine() -> None:
    """What keeps the other process from being started is told."""
    _sidecar._token = "of nobody"  # pyright: ignore[reportPrivateUsage]
    for executable, part in (("/no/such/python", "No such file"), ("/bin/false", "it ends, or does not answer")):
        sys.executable = executable
        try:
            samples.read_small()
        except EngineForkError as error:
            for told in (part, "forkserver", "spawn", "num_workers=0"):
                assert told in str(error), error
        else:
            raise AssertionError("no EngineForkError")


def read_for_long() -> None:
    begun = begin_long()
    samples.read_long()
    del begun


samples.read_large()
for body in (be_interrupted, drop_reads, drop_bytes, lose_engine, read_elsewhere, fork_again, have_no_engine):
    assert served.exit_code(served.fork(body)) == 7, body

children = [served.fork(use_threads) for _ in range(3)]
assert [served.exit_code(child) for child in children] == [7] * 3

killed = served.fork(read_for_long)
last = engine()
served.await_that(lambda: served.is_busy(last))
os.kill(killed, signal.SIGKILL)
assert served.exit_code(killed) == -signal.SIGKILL
served.await_that(lambda: not served.is_busy(last))
served.await_that(lambda: not served.segments(last))

# Nobody is left: it ends, though this process does not.
served.await_that(lambda: not served.engines(OWNER))
assert f"torchfits-{OWNER}-" not in Path("/proc/net/unix").read_text()
samples.read_small()
print("done")
