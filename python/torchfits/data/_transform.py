"""What transforms are: modules over batches, which say what they are made of."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import torch
from torch import nn

from torchfits.data._random import Stream, next_stream

__all__ = ["MAIN", "Batch", "Compose", "Transform", "from_spec", "main_entry", "stream_of", "to_spec"]

Batch: TypeAlias = torch.Tensor | Mapping[str, Any]

MAIN = ("image", "flux")


def _name_of(cls: type[nn.Module]) -> str:
    own = cls.__module__.startswith("torchfits.")
    return cls.__qualname__ if own else f"{cls.__module__}.{cls.__qualname__}"


class Transform(nn.Module):
    """A module over whole batches.

    It takes a tensor (B, ..., H, W) (spectra: (B, ..., N)) or a dict of such tensors and of anything else, on any
    device, and gives the like; neither what it is given nor its tensors are changed. Subclasses keep each argument of
    their construction under its name, which is what `to_spec` writes down and what their repr shows.
    """

    _classes: ClassVar[dict[str, type[Transform]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - those of the subclass
        super().__init_subclass__(**kwargs)
        Transform._classes[_name_of(cls)] = cls

    @abstractmethod
    def forward(self, batch: Batch) -> Batch:
        """The transformed batch."""
        raise NotImplementedError

    def apply_one(self, sample: Batch) -> Batch:
        """The transformed sample: what it would be in a batch. For a stock dataset: `transform=chain.apply_one`.

        Args:
            sample: a tensor (..., H, W) or a dict of tensors without the axis of the batch and of anything else.
        """
        if isinstance(sample, torch.Tensor):
            batch: Batch = sample[None]
        else:
            batch = {name: _with_axis(entry) for name, entry in sample.items()}
        changed = self(batch)
        if isinstance(changed, torch.Tensor):
            return changed[0]
        return {name: entry[0] if isinstance(entry, torch.Tensor) else entry for name, entry in changed.items()}

    def arguments(self) -> dict[str, Any]:
        """Of the construction, by name."""
        parameters = inspect.signature(type(self).__init__).parameters
        return {name: getattr(self, name) for name in list(parameters)[1:]}

    def extra_repr(self) -> str:
        """The arguments, for the repr of torch's modules."""
        shown = {name: value for name, value in self.arguments().items() if not isinstance(value, nn.Module)}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


def _with_axis(entry: Any) -> Any:  # noqa: ANN401 - an entry of a sample
    return entry[None] if isinstance(entry, torch.Tensor) else entry


class Compose(Transform):
    """Transforms one after another."""

    def __init__(self, *transforms: Transform) -> None:
        """Takes the transforms in their order.

        Raises:
            TypeError: if one is no `Transform`.
        """
        super().__init__()
        for transform in transforms:
            if not isinstance(transform, Transform):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"Compose takes transforms, not {transform!r}")
        self.transforms = nn.ModuleList(transforms)

    def forward(self, batch: Batch) -> Batch:
        """The batch after all of them."""
        for transform in self.transforms:
            batch = transform(batch)
        return batch

    def arguments(self) -> dict[str, Any]:
        """The transforms, under one name."""
        return {"transforms": list(self.transforms)}

    def extra_repr(self) -> str:
        """Nothing: torch shows the modules."""
        return ""


def main_entry(batch: Mapping[str, Any]) -> str:
    """The entry that a transform acts on unless told otherwise.

    Raises:
        ValueError: if there is none.
    """
    for name in MAIN:
        if name in batch:
            return name
    raise ValueError(f"the batch has neither an entry 'image' nor 'flux', only {list(batch)}: give their names")


def stream_of(values: torch.Tensor) -> Stream:
    """The random numbers of the next random transform for the samples of `values`, (B, ...)."""
    return next_stream(values.shape[0], values.device)


def to_spec(transform: Transform) -> dict[str, Any]:
    """What JSON can hold of a transform: its class and the arguments of its construction.

    Raises:
        TypeError: if an argument cannot be written down.
    """
    arguments = {name: _encoded(value) for name, value in transform.arguments().items()}
    return {"transform": _name_of(type(transform)), "arguments": arguments}


def from_spec(spec: Mapping[str, Any]) -> Transform:
    """The transform of `to_spec`. Classes that are not of torchfits must have been imported; none is by this.

    Raises:
        ValueError: if there is no such class, or it does not take the arguments.
    """
    known = Transform._classes.get(spec["transform"])  # pyright: ignore[reportPrivateUsage]
    if known is None:
        raise ValueError(f"no transform {spec['transform']!r} is known: import the module that defines it")
    arguments = {name: _decoded(value) for name, value in spec["arguments"].items()}
    try:
        return known(*arguments["transforms"]) if known is Compose else known(**arguments)
    except TypeError as error:
        raise ValueError(f"{spec['transform']} does not take {arguments}: {error}") from error


def _encoded(value: Any) -> Any:  # noqa: ANN401 - an argument
    if isinstance(value, Transform):
        return to_spec(value)
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, list | tuple):
        return [_encoded(element) for element in value]  # pyright: ignore[reportUnknownVariableType]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"an argument {value!r} of a transform cannot be written down")


def _decoded(value: Any) -> Any:  # noqa: ANN401 - an argument
    if isinstance(value, Mapping) and "transform" in value:
        return from_spec(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, Mapping):
        return getattr(torch, value["dtype"])  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list):
        return tuple(_decoded(element) for element in value)  # pyright: ignore[reportUnknownVariableType]
    return value
