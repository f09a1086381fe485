"""The process that runs the engine for forked ones, which are its clients: see `_sidecar`, which starts it."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

from torchfits import _engine
from torchfits._channel import Channel, greet, greeted
from torchfits._memory import Segment
from torchfits._messages import Answer, Incoming
from torchfits._sidecar import DROPPED, DROPS, KNOWN, UNKNOWN, own
from torchfits.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torchfits._dlpack import Elements
    from torchfits._memory import Content

_LINGER_MS = 5000
"""After the last client: the workers of the next epoch come soon after those of the one before."""

_ORPHANED_MS = 500
"""How often idle clients are sent away when the process that they were forked from has ended."""

_numbers = itertools.count(1)


class _Abandoned(BaseException):
    """Nobody waits for the answer any more."""


class _Begun:
    """A read that a client has begun."""

    def __init__(self, pending: _engine.Pending[Any], incoming: Incoming) -> None:
        self.pending = pending
        self._filled = incoming.to_fill
        self._contents = incoming.contents
        self._lock = threading.Lock()
        self._answer: Answer | None = None

    def result(self) -> Answer:
        """The answer, which is kept until the client drops the read: it may ask again."""
        with self._lock:
            if self._answer is None:
                self._answer = _answer(self.pending.result, self._filled, self._contents)
            return self._answer

    def done(self) -> bool:
        """Whether the answer is there, or comes at once."""
        return self._answer is not None or self.pending.done()


class _Session:
    """One client.

    Attributes:
        begun: its reads, by number.
        contents: compressed files in bytes that it holds, by the numbers that it gave them.
        connections: that it has.
    """

    def __init__(self) -> None:
        self.begun: dict[int, _Begun] = {}
        self.contents: dict[int, Content] = {}
        self.connections: set[socket.socket] = set()

    def begin(self, pending: _engine.Pending[Any], incoming: Incoming) -> int:
        """Keeps a read under a number."""
        number = next(_numbers)
        self.begun[number] = _Begun(pending, incoming)
        return number

    def drop(self, number: int) -> None:
        """Stops a read, if it is one."""
        begun = self.begun.pop(number, None)
        if begun is not None:
            begun.pending.cancel()

    def close(self) -> None:
        """Stops all reads."""
        for number in list(self.begun):
            self.drop(number)

    def send_away(self) -> None:
        """Takes no more calls, unless it has reads; those that were made are answered."""
        if self.begun:
            return
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RD)


def _answer(call: Callable[[], object], filled: Sequence[Elements], contents: Sequence[Content]) -> Answer:
    """What a call gives or raises."""
    try:
        result = call()
        return Answer(True, result, [tuple(content.transfers_since()) for content in contents], filled)
    except Exception as error:  # the client raises it
        return Answer(False, error)


class _Calls:
    """Answers the calls of one connection."""

    def __init__(self, channel: Channel, session: _Session) -> None:
        self._channel = channel
        self._session = session
        self._closed = select.poll()
        self._closed.register(channel.connection, 0)

    def serve(self) -> None:
        """Until the connection is closed."""
        _engine.caller.require_waiting = self._require_waiting
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        # What came, and descriptors with it, is gone when this returns.
        incoming = self._channel.receive()
        if incoming is None:
            return False
        with contextlib.suppress(_Abandoned):
            self._channel.answer(self._answer(incoming))
        return True

    def _answer(self, incoming: Incoming) -> Answer:
        name, arguments, named = incoming.content
        if name in _engine.SERVED:
            function = getattr(_engine, name)
            return _answer(lambda: function(*arguments, **named), incoming.to_fill, incoming.contents)
        if name in _engine.BEGUN:
            function = getattr(_engine, name)
            return _answer(lambda: self._session.begin(function(*arguments, **named), incoming), (), ())
        return self._answer_of_begun(name, *arguments)

    def _answer_of_begun(self, name: str, number: int) -> Answer:
        begun = self._session.begun.get(number)
        if begun is None:
            return Answer(False, EngineError("the read was cancelled, or its result was given already"))
        if name == "result":
            return begun.result()
        return _answer(begun.done if name == "done" else begun.pending.cancel, (), ())

    def _require_waiting(self) -> None:
        """Raises _Abandoned if the client has closed the connection."""
        if any(event & select.POLLHUP for _, event in self._closed.poll(0)):
            raise _Abandoned


class _Server:
    """Takes connections until there is nobody to serve."""

    def __init__(self, listener: socket.socket, owner: int) -> None:
        self._listener = listener
        self._sessions: dict[bytes, _Session] = {}
        self._connections: set[socket.socket] = set()
        self._closed = os.eventfd(0)
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self._poll.register(self._closed, select.POLLIN)
        self._orphaned = False
        self._watch(owner)

    def run(self) -> None:
        """Until some time after the last client."""
        while True:
            patience = _LINGER_MS if not self._connections else None
            happened = {descriptor for descriptor, _ in self._poll.poll(_ORPHANED_MS if self._orphaned else patience)}
            if not happened and not self._connections:
                return
            if self._listener.fileno() in happened:
                self._accept()
            if self._closed in happened:
                os.eventfd_read(self._closed)
            if self._owner in happened:
                self._poll.unregister(self._owner)
                self._orphaned = True
            if self._orphaned:
                for session in list(self._sessions.values()):
                    session.send_away()

    def _watch(self, owner: int) -> None:
        self._owner = -1
        try:
            self._owner = os.pidfd_open(owner)
            self._poll.register(self._owner, select.POLLIN)
        except ProcessLookupError:
            self._orphaned = True
        except OSError:
            return  # this kernel does not tell; the clients are enough

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        self._connections.add(connection)
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if own(connection) and (greeting := greeted(connection)):
                self._greet(connection, *greeting)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client ended
        finally:
            self._connections.discard(connection)
            connection.close()
            os.eventfd_write(self._closed, 1)

    def _greet(self, connection: socket.socket, greeting: bytes, there: Segment) -> None:
        purpose, client = greeting[:1], greeting[1:]
        if purpose == DROPS:
            self._sessions[client] = _Session()
        session = self._sessions.get(client)
        area = Segment()
        greet(connection, UNKNOWN if session is None else KNOWN, area)
        if session is None:
            return
        session.connections.add(connection)
        try:
            if purpose == DROPS:
                self._take_drops(connection, session)
            else:
                _Calls(Channel(connection, area, there, session.contents), session).serve()
        finally:
            session.connections.discard(connection)
            if purpose == DROPS:
                del self._sessions[client]
                session.close()

    def _take_drops(self, connection: socket.socket, session: _Session) -> None:
        """The client lives as long as this connection."""
        while dropped := connection.recv(DROPPED.size):
            number, is_read = DROPPED.unpack(dropped)
            if is_read:
                session.drop(number)
            else:
                session.contents.pop(number, None)


def serve(listener: int, owner: int) -> None:
    """Runs the engine for the clients that connect to a listening socket.

    Args:
        listener: its descriptor.
        owner: the process that the clients were forked from.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Server(socket.socket(fileno=listener), owner).run()
