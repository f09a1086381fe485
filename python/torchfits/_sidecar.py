"""The engine for processes that were forked from one whose JVM runs: a process of its own, which they share.

The first call starts it (`_served`), by an abstract socket whose name the parent chose: whoever has bound it starts,
all others connect. It ends some seconds after its last client, and with the parent. See docs/jvm.md.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torchfits import _jvm
from torchfits._channel import Channel, greet, greeted
from torchfits._memory import Segment
from torchfits._messages import Incoming, Request, is_decoded
from torchfits.errors import EngineError, EngineForkError, FitsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchfits._dlpack import Elements
    from torchfits._memory import ContentName

CALLS, DROPS = b"C", b"D"
"""What a connection is for: calls and their answers, or what nobody needs any more."""

DROPPED = struct.Struct("<q?")
"""The number of a read, or of bytes in the place of a file, and whether it is one of a read."""

KNOWN, UNKNOWN = b"K", b"U"
"""The answer to the greeting of a connection, that says what it is for and of which client it is."""

_STARTS = 3
_START_SECONDS = 60

# Without what imports torch: it takes as long as everything else together.
_PROGRAM = """
import json, sys, types
sys.path[:] = json.loads(sys.argv[4])
package = types.ModuleType("torchfits")
package.__path__ = [sys.argv[3]]
sys.modules["torchfits"] = package
from torchfits import _blocks
sys.modules["torchfits._dlpack"] = _blocks
from torchfits._served import serve
serve(int(sys.argv[1]), int(sys.argv[2]))
"""


class _Client:
    """The connections of this process to the engine's.

    A connection has one call at a time. One that is interrupted is closed, which stops the call.

    Attributes:
        ended: whether the other process did.
    """

    def __init__(self) -> None:
        self.ended = False
        self._session = secrets.token_bytes(16)
        self._open: set[Channel] = set()
        self._idle: list[Channel] = []
        self._drops = self._connect(DROPS)

    def exchange(self, request: Request) -> Incoming:
        """The answer to a request.

        Raises:
            EngineError: if the other process ends meanwhile.
            _Unasked: if it had ended before.
        """
        channel = self._take()
        try:
            self._send(request, channel)
            try:
                answer = channel.receive(request)
            except ConnectionResetError:
                answer = None
            if answer is None:
                self._end()
                raise EngineError("the process that runs the engine for this forked one ended in the middle of a call")
        except BaseException:
            self._open.discard(channel)
            channel.connection.close()
            raise
        self._idle.append(channel)
        return answer

    def drop(self, number: int, *, is_read: bool) -> None:
        """Says that nobody needs a read, or bytes, any more."""
        with contextlib.suppress(OSError):  # it ended with the process
            self._drops.connection.send(DROPPED.pack(number, is_read), socket.MSG_NOSIGNAL)

    def close_in_child(self) -> None:
        """Closes what a forked child has of the connections: it would keep them open when this process ends."""
        for channel in self._open:
            channel.connection.close()

    def _take(self) -> Channel:
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        return self._connect(CALLS)

    def _connect(self, purpose: bytes) -> Channel:
        channel = _connect(purpose + self._session)
        if channel is None:
            self._end()
            raise _Unasked
        self._open.add(channel)
        return channel

    def _send(self, request: Request, channel: Channel) -> None:
        try:
            channel.ask(request)
            for name in request.contents:
                _forget_when_gone(name)
        except (BrokenPipeError, ConnectionResetError):
            self._end()
            raise _Unasked from None

    def _end(self) -> None:
        self.ended = True
        self._drops.connection.close()
        while self._idle:
            self._idle.pop().connection.close()


class _Unasked(Exception):
    """The other process had ended before it was asked: the call can be made again."""


class RemotePending:
    """As `_engine.Pending`, of a read that is begun in the engine's process."""

    def __init__(self, client: _Client, number: int, request: Request) -> None:
        """Takes over a read of that number there, which `request` began."""
        self.number = number
        self._client = client
        self._request = request
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, _drop, client, number, os.getpid())
        self._finalizer.atexit = False

    def result(self) -> Any:  # noqa: ANN401 - what was begun
        """Waits for the read; to be called once. After a KeyboardInterrupt the read goes on: ask again."""
        with self._lock:
            self._require_alive()
            try:
                result = _settle(self._ask("result"), self._request)
            except (FitsError, EngineError):
                self._finalizer()
                raise
            self._finalizer()
            return result

    def done(self) -> bool:
        """Whether `result` returns or raises at once."""
        return not self._finalizer.alive or self._client.ended or _settle(self._ask("done"), None)

    def cancel(self) -> None:
        """Stops the read, and returns when no thread of the engine works on it any more."""
        if self._finalizer.alive and not self._client.ended and self._process == os.getpid():
            with contextlib.suppress(EngineError):  # its process ended, and the read with it
                self._ask("cancel")
        self._finalizer()

    def _ask(self, what: str) -> Incoming:
        if self._process != os.getpid():
            raise EngineForkError("the read was begun by the process that this one was forked from: begin it again")
        try:
            return self._client.exchange(replace(self._request, content=(what, (self.number,), None)))
        except _Unasked:
            raise EngineError("the process that ran the engine, and this read, has ended") from None

    def _require_alive(self) -> None:
        if not self._finalizer.alive or self._client.ended:
            raise EngineError("the read was cancelled, its result was given already, or its process ended")


def _drop(client: _Client, number: int, process: int) -> None:
    """Also for one that a forked child drops, which is none."""
    if process == os.getpid():
        client.drop(number, is_read=True)


def _forget_when_gone(name: ContentName) -> None:
    """The engine's process keeps compressed bytes, and what they decode to, as long as this one has them."""
    if is_decoded(name) and not name.forgotten:
        name.forgotten = True
        weakref.finalize(name, _forget, name.number).atexit = False


def _forget(number: int) -> None:
    if _client is not None:
        _client.drop(number, is_read=False)


def is_running() -> bool:
    """Whether the engine's process runs, as far as this one knows."""
    return _client is not None and not _client.ended


def call(name: str, filled: Sequence[Elements], arguments: tuple[object, ...], named: dict[str, object]) -> Any:  # noqa: ANN401
    """What a function of `_engine` gives in the engine's process.

    Args:
        name: of the function.
        filled: those of the arguments that it fills.
        arguments: by place.
        named: by name.

    Raises:
        EngineError: if that process ends meanwhile.
        EngineForkError: if it cannot be started.
    """
    request = Request((name, arguments, named), filled)
    _, answer = _exchange(request)
    return _settle(answer, request)


def begin(
    name: str, filled: Sequence[Elements], arguments: tuple[object, ...], named: dict[str, object]
) -> RemotePending:
    """Likewise, for a function that gives a `Pending`."""
    request = Request((name, arguments, named), filled)
    client, answer = _exchange(request)
    return RemotePending(client, _settle(answer, None), request)


def _exchange(request: Request) -> tuple[_Client, Incoming]:
    while True:
        request.contents.clear()
        client = _client_of_this_process()
        with contextlib.suppress(_Unasked):
            return client, client.exchange(request)


def _settle(answer: Incoming, request: Request | None) -> Any:  # noqa: ANN401
    """The result that an answer tells, or raises it; counts what was taken of the contents of `request`."""
    succeeded, result, taken, _ = answer.content
    if not succeeded:
        raise result
    if request is not None:
        for content, (requests, count) in zip(request.contents, taken, strict=True):
            content.counts[0] += requests
            content.counts[1] += count
    return result


_client: _Client | None = None
_lock = threading.Lock()
_processes: list[subprocess.Popen[bytes]] = []
_owner = os.getpid()
_token = secrets.token_hex(8)


def _client_of_this_process() -> _Client:
    global _client
    with _lock:
        if _client is None or _client.ended:
            _client = _Client()
        return _client


def _connect(greeting: bytes) -> Channel | None:
    """A connection to the engine's process, which is started if there is none; None if it does not know the client."""
    deadline = time.monotonic() + _START_SECONDS
    starts = 0
    while time.monotonic() < deadline:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(_address())
            if not own(connection):
                raise _not_served("another user has bound its socket")
            connection.settimeout(_START_SECONDS)
            area = Segment()
            greet(connection, greeting, area)
            if answer := greeted(connection):
                connection.settimeout(None)
                return Channel(connection, area, answer[1]) if answer[0] == KNOWN else None
        except ConnectionRefusedError:
            if starts == _STARTS:
                break
            starts += _start()
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            time.sleep(0.01)  # it ended before it knew of this connection, or does not answer
        except BaseException:
            connection.close()
            raise
        connection.close()
    raise _not_served("it ends, or does not answer")


def _not_served(reason: str) -> EngineForkError:
    return EngineForkError(
        "this process was forked after torchfits had started its Java engine, and a JVM does not survive a fork; a "
        f"process that runs the engine for it cannot be had: {reason}. Use workers that are not forked "
        "(multiprocessing_context='forkserver' or 'spawn'), or num_workers=0"
    )


def _address() -> str:
    return f"\0torchfits-{_owner}-{_token}-{os.geteuid()}"


def own(connection: socket.socket) -> bool:
    """Whether the process at the other end is one of this user."""
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return user == os.geteuid()


def _start() -> bool:
    """Starts the engine's process, unless another process does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            listener.bind(_address())
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _not_served(str(error)) from error
            time.sleep(0.001)  # whoever has bound it is about to listen
            return False
        listener.listen(128)
        _launch(listener.fileno())
    return True


def _launch(listener: int) -> None:
    arguments = (str(listener), str(_owner), os.path.dirname(__file__), json.dumps(list(map(str, sys.path))))  # noqa: PTH120
    _processes[:] = [process for process in _processes if process.poll() is None]
    try:
        process = subprocess.Popen(
            (sys.executable or "python3", "-c", _PROGRAM, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(listener,),
            start_new_session=True,
        )
    except OSError as error:
        raise _not_served(str(error)) from error
    _processes.append(process)


def _after_fork_in_child() -> None:
    global _client, _lock, _owner
    _lock = threading.Lock()
    if _client is not None:
        _client.close_in_child()
        _client = None
    if not _jvm.was_forked():
        _owner = os.getpid()


os.register_at_fork(after_in_child=_after_fork_in_child)
