"""Datasets and functions as JSON can hold them, and back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

# Whose import makes all transforms of torchfits known.
from torchfits.data import transforms as transforms
from torchfits.data._reading import ReadableDataset
from torchfits.data._transform import Transform, from_spec, to_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn


def dataset_to_spec(dataset: Any) -> dict[str, Any]:  # noqa: ANN401 - may be of any class
    """A dataset without its transform: its class, and the arguments of its construction.

    Raises:
        TypeError: if it is of no class of `torchfits.data`, or an argument cannot be written down.
    """
    name = type(dataset).__name__
    if _class_of(name) is not type(dataset):
        raise TypeError(f"{name} is no dataset of torchfits.data, and cannot be written down")
    return {"dataset": name, **dataset.spec()}


def dataset_of(spec: Mapping[str, Any], transform: Callable[[Any], Any] | None = None) -> ReadableDataset:
    """The dataset of `dataset_to_spec`.

    Raises:
        ValueError: if there is no such class.
    """
    kind = _class_of(spec["dataset"])
    if kind is None:
        raise ValueError(f"torchfits.data has no dataset {spec['dataset']!r}")
    return kind.from_spec({name: value for name, value in spec.items() if name != "dataset"}, transform)


def _class_of(name: str) -> type[ReadableDataset] | None:
    from torchfits import data

    found = getattr(data, name, None) if name in data.__all__ else None
    return found if isinstance(found, type) and issubclass(found, ReadableDataset) else None


def function_to_spec(function: Callable[[Any], Any] | None) -> Any:  # noqa: ANN401 - as JSON has it
    """A `Transform` with its arguments and whether it trains, or the name of a function of a module.

    Raises:
        TypeError: for what has no such name (lambdas, methods, functions inside of others, other objects).
    """
    if function is None:
        return None
    if isinstance(function, Transform):
        return {**to_spec(function), "training": [module.training for module in _modules(function)]}
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if module is None or name is None or _found(module, name) is not function:
        raise TypeError(f"{function!r} cannot be written down: it is neither a Transform nor a function of a module")
    return {"function": name, "module": module}


def function_of(spec: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - what it was
    """What `function_to_spec` wrote down. Its module must have been imported; none is by this.

    Raises:
        ValueError: if there is no such function, or no such transform.
    """
    if spec is None:
        return None
    if "transform" in spec:
        transform = from_spec(spec)
        for module, training in zip(_modules(transform), spec["training"], strict=True):
            module.training = training
        return transform
    function = _found(spec["module"], spec["function"])
    if not callable(function):
        raise ValueError(f"no function {spec['function']} of {spec['module']} is known: import its module")
    return function


def _modules(transform: Transform) -> list[nn.Module]:
    return list(transform.modules())


def _found(module: str, name: str) -> object:
    return getattr(sys.modules.get(module), name, None) if name.isidentifier() else None
