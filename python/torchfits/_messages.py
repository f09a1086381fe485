"""Objects of Python between two processes of one user, over a socket; large ones in shared memory.

What comes is unpickled: only from a process of the same user, which could do as it likes anyway.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from torchfits._dlpack import Elements, Layout, empty, layout_of, memory_of, of_bytes, of_file
from torchfits._memory import Content, ContentName, Segment
from torchfits.errors import EngineError, FitsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

_LARGE_BYTES = 1 << 16
PARTS_BYTES = 60 << 10  # of a packet; the rest is for the body
_MOST_PARTS = 200
_AREA_BYTES = 64 << 20
_MOST_SEGMENTS = 200
PACKET, AREA, SEGMENT = range(3)

Place = tuple[int, int, int]
"""Where bytes are, from which one on, and their number: among the parts of the packet, in the sender's area, or all of
the segment of that number."""


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


class Answer(NamedTuple):
    """What is sent for a request.

    Attributes:
        succeeded: whether `result` was given; else it was raised.
        result: of the call.
        taken: of each of the contents of the request, how many requests and bytes since the last answer.
        filled: elements of the request that the call filled.
    """

    succeeded: bool
    result: Any
    taken: Sequence[tuple[int, ...]] = ()
    filled: Sequence[Elements] = ()

    @property
    def is_elements(self) -> bool:
        """Whether there is nothing but elements."""
        return self.succeeded and not self.taken and not self.filled and isinstance(self.result, Elements)


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


@dataclass
class Message:
    """What is sent, but for its body.

    Attributes:
        request: this one, or the one that is answered.
        filled: elements of a request that is answered.
        marked: whether the body holds what has another form there.
        parts: that stand behind the body.
        size: of the parts.
        descriptors: that go with it.
        segments: to which some of these belong.
    """

    request: Request
    filled: Sequence[Elements] = ()
    marked: bool = False
    parts: list[memoryview] = field(default_factory=list[memoryview])
    size: int = 0
    descriptors: list[int] = field(default_factory=list[int])
    segments: list[Segment] = field(default_factory=list[Segment])

    def attach(self, descriptor: int) -> int:
        """The number of a descriptor in the message."""
        self.descriptors.append(descriptor)
        return len(self.descriptors) - 1

    def append(self, part: memoryview) -> Place:
        """The place of a part."""
        place = PACKET, self.size, len(part)
        self.parts.append(part)
        self.size += len(part)
        return place


class Writer(pickle.Pickler):
    """Pickles; what has another form there becomes a call of one of the reader's methods.

    There is one for all messages of a side: to make one costs more than a small body.
    """

    def __init__(self, area: Segment) -> None:
        """Takes over the area of this side."""
        self._file = io.BytesIO()
        super().__init__(self._file, protocol=5)
        self._area = area
        self._end = 0
        self._message: Message | None = None

    def write(self, content: object, message: Message) -> bytes:
        """The body of a message, which gets everything else."""
        self._end = 0
        self._message = message
        self._file.seek(0)
        self._file.truncate()
        self.dump(content)
        self.clear_memo()
        self._message = None
        return self._file.getvalue()

    def put(self, content: memoryview) -> Place:
        """The place of a copy in the area of this side."""
        place = AREA, self._end, len(content)
        self._area.write(content, self._end)
        self._end += len(content)
        return place

    def reducer_override(self, obj: Any) -> Any:  # noqa: ANN401 - pickle's
        reduced = self._reduced(obj)
        if reduced is not NotImplemented:
            assert self._message is not None
            self._message.marked = True
        return reduced

    def _reduced(self, obj: Any) -> Any:  # noqa: ANN401
        message = self._message
        assert message is not None
        if isinstance(obj, Elements):
            return self._reduce_elements(obj, message)
        if isinstance(obj, FileName):
            return str, (_renamed(obj, message.request),)
        if isinstance(obj, ContentName):
            return self._reduce_content(obj, message)
        if isinstance(obj, Descriptor):
            return Reader.descriptor, (message.attach(obj.number),)
        if isinstance(obj, FitsError | EngineError):
            return Reader.error, (type(obj), obj.args, vars(obj))
        return NotImplemented

    def _reduce_elements(self, elements: Elements, message: Message) -> Any:  # noqa: ANN401
        if any(elements is one for one in message.request.filled):
            return Reader.to_fill, (layout_of(elements),)
        place = self._place(memory_of(elements), message)
        for number, one in enumerate(message.filled):
            if elements is one:
                return Reader.filled, (place, number)
        return Reader.elements, (place, layout_of(elements))

    def _reduce_content(self, name: ContentName, message: Message) -> Any:  # noqa: ANN401
        message.request.contents.append(name)
        number = name.number if is_decoded(name) else None
        copied = not isinstance(name.held, bytes) or len(name.held) < _LARGE_BYTES
        if copied or len(message.descriptors) >= _MOST_SEGMENTS:
            return Reader.content, (self._place(memoryview(name.held), message), name.label, number)
        if name.shared is None:
            name.shared = Segment.of(name.held)
        place = SEGMENT, message.attach(name.shared.descriptor), len(memoryview(name.held))
        return Reader.content, (place, name.label, number)

    def _place(self, content: memoryview, message: Message) -> Place:
        if message.size + len(content) <= PARTS_BYTES and len(message.parts) < _MOST_PARTS:
            return message.append(content)
        if self._end + len(content) <= _AREA_BYTES or len(message.descriptors) >= _MOST_SEGMENTS:
            return self.put(content)
        segment = Segment.of(content)
        message.segments.append(segment)
        return SEGMENT, message.attach(segment.descriptor), len(content)


def _renamed(name: FileName, request: Request) -> str:
    absolute = name.absolute
    request.renamed[_shown(absolute)] = _shown(name)
    return absolute


def is_decoded(name: ContentName) -> bool:
    """Whether bytes that never change are no FITS file before they are decoded, which is then done once."""
    return isinstance(name.held, bytes) and not name.held.startswith(b"SIMPLE")


def _shown(name: str) -> str:
    return os.fsdecode(name.encode("latin-1"))


class Incoming:
    """What came.

    Attributes:
        content: as it was sent, but for what has another form here.
        segments: and other descriptors that came with it, which are closed with this object.
        request: what it answers, if it answers one.
        to_fill: elements that the sender wants to be filled.
        contents: bytes in the place of files.
    """

    content: Any

    def __init__(
        self, parts: memoryview, descriptors: list[int], area: Segment, request: Request, kept: dict[int, Content]
    ) -> None:
        """Takes over all but the content.

        Args:
            parts: of the packet, until the next one comes.
            descriptors: that came with it.
            area: of the sender.
            request: what it answers.
            kept: as for `Channel`.
        """
        self.kept = kept
        self.segments = [Segment(descriptor) for descriptor in descriptors]
        self.request = request
        self.to_fill: list[Elements] = []
        self.contents: list[Content] = []
        self._parts = parts
        self._area = area

    def copy(self, place: Place, memory: memoryview) -> None:
        """Fills memory with the bytes at a place."""
        where, begin, size = place
        if where == PACKET:
            memory[:] = self._parts[begin : begin + size]
        elif where == AREA:
            self._area.read(memory, begin)
        else:
            self.segments[begin].read(memory, 0)

    def copy_of(self, place: Place) -> bytearray:
        """The bytes at a place."""
        where, begin, size = place
        if where == PACKET:
            return bytearray(self._parts[begin : begin + size])
        content = bytearray(size)
        self.copy(place, memoryview(content))
        return content


class Reader(pickle.Unpickler):
    """Unpickles; its public methods are called by name for what was sent in another form."""

    def __init__(self, body: Buffer, incoming: Incoming) -> None:
        super().__init__(io.BytesIO(body))
        self._incoming = incoming

    def read(self) -> Any:  # noqa: ANN401 - what was sent
        """The content; nothing holds this object, and what came, longer than its caller does."""
        try:
            return self.load()
        finally:
            self.memo.clear()  # its own methods are in it

    def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401 - pickle's
        if module == __name__ and name.startswith("Reader."):
            return getattr(self, name.removeprefix("Reader."))
        return super().find_class(module, name)

    def elements(self, place: Place, layout: Layout) -> Elements:
        """Elements of this process."""
        if place[0] == PACKET:
            return of_bytes(self._incoming.copy_of(place), layout)
        if place[0] == SEGMENT:
            return of_file(self._incoming.segments[place[1]].descriptor, layout, shared=False)
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

    def content(self, place: Place, label: str, number: int | None) -> str:
        """The name of bytes in the place of a file, which are kept if they have a number."""
        kept = self._incoming.kept
        content = None if number is None else kept.get(number)
        if content is None:
            content = Content(self._bytes(place), label, constant=number is not None)
        if number is not None:
            content = kept.setdefault(number, content)
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
        if place[0] == SEGMENT:
            return mmap.mmap(self._incoming.segments[place[1]].descriptor, 0, prot=mmap.PROT_READ)
        return self._incoming.copy_of(place)

    def _renamed(self, argument: object) -> object:
        if isinstance(argument, str):
            for there, here in self._incoming.request.renamed.items():
                argument = argument.replace(there, here)
        return argument
