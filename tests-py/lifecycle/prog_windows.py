"""Windows that were begun: interrupted and asked for again, in a forked child, and at exit."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable

import samples
import torch
from torchfits import EngineForkError, _engine

Pending = _engine.Pending[_engine.WindowResult]

FIRST: list[_engine.Selector] = [(_engine.FIRST_IMAGE, None, 0)]


def begin_long() -> Pending:
    """A window that takes minutes."""
    items = torch.tensor([[0, 0, 0, 200_000_000, 0, 1]])
    return _engine.begin_window(_engine.Window([_engine.encode(samples.LONG)], FIRST, items, [1]))


def begin_large() -> Pending:
    """A window of the large image's rows."""
    items = torch.tensor([[0, 0, 19 * row, 19 * row + 40, 0, 2048] for row in range(100)])
    return _engine.begin_window(_engine.Window([_engine.encode(samples.LARGE)], FIRST, items, [20] * 5))


def check(pending: Pending) -> None:
    result = pending.result()
    assert [tuple(block.shape) for block in result.blocks] == [(20, 40, 2048)] * 5
    assert all(bool((block == 7).all()) for block in result.blocks)


def interrupt(pending: Pending, seconds: float) -> bool:
    """Whether a KeyboardInterrupt came while the result was asked for."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        check(pending)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False


def use_interrupts() -> None:
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    long = begin_long()
    assert interrupt(long, 0.2)
    assert interrupt(long, 0.2)
    long.cancel()
    for turn in range(8):
        pending = begin_large()
        if interrupt(pending, 0.001 + 0.001 * turn):
            signal.setitimer(signal.ITIMER_REAL, 0)
            if not pending.done() or pending._finalizer.alive:  # pyright: ignore[reportPrivateUsage]
                check(pending)


def in_child(body: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        body()
        sys.exit(7)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def ask_in_child(pending: Pending) -> None:
    try:
        pending.result()
    except EngineForkError:
        return
    raise AssertionError("no EngineForkError")


def use_forks() -> None:
    begun = [begin_large(), begin_large()]
    in_child(lambda: ask_in_child(begun[0]))
    in_child(lambda: [begun.clear(), gc.collect()])
    in_child(lambda: begun[0].cancel())
    in_child(lambda: None)
    for pending in begun:
        check(pending)


samples.read_small()
use_interrupts()
use_forks()
check(begin_large())
left = [begin_large(), begin_long(), begin_large()]
threading.Thread(target=lambda: left.append(begin_long())).start()
threading.Thread(target=lambda: begin_long().result(), daemon=True).start()
print("done")
