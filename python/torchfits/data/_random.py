"""Counted random numbers: which ones a sample gets depends on nothing but a few integers.

A number is a hash (Philox4x32-10 of Salmon et al., 2011) of seed, epoch, stream, sample id and position. There is no
generator whose state others could advance. All arithmetic is of integers, and of single float operations that IEEE 754
rounds in one way, so that the bits are those of any device, batch and number of threads.
"""

from __future__ import annotations

import itertools
import math
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

__all__ = ["Stream", "draws", "next_stream", "normal", "uniform"]

_Word = TypeVar("_Word", int, torch.Tensor)  # unsigned numbers of 32 bits: one, or int64 tensors of them

_LOW = 0xFFFFFFFF
_ROUNDS = 10
_CHUNK = 1 << 13  # blocks of four words that are hashed at once on a CPU: what its cache holds


def philox(counter: tuple[_Word, _Word, _Word, _Word], key: tuple[int, int]) -> tuple[_Word, _Word, _Word, _Word]:
    """Four random words for a counter of four and a key of two; tensors are broadcast."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        # Of a product beyond 63 bits an int64 keeps the right 64, and the mask drops the copies of its sign.
        first, second = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1 = ((second >> 32) & _LOW) ^ c1 ^ k0, second & _LOW
        c2, c3 = ((first >> 32) & _LOW) ^ c3 ^ k1, first & _LOW
        k0, k1 = (k0 + 0x9E3779B9) & _LOW, (k1 + 0xBB67AE85) & _LOW
    return c0, c1, c2, c3


def uniform(seed: int, epoch: int, ids: torch.Tensor, stream: int, shape: Sequence[int] = ()) -> torch.Tensor:
    """Uniform numbers in [0, 1), multiples of 2^-24.

    Args:
        seed: any integer; its low 64 bits count.
        epoch: likewise.
        ids: of the samples, int64 (B,).
        stream: which of the independent sequences of a sample, in range(2^32).
        shape: of the numbers of one sample.

    Returns:
        float32 (B, *shape) on the device of `ids`.
    """
    return _numbers(_fractions, _key(seed, epoch, stream), ids, shape)


def normal(seed: int, epoch: int, ids: torch.Tensor, stream: int, shape: Sequence[int] = ()) -> torch.Tensor:
    """Numbers of the normal distribution of mean 0 and deviation 1, at most 6.4; arguments as for `uniform`.

    Returns:
        float32 (B, *shape) on the device of `ids`.
    """
    return _numbers(_normal_quantiles, _key(seed, epoch, stream), ids, shape)


def _numbers(
    of_words: Callable[[torch.Tensor], torch.Tensor], key: tuple[int, int], ids: torch.Tensor, shape: Sequence[int]
) -> torch.Tensor:
    """float32 (B, *shape): what `of_words` makes of random words."""
    count = math.prod(shape)
    blocks = torch.arange(-(-count // 4), dtype=torch.int64, device=ids.device)[None]
    numbers = torch.empty(len(ids), 4 * blocks.shape[1], dtype=torch.float32, device=ids.device)
    rows = max(1, _CHUNK // max(1, blocks.shape[1])) if ids.device.type == "cpu" else max(1, len(ids))
    for first in range(0, len(ids), rows):
        some = ids[first : first + rows, None]
        words = philox((blocks, some & _LOW, (some >> 32) & _LOW, torch.zeros_like(some)), key)
        numbers[first : first + rows] = of_words(torch.cat([word.to(torch.int32) for word in words], -1))
    return numbers[:, :count].reshape(len(ids), *shape)


def _fractions(words: torch.Tensor) -> torch.Tensor:
    """The upper 24 bits of int32 words as fractions."""
    return ((words >> 8) & 0xFFFFFF).to(torch.float32) * 2.0**-24


def _key(seed: int, epoch: int, stream: int) -> tuple[int, int]:
    """Of the hash of one sequence: itself a hash, so that no two sequences have counters in common."""
    if not 0 <= stream <= _LOW:
        raise ValueError(f"stream {stream} is not in range(2**32)")
    counter = (epoch & _LOW, (epoch >> 32) & _LOW, stream, 0)
    return philox(counter, (seed & _LOW, (seed >> 32) & _LOW))[:2]


def _normal_quantiles(words: torch.Tensor) -> torch.Tensor:
    """Of the probabilities (word + 2^31 + 1/2) / 2^32 of int32 words, by Wichura's AS 241 (PPND7)."""
    tail = ((words ^ (words >> 31) ^ 0x7FFFFFFF).to(torch.float32) + 0.5) * 2.0**-32  # of the two, the smaller one
    q = 0.5 - tail
    r = 0.180625 - q * q
    top = ((5.9109374720e01 * r + 1.5929113202e02) * r + 5.0434271938e01) * r + 3.3871327179e00
    bottom = ((6.7187563600e01 * r + 7.8757757664e01) * r + 1.7895169469e01) * r + 1.0
    middle = q * top / bottom
    r = (-_logarithms(tail)).sqrt() - 1.6
    top = ((1.7023821103e-01 * r + 1.3067284816e00) * r + 2.7568153900e00) * r + 1.4234372777e00
    bottom = (1.2021132975e-01 * r + 7.3700164250e-01) * r + 1.0
    # A blend by 0 and 1 is exact, and where() of a random condition takes longer than all the rest.
    is_middle = (q <= 0.425).to(torch.float32)
    size = middle * is_middle + top / bottom * (1 - is_middle)
    return torch.copysign(size, words.to(torch.float32))


def _logarithms(x: torch.Tensor) -> torch.Tensor:
    """Natural ones of normal float32 numbers, of single exact operations: log() differs from device to device."""
    bits = x.view(torch.int32)
    exponent = (bits >> 23) - 126
    mantissa = ((bits & 0x7FFFFF) | 0x3F000000).view(torch.float32)  # in [0.5, 1)
    s = (mantissa - math.sqrt(0.5)) / (mantissa + math.sqrt(0.5))
    square = s * s
    series = (((square * (2 / 9) + 2 / 7) * square + 2 / 5) * square + 2 / 3) * square + 2
    return (exponent.to(torch.float32) - 0.5) * math.log(2) + s * series


class Stream:
    """One sequence of random numbers for each sample of a batch."""

    def __init__(self, seed: int, epoch: int, ids: torch.Tensor, number: int) -> None:
        """Remembers what the numbers depend on; `ids` are int64 (B,)."""
        self._seed = seed
        self._epoch = epoch
        self._ids = ids
        self._number = number

    def uniform(self, shape: Sequence[int] = ()) -> torch.Tensor:
        """float32 (B, *shape) in [0, 1); a stream gives numbers once, a second call would repeat them."""
        return uniform(self._seed, self._epoch, self._ids, self._number, shape)

    def normal(self, shape: Sequence[int] = ()) -> torch.Tensor:
        """float32 (B, *shape) of the normal distribution; likewise once."""
        return normal(self._seed, self._epoch, self._ids, self._number, shape)


class _Draws:
    """What `draws` was told, and how many streams were taken."""

    def __init__(self, seed: int, epoch: int, ids: torch.Tensor, first: int) -> None:
        self.seed = seed
        self.epoch = epoch
        self.ids = ids
        self.streams = itertools.count(first)


_current: ContextVar[_Draws | None] = ContextVar("torchfits.draws", default=None)


@contextmanager
def draws(seed: int, epoch: int, ids: torch.Tensor | Sequence[int], *, first: int = 0) -> Generator[None, None, None]:
    """Within it, random transforms of this thread draw the numbers of these samples.

    Each call of a random transform takes the next stream, so that its numbers depend on (seed, epoch, id of the sample,
    the how-manieth random transform of the chain it is) and on nothing else. Open it anew for each batch.

    Args:
        seed: any integer.
        epoch: any integer.
        ids: of the samples of the batch, in its order, (B,).
        first: how many random transforms were before the next one.

    Raises:
        TypeError: if ids are not integers.
        ValueError: if they do not have one axis.
    """
    numbers = torch.as_tensor(ids)
    if numbers.numel() and (numbers.is_floating_point() or numbers.is_complex() or numbers.dtype == torch.bool):
        raise TypeError(f"ids of samples are integers, not {numbers.dtype}")
    if numbers.ndim != 1:
        raise ValueError(f"ids of samples have one axis, not the shape {tuple(numbers.shape)}")
    token = _current.set(_Draws(seed, epoch, numbers.to(torch.int64), first))
    try:
        yield
    finally:
        _current.reset(token)


def next_stream(count: int, device: torch.device) -> Stream:
    """The stream of the next random transform for a batch of `count` samples.

    Outside of `draws` the samples have the ids 0, 1, ... of a seed that torch's global generator draws.

    Raises:
        ValueError: if `draws` was told of another number of samples.
    """
    current = _current.get()
    if current is None:
        seed = int(torch.randint(2**63 - 1, (), dtype=torch.int64))
        return Stream(seed, 0, torch.arange(count, device=device), 0)
    if len(current.ids) != count:
        raise ValueError(f"draws() was given {len(current.ids)} ids, the batch has {count} samples")
    return Stream(current.seed, current.epoch, current.ids.to(device), next(current.streams))
