"""Names of a package that are imported when they are asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def named(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package.

    Args:
        package: its full name.
        homes: of each name the full name of the module that defines it, or, for a module, of itself.
    """
    attributes = vars(sys.modules[package])

    def get(name: str) -> object:
        """Imports what is asked for the first time; from then on it is an attribute."""
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name]
        module = import_module(home)
        value = module if home == f"{package}.{name}" else getattr(module, name)
        attributes[name] = value
        return value

    return get, lambda: sorted({*attributes, *homes})
