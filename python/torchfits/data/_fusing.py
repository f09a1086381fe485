"""Transforms that the engine does while it decodes: the first ones of a chain, as far as it can.

It moves whole pixels (crops, flips, quarter turns) and scales them by constants. The elements are bit for bit those
that the modules make: places are computed from the same counted numbers, and the arithmetic is the same.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from torchfits import _engine
from torchfits.data._geometry import (
    CenterCrop,
    Flip,
    RandomCrop,
    RandomDihedral,
    Rot90,
    center_place,
    dihedral_number,
    drawn_places,
)
from torchfits.data._random import uniform
from torchfits.data._transform import Compose, Transform
from torchfits.data._turned import DIHEDRAL, QUARTERS, Parts, flip_of
from torchfits.data._values import Normalize, ToDtype

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torchfits._engine import Arrangement
    from torchfits.data._images import ValueTransform
    from torchfits.data._moves import Move
    from torchfits.data.loader import DataLoader

_MOST_BYTES = 32 << 20  # one thread moves an item, in some milliseconds


class Layout(NamedTuple):
    """What the images of a batch are like before transforms.

    Attributes:
        shape: of an image.
        dtype: likewise; of those that were read, if `as_stored`.
        as_stored: whether files tell the dtype, so that others may have another one.
        bands: how many images a sample has; None for one without an axis of bands.
    """

    shape: tuple[int, ...]
    dtype: torch.dtype
    as_stored: bool
    bands: int | None


@dataclass(frozen=True)
class Chain:
    """A transform that batches will get.

    Attributes:
        transform: of whole batches.
        seed: of its random numbers.
        epoch: likewise.
        on_cpu: whether batches are in the CPU's memory then.
    """

    transform: Transform
    seed: int
    epoch: int
    on_cpu: bool = True

    def numbers(self, ids: torch.Tensor, stream: int, count: int) -> torch.Tensor:
        """Those that the random module of a stream draws for samples: float32 (B, count)."""
        return uniform(self.seed, self.epoch, ids, stream, (count,))


@dataclass(frozen=True)
class _Done:
    """The first modules of a chain that the engine does, as they were.

    Attributes:
        modules: each once.
        states: what each does.
        streams: how many of them draw random numbers.
    """

    modules: tuple[Transform, ...] = ()
    states: tuple[Any, ...] = ()
    streams: int = 0

    def hold(self, transform: Any) -> bool:  # noqa: ANN401 - whatever there is now
        """Whether a chain begins with these, as they were."""
        if not self.modules:
            return True
        modules = _first(transform, len(self.modules))
        same = len(modules) == len(self.modules) and all(map(operator.is_, modules, self.modules))
        return same and tuple(map(_state, modules)) == self.states


class Fusion:
    """The transforms of a chain, or of two, that the engine does while it decodes.

    Attributes:
        layout: of images before them.
        modules: that are done.
    """

    def __init__(self, layout: Layout) -> None:
        """None yet."""
        self.layout = layout
        self.modules: list[Transform] = []
        height, width = layout.shape[-2:]
        self._size = (height, width)
        self._steps: list[Callable[[Parts, torch.Tensor], None]] = []
        self._scales: torch.Tensor | None = None
        self._done: list[_Done] = []

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image after them."""
        return (*self.layout.shape[:-2], *self._size)

    def does_anything(self) -> bool:
        """Whether images become others."""
        return bool(self._steps) or self._scales is not None

    def extend(self, chain: Chain | None) -> bool:
        """Takes over the first modules of a chain; returns whether these are all of them."""
        modules = [] if chain is None else flat(chain.transform)
        taken: list[Transform] = []
        streams = 0
        for module in modules:
            take = _TAKE.get(type(module))
            if take is None or _has_hooks(module) or not take(self, module, cast("Chain", chain), streams):
                break
            taken.append(module)
            streams += _draws(module)
        self.modules += taken
        self._done.append(_Done(tuple(taken), tuple(map(_state, taken)), streams))
        return len(taken) == len(modules)

    def holds(self, *transforms: Any) -> bool:  # noqa: ANN401 - whatever there is now
        """Whether the chains still begin with what was done, and nothing was put between two of them."""
        pairs = list(zip(self._done, transforms, strict=False))
        whole = all(len(_first(chain)) == len(done.modules) for done, chain in pairs[:-1])
        return whole and all(done.hold(chain) for done, chain in pairs)

    def rest(self, transform: Any, number: int = 0) -> tuple[Any, int]:  # noqa: ANN401
        """What is left to do of a chain.

        Args:
            transform: the chain, which `holds`.
            number: of the chain.

        Returns:
            The transform that is left, None if nothing is; and how many random ones were before it.
        """
        if number >= len(self._done) or not self._done[number].modules:
            return transform, 0
        done = self._done[number]
        left = flat(transform)[len(done.modules) :]
        return (Compose(*left) if left else None), done.streams

    def arrangement(self, ids: torch.Tensor) -> Arrangement:
        """What the engine makes of the images of some samples, int64 (B,)."""
        moves = None
        if self._steps:
            height, width = self.layout.shape[-2:]
            parts = Parts(len(ids), (height, width))
            for step in self._steps:
                step(parts, ids)
            moves = parts.moves().repeat_interleave(self.layout.bands or 1, 0)
        return _engine.Arrangement(moves, self._size, self._scales)

    # The modules. Whatever one of them would refuse is left to it.

    def _moves(self, module: Move) -> bool:
        """Whether a module moves all entries of a batch."""
        return module.keys is None or self.layout.bands is None

    def take_flip(self, module: Flip, _chain: Chain, _stream: int) -> bool:
        return self._moves(module) and self._turn(flip_of(module.axis))

    def take_quarters(self, module: Rot90, _chain: Chain, _stream: int) -> bool:
        return self._moves(module) and self._turn(QUARTERS[module.k % 4])

    def _turn(self, symmetry: int) -> bool:
        if Parts.transposes(symmetry):
            self._size = (self._size[1], self._size[0])
        self._steps.append(lambda parts, _ids: parts.turn(symmetry))
        return True

    def take_dihedral(self, module: RandomDihedral, chain: Chain, stream: int) -> bool:
        if not self._moves(module) or not module.training:
            return self._moves(module)
        if self._size[0] != self._size[1]:
            return False

        def step(parts: Parts, ids: torch.Tensor) -> None:
            parts.turn(DIHEDRAL[dihedral_number(chain.numbers(ids, stream, 1))])

        self._steps.append(step)
        return True

    def take_crop(self, module: CenterCrop | RandomCrop, chain: Chain, stream: int) -> bool:
        whole, size = self._size, module.size
        if not self._moves(module) or size[0] > whole[0] or size[1] > whole[1]:
            return False
        is_random = isinstance(module, RandomCrop) and module.training

        def step(parts: Parts, ids: torch.Tensor) -> None:
            drawn = chain.numbers(ids, stream, 2) if is_random else None
            places = center_place(whole, size) if drawn is None else drawn_places(drawn, whole, size)
            parts.cut(*places, size)

        self._size = size
        self._steps.append(step)
        return True

    def _changes(self, module: ValueTransform, chain: Chain) -> bool:
        """Whether a module changes the images, of a dtype that is known, and as a CPU does it."""
        of_images = module.key in (None, "image") or self.layout.bands is None
        return chain.on_cpu and of_images and not self.layout.as_stored

    def take_dtype(self, module: ToDtype, chain: Chain, _stream: int) -> bool:
        return self._changes(module, chain) and module.dtype == self.layout.dtype

    def take_scale(self, module: Normalize, chain: Chain, _stream: int) -> bool:
        """One of them; images of half precision are scaled in another one."""
        if not self._changes(module, chain) or self.layout.dtype not in (torch.float32, torch.float64):
            return False
        scales = self._scales_of(module) if self._scales is None else None
        self._scales = self._scales if scales is None else scales
        return scales is not None

    def _scales_of(self, module: Normalize) -> torch.Tensor | None:
        """float64 (bands, 2), or (1, 2) for all; None if they are of another axis than that of the bands."""
        given = (module.mean, module.std)
        lengths = {len(numbers) for numbers in given if isinstance(numbers, tuple)}
        if lengths and (lengths != {self.layout.bands} or module.axis % (len(self.layout.shape) + 2) != 1):
            return None
        rows = max(lengths, default=1)
        columns = [numbers if isinstance(numbers, tuple) else (numbers,) * rows for numbers in given]
        return torch.tensor(columns, dtype=torch.float64).T.contiguous()


_TAKE: dict[type[Transform], Callable[[Fusion, Any, Chain, int], bool]] = {
    Flip: Fusion.take_flip,
    Rot90: Fusion.take_quarters,
    RandomDihedral: Fusion.take_dihedral,
    CenterCrop: Fusion.take_crop,
    RandomCrop: Fusion.take_crop,
    ToDtype: Fusion.take_dtype,
    Normalize: Fusion.take_scale,
}
"""How modules are taken over, by their class: a subclass may do something else."""


def fuse(chains: Sequence[Chain | None], layout: Layout | None) -> Fusion | None:
    """What the engine can do of the first chain and, if that is all of it, of the next one; None for nothing.

    Args:
        chains: in their order; None for one that does nothing.
        layout: of images before transforms; None if it is not known.
    """
    if layout is None or len(layout.shape) < 2 or 0 in layout.shape:
        return None
    if math.prod(layout.shape) * layout.dtype.itemsize > _MOST_BYTES:
        return None
    fusion = Fusion(layout)
    for chain in chains:
        if not fusion.extend(chain):
            break
    return fusion if fusion.does_anything() else None


def of_loader(loader: DataLoader, seed: int, epoch: int) -> Fusion | None:
    """What the engine does of the transforms of a loader."""
    own, after = loader.dataset.transform, loader.transform
    if not (own is None or isinstance(own, Transform)):
        return None
    on_cpu = loader.device is None or loader.device.type == "cpu"
    chains = [
        None if own is None else Chain(own, seed, epoch),
        Chain(after, seed + 1, epoch, on_cpu) if isinstance(after, Transform) and loader.collate_fn is None else None,
    ]
    return loader.dataset.fusion(chains)


def flat(transform: Transform) -> list[Transform]:
    """The modules that a batch goes through one after another."""
    if type(transform) is not Compose or _has_hooks(transform):
        return [transform]
    return [module for part in transform.transforms for module in flat(cast("Transform", part))]


def _first(transform: Any, count: int | None = None) -> list[Transform]:  # noqa: ANN401
    """The first modules of a chain, or all; of what is none, nothing."""
    return flat(transform)[:count] if isinstance(transform, Transform) else []


def _has_hooks(module: Transform) -> bool:
    """Whether more than the module itself is done when it is called."""
    own = vars(module)
    return bool(own["_forward_hooks"] or own["_forward_pre_hooks"])


def _draws(module: Transform) -> int:
    """How many streams of random numbers a module takes, which can be taken over."""
    return int(isinstance(module, RandomCrop | RandomDihedral) and module.training)


def _state(module: Transform) -> tuple[Any, ...]:
    """What a module does."""
    return module.training, _has_hooks(module), module.arguments()
