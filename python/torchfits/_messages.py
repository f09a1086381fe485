"""Objects of Python between two processes of one user, over a socket; large ones in shared memory.

What comes is unpickled: only from a process of the same user, which could do as it likes anyway.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torchfits._dlpack import Elements, Layout, empty, layout_of, memory_of, of_bytes, of_file
from torchfits._memory import Content, ContentName, Segment
from torchfits.errors import EngineError, FitsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

_PACKET_BYTES = 1 << 16  # the kernel's buffer has three times as many by default
_LARGE_BYTES = 1 << 16
_AREA_BYTES = 64 << 20
_MOST_SEGMENTS = 200
_MOST_DESCRIPTORS = 253  # that the kernel passes with a packet

_INLINE, _IN_AREA = b"\0", b"\1"

Place = bytearray | tuple[int, int] | int
"""Where bytes are: in the message, so many from a place on in the sender's area, or in a segment that comes too."""


class FileName(str):
    """The name of a file, as `_engine.encode` gives it, from the folder that this process is in."""

    __slots__ = ()

    @property
    def absolute(self) -> str:
        """From the root, as it is for other processes too."""
        return f"{os.getcwdb().decode('latin-1')}/{self}"  # noqa: PTH109 - bytes


@dataclass(frozen=True)
class Descriptor:
    """A descriptor of a file, which becomes a descriptor of the receiver, open until the message is dropped."""

    number: int


@dataclass
class Request:
    """What a message asks for.

    Attributes:
        content: what pickle takes; elements in it are contiguous and on the CPU.
        filled: those of them that the receiver fills, and whose content the answer brings.
        contents: bytes in the place of files, of which the receiver counts what it took.
        renamed: how relative names of files are called there and here.
    """

    content: object
    filled: Sequence[Elements] = ()
    contents: list[ContentName] = field(default_factory=list[ContentName])
    renamed: dict[str, str] = field(default_factory=dict[str, str])


class Channel:
    """A connection on which requests and their answers take turns.

    Each side has an area of shared memory, which holds the large parts of its last message: pages of new memory would
    cost more than to copy them.
    """

    def __init__(self, connection: socket.socket, area: Segment, there: Segment) -> None:
        """Takes over a connection, and the areas of both sides."""
        self.connection = connection
        self._area = area
        self._there = there
        self._end = 0

    def send(self, content: object, request: Request, filled: Sequence[Elements] = ()) -> None:
        """Sends all, or nothing if that raises.

        Args:
            content: of the request, or of an answer.
            request: this one, or the one that is answered.
            filled: elements of a request that is answered.
        """
        self._end = 0
        packed = _Packed()
        file = io.BytesIO()
        _Writer(file, self, packed, request, filled).dump(content)
        kind, body = _INLINE, file.getbuffer()
        if len(body) >= _PACKET_BYTES:
            place = self.put(body)
            kind, body = _IN_AREA, memoryview(pickle.dumps(place))
        socket.send_fds(self.connection, [kind, body], packed.descriptors, socket.MSG_NOSIGNAL)

    def receive(self, request: Request) -> Incoming | None:
        """Waits for the next message, an answer to `request` if it is one; None if the other side is closed."""
        flags = socket.MSG_CMSG_CLOEXEC
        packet, descriptors, _, _ = socket.recv_fds(self.connection, _PACKET_BYTES + 1, _MOST_DESCRIPTORS, flags)
        if not packet:
            return None
        body = memoryview(packet)[1:]
        if packet[:1] == _IN_AREA:
            place, size = pickle.loads(body)
            body = bytearray(size)
            self._there.read(memoryview(body), place)
        return Incoming(body, descriptors, self._there, request)

    def has_room(self, size: int) -> bool:
        """Whether the message may have so many bytes more in the area of this side."""
        return self._end + size <= _AREA_BYTES

    def put(self, content: memoryview) -> tuple[int, int]:
        """The place and size of a copy in the area of this side."""
        place = self._end
        self._area.write(content, place)
        self._end += len(content)
        return place, len(content)


def greet(connection: socket.socket, greeting: bytes, area: Segment) -> None:
    """Sends the first message of a side, with its area."""
    socket.send_fds(connection, [greeting], [area.descriptor], socket.MSG_NOSIGNAL)


def greeted(connection: socket.socket) -> tuple[bytes, Segment] | None:
    """The first message of the other side, and its area; None if it is closed."""
    greeting, descriptors, _, _ = socket.recv_fds(connection, 64, 1, socket.MSG_CMSG_CLOEXEC)
    return (greeting, Segment(descriptors[0])) if greeting else None


class _Packed:
    """What goes with a message: descriptors, and the segments to which some of them belong."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []
        self.segments: list[Segment] = []

    def attach(self, descriptor: int) -> int:
        """The number of a descriptor in the message."""
        self.descriptors.append(descriptor)
        return len(self.descriptors) - 1


class _Writer(pickle.Pickler):
    """Pickles; what has another form there becomes a call of one of the reader's methods."""

    def __init__(
        self, file: io.BytesIO, channel: Channel, packed: _Packed, request: Request, filled: Sequence[Elements]
    ) -> None:
        super().__init__(file, protocol=5)
        self._channel = channel
        self._packed = packed
        self._request = request
        self._to_fill = {id(elements) for elements in request.filled}
        self._filled = {id(elements): number for number, elements in enumerate(filled)}

    def reducer_override(self, obj: Any) -> Any:  # noqa: ANN401 - pickle's
        if isinstance(obj, Elements):
            return self._reduce_elements(obj)
        if isinstance(obj, FileName):
            return str, (self._renamed(obj),)
        if isinstance(obj, ContentName):
            return self._reduce_content(obj)
        if isinstance(obj, Descriptor):
            return Reader.descriptor, (self._packed.attach(obj.number),)
        if isinstance(obj, FitsError | EngineError):
            return Reader.error, (type(obj), obj.args, vars(obj))
        return NotImplemented

    def _reduce_elements(self, elements: Elements) -> Any:  # noqa: ANN401
        if id(elements) in self._to_fill:
            return Reader.to_fill, (layout_of(elements),)
        place = self._place(memory_of(elements))
        number = self._filled.get(id(elements))
        return (Reader.elements, (place, layout_of(elements))) if number is None else (Reader.filled, (place, number))

    def _reduce_content(self, name: ContentName) -> Any:  # noqa: ANN401
        self._request.contents.append(name)
        copied = not isinstance(name.held, bytes) or len(name.held) < _LARGE_BYTES
        if copied or len(self._packed.descriptors) >= _MOST_SEGMENTS:
            return Reader.content, (self._place(memoryview(name.held)), name.label)
        if name.shared is None:
            name.shared = Segment.of(name.held)
        return Reader.content, (self._packed.attach(name.shared.descriptor), name.label)

    def _renamed(self, name: FileName) -> str:
        absolute = name.absolute
        self._request.renamed[_shown(absolute)] = _shown(name)
        return absolute

    def _place(self, content: memoryview) -> Place:
        if len(content) < _LARGE_BYTES:
            return bytearray(content)
        if self._channel.has_room(len(content)) or len(self._packed.descriptors) >= _MOST_SEGMENTS:
            return self._channel.put(content)
        segment = Segment.of(content)
        self._packed.segments.append(segment)
        return self._packed.attach(segment.descriptor)


def _shown(name: str) -> str:
    return os.fsdecode(name.encode("latin-1"))


class Incoming:
    """What came.

    Attributes:
        content: as it was sent, but for what has another form here.
        segments: and other descriptors that came with it, which are closed with this object.
        to_fill: elements that the sender wants to be filled.
        contents: bytes in the place of files.
    """

    def __init__(self, body: Buffer, descriptors: list[int], area: Segment, request: Request) -> None:
        """Reads it.

        Args:
            body: as it was pickled.
            descriptors: that came with it.
            area: of the sender.
            request: what it answers, if it answers one.
        """
        self.segments = [Segment(descriptor) for descriptor in descriptors]
        self.area = area
        self.request = request
        self.to_fill: list[Elements] = []
        self.contents: list[Content] = []
        self.content: Any = Reader(body, self).load()

    def copy(self, place: Place, memory: memoryview) -> None:
        """Fills memory with the bytes at a place."""
        if isinstance(place, bytearray):
            memory[:] = place
        elif isinstance(place, tuple):
            self.area.read(memory, place[0])
        else:
            self.segments[place].read(memory, 0)


class Reader(pickle.Unpickler):
    """Unpickles; its public methods are called by name for what was sent in another form."""

    def __init__(self, body: Buffer, incoming: Incoming) -> None:
        super().__init__(io.BytesIO(body))
        self._incoming = incoming

    def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401 - pickle's
        if module == __name__ and name.startswith("Reader."):
            return getattr(self, name.removeprefix("Reader."))
        return super().find_class(module, name)

    def elements(self, place: Place, layout: Layout) -> Elements:
        """Elements of this process."""
        if isinstance(place, bytearray):
            return of_bytes(place, layout)
        if isinstance(place, int):
            return of_file(self._incoming.segments[place].descriptor, layout, shared=False)
        elements = empty(layout)
        self._incoming.copy(place, memory_of(elements))
        return elements

    def to_fill(self, layout: Layout) -> Elements:
        """Elements whose content the sender wants."""
        elements = empty(layout)
        self._incoming.to_fill.append(elements)
        return elements

    def filled(self, place: Place, number: int) -> Elements:
        """Those of the request, which now have their content."""
        elements = self._incoming.request.filled[number]
        self._incoming.copy(place, memory_of(elements))
        return elements

    def content(self, place: Place, label: str) -> str:
        """The name of bytes in the place of a file."""
        content = Content(self._bytes(place), label)
        self._incoming.contents.append(content)
        return content.name

    def descriptor(self, place: int) -> int:
        """One of this process."""
        return self._incoming.segments[place].descriptor

    def error(self, kind: type[Exception], arguments: tuple[Any, ...], state: dict[str, Any]) -> Exception:
        """An error whose message calls files as this process does."""
        error = kind(*map(self._renamed, arguments))
        vars(error).update(state)
        return error

    def _bytes(self, place: Place) -> Buffer:
        if isinstance(place, int):
            return mmap.mmap(self._incoming.segments[place].descriptor, 0, prot=mmap.PROT_READ)
        if isinstance(place, bytearray):
            return place
        held = bytearray(place[1])
        self._incoming.copy(place, memoryview(held))
        return held

    def _renamed(self, argument: object) -> object:
        if isinstance(argument, str):
            for there, here in self._incoming.request.renamed.items():
                argument = argument.replace(there, here)
        return argument
