"""Images on their way to another device: stored values cross at their stored width and are decoded there.

The functions that decode are plain torch and work on any device, so that the CPU can hold them to what the engine
decodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from torchfits import _engine
from torchfits.errors import ValueRangeError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 64 << 20

_STORED = {
    8: torch.uint8,
    16: torch.int16,
    32: torch.int32,
    64: torch.int64,
    -32: torch.float32,
    -64: torch.float64,
}

_SIGN_BITS = {8: 1 << 7, 16: -(1 << 15), 32: -(1 << 31), 64: -(1 << 63)}


class Stored(NamedTuple):
    """How an image is stored.

    Attributes:
        bitpix: BITPIX.
        exact: the exact dtype, see `read_image`.
        scale: BSCALE.
        zero: BZERO.
        blank: the stored value that is NaN among floating ones, None for none.
        shape: of the result.
        place: file and HDU, for messages.
    """

    bitpix: int
    exact: torch.dtype
    scale: float
    zero: float
    blank: int | None
    shape: tuple[int, ...]
    place: str

    @classmethod
    def parse(cls, line: str) -> Stored:
        """From a line of the engine's StoredLoader."""
        bitpix, exact, scale, zero, blank, shape, place = line.split("\t", 6)
        return cls(
            bitpix=int(bitpix),
            exact=getattr(torch, exact.lower()),
            scale=float(scale),
            zero=float(zero),
            blank=int(blank) if blank else None,
            shape=tuple(int(length) for length in shape.split(",") if length),
            place=place,
        )

    @property
    def width(self) -> int:
        """Bytes of a stored value."""
        return abs(self.bitpix) // 8

    @property
    def is_unscaled(self) -> bool:
        """Whether BSCALE and BZERO leave the values as they are."""
        return self.scale == 1 and self.zero == 0

    @property
    def is_shifted(self) -> bool:
        """Whether values are unsigned, or signed bytes, by convention: stored with the sign bit flipped."""
        return not self.is_unscaled and not self.exact.is_floating_point


class Chunk(NamedTuple):
    """Stored values of a range of the result, as bytes on the device."""

    first: int
    raw: torch.Tensor


def read_to_device(
    path: str,
    selector: _engine.Selector,
    *,
    section: str | None,
    scaled: bool,
    dtype: torch.dtype | None,
    device: torch.device,
    chunk_bytes: int = CHUNK_BYTES,
) -> torch.Tensor | None:
    """Reads an image by way of pinned memory; None if it is compressed, since it has no stored values to move.

    Args:
        path: as for `_engine.read_image`.
        selector: as for `_engine.read_image`.
        section: as for `_engine.read_image`.
        scaled: as for `_engine.read_image`.
        dtype: of the result; None for the exact one.
        device: where the result shall be.
        chunk_bytes: size of each of the two buffers of pinned memory.
    """
    line = _engine.describe_stored(path, selector, section=section, scaled=scaled)
    if line is None:
        return None
    stored = Stored.parse(line)
    dtype = dtype or stored.exact
    result = torch.empty(stored.shape, dtype=dtype, device=device)
    flat = result.view(-1)
    for first, raw in _chunks(path, selector, section, stored, device, chunk_bytes):
        values = decode(raw, stored, dtype)
        if isinstance(values, NotHeld):
            raise _refusal(stored, dtype, first, values)
        flat[first : first + values.numel()] = values
    return result


def _chunks(
    path: str,
    selector: _engine.Selector,
    section: str | None,
    stored: Stored,
    device: torch.device,
    chunk_bytes: int,
) -> Iterator[Chunk]:
    """While one buffer is on its way to the device, the other one is filled."""
    total = torch.Size(stored.shape).numel()
    per_chunk = max(1, chunk_bytes // stored.width)
    buffer_bytes = min(per_chunk, total) * stored.width
    pinned = device.type == "cuda"
    count = 2 if total > per_chunk else 1
    buffers = [torch.empty(buffer_bytes, dtype=torch.uint8, pin_memory=pinned) for _ in range(count)]
    copied = [torch.cuda.Event() for _ in range(count)] if pinned else []
    for index, first in enumerate(range(0, total, per_chunk)):
        buffer = buffers[index % count][: min(per_chunk, total - first) * stored.width]
        if pinned:
            # Of an event that was never recorded this returns at once.
            copied[index % count].synchronize()
        _engine.read_stored(path, selector, section=section, first=first, out=buffer)
        raw = buffer.to(device, non_blocking=True)
        if pinned:
            copied[index % count].record(torch.cuda.current_stream(device))
        yield Chunk(first, raw)


class NotHeld(NamedTuple):
    """The first value that an integer dtype does not hold."""

    at: int
    value: float | int


def decode(raw: torch.Tensor, stored: Stored, dtype: torch.dtype) -> torch.Tensor | NotHeld:
    """Stored values as elements, on the device where they are.

    Args:
        raw: uint8, the big-endian bytes of the values one after the other.
        stored: what they mean.
        dtype: of the result.
    """
    values = _native(raw, stored)
    if dtype.is_floating_point:
        return _physical(values, stored, dtype)
    if dtype == stored.exact:
        return _shift(values, stored)
    if stored.exact.is_floating_point:
        return _whole(_physical(values, stored, stored.exact), dtype)
    return _within(_shift(values, stored), dtype)


def _native(raw: torch.Tensor, stored: Stored) -> torch.Tensor:
    swapped = raw if stored.width == 1 else raw.view(-1, stored.width).flip(1).contiguous().view(-1)
    return swapped.view(_STORED[stored.bitpix])


def _shift(values: torch.Tensor, stored: Stored) -> torch.Tensor:
    """The exact integers."""
    return values.bitwise_xor(_SIGN_BITS[stored.bitpix]).view(stored.exact) if stored.is_shifted else values


def _physical(values: torch.Tensor, stored: Stored, dtype: torch.dtype) -> torch.Tensor:
    if stored.is_unscaled:
        result = values.to(dtype)
    elif stored.is_shifted:
        result = _shift(values, stored).to(dtype)
    else:
        result = (values.double() * stored.scale + stored.zero).to(dtype)
    if stored.blank is not None and _holds(values.dtype, stored.blank):
        # A copy, since the result may be the stored values themselves.
        result = result.masked_fill(values == stored.blank, torch.nan)
    return result


def _holds(dtype: torch.dtype, number: int) -> bool:
    return torch.iinfo(dtype).min <= number <= torch.iinfo(dtype).max


def _whole(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor | NotHeld:
    """Floating numbers as integers."""
    wide = values.double()
    bounds = torch.iinfo(dtype)
    held = (wide >= bounds.min) & (wide < float(bounds.max + 1)) & (wide == wide.trunc())
    refused = _first_not(held, values)
    if refused is not None:
        return refused
    if dtype != torch.uint64:
        return wide.to(torch.int64).to(dtype)
    high = wide >= 2.0**63
    low = torch.where(high, wide - 2.0**63, wide).to(torch.int64)
    return torch.where(high, low.bitwise_xor(_SIGN_BITS[64]), low).view(torch.uint64)


def _within(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor | NotHeld:
    """Integers as other ones, by way of int64, where those of uint64 from 2^63 on are negative."""
    unsigned = values.dtype == torch.uint64
    wide = values.view(torch.int64) if unsigned else values.to(torch.int64)
    bounds = torch.iinfo(dtype)
    least = 0 if unsigned else bounds.min
    held = (wide >= least) & (wide <= min(bounds.max, torch.iinfo(torch.int64).max))
    refused = _first_not(held, values)
    if refused is not None:
        return refused
    return wide.view(torch.uint64) if dtype == torch.uint64 else wide.to(dtype)


def _first_not(held: torch.Tensor, values: torch.Tensor) -> NotHeld | None:
    if bool(held.all()):
        return None
    index = int(held.logical_not().nonzero()[0].item())
    return NotHeld(index, values[index].item())


def _refusal(stored: Stored, dtype: torch.dtype, first: int, refused: NotHeld) -> ValueRangeError:
    pixel = [int(i) for i in torch.unravel_index(torch.tensor(first + refused.at), stored.shape)]
    name = str(dtype).removeprefix("torch.")
    return ValueRangeError(f"{stored.place}: pixel {pixel} is {refused.value}, which {name} does not hold")
