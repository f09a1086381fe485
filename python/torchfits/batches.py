"""Many images, or many parts of one, as one tensor."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol, SupportsFloat, SupportsIndex, TypeVar, cast, overload

import torch

from torchfits import _engine
from torchfits._location import Hdu, Section, locate, section_text, selector
from torchfits._memory import Source, is_source
from torchfits._results import Device, engine_dtype, require_fillable

__all__ = ["read_batch", "read_cutouts"]

# A list of ints is no list of what may be an int or a name: it is a list of something that may be.
_Hdu = TypeVar("_Hdu", bound=Hdu)
_Section = TypeVar("_Section", bound=Section)
_Fill = SupportsFloat | SupportsIndex
_FIRST_IMAGE: _engine.Selector = (_engine.FIRST_IMAGE, None, 0)

# A start and a stop that mean those of the image, and what is beyond any other.
_FROM_FIRST = -(2**63)
_TO_LAST = 2**63 - 1
_BEYOND = 2**62


class _Array(Protocol):
    def __array__(self) -> Any: ...  # noqa: ANN401 - numpy's own


Boxes = Sequence[tuple[slice, ...]] | torch.Tensor | _Array


@overload
def read_batch(
    paths: Source | Iterable[Source],
    *,
    hdu: Hdu | list[_Hdu] | None = None,
    section: Section | list[_Section] | None = None,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    out: torch.Tensor | None = None,
    ragged: Literal["error"] = "error",
    fill: _Fill = math.nan,
) -> torch.Tensor: ...
@overload
def read_batch(
    paths: Source | Iterable[Source],
    *,
    hdu: Hdu | list[_Hdu] | None = None,
    section: Section | list[_Section] | None = None,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    out: None = None,
    ragged: Literal["list"],
    fill: _Fill = math.nan,
) -> list[torch.Tensor]: ...
@overload
def read_batch(
    paths: Source | Iterable[Source],
    *,
    hdu: Hdu | list[_Hdu] | None = None,
    section: Section | list[_Section] | None = None,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    out: None = None,
    ragged: Literal["pad"],
    fill: _Fill = math.nan,
) -> tuple[torch.Tensor, torch.Tensor]: ...
def read_batch(
    paths: Source | Iterable[Source],
    *,
    hdu: Hdu | list[_Hdu] | None = None,
    section: Section | list[_Section] | None = None,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    out: torch.Tensor | None = None,
    ragged: Literal["error", "list", "pad"] = "error",
    fill: _Fill = math.nan,
) -> torch.Tensor | list[torch.Tensor] | tuple[torch.Tensor, torch.Tensor]:
    """Reads many images into one tensor; the engine's threads decode each straight into its place.

    What is given as a list belongs to the items one by one; lists are of one length. What is given once holds for all:
    one HDU of many files, many HDUs of one file (`read_batch("mef.fits", hdu=[1, 2, 3])`), or many sections of one.

    Args:
        paths: the files, at least one, as for `read_image`, but without brackets; one file if `hdu` or `section` is a
            list.
        hdu: as for `read_image`, or a list of these.
        section: as for `read_image`, or a list of these.
        dtype: as for `read_image`.
        device: as for `read_image`.
        out: a contiguous CPU tensor (pinned and shared memory too) of the right shape and dtype, filled in place.
            Its dtype is the `dtype` of the read. Its content is undefined after an error.
        ragged: what becomes of images of different shapes: "error" for a MismatchError, "list" for a tensor each, "pad"
            for one tensor in which each image stands at the start of its place.
        fill: with "pad", the elements that no image has. An integer dtype has no NaN and needs another number then.

    Returns:
        A tensor of shape (number of items, *shape of an image) that owns its memory; `out` if it was given.
        With `ragged="list"` a list of tensors, each of which owns its memory and has its own shape and dtype.
        With `ragged="pad"` a tensor of shape (number of items, *longest of each axis) and, int64, the shapes of the
        images (number of items, number of axes): `batch[i, :shapes[i, 0], :shapes[i, 1]]` is image i.

    Raises:
        MismatchError: if images differ in dtype, number of axes or, unless `ragged` allows it, shape from the first or
            from `out`; or if the dtype does not hold `fill`.
        FitsError: another of its subclasses, naming file, HDU and reason.
        TypeError: for arguments of a wrong type.
        ValueError: for arguments that make no sense.
    """
    if ragged not in ("error", "list", "pad"):
        raise ValueError(f"ragged must be 'error', 'list' or 'pad', not {ragged!r}")
    if out is not None:
        if ragged != "error":
            raise ValueError("out holds images of one shape: it does not go with ragged")
        require_fillable(out, dtype, device)
        dtype = out.dtype
    items = _engine.Items(*_items(paths, hdu, section), dtype=engine_dtype(dtype))
    if ragged == "list":
        images = _engine.read_each(items)
        return images if device is None else [image.to(device) for image in images]
    if ragged == "pad":
        batch, shapes = _engine.read_padded(items, fill_text(fill))
        return batch if device is None else batch.to(device), shapes
    batch = _engine.read_batch(items, out)
    return batch if out is not None or device is None else batch.to(device)


def read_cutouts(
    path: Source,
    boxes: Boxes,
    *,
    hdu: Hdu | None = None,
    fill: _Fill = math.nan,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """Reads many boxes of one image into one tensor; the file is opened once, and only the boxes' bytes are read.

    Args:
        path: as for `read_image`, perhaps with an HDU in brackets.
        boxes: at least one, all of one shape: tuples of slices in the order of the tensor's axes, pixels from 0, one
            slice for each axis; or integers (number of boxes, number of axes, 2), start and stop of each axis. A box
            may lie partly or wholly outside the image: a negative start is a pixel before the image, not one from its
            end. A slice without start or stop reaches to the image's edge.
        hdu: as for `read_image`.
        fill: what the pixels outside the image become. An integer dtype has no NaN and needs another number if there
            are any.
        dtype: as for `read_image`.
        device: as for `read_image`.
        out: as for `read_batch`.

    Returns:
        A tensor of shape (number of boxes, *shape of a box) that owns its memory; `out` if it was given.

    Raises:
        MismatchError: if the boxes differ in shape, if `out` has not shape and dtype of the result, or if the dtype
            does not hold `fill`.
        SectionError: if the boxes have not the number of axes of the image.
        FitsError: another of its subclasses, naming file, HDU and reason.
        TypeError: for arguments of a wrong type.
        ValueError: for arguments that make no sense.
    """
    name, chosen, part = locate(path, hdu)
    if part is not None:
        raise ValueError("read_cutouts takes boxes; the path cannot carry a section as well")
    if out is not None:
        require_fillable(out, dtype, device)
        dtype = out.dtype
    cutouts = _engine.read_cutouts(
        name, chosen, _bounds(boxes), fill=fill_text(fill), dtype=engine_dtype(dtype), out=out
    )
    return cutouts if out is not None or device is None else cutouts.to(device)


def _items(
    paths: Source | Iterable[Source], hdu: Hdu | list[_Hdu] | None, section: Section | list[_Section] | None
) -> tuple[list[str], list[_engine.Selector], list[str] | None]:
    one_path = is_source(paths)
    if one_path and not isinstance(hdu, list) and not isinstance(section, list):
        raise TypeError("read_batch takes several paths, HDUs or sections; read_image takes one of each")
    sources = cast("Iterable[Source]", [paths] if one_path else paths)
    names = [_engine.encode(source) for source in sources]
    hdus = [_FIRST_IMAGE] if hdu is None else [selector(one) for one in (hdu if isinstance(hdu, list) else [hdu])]
    sections = (
        None
        if section is None
        else [section_text(one) for one in (section if isinstance(section, list) else [section])]
    )
    lengths = {
        what: count
        for what, count, is_list in (
            ("paths", len(names), not one_path),
            ("hdu", len(hdus), isinstance(hdu, list)),
            ("section", len(sections or ()), isinstance(section, list)),
        )
        if is_list
    }
    if 0 in lengths.values():
        raise ValueError("read_batch needs at least one path, HDU and section")
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{count} in {what}" for what, count in lengths.items())
        raise ValueError(f"lists belong together one by one, but there are {told}")
    return names, hdus, sections


def _bounds(boxes: Boxes) -> torch.Tensor:
    """Boxes as the engine takes them: int64 (number of boxes, number of axes, 2), dense, on the CPU."""
    bounds = (
        _from_array(boxes) if isinstance(boxes, torch.Tensor) or hasattr(boxes, "__array__") else _from_slices(boxes)
    )
    if len(bounds) == 0:
        raise ValueError("read_cutouts needs at least one box")
    array = bounds.numpy()  # whose small operations take a quarter of torch's time
    backwards = array[:, :, 1] < array[:, :, 0]
    if backwards.any():
        raise ValueError(f"box {int(backwards.any(axis=1).argmax())} stops before it starts")
    return bounds


def _from_array(array: Any) -> torch.Tensor:  # noqa: ANN401 - a tensor, or an array that torch understands
    bounds = torch.as_tensor(array)
    if bounds.is_floating_point() or bounds.is_complex() or bounds.dtype == torch.bool:
        raise TypeError(f"boxes must be integers, not {bounds.dtype}")
    if bounds.ndim != 3 or bounds.shape[2] != 2 or bounds.shape[1] == 0:
        raise ValueError(f"boxes must be of shape (boxes, axes, 2), not {tuple(bounds.shape)}")
    bounds = bounds.to("cpu", torch.int64).contiguous()
    values = bounds.numpy()
    if values.size > 0 and (values.min() < -_BEYOND or values.max() > _BEYOND):
        raise ValueError("boxes reach beyond any image")
    return bounds


def _from_slices(boxes: Any) -> torch.Tensor:  # noqa: ANN401 - users without a type checker
    rows = [_box(box) for box in boxes]
    if not rows:
        return torch.empty(0, 1, 2, dtype=torch.int64)
    if len({len(row) for row in rows}) > 1:
        raise ValueError("boxes must have one number of axes")
    # From one flat list: torch takes three times as long for nested ones.
    flat = [bound for row in rows for bound in row]
    return torch.tensor(flat, dtype=torch.int64).reshape(len(rows), -1, 2)


def _box(box: tuple[slice, ...] | slice) -> list[int]:
    """Start and stop of each axis, one behind the other."""
    items = box if isinstance(box, tuple) else (box,)
    bounds: list[int] = []
    for item in items:
        if not isinstance(item, slice):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
            raise TypeError(f"a box is a tuple of slices, one for each axis, not {box!r}")
        if item.step is not None and operator.index(item.step) != 1:
            raise ValueError(f"a box has all pixels between its edges: its slices have step 1, not {item.step}")
        bounds.append(_bound(item.start, _FROM_FIRST))
        bounds.append(_bound(item.stop, _TO_LAST))
    if not bounds:
        raise ValueError("a box needs a slice for each axis")
    return bounds


def _bound(bound: SupportsIndex | None, absent: int) -> int:
    if bound is None:
        return absent
    number = operator.index(bound)
    if not -_BEYOND <= number <= _BEYOND:
        raise ValueError("boxes reach beyond any image")
    return number


def fill_text(fill: _Fill) -> str:
    """A number as Java reads it; an integer keeps all its digits."""
    if isinstance(fill, float):
        number = fill  # what nearly all are; the other questions take longer
    elif isinstance(fill, SupportsIndex):
        return str(operator.index(fill))
    elif isinstance(fill, SupportsFloat):  # pyright: ignore[reportUnnecessaryIsInstance]
        number = float(fill)
    else:
        raise TypeError(f"fill must be a number, not {fill!r}")
    if math.isnan(number):
        return "NaN"
    return repr(number) if math.isfinite(number) else "Infinity" if number > 0 else "-Infinity"
