"""Connections between two processes of one user, on which requests and their answers take turns."""

from __future__ import annotations

import pickle
import socket
import struct
from array import array
from typing import TYPE_CHECKING

from torchfits._dlpack import layout_of, memory_of, of_bytes
from torchfits._memory import Segment
from torchfits._messages import PARTS_BYTES, Answer, Incoming, Message, Reader, Request, Writer

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from torchfits._memory import Content

_PACKET_BYTES = 1 << 16  # the kernel's buffer has three times as many by default
_MOST_DESCRIPTORS = 253  # that the kernel passes with a packet
_ANCILLARY_BYTES = socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS)

_HEADER = struct.Struct("<BI")
"""Before a body: what it is like, and its length. Behind it stand small parts."""

_PLAIN, _MARKED, _IN_AREA, _ELEMENTS = range(4)
"""A body as pickle has it; one for a `Reader`; the place of one for a `Reader` in the sender's area; the layout of
small elements that are all of an `Answer`, as most are: pickle costs more than these."""

_NO_REQUEST = Request(None)
"""Of a message that asks."""


class Channel:
    """A connection on which requests and their answers take turns.

    Each side has an area of shared memory, which holds the large parts of its last message: pages of new memory would
    cost more than to copy them.
    """

    def __init__(
        self, connection: socket.socket, area: Segment, there: Segment, kept: dict[int, Content] | None = None
    ) -> None:
        """Takes over a connection.

        Args:
            connection: to the other process.
            area: of this side.
            there: of the other one.
            kept: compressed files in bytes, by the numbers that the other side gave them: what they decode to is found
                again as long as they are here.
        """
        self.connection = connection
        self._writer = Writer(area)
        self._there = there
        self._kept = {} if kept is None else kept
        self._packet = bytearray(_PACKET_BYTES)
        self._received = memoryview(self._packet)

    def ask(self, request: Request) -> None:
        """Sends a request: all of it, or nothing if that raises."""
        self._send(request.content, Message(request))

    def answer(self, answer: Answer) -> None:
        """Sends an answer, likewise."""
        if answer.is_elements:
            memory = memory_of(answer.result)
            if len(memory) <= PARTS_BYTES:
                word, shape = layout_of(answer.result)
                body = struct.pack(f"<{1 + len(shape)}q", word, *shape)
                self.connection.sendmsg([_HEADER.pack(_ELEMENTS, len(body)), body, memory], (), socket.MSG_NOSIGNAL)
                return
        self._send(tuple(answer), Message(_NO_REQUEST, answer.filled))

    def _send(self, content: object, message: Message) -> None:
        body = self._writer.write(content, message)
        kind = _MARKED if message.marked else _PLAIN
        if _HEADER.size + len(body) + message.size > _PACKET_BYTES:
            kind, body = _IN_AREA, pickle.dumps(self._writer.put(memoryview(body)))
        header = _HEADER.pack(kind, len(body))
        descriptors = array("i", message.descriptors)
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)] if descriptors else ()
        self.connection.sendmsg([header, body, *message.parts], passed, socket.MSG_NOSIGNAL)

    def receive(self, request: Request | None = None) -> Incoming | None:
        """Waits for the next message, the answer to `request` if there is one; None if the other side is closed."""
        flags = socket.MSG_CMSG_CLOEXEC
        size, passed, _, _ = self.connection.recvmsg_into([self._packet], _ANCILLARY_BYTES, flags)
        if not size:
            return None
        kind, length = _HEADER.unpack_from(self._packet)
        end = _HEADER.size + length
        parts = self._received[end:size]
        incoming = Incoming(parts, _descriptors(passed), self._there, request or _NO_REQUEST, self._kept)
        body: Buffer = self._received[_HEADER.size : end]
        if kind == _IN_AREA:
            body = incoming.copy_of(pickle.loads(body))
        if kind == _ELEMENTS:
            word, *shape = struct.unpack(f"<{length // 8}q", body)
            incoming.content = tuple(Answer(True, of_bytes(bytearray(parts), (word, tuple(shape)))))
        else:
            incoming.content = pickle.loads(body) if kind == _PLAIN else Reader(body, incoming).read()
        return incoming


def _descriptors(passed: list[tuple[int, int, bytes]]) -> list[int]:
    numbers = array("i")
    for _, _, content in passed:
        numbers.frombytes(content)
    return list(numbers)


def greet(connection: socket.socket, greeting: bytes, area: Segment) -> None:
    """Sends the first message of a side, with its area."""
    socket.send_fds(connection, [greeting], [area.descriptor], socket.MSG_NOSIGNAL)


def greeted(connection: socket.socket) -> tuple[bytes, Segment] | None:
    """The first message of the other side, and its area; None if it is closed."""
    greeting, descriptors, _, _ = socket.recv_fds(connection, 64, 1, socket.MSG_CMSG_CLOEXEC)
    return (greeting, Segment(descriptors[0])) if greeting else None
