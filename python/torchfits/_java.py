"""What the classes of `org.torchfits.api` have, for the type checker: see their Javadoc."""

from __future__ import annotations

from typing import Protocol


class ImageRequest(Protocol):
    """An object of Java that is only passed on."""


class Images(Protocol):
    def request(
        self,
        hdu: int,
        name: str | None,
        version: int,
        scaled: bool,  # noqa: FBT001 - as Java has it
        dtype: str | None,
        general: bool,  # noqa: FBT001
        /,
    ) -> ImageRequest: ...

    def readImage(self, path: str, section: str | None, request: ImageRequest, /) -> int: ...

    def readCalibrated(
        self,
        path: str,
        hdu: int,
        name: str | None,
        version: int,
        section: str | None,
        scaled: bool,  # noqa: FBT001
        dtype: str,
        general: bool,  # noqa: FBT001
        offset: float,
        offsets: int,
        gain: float,
        gains: int,
        /,
    ) -> int: ...

    def describeStored(
        self,
        path: str,
        hdu: int,
        name: str | None,
        version: int,
        section: str | None,
        scaled: bool,  # noqa: FBT001
        /,
    ) -> object: ...

    def readStored(
        self, path: str, hdu: int, name: str | None, version: int, section: str | None, first: int, out: int, /
    ) -> int: ...

    def readParameters(self, path: str, hdu: int, name: str | None, version: int, /) -> int: ...

    def describeImage(self, path: str, hdu: int, name: str | None, version: int, /) -> object: ...


class Batches(Protocol):
    def readBatch(self, paths: str, hdus: str, sections: str | None, dtype: str | None, out: int, /) -> int: ...

    def readEach(self, paths: str, hdus: str, sections: str | None, dtype: str | None, /) -> int: ...

    def readPadded(self, paths: str, hdus: str, sections: str | None, dtype: str | None, fill: str, /) -> int: ...

    def readCutouts(
        self,
        path: str,
        hdu: int,
        name: str | None,
        version: int,
        boxes: int,
        fill: str,
        dtype: str | None,
        out: int,
        /,
    ) -> int: ...

    def beginWindow(
        self,
        number: int,
        paths: str,
        hdus: str,
        items: int,
        section: str | None,
        rows: int,
        fill: str,
        dtype: str | None,
        scaled: bool,  # noqa: FBT001
        keepGoing: bool,  # noqa: FBT001
        shape: str | None,
        outs: int,
        moves: int,
        height: int,
        width: int,
        scales: int,
        /,
    ) -> None: ...


class Headers(Protocol):
    def readHeader(self, path: str, hdu: int, name: str | None, version: int, /) -> object: ...

    def listHdus(self, path: str, /) -> object: ...

    def describeHdu(self, path: str, hdu: int, name: str | None, version: int, /) -> object: ...


class Tables(Protocol):
    def readColumns(
        self,
        path: str,
        hdu: int,
        name: str | None,
        version: int,
        columns: str | None,
        slice: str | None,
        list: int,
        mask: int,
        condition: str | None,
        /,
    ) -> int: ...

    def beginColumns(
        self,
        number: int,
        path: str,
        hdu: int,
        name: str | None,
        version: int,
        columns: str | None,
        slice: str | None,
        list: int,
        mask: int,
        condition: str | None,
        content: str,
        /,
    ) -> None: ...

    def findRows(
        self,
        path: str,
        hdu: int,
        name: str | None,
        version: int,
        slice: str | None,
        list: int,
        condition: str,
        /,
    ) -> int: ...

    def findByRowFilter(self, path: str, hdu: int, name: str | None, version: int, filter: str, /) -> int: ...

    def columnsOf(self, condition: str, place: str, columns: str, /) -> object: ...

    def findHeldRows(self, condition: str, place: str, columns: str, rows: int, values: int, /) -> int: ...

    def makeNumericalBlock(self, columns: int, /) -> int: ...

    def readByRowFilter(
        self,
        path: str,
        hdu: int,
        name: str | None,
        version: int,
        columns: str | None,
        filter: str,
        /,
    ) -> int: ...

    def describeTable(self, path: str, hdu: int, name: str | None, version: int, /) -> object: ...

    def writeRows(self, descriptor: int, name: str, offset: int, plan: int, /) -> int: ...


class Tasks(Protocol):
    def help(self) -> int: ...

    def cancel(self) -> None: ...


class PendingTasks(Protocol):
    def help(self, number: int, /) -> int: ...

    def forget(self, number: int, /) -> None: ...

    def hasEnded(self, number: int, /) -> bool: ...

    def cancel(self, number: int, /) -> None: ...

    def cancelAll(self) -> None: ...


class About(Protocol):
    def describe(self) -> object: ...

    def stages(self) -> object: ...


class Caches(Protocol):
    def configure(self, policy: str, memoryBytes: int, folder: str | None, folderBytes: int, /) -> None: ...

    def clear(self) -> None: ...

    def clearFolder(self) -> None: ...

    def stats(self) -> object: ...


class Name(Protocol):
    def name(self) -> object: ...


class FitsException(Protocol):
    def kind(self) -> Name: ...

    def status(self) -> int: ...

    def getMessage(self) -> object: ...
