"""Objects of Python between two processes of one user, over a socket; large ones in shared memory.

What comes is unpickled: only from a process of the same user, which could do as it likes anyway.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import pickle
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torchfits._dlpack import Elements, Layout, layout_of, memory_of, of_bytes, of_file
from torchfits._memory import Content, ContentName, Segment
from torchfits.errors import EngineError, FitsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

_PACKET_BYTES = 1 << 16  # the kernel's buffer has three times as many by default
_SEGMENT_BYTES = 1 << 16
_MOST_SEGMENTS = 200
_MOST_DESCRIPTORS = 253  # that the kernel passes with a packet

_INLINE, _IN_SEGMENT = b"\0", b"\1"


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
class Outgoing:
    """What is sent.

    Attributes:
        body: pickled.
        descriptors: that go with it.
        filled: elements of the sender that the receiver fills, and the memory in which it does.
        contents: bytes in the place of files, of which the receiver counts what it took.
        renamed: how relative names of files are called there and here.
        segments: that must live until it is sent.
    """

    body: memoryview = field(default_factory=lambda: memoryview(b""))
    descriptors: list[int] = field(default_factory=list[int])
    filled: list[tuple[Elements, Segment]] = field(default_factory=list[tuple[Elements, Segment]])
    contents: list[ContentName] = field(default_factory=list[ContentName])
    renamed: dict[str, str] = field(default_factory=dict[str, str])
    segments: list[Segment] = field(default_factory=list[Segment])

    @classmethod
    def of(cls, content: object, *, filled: Sequence[Elements] = (), known: Sequence[Elements] = ()) -> Outgoing:
        """Pickles what is to be sent.

        Args:
            content: what pickle takes; elements in it are contiguous and on the CPU.
            filled: those of them that the receiver fills.
            known: those that came from the receiver, to be filled.
        """
        outgoing = cls()
        file = io.BytesIO()
        _Writer(file, outgoing, filled, known).dump(content)
        outgoing.body = file.getbuffer()
        return outgoing

    def forget(self) -> None:
        """Gives back the memory of what was sent."""
        self.body = memoryview(b"")
        self.segments.clear()

    def send(self, connection: socket.socket) -> None:
        """Sends all of it, or nothing if that raises."""
        kind, body, descriptors = _INLINE, self.body, self.descriptors
        if len(body) >= _PACKET_BYTES:
            segment = Segment.of(body)
            self.segments.append(segment)
            kind, body, descriptors = _IN_SEGMENT, memoryview(b""), [segment.descriptor, *descriptors]
        socket.send_fds(connection, [kind, body], descriptors, socket.MSG_NOSIGNAL)


class _Writer(pickle.Pickler):
    """Pickles; what has another form there becomes a call of one of the reader's methods."""

    def __init__(
        self, file: io.BytesIO, outgoing: Outgoing, filled: Sequence[Elements], known: Sequence[Elements]
    ) -> None:
        super().__init__(file, protocol=5)
        self._outgoing = outgoing
        self._filled = {id(elements) for elements in filled}
        self._known = {id(elements): number for number, elements in enumerate(known)}

    def reducer_override(self, obj: Any) -> Any:  # noqa: ANN401 - pickle's
        if isinstance(obj, Elements):
            return self._reduce_elements(obj)
        if isinstance(obj, FileName):
            return str, (self._renamed(obj),)
        if isinstance(obj, ContentName):
            return self._reduce_content(obj)
        if isinstance(obj, Descriptor):
            return Reader.descriptor, (self._attach(obj.number),)
        if isinstance(obj, FitsError | EngineError):
            return Reader.error, (type(obj), obj.args, vars(obj))
        return NotImplemented

    def _reduce_elements(self, elements: Elements) -> Any:  # noqa: ANN401
        number = self._known.get(id(elements))
        if number is not None:
            return Reader.known, (number,)
        if id(elements) not in self._filled:
            return Reader.elements, (self._place(memory_of(elements)), layout_of(elements))
        segment = Segment(len(memory_of(elements)))
        self._outgoing.filled.append((elements, segment))
        return Reader.filled, (self._attach(segment.descriptor), layout_of(elements))

    def _reduce_content(self, name: ContentName) -> Any:  # noqa: ANN401
        self._outgoing.contents.append(name)
        if not isinstance(name.held, bytes) or len(name.held) < _SEGMENT_BYTES:
            return Reader.content, (self._place(memoryview(name.held)), name.label)
        if name.shared is None:
            name.shared = Segment.of(name.held)
        return Reader.content, (self._attach(name.shared.descriptor), name.label)

    def _renamed(self, name: FileName) -> str:
        absolute = name.absolute
        self._outgoing.renamed[_shown(absolute)] = _shown(name)
        return absolute

    def _place(self, content: memoryview) -> object:
        """Bytes in the pickle, or the number of a descriptor."""
        if len(content) < _SEGMENT_BYTES or len(self._outgoing.descriptors) >= _MOST_SEGMENTS:
            return bytearray(content)
        segment = Segment.of(content)
        self._outgoing.segments.append(segment)
        return self._attach(segment.descriptor)

    def _attach(self, descriptor: int) -> int:
        self._outgoing.descriptors.append(descriptor)
        return len(self._outgoing.descriptors) - 1


def _shown(name: str) -> str:
    return os.fsdecode(name.encode("latin-1"))


class Incoming:
    """What came. Descriptors that came with it are closed with this object.

    Attributes:
        content: as it was sent, but for what has another form here.
        filled: elements that the sender wants to be filled.
        contents: bytes in the place of files.
    """

    def __init__(self, body: Buffer, descriptors: list[int], request: Outgoing) -> None:
        """Takes over the descriptors that came with the body; `request` is what the message answers."""
        self.descriptors = descriptors
        self.request = request
        self.filled: list[Elements] = []
        self.contents: list[Content] = []
        self.content: Any = Reader(body, self).load()

    @classmethod
    def receive(cls, connection: socket.socket, request: Outgoing | None = None) -> Incoming | None:
        """Waits for the next message; None if the other end is closed."""
        flags = socket.MSG_CMSG_CLOEXEC
        packet, descriptors, _, _ = socket.recv_fds(connection, _PACKET_BYTES + 1, _MOST_DESCRIPTORS, flags)
        if not packet:
            return None
        body = memoryview(packet)[1:] if packet[:1] == _INLINE else _taken_from(descriptors.pop(0))
        return cls(body, descriptors, request or Outgoing())

    def __del__(self) -> None:
        for descriptor in self.descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _taken_from(descriptor: int) -> bytes:
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read()


class Reader(pickle.Unpickler):
    """Unpickles; its public methods are called by name for what was sent in another form."""

    def __init__(self, body: Buffer, incoming: Incoming) -> None:
        super().__init__(io.BytesIO(body))
        self._incoming = incoming

    def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401 - pickle's
        if module == __name__ and name.startswith("Reader."):
            return getattr(self, name.removeprefix("Reader."))
        return super().find_class(module, name)

    def elements(self, place: bytearray | int, layout: Layout) -> Elements:
        """Elements of this process."""
        if isinstance(place, bytearray):
            return of_bytes(place, layout)
        return of_file(self._incoming.descriptors[place], layout, shared=False)

    def filled(self, place: int, layout: Layout) -> Elements:
        """Elements that the sender sees when they are filled."""
        descriptor = self._incoming.descriptors[place]
        empty = os.fstat(descriptor).st_size == 0
        elements = of_bytes(bytearray(), layout) if empty else of_file(descriptor, layout, shared=True)
        self._incoming.filled.append(elements)
        return elements

    def known(self, number: int) -> Elements:
        """Those that this process wanted to be filled."""
        return self._incoming.request.filled[number][0]

    def content(self, place: bytearray | int, label: str) -> str:
        """The name of bytes in the place of a file."""
        held = bytes(place) if isinstance(place, bytearray) else _map(self._incoming.descriptors[place])
        content = Content(held, label)
        self._incoming.contents.append(content)
        return content.name

    def descriptor(self, place: int) -> int:
        """One of this process."""
        return self._incoming.descriptors[place]

    def error(self, kind: type[Exception], arguments: tuple[Any, ...], state: dict[str, Any]) -> Exception:
        """An error whose message calls files as this process does."""
        error = kind(*map(self._renamed, arguments))
        vars(error).update(state)
        return error

    def _renamed(self, argument: object) -> object:
        if isinstance(argument, str):
            for there, here in self._incoming.request.renamed.items():
                argument = argument.replace(there, here)
        return argument


def _map(descriptor: int) -> mmap.mmap:
    return mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
