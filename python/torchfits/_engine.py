"""The only module that calls Java: each function here is one static method of `org.torchfits.api`.

Java gets file names as the bytes that they are on disk, one in each character.
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

from torchfits import _jvm
from torchfits._dlpack import Elements, Exported, Layout, int64s, memory_of, numbers_in, of_file, tensor_at
from torchfits._memory import Content, Source, kept
from torchfits._settings import CacheSettings
from torchfits.errors import BY_KIND, EngineError, FitsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    import torch

    from torchfits._java import (
        About,
        Batches,
        Caches,
        FitsException,
        Headers,
        ImageRequest,
        Images,
        PendingTasks,
        Tables,
        Tasks,
    )

FIRST_IMAGE = -2
FIRST_TABLE = -3
FIRST_DATA = -4
BY_NAME = -1

_RUNNING = 0

_Result = TypeVar("_Result")

Selector = tuple[int, str | None, int]
"""An HDU for the engine: its number from 0, BY_NAME or one of FIRST_*; its name; its version, 0 for any."""


class _Api:
    """The classes of `org.torchfits.api`, each looked up at its first use: JPype takes milliseconds for one."""

    def __init__(self) -> None:
        self._jpype = _jvm.jpype()
        self.Error: type[Exception] = self._jpype.JException

    @cached_property
    def images(self) -> Images:
        return cast("Images", self._class("Images"))

    @cached_property
    def batches(self) -> Batches:
        return cast("Batches", self._class("Batches"))

    @cached_property
    def headers(self) -> Headers:
        return cast("Headers", self._class("Headers"))

    @cached_property
    def tables(self) -> Tables:
        return cast("Tables", self._class("Tables"))

    @cached_property
    def tasks(self) -> Tasks:
        return cast("Tasks", self._class("Tasks"))

    @cached_property
    def pending_tasks(self) -> PendingTasks:
        tasks = cast("PendingTasks", self._class("PendingTasks"))
        _jvm.before_stop(tasks.cancelAll)
        return tasks

    @cached_property
    def about(self) -> About:
        return cast("About", self._class("About"))

    @cached_property
    def caches(self) -> Caches:
        return cast("Caches", self._class("Caches"))

    def _class(self, name: str) -> object:
        return self._jpype.JClass(f"org.torchfits.api.{name}")


_api: _Api | None = None


def read_image(
    path: str, selector: Selector, *, section: str | None, scaled: bool, dtype: str | None, general: bool
) -> torch.Tensor:
    """One image as a tensor in C order that owns its memory.

    Args:
        path: of the file, as `encode` gives it.
        selector: of the HDU.
        section: in the syntax of the engine's Section; None for the whole image.
        scaled: whether BSCALE, BZERO and BLANK are applied.
        dtype: an ElementType of the engine; None for the exact one.
        general: whether cfitsio must read.
    """
    api = _enter()
    request = _image_request(selector, scaled, dtype, general)
    return tensor_at(_finish(api, api.images.readImage, path, section, request))


@lru_cache(maxsize=256)
def _image_request(
    selector: Selector,
    scaled: bool,  # noqa: FBT001 - a cache's keyword arguments cost time
    dtype: str | None,
    general: bool,  # noqa: FBT001
) -> ImageRequest:
    """What is read of an image, kept for the next calls: eight arguments take half a microsecond longer than three."""
    return _enter().images.request(*selector, scaled, dtype, general)


def describe_image(path: str, selector: Selector) -> str:
    """The line of `Images.describeImage`."""
    api = _enter()
    return _text(api, api.images.describeImage, path, *selector)


def read_calibrated(
    path: str,
    selector: Selector,
    *,
    section: str | None,
    scaled: bool,
    dtype: str,
    general: bool,
    offset: float | torch.Tensor,
    gain: float | torch.Tensor,
) -> torch.Tensor:
    """One image as `(value - offset) * gain`, computed in float32.

    Args:
        path: of the file, as `encode` gives it.
        selector: of the HDU.
        section: as for `read_image`.
        scaled: as for `read_image`.
        dtype: "FLOAT32", "FLOAT16" or "BFLOAT16".
        general: as for `read_image`.
        offset: a number, or a dense float32 CPU tensor of the result's shape.
        gain: likewise.
    """
    api = _enter()
    # What is exported lives until the call is over.
    offset_number, offsets = _number_or_tensor(offset)
    gain_number, gains = _number_or_tensor(gain)
    numbers = (
        offset_number,
        0 if offsets is None else offsets.address,
        gain_number,
        0 if gains is None else gains.address,
    )
    request = (path, *selector, section, scaled, dtype, general)
    return tensor_at(_finish(api, api.images.readCalibrated, *request, *numbers))


def _number_or_tensor(value: float | torch.Tensor) -> tuple[float, Exported | None]:
    return (float(value), None) if isinstance(value, float | int) else (0.0, Exported(value))


def describe_stored(path: str, selector: Selector, *, section: str | None, scaled: bool) -> str | None:
    """How an image is stored, as the engine's StoredLoader tells it; None for a compressed image."""
    api = _enter()
    return _text(api, api.images.describeStored, path, *selector, section, scaled) or None


def read_stored(path: str, selector: Selector, *, section: str | None, first: int, out: torch.Tensor) -> None:
    """Fills a dense CPU tensor with stored values, big-endian, from element `first` of the result on."""
    api = _enter()
    exported = Exported(out)
    _finish(api, api.images.readStored, path, *selector, section, first, exported.address)


def read_parameters(path: str, selector: Selector) -> torch.Tensor:
    """The parameters of random groups (GCOUNT, PCOUNT) as they are stored."""
    api = _enter()
    return tensor_at(_finish(api, api.images.readParameters, path, *selector))


class Items(NamedTuple):
    """What the items of a batch are: of each list as many as there are items, or one that is meant for all.

    Attributes:
        paths: of the files, as `encode` gives them.
        selectors: of the HDUs.
        sections: in the syntax of the engine's Section; None for whole images.
        dtype: as for `read_image`.
    """

    paths: Sequence[str]
    selectors: Sequence[Selector]
    sections: Sequence[str] | None
    dtype: str | None

    def arguments(self) -> tuple[str, str, str | None, str | None]:
        """As the engine takes them."""
        hdus = _hdus_text(self.selectors)
        sections = None if self.sections is None else "\0".join(self.sections)
        return "\0".join(self.paths), hdus, sections, self.dtype


def _hdus_text(selectors: Sequence[Selector]) -> str:
    return "\0".join(f"{number},{version},{name or ''}" for number, name, version in selectors)


def read_batch(items: Items, out: torch.Tensor | None) -> torch.Tensor:
    """Images of one shape as one tensor (number of items, shape of an image).

    Args:
        items: at least one.
        out: a dense CPU tensor that is filled and returned; None for a new one.
    """
    api = _enter()
    exported = None if out is None else Exported(out)
    address = 0 if exported is None else exported.address
    result = _finish(api, api.batches.readBatch, *items.arguments(), address)
    return tensor_at(result) if out is None else out


def fill_file(descriptor: int, path: str, selector: Selector, layout: Layout) -> None:
    """Fills a file with the elements of an image, which need not fit into memory.

    Args:
        descriptor: of a file of their size, which is not empty, open for reading and writing.
        path: of the file of the image, as `encode` gives it.
        selector: of the HDU.
        layout: of the image.
    """
    word, shape = layout
    read_batch(Items([path], [selector], None, None), of_file(descriptor, (word, (1, *shape)), shared=True))


def read_each(items: Items) -> list[torch.Tensor]:
    """Images of any shapes, each of which owns its memory."""
    api = _enter()
    return _tensors_in(_finish(api, api.batches.readEach, *items.arguments()))


def read_padded(items: Items, fill: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of different shapes as one tensor (number of items, longest of each axis), and their own shapes.

    Args:
        items: at least one.
        fill: a number, as Java reads it, for the elements that no image has.
    """
    api = _enter()
    batch, shapes = _tensors_in(_finish(api, api.batches.readPadded, *items.arguments(), fill))
    return batch, shapes


def read_cutouts(
    path: str, selector: Selector, boxes: torch.Tensor, *, fill: str, dtype: str | None, out: torch.Tensor | None
) -> torch.Tensor:
    """Boxes of one image as one tensor (number of boxes, shape of a box).

    Args:
        path: of the file, as `encode` gives it.
        selector: of the HDU.
        boxes: int64 (number of boxes, axes, 2), on the CPU: start and stop of each axis; at least one.
        fill: a number, as Java reads it, for the pixels outside the image.
        dtype: as for `read_image`.
        out: a dense CPU tensor that is filled and returned; None for a new one.
    """
    api = _enter()
    bounds = Exported(boxes)
    exported = None if out is None else Exported(out)
    address = 0 if exported is None else exported.address
    result = _finish(api, api.batches.readCutouts, path, *selector, bounds.address, fill, dtype, address)
    return tensor_at(result) if out is None else out


class Pending(Generic[_Result]):
    """A read that was begun: the engine's threads work on it while Python does something else.

    Dropping it, or `cancel`, stops the read and frees everything that it holds. A read that is under way at exit is
    stopped too; of a forked child it is none.

    Attributes:
        number: of the engine's task.
    """

    def __init__(self, tasks: PendingTasks, convert: Callable[[int], _Result], *, keep: object) -> None:
        """Gives the read a number, with which it is then begun.

        Args:
            tasks: of the engine.
            convert: makes the result from the address of the block that the task gives.
            keep: what the engine needs until the read is over.
        """
        self.number = next(_numbers)
        self._tasks = tasks
        self._convert = convert
        self._lock = threading.Lock()
        self._address: int | None = None
        self._finalizer = weakref.finalize(self, _cancel_pending, tasks, self.number, os.getpid(), keep)
        # At exit all are stopped together, before the JVM ends.
        self._finalizer.atexit = False

    def result(self) -> _Result:
        """Helps with the read until it is complete, in calls of at most 50 ms; to be called once.

        After a KeyboardInterrupt, or whatever a handler of a signal raises, the read goes on: ask again.

        Raises:
            FitsError: one of its subclasses, if the read failed.
            EngineError: if the result was given, or the read was cancelled.
        """
        with self._lock:
            self._require_alive()
            try:
                if self._address is None:
                    self._address = self._help()
            except (FitsError, EngineError):
                self._forget()
                raise
            self._forget()
            return self._convert(self._address)

    def _forget(self) -> None:
        """The engine told what became of the read, which a signal may have kept from us the first time."""
        _jvm.enter()
        self._tasks.forget(self.number)
        self._finalizer.detach()

    def done(self) -> bool:
        """Whether `result` returns or raises at once."""
        if not self._finalizer.alive:
            return True
        _jvm.enter()
        return bool(self._tasks.hasEnded(self.number))

    def cancel(self) -> None:
        """Stops the read, and returns when no thread of the engine works on it any more."""
        self._finalizer()

    def _require_alive(self) -> None:
        if not self._finalizer.alive:
            raise EngineError("the read was cancelled, or its result was given already")

    def _help(self) -> int:
        api = _enter()
        try:
            result = self._tasks.help(self.number)
            while result == _RUNNING:
                _go_on()
                result = self._tasks.help(self.number)
        except api.Error as error:
            _jvm.enter()  # at exit the read was stopped, and so is the thread that waits for it
            raise _translate(error) from None
        return result


_numbers = itertools.count(1)


def _begin(
    api: _Api,
    begin: Callable[..., None],
    arguments: tuple[object, ...],
    convert: Callable[[int], _Result],
    *,
    keep: object,
) -> Pending[_Result]:
    """Begins a read: the first argument of the call is the number of its task."""
    pending = Pending(api.pending_tasks, convert, keep=keep)
    try:
        begin(pending.number, *arguments)
    except api.Error as error:
        raise _translate(error) from None
    return pending


def _cancel_pending(tasks: PendingTasks, number: int, process: int, keep: object) -> None:
    """Also for a Pending that is dropped: by a forked child, or at exit, there is nothing to stop."""
    if process == os.getpid() and _jvm.is_running():
        _jvm.enter()
        tasks.cancel(number)
    del keep  # which the engine needed until now


class Arrangement(NamedTuple):
    """What is made of the items of a window when they are read.

    Attributes:
        moves: int64 (items, 3), dense, on the CPU: first row and column of the part of each item that is wanted (of its
            last two axes), and how it is turned: 1 if its rows are mirrored, 2 if its columns are, 4 if it is
            transposed then. None for items as they are.
        size: rows and columns of the parts when they are turned.
        scales: float64 (bands, 2), dense, on the CPU: what is subtracted from the elements of item i, and then divides
            them, in row i % bands, rounded to the items' dtype after each step. None for elements as they are.
    """

    moves: torch.Tensor | None = None
    size: tuple[int, int] = (0, 0)
    scales: torch.Tensor | None = None

    def numbers(self) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """The tensors that the engine takes."""
        return self.moves, self.scales


class Window(NamedTuple):
    """Batches of items that are read together: images or boxes of images, all of one shape and dtype.

    Attributes:
        paths: of the files, as `encode` gives them, each once.
        selectors: of the HDUs, each once.
        items: int64 (number of items, 2 + 2 * axes), dense, on the CPU: number of the file, or -1 for a missing
            item; number of the selector; then start and stop of each axis in C order, pixels from 0, where -2^63
            and 2^63 - 1 mean the image's own. Without axes items are whole images, or their `section`.
        batches: number of items of each batch, which stand one behind the other.
        section: of each whole image, as `torchfits._location.section_text` gives it; None for all of it.
        fill: a number, as Java reads it, for pixels outside an image, for missing items, and for those that cannot be
            read.
        dtype: as for `read_image`.
        scaled: as for `read_image`.
        keep_going: whether items that cannot be read are told, and their slots filled; else the first error is raised.
        shape: of all items as they are read; None for that of the first one that can be read. With it and `dtype` no
            file is opened before memory is allocated.
        outs: dense CPU tensors that are filled, one a batch; None for new ones.
        arrangement: what is made of the items, of float32 or float64 if they are scaled; nothing by default.
    """

    paths: Sequence[str]
    selectors: Sequence[Selector]
    items: torch.Tensor
    batches: Sequence[int]
    section: str | None = None
    fill: str = "NaN"
    dtype: str | None = None
    scaled: bool = True
    keep_going: bool = False
    shape: Sequence[int] | None = None
    outs: Sequence[torch.Tensor] | None = None
    arrangement: Arrangement = Arrangement()


class WindowResult(NamedTuple):
    """What a window holds.

    Attributes:
        blocks: a tensor (rows, shape of what is made of an item) for each batch; those of the caller if he gave any.
        bad: of each item that could not be read its number and why.
        counts: `files` and `images` that the items are of, and what `stages` has, of this window alone.
    """

    blocks: list[torch.Tensor]
    bad: list[tuple[int, FitsError]]
    counts: dict[str, int]


def begin_window(window: Window) -> Pending[WindowResult]:
    """Begins to read a window; returns before a file is opened."""
    api = _enter()
    items = Exported(window.items)
    rows = Exported(int64s(list(window.batches), len(window.batches)))
    moves, scales = (None if numbers is None else Exported(numbers) for numbers in window.arrangement.numbers())
    outs = None if window.outs is None else [Exported(out) for out in window.outs]
    addresses = None if outs is None else Exported(int64s([out.address for out in outs], len(outs)))
    arguments = (
        "\0".join(window.paths),
        _hdus_text(window.selectors),
        items.address,
        window.section,
        rows.address,
        window.fill,
        window.dtype,
        window.scaled,
        window.keep_going,
        None if window.shape is None else ",".join(map(str, window.shape)),
        0 if addresses is None else addresses.address,
        0 if moves is None else moves.address,
        *window.arrangement.size,
        0 if scales is None else scales.address,
    )
    given = None if window.outs is None else list(window.outs)
    keep = (window.paths, items, rows, moves, scales, outs, addresses)
    return _begin(api, api.batches.beginWindow, arguments, lambda address: _window_result(address, given), keep=keep)


def _window_result(address: int, outs: list[torch.Tensor] | None) -> WindowResult:
    report, *blocks = _tensors_in(address)
    counts, *records = bytes(memory_of(report)).decode().split("\0")[:-1]
    bad = [_bad_item(record) for record in records]
    return WindowResult(blocks if outs is None else outs, bad, _counts(counts))


def _bad_item(record: str) -> tuple[int, FitsError]:
    item, kind, status, message = record.split("\t", 3)
    error = BY_KIND[kind](message)
    assert isinstance(error, FitsError)  # others are raised
    error.status = int(status)
    return int(item), error


class Rows(NamedTuple):
    """Which rows of a table.

    Attributes:
        slice: `start:stop:step`, each of them perhaps empty; None for all rows or those of `numbers`.
        numbers: int64 (count,), dense, on the CPU: negative ones count from the end.
        mask: number of rows of the mask that `numbers` was made from; -1 if there was none.
    """

    slice: str | None = None
    numbers: torch.Tensor | None = None
    mask: int = -1


class ReadColumn(NamedTuple):
    """A column as the engine's TableLoader gives it.

    Attributes:
        kind: "TENSOR", "STRINGS" or "RAGGED".
        shape: (rows,) or (rows, ...); of arrays of variable length (rows,).
        name: of the column.
        blocks: one for a tensor, else values and offsets.
    """

    kind: str
    shape: tuple[int, ...]
    name: str
    blocks: list[torch.Tensor]


def read_columns(
    path: str,
    selector: Selector,
    columns: Sequence[str | int] | None,
    rows: Rows,
    condition: str | None = None,
    together: Sequence[int] = (),
) -> list[ReadColumn]:
    """Columns of a table in the order in which they are asked for.

    Args:
        path: of the file, as `encode` gives it.
        selector: of the HDU.
        columns: names, or numbers from 0; None for all.
        rows: that are wanted.
        condition: that must be true of them, as the engine's Predicate has it; None for none.
        together: numbers, from 0, of columns that are put side by side if they are wanted: of a binary table, with one
            number in a row, of a type that `make_numerical_block` takes. They come last, as one column of the kind
            "TOGETHER": its name is theirs with NUL characters between them, its blocks are those of
            `make_numerical_block`.
    """
    api = _enter()
    wanted = None if columns is None else "\0".join(map(_column_text, columns))
    numbers = None if rows.numbers is None else Exported(rows.numbers)
    address = 0 if numbers is None else numbers.address
    arguments = (path, *selector, wanted, rows.slice, address, rows.mask, condition, _numbers_text(together))
    return _columns_in(_finish(api, api.tables.readColumns, *arguments))


def begin_columns(
    path: str, selector: Selector, columns: Sequence[str], rows: Rows, *, condition: str | None, content: str | None
) -> Pending[list[ReadColumn]]:
    """Begins to read columns.

    Args:
        path: as for `read_columns`.
        selector: likewise.
        columns: likewise.
        rows: likewise.
        condition: likewise.
        content: what the file must hold, as `describe_table` told it; None if it does not matter.
    """
    api = _enter()
    wanted = "\0".join(map(_column_text, columns))
    numbers = None if rows.numbers is None else Exported(rows.numbers)
    address = 0 if numbers is None else numbers.address
    arguments = (path, *selector, wanted, rows.slice, address, rows.mask, condition, content)
    return _begin(api, api.tables.beginColumns, arguments, _columns_in, keep=(path, numbers))


def read_by_row_filter(
    path: str,
    selector: Selector,
    columns: Sequence[str | int] | None,
    row_filter: str,
    together: Sequence[int] = (),
) -> list[ReadColumn]:
    """Likewise, of the rows for which an expression of cfitsio's row filter holds."""
    api = _enter()
    wanted = None if columns is None else "\0".join(map(_column_text, columns))
    arguments = (path, *selector, wanted, row_filter, _numbers_text(together))
    return _columns_in(_finish(api, api.tables.readByRowFilter, *arguments))


def find_rows(path: str, selector: Selector, rows: Rows, condition: str) -> torch.Tensor:
    """The places, from 0, among rows of a table of those for which a condition is true: int64, in order.

    Args:
        path: of the file, as `encode` gives it.
        selector: of the HDU.
        rows: among which they are; without a mask.
        condition: as for `read_columns`.
    """
    api = _enter()
    numbers = None if rows.numbers is None else Exported(rows.numbers)
    address = 0 if numbers is None else numbers.address
    return tensor_at(_finish(api, api.tables.findRows, path, *selector, rows.slice, address, condition))


def find_by_row_filter(path: str, selector: Selector, row_filter: str) -> torch.Tensor:
    """Likewise, among all rows, of those for which an expression of cfitsio's row filter holds."""
    api = _enter()
    return tensor_at(_finish(api, api.tables.findByRowFilter, path, *selector, row_filter))


class HeldTable(NamedTuple):
    """Columns in memory that a condition may name.

    Attributes:
        place: what their rows are, for messages.
        lines: of each column, as the engine's HeldColumn has it.
        rows: how many there are.
    """

    place: str
    lines: Sequence[str]
    rows: int


class HeldValues(NamedTuple):
    """A column that a condition names.

    Attributes:
        number: of the column, from 0.
        values: a dense CPU tensor with one value for each row; with `offsets` uint8, the characters of all strings.
        offsets: int64 (rows + 1), where the strings begin and the last one ends; None for others.
        null: the integer that stands for none; None if there is no such value.
    """

    number: int
    values: torch.Tensor
    offsets: torch.Tensor | None
    null: int | None


def columns_of(condition: str, table: HeldTable) -> list[int]:
    """The numbers, from 0, of the columns that a condition names."""
    api = _enter()
    text = _text(api, api.tables.columnsOf, condition, table.place, "\n".join(table.lines))
    return [int(number) for number in text.split(",") if number]


def find_held_rows(condition: str, table: HeldTable, held: Sequence[HeldValues]) -> torch.Tensor:
    """The numbers, from 0, of the rows for which a condition is true: int64, in order.

    Args:
        condition: as for `read_columns`.
        table: the columns.
        held: the values of those that the condition names.
    """
    api = _enter()
    # What is exported lives until the call is over.
    values = [Exported(column.values) for column in held]
    offsets = [None if column.offsets is None else Exported(column.offsets) for column in held]
    numbers = [
        number
        for column, value, starts in zip(held, values, offsets, strict=True)
        for number in (
            column.number,
            value.address,
            0 if starts is None else starts.address,
            int(column.null is not None),
            _bits(column.null),
        )
    ]
    plan = Exported(int64s(numbers, len(held), 5))
    begin = api.tables.findHeldRows
    return tensor_at(_finish(api, begin, condition, table.place, "\n".join(table.lines), table.rows, plan.address))


def _bits(null: int | None) -> int:
    """A number of 64 bits as one with a sign."""
    return 0 if null is None else (null + 2**63) % 2**64 - 2**63


def _columns_in(result: int) -> list[ReadColumn]:
    text, *blocks = _tensors_in(result)
    lines = bytes(memory_of(text)).decode().split("\n")[:-1]
    parts = iter(blocks)
    return [_read_column(line, parts) for line in lines]


def _numbers_text(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def _column_text(column: str | int) -> str:
    return f"'{column}" if isinstance(column, str) else f"#{column}"


def _read_column(line: str, blocks: Iterator[torch.Tensor]) -> ReadColumn:
    kind, shape, name = line.split("\t", 2)
    count = 1 if kind == "TENSOR" else 2
    return ReadColumn(kind, lengths(shape), name, [next(blocks) for _ in range(count)])


def lengths(text: str) -> tuple[int, ...]:
    """Numbers with commas between them, as the engine gives shapes."""
    return tuple(int(length) for length in text.split(",") if length)


def make_numerical_block(
    columns: Sequence[torch.Tensor], nulls: Sequence[int | None]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Columns of numbers side by side, float32 (rows, columns), and what is found of each.

    Args:
        columns: at least one, of one axis and one length: dense, on the CPU, of int8 to int64, uint8 to uint32, float32
            or float64.
        nulls: of each column the integer that stands for none, which becomes NaN; None if there is no such value.

    Returns:
        The block, and float64 (columns, 8): how many numbers are finite, their mean and their deviation (of the whole
        population), minimum, quartiles and maximum; NaN where there are none.
    """
    api = _enter()
    exported = [Exported(column) for column in columns]
    told = [
        number
        for column, null in zip(exported, nulls, strict=True)
        for number in (column.address, int(null is not None), null or 0)
    ]
    wanted = Exported(int64s(told, len(exported), 3))
    block, found = _tensors_in(_finish(api, api.tables.makeNumericalBlock, wanted.address))
    return block, found


def describe_table(path: str, selector: Selector) -> str:
    """The lines of the engine's TableSchema."""
    api = _enter()
    return _text(api, api.tables.describeTable, path, *selector)


class RowPart(NamedTuple):
    """A column on its way into rows.

    Attributes:
        values: a dense CPU tensor (rows, ...); with `offsets` uint8, the characters of all strings.
        offsets: int64 (rows + 1), where the strings begin and the last one ends; None for numbers.
        width: of a string in a row; none is longer.
        fill: the byte that stands behind shorter ones.
    """

    values: torch.Tensor
    offsets: torch.Tensor | None = None
    width: int = 0
    fill: int = 0


def write_rows(descriptor: int, name: str, offset: int, parts: Sequence[RowPart]) -> None:
    """Writes rows one behind the other.

    Args:
        descriptor: of a file that is open for writing.
        name: of the file, for messages; as `encode` gives it.
        offset: of the first row in the file, in bytes.
        parts: of each row, in order, all of the same number of rows.
    """
    api = _enter()
    # What is exported lives until the call is over.
    values = [Exported(part.values) for part in parts]
    offsets = [None if part.offsets is None else Exported(part.offsets) for part in parts]
    numbers = [
        number
        for value, starts, part in zip(values, offsets, parts, strict=True)
        for number in (value.address, 0 if starts is None else starts.address, part.width, part.fill)
    ]
    plan = Exported(int64s(numbers, len(parts), 4))
    _finish(api, api.tables.writeRows, descriptor, name, offset, plan.address)


def _tensors_in(address: int) -> list[torch.Tensor]:
    """The tensors whose addresses stand in the block."""
    return [tensor_at(block) for block in numbers_in(tensor_at(address))]


def read_header(path: str, selector: Selector) -> str:
    """The cards of one HDU up to and with END, 80 characters each, one character a byte."""
    api = _enter()
    return _text(api, api.headers.readHeader, path, *selector)


def list_hdus(path: str) -> str:
    """The lines of `Headers.listHdus`."""
    api = _enter()
    return _text(api, api.headers.listHdus, path)


def describe_hdu(path: str, selector: Selector) -> tuple[int, str]:
    """The number of an HDU from 0, and its kind as `Headers.listHdus` has it."""
    api = _enter()
    number, kind, _ = _text(api, api.headers.describeHdu, path, *selector).split("\t", 2)
    return int(number), kind


def describe() -> str:
    """Versions and paths of the JVM and the native libraries, a line each: name, tab, text."""
    api = _enter()
    try:
        return str(api.about.describe())
    except api.Error as error:
        raise _translate(error) from None


def stages() -> dict[str, int]:
    """What was counted of all reads since the engine began.

    Returns:
        `fetch_nanos` (opening files, getting bytes), `fetches`, `fetched_bytes`, `decode_nanos` (making elements of
        bytes), `decoded_bytes` (of the elements of images), `copy_nanos` (out of known tiles, into frames, as fill),
        `wait_nanos` (for other threads), `tiles_decoded`, `tiles_found` (that had been decoded before). Nanoseconds are
        those of all threads together. What other threads do just now is not in it yet.
    """
    return _counts(str(_enter().about.stages()))


def _counts(text: str) -> dict[str, int]:
    return {name.lower(): int(count) for name, count in _named(text).items()}


def _named(text: str) -> dict[str, str]:
    """Of lines of name, tab and value."""
    return dict(line.split("\t", 1) for line in text.split("\n"))


def is_running() -> bool:
    """Whether the engine runs: in this process, or, in one that was forked, for it."""
    return _jvm.is_running()


def cache_stats() -> dict[str, str]:
    """What the engine keeps from one read for the next, as `Caches.stats` tells it."""
    return _named(str(_enter().caches.stats()))


def clear_caches(*, disk: bool) -> None:
    """Forgets what is kept in memory, and also in the cache folder if `disk`."""
    api = _enter()
    api.caches.clear()
    if disk:
        api.caches.clearFolder()


def configure_caches(settings: CacheSettings) -> None:
    """Chooses how much the engine keeps."""
    _configure(_enter(), settings)


def _configure(api: _Api, settings: CacheSettings) -> None:
    memory_bytes, disk_bytes = (-1 if n is None else n for n in (settings.memory_bytes, settings.disk_bytes))
    api.caches.configure((settings.policy or "").upper(), memory_bytes, settings.disk, disk_bytes)


def encode(path: Source) -> str:
    """The name of a file, or of bytes in memory, as the engine takes it.

    The bytes stay where they are as long as the name lives: whoever calls the engine keeps it until the call is over.

    Raises:
        TypeError: if `path` is neither a str, a path of one, bytes nor a binary file object.
        ValueError: if it holds a NUL, which no file name can, or bytes cannot be read where they are.
    """
    source = path if isinstance(path, str) else kept(path)
    if isinstance(source, Content):
        return source.name
    name = os.fspath(source)
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a path may be one of bytes
        raise TypeError(f"path must be str or os.PathLike[str], not os.PathLike[{type(name).__name__}]")
    if "\0" in name:
        raise ValueError("a file name cannot hold a NUL character")
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def decode(name: str) -> str:
    """The name of a file that `encode` gave."""
    return os.fsdecode(name.encode("latin-1"))


def _enter() -> _Api:
    global _api
    _jvm.enter()
    if _api is None:
        api = _Api()
        settings = CacheSettings.of_environment()
        if settings != CacheSettings():
            _configure(api, settings)
        _api = api
    return _api


class _Caller(threading.local):
    """For whom a thread calls.

    Attributes:
        require_waiting: raises if nobody waits for the result of a long read any more; None if that cannot be.
    """

    require_waiting: Callable[[], None] | None = None


caller = _Caller()


def _go_on() -> None:
    """Between the calls of one read."""
    if caller.require_waiting is not None:
        caller.require_waiting()
    _jvm.enter()


def _finish(api: _Api, begin: Callable[..., int], *arguments: object) -> int:
    """Begins a read and works on it in short calls, so that Python sees Ctrl-C between them."""
    try:
        result = begin(*arguments)
        while result == _RUNNING:
            _go_on()
            result = api.tasks.help()
    except api.Error as error:
        raise _translate(error) from None
    except BaseException:
        api.tasks.cancel()
        raise
    return result


def _text(api: _Api, read: Callable[..., object], *arguments: object) -> str:
    """Calls until there is a text, so that Python sees Ctrl-C between the calls."""
    try:
        while (text := read(*arguments)) is None:
            _go_on()
    except api.Error as error:
        raise _translate(error) from None
    return str(text)


def _translate(error: Exception) -> Exception:
    """The Python exception for what Java threw."""
    if type(error).__name__ != "org.torchfits.error.FitsException":
        return EngineError(f"the engine failed, which is a defect of torchfits: {_trace(error)}")
    thrown = cast("FitsException", error)
    translated = BY_KIND[str(thrown.kind().name())](str(thrown.getMessage()))
    if isinstance(translated, FitsError):
        translated.status = int(thrown.status())
    return translated


def _trace(error: Exception) -> str:
    stacktrace = getattr(error, "stacktrace", None)
    return str(error) if stacktrace is None else str(stacktrace())


# In a child that was forked from a process whose JVM runs, another process does what is asked.

_Arguments = tuple[object, ...]


def _filled_by(arguments: Sequence[object], named: dict[str, object]) -> list[torch.Tensor]:
    """The tensors that a call fills."""
    first = arguments[0] if arguments else None
    if isinstance(first, Window):
        return list(first.outs or ())
    out = arguments[1] if isinstance(first, Items) and len(arguments) > 1 else named.get("out")
    return [out] if isinstance(out, Elements) else []


SERVED = {
    function.__name__
    for function in (
        read_image,
        describe_image,
        read_calibrated,
        describe_stored,
        read_stored,
        read_parameters,
        read_batch,
        fill_file,
        read_each,
        read_padded,
        read_cutouts,
        read_columns,
        read_by_row_filter,
        find_rows,
        find_by_row_filter,
        columns_of,
        find_held_rows,
        make_numerical_block,
        describe_table,
        write_rows,
        read_header,
        list_hdus,
        describe_hdu,
        describe,
        stages,
        cache_stats,
        clear_caches,
        configure_caches,
    )
}
"""Functions that give their result at once."""

_FILLING = {fill_file.__name__, write_rows.__name__}
"""Those whose first argument is the descriptor of a file."""

BEGUN = {begin_window.__name__, begin_columns.__name__}
"""Functions that give a Pending."""


def _be_served(name: str) -> Callable[..., object]:
    def served(*arguments: object, **named: object) -> object:
        answer = _sidecar().begin if name in BEGUN else _sidecar().call
        return answer(name, _filled_by(arguments, named), arguments, named)

    return served


def _be_served_with_file(name: str) -> Callable[..., object]:
    def served(descriptor: int, *arguments: object) -> object:
        from torchfits._messages import Descriptor

        return _sidecar().call(name, (), (Descriptor(descriptor), *arguments), {})

    return served


def _encode_for_others(path: Source) -> str:
    from torchfits._messages import FileName

    name = _encode(path)
    return FileName(name) if type(name) is str and not name.startswith("/") else name


_encode = encode


def _sidecar() -> ModuleType:
    """Only processes that fork while the JVM runs, and their children, import it."""
    from torchfits import _sidecar

    return _sidecar


def _before_fork() -> None:
    """All children shall have the one name of the process that serves them, which is chosen at this import."""
    if _jvm.is_running():
        _sidecar()


def _be_served_if_forked() -> None:
    if _jvm.was_forked():
        globals().update({name: _be_served(name) for name in SERVED | BEGUN})
        globals().update({name: _be_served_with_file(name) for name in _FILLING})
        globals().update(encode=_encode_for_others, is_running=lambda: _sidecar().is_running())


os.register_at_fork(before=_before_fork, after_in_child=_be_served_if_forked)
_be_served_if_forked()  # this may be imported after the fork
