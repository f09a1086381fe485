"""Columns as users have them become dense tensors: of numbers, or of bytes or numbers with offsets.

Wherever values need no change their memory is taken as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import torch

from torchfits._columns import FORM_LETTERS, FORM_ZEROS, RaggedColumn, StringColumn
from torchfits.errors import UnwritableDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"

_WIDENED = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.complex32: torch.complex64}


@dataclass(frozen=True)
class Masked:
    """Values of which some are missing.

    Attributes:
        values: whatever stands there.
        missing: bool (rows, ...).
    """

    values: Array
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class Values:
    """One column of some rows.

    Attributes:
        letter: the data type of FITS; of the elements where these are in arrays of any lengths.
        elements: (rows, ...), text with the characters as last axis; with offsets one axis.
        offsets: int64 (rows + 1) for strings and arrays of any lengths, where they begin and the last one ends.
        null: the integer that stands for missing values, if some are missing.
    """

    letter: str
    elements: torch.Tensor
    offsets: torch.Tensor | None = None
    null: int | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.elements.shape[0] if self.offsets is None else self.offsets.shape[0] - 1

    @property
    def zero(self) -> int:
        """TZERO, what is added to the stored values."""
        return FORM_ZEROS.get(self.elements.dtype, 0)

    @property
    def longest(self) -> int:
        """Elements of the longest string or array."""
        return 0 if self.offsets is None or self.rows == 0 else int(self.offsets.diff().max())

    @property
    def heap_bytes(self) -> int:
        """Bytes of the elements of strings and arrays."""
        if self.offsets is None:
            return 0
        return int(self.offsets[-1] - self.offsets[0]) * self.elements.element_size()

    def part(self, start: int, end: int) -> Values:
        """The rows from `start` to before `end`."""
        if self.offsets is None:
            return replace(self, elements=self.elements[start:end])
        return replace(self, offsets=self.offsets[start : end + 1])


def values_of(name: str, data: object, null: int | None) -> Values:
    """One column of some rows, checked.

    Args:
        name: of the column, for messages.
        data: what the user has.
        null: the integer that shall stand for missing values; None for the end of the dtype's range, the lower one
            for signed integers and the upper one for others.

    Raises:
        UnwritableDataError: for values that no column holds.
        TypeError: for something that is no column.
    """
    if isinstance(data, Masked):
        return _masked(name, data, null)
    if isinstance(data, torch.Tensor):
        return _numbers(name, data)
    if isinstance(data, StringColumn):
        return _strings(name, data)
    if isinstance(data, RaggedColumn):
        return _arrays(name, data.values, data.offsets)
    if isinstance(data, np.ma.MaskedArray):
        masked = cast("Any", data)
        return _masked(name, Masked(np.ma.getdata(masked), np.ma.getmaskarray(masked)), null)
    if isinstance(data, np.ndarray):
        return _from_numpy(name, cast("Array", data))
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _from_sequence(name, cast("Sequence[object]", data))
    if hasattr(data, "__array__"):
        return _from_numpy(name, np.asarray(data))
    raise TypeError(f"column {name!r}: {type(data).__name__} is no column; give a tensor, an array or a list of str")


def _numbers(name: str, tensor: torch.Tensor) -> Values:
    if tensor.dim() == 0:
        raise UnwritableDataError(f"column {name!r}: a scalar; a column has a value for each row")
    if tensor.layout != torch.strided:
        raise UnwritableDataError(f"column {name!r}: a sparse tensor; make it dense")
    dense = tensor.detach().resolve_conj().resolve_neg().cpu()
    dense = dense.to(_WIDENED.get(dense.dtype, dense.dtype)).contiguous()
    if dense.dtype not in FORM_LETTERS:
        raise UnwritableDataError(f"column {name!r}: FITS has no data type for {tensor.dtype}")
    return Values(FORM_LETTERS[dense.dtype], dense)


def _from_numpy(name: str, array: Array) -> Values:
    if array.ndim == 0:
        raise UnwritableDataError(f"column {name!r}: a scalar; a column has a value for each row")
    match array.dtype.kind:
        case "S":
            return _fixed_text(name, array)
        case "U":
            return _unicode(name, array)
        case "M":
            return _fixed_text(name, _iso(array))
        case "O" | "T":
            return _from_sequence(name, array.tolist())
        case "b" | "i" | "u" | "f" | "c" if array.dtype.itemsize <= 16 and array.dtype.char not in "gG":
            return _numbers(name, shared(array))
        case _:
            raise UnwritableDataError(f"column {name!r}: FITS has no data type for {array.dtype}")


def _iso(array: Array) -> Array:
    """Times as ISO 8601 has them, and nothing where there is none."""
    text = np.datetime_as_string(array).astype("S")
    text[np.isnat(array)] = b""
    return text


def shared(array: Array) -> torch.Tensor:
    """A tensor over the array's memory, or over a copy that is in native order and C order."""
    native = np.ascontiguousarray(_native(array))
    return torch.as_tensor(native if native.flags.writeable else np.asarray(_Writable(native)))


def _native(array: Array) -> Array:
    return np.asarray(array, dtype=cast("Any", array.dtype).newbyteorder("="))


class _Writable:
    """Claims that an array may be written, which torch warns of otherwise. Nothing here writes."""

    def __init__(self, array: Array) -> None:
        self._array = array
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def _unicode(name: str, array: Array) -> Values:
    """Text of numpy, which has four bytes a character."""
    codes = _units(_native(array), np.uint32)
    foreign = np.argwhere(codes > 127)
    if len(foreign):
        raise UnwritableDataError(f"column {name!r}, row {foreign[0, 0]}: text that is not ASCII")
    return _characters(name, codes.astype(np.uint8))


def _fixed_text(name: str, array: Array) -> Values:
    return _characters(name, _units(array, np.uint8))


def _units(array: Array, unit: type[np.unsignedinteger[Any]]) -> Array:
    """What each text consists of, as a last axis."""
    shape = (*array.shape, array.dtype.itemsize // np.dtype(unit).itemsize)
    if array.size == 0:
        return np.empty(shape, unit)
    return cast("Any", np.ascontiguousarray(array)).reshape(-1).view(unit).reshape(shape)


def _characters(name: str, array: Array) -> Values:
    """Text of one width: the characters are the last axis."""
    characters = shared(array)
    _require_printable(name, characters, characters.numel() // max(1, len(array)))
    return Values("A", characters)


def _strings(name: str, column: StringColumn) -> Values:
    starts = _offsets(name, column.offsets, column.values)
    dense = column.values.detach().cpu().contiguous()
    if dense.dtype != torch.uint8:
        raise UnwritableDataError(f"column {name!r}: characters are uint8, not {dense.dtype}")
    bad = _first_unprintable(dense)
    if bad is not None:
        row = int(torch.searchsorted(starts, bad, right=True)) - 1
        raise _unprintable(name, row // max(1, math.prod(column.shape[1:])), int(dense[bad]))
    strings = Values("A", dense, starts)
    return strings if len(column.shape) == 1 else _same_width(strings, column.shape)


def _same_width(strings: Values, shape: tuple[int, ...]) -> Values:
    """Arrays of strings as text of one width."""
    assert strings.offsets is not None
    starts, lengths = strings.offsets[:-1], strings.offsets.diff()
    characters = torch.zeros(len(starts), max(1, strings.longest), dtype=torch.uint8)
    place = torch.repeat_interleave(starts - (lengths.cumsum(0) - lengths), lengths)
    source = torch.arange(len(place)) + place
    row = torch.repeat_interleave(torch.arange(len(starts)), lengths)
    characters[row, source - starts[row]] = strings.elements[source]
    return Values("A", characters.reshape(*shape, -1))


def _require_printable(name: str, characters: torch.Tensor, row_bytes: int) -> None:
    """Characters of text are printable, and only 0 stands behind the last one."""
    flat = characters.reshape(-1)
    bad = _first_unprintable(torch.where(flat == 0, 32, flat))
    if bad is not None:
        raise _unprintable(name, bad // row_bytes, int(flat[bad]))
    hidden = ((characters[..., :-1] == 0) & (characters[..., 1:] != 0)).nonzero()
    if len(hidden):
        raise _unprintable(name, int(hidden[0, 0]), 0)


def _first_unprintable(characters: torch.Tensor) -> int | None:
    if characters.numel() == 0 or (int(characters.min()) >= 32 and int(characters.max()) <= 126):
        return None
    return int(((characters < 32) | (characters > 126)).nonzero()[0, 0])


def _unprintable(name: str, row: int, character: int) -> UnwritableDataError:
    return UnwritableDataError(f"column {name!r}, row {row}: byte {character:#04x} is no printable ASCII character")


def _arrays(name: str, values: torch.Tensor, offsets: torch.Tensor) -> Values:
    elements = _numbers(name, values)
    if elements.elements.dim() != 1:
        raise UnwritableDataError(f"column {name!r}: values of arrays of any lengths have one axis")
    return Values(elements.letter, elements.elements, _offsets(name, offsets, values))


def _offsets(name: str, offsets: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    starts = offsets.detach().cpu().to(torch.int64).contiguous()
    if starts.dim() != 1 or len(starts) == 0 or values.dim() == 0:
        raise UnwritableDataError(f"column {name!r}: offsets have one axis, of one element more than there are rows")
    falling = (starts.diff() < 0).nonzero()
    if len(falling):
        raise UnwritableDataError(f"column {name!r}, row {int(falling[0, 0])}: the offsets fall")
    if int(starts[0]) < 0 or int(starts[-1]) > len(values):
        raise UnwritableDataError(
            f"column {name!r}: the offsets go from {int(starts[0])} to {int(starts[-1])} in {len(values)} values"
        )
    return starts


def _from_sequence(name: str, data: Sequence[object]) -> Values:
    first = next((item for item in data if item is not None), "")
    if isinstance(first, str):
        return _from_strings(name, data)
    if isinstance(first, bytes):
        return _from_strings(name, [item.decode("latin-1") if isinstance(item, bytes) else item for item in data])
    if isinstance(first, torch.Tensor | np.ndarray | list | tuple):
        return _from_arrays(name, data)
    try:
        array = np.asarray(data)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnwritableDataError(f"column {name!r}: {error}") from None
    if array.dtype.kind in "OSU":
        raise UnwritableDataError(f"column {name!r}: a list of {type(first).__name__} and others is no column")
    return _from_numpy(name, array)


def _from_strings(name: str, data: Sequence[object]) -> Values:
    texts = cast("list[str]", ["" if item is None else item for item in data])
    try:
        joined = "".join(texts)
    except TypeError:
        row, other = next((row, item) for row, item in enumerate(data) if not isinstance(item, str | None))
        raise UnwritableDataError(f"column {name!r}, row {row}: {type(other).__name__} among str") from None
    if not joined.isascii():
        row, text = next((row, text) for row, text in enumerate(texts) if not text.isascii())
        raise UnwritableDataError(f"column {name!r}, row {row}: text that is not ASCII: {text!r}")
    characters = torch.as_tensor(np.frombuffer(bytearray(joined, "ascii"), np.uint8))
    return _strings(name, StringColumn(characters, offsets_of(np.fromiter(map(len, texts), np.int64, len(texts)))))


def offsets_of(lengths: Sequence[int] | Array) -> torch.Tensor:
    """Where strings or arrays of these lengths begin, one behind the other, and the end of the last one."""
    offsets = torch.zeros(len(lengths) + 1, dtype=torch.int64)
    torch.cumsum(torch.tensor(lengths, dtype=torch.int64), 0, out=offsets[1:])
    return offsets


def _from_arrays(name: str, data: Sequence[object]) -> Values:
    """A list of arrays, of any lengths."""
    rows = [torch.empty(0) if item is None else _row(name, row, item) for row, item in enumerate(data)]
    full = [row for row in rows if len(row)]
    dtypes = {row.dtype for row in full} or {row.dtype for row in rows}
    if len(dtypes) > 1:
        raise UnwritableDataError(f"column {name!r}: arrays of different dtypes: {sorted(map(str, dtypes))}")
    values = torch.cat(full) if full else rows[0]
    return _arrays(name, values, offsets_of(list(map(len, rows))))


def _row(name: str, row: int, item: object) -> torch.Tensor:
    values = values_of(name, item if isinstance(item, torch.Tensor) else np.asarray(item), None)
    if values.letter == "A" or values.elements.dim() != 1:
        raise UnwritableDataError(f"column {name!r}, row {row}: not an array of numbers of one axis")
    return values.elements


def _masked(name: str, data: Masked, null: int | None) -> Values:
    if not data.missing.any():
        return _from_numpy(name, data.values)
    missing = data.missing
    match data.values.dtype.kind:
        case "b":
            letters = np.where(data.values, ord("T"), ord("F"))
            return Values("L", torch.as_tensor(np.where(missing, 0, letters).astype("u1")))
        case "i" | "u":
            return _masked_integers(name, data, null)
        case "f" | "c":
            return _from_numpy(name, np.where(missing, data.values.dtype.type(np.nan), data.values))
        case "S" | "U":
            return _from_numpy(name, np.where(missing, data.values.dtype.type(), data.values))
        case "M":
            return _from_numpy(name, np.where(missing, np.datetime64("NaT"), data.values))
        case _:
            values = np.array(data.values)
            values[missing] = None
            return _from_numpy(name, values)


def _masked_integers(name: str, data: Masked, null: int | None) -> Values:
    limits = np.iinfo(data.values.dtype)
    chosen = null if null is not None else int(limits.min if limits.min < 0 else limits.max)
    if not limits.min <= chosen <= limits.max:
        raise UnwritableDataError(f"column {name!r}: {data.values.dtype} does not hold the null value {chosen}")
    taken = np.argwhere((data.values == chosen) & ~data.missing)
    if len(taken):
        raise UnwritableDataError(
            f"column {name!r}, row {taken[0, 0]}: {chosen} stands there and means a missing value; "
            "give another null in columns"
        )
    filled = _from_numpy(name, np.where(data.missing, data.values.dtype.type(chosen), data.values))
    return Values(filled.letter, filled.elements, null=chosen)
