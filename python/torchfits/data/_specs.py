"""Arguments of datasets as JSON can hold them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

import torch

from torchfits._memory import Content, kept

if TYPE_CHECKING:
    from torchfits._location import Hdu, Section
    from torchfits._memory import Source


class InMemoryError(TypeError):
    """What is nowhere but in memory cannot be written down."""


def named(path: Source) -> Any:  # noqa: ANN401 - paths become str, all others stay
    """A source as datasets keep it."""
    return os.fspath(path) if isinstance(path, os.PathLike) and not isinstance(path, Content) else path


def written(path: Any) -> str:  # noqa: ANN401 - a source as `named` gives it
    """The name of a file that holds in any folder. What is in brackets behind it stays as it is.

    Raises:
        InMemoryError: if it has none.
    """
    if not isinstance(path, str):
        raise InMemoryError("bytes and file objects cannot be written down")
    return os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118 - a name, not a path with its dots resolved


def identity_of(path: Any) -> bytes:  # noqa: ANN401 - a source as `named` gives it
    """What tells a file from others: its name, or its bytes if it has none."""
    if path is None or isinstance(path, str):
        return f"{path}\0".encode("utf-8", "surrogateescape")
    source = kept(path)
    assert isinstance(source, Content)
    return source.digest()


def dtype_to_spec(dtype: torch.dtype | None) -> str | None:
    """`float32` and so on."""
    return None if dtype is None else str(dtype).removeprefix("torch.")


def dtype_of(spec: str | None) -> torch.dtype | None:
    """The dtype of `dtype_to_spec`.

    Raises:
        ValueError: if there is none of that name.
    """
    dtype = None if spec is None else getattr(torch, spec, None)
    if spec is not None and not isinstance(dtype, torch.dtype):
        raise ValueError(f"no dtype of torch is called {spec!r}")
    return dtype


def hdu_of(spec: Any) -> Hdu | None:  # noqa: ANN401 - of JSON
    """An HDU, whose pair of name and version JSON has as a list."""
    return tuple(spec) if isinstance(spec, list) else spec  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def section_to_spec(section: Section | None) -> list[Any] | None:
    """A section with slices as lists of start, stop and step, and an ellipsis as `...`."""
    if section is None:
        return None
    return [_item_to_spec(item) for item in (section if isinstance(section, tuple) else (section,))]


def _item_to_spec(item: Any) -> Any:  # noqa: ANN401
    if isinstance(item, slice):
        bounds = cast("tuple[Any, Any, Any]", (item.start, item.stop, item.step))  # pyright: ignore[reportUnknownMemberType]
        return [None if bound is None else int(bound) for bound in bounds]
    return "..." if item is Ellipsis else int(item)


def section_of(spec: list[Any] | None) -> Section | None:
    """The section of `section_to_spec`."""
    return None if spec is None else tuple(_item_of(item) for item in spec)


def _item_of(spec: Any) -> Any:  # noqa: ANN401
    if isinstance(spec, list):
        return slice(*cast("list[int | None]", spec))
    return Ellipsis if spec == "..." else spec
