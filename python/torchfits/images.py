"""Images as tensors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import torch

from torchfits import _engine
from torchfits._location import Hdu, Section, locate

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_batch", "read_image"]

Backend = Literal["auto", "cfitsio"]
Path = str | os.PathLike[str]
Device = str | int | torch.device

_DTYPES = {
    torch.uint8: "UINT8",
    torch.int8: "INT8",
    torch.int16: "INT16",
    torch.uint16: "UINT16",
    torch.int32: "INT32",
    torch.uint32: "UINT32",
    torch.int64: "INT64",
    torch.uint64: "UINT64",
    torch.float16: "FLOAT16",
    torch.bfloat16: "BFLOAT16",
    torch.float32: "FLOAT32",
    torch.float64: "FLOAT64",
}
"""What pixels can be, and the engine's names for it."""


def read_image(
    path: Path,
    *,
    hdu: Hdu | None = None,
    section: Section | None = None,
    scale: bool = True,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    backend: Backend = "auto",
) -> torch.Tensor:
    """Reads one image.

    Without `dtype` the result is exact: BITPIX 8, 16, 32, 64, -32 and -64 give uint8, int16, int32, int64, float32 and
    float64; the conventions for unsigned and signed bytes (FITS 4.0, table 11) give uint16, uint32, uint64 and int8;
    any other BSCALE or BZERO gives float32 for BITPIX 8, 16 and -32 and float64 for the others, with BLANK as NaN.
    Random groups give the arrays of all groups; `HDU.parameters` has the rest of them.

    Args:
        path: the file; a str may carry an HDU and a section in CFITSIO's syntax, `img.fits[SCI,1][101:200,1:50:2,-*]`:
            the fastest axis first, pixels from 1, both ends in, `-*` or a first pixel behind the last one to flip an
            axis.
        hdu: a number from 0, a name, or (name, version); None for the first HDU with an image.
        section: slices (with steps from 1), integers and an ellipsis in the order of the tensor's axes, pixels from 0,
            as torch would index; only the bytes of the section are read.
        scale: False for the stored values, without BSCALE, BZERO and BLANK.
        dtype: of the result; the values are converted as they are read. To a floating one they are rounded as torch
            rounds (to float16 and bfloat16 by way of float32), and pixels that are BLANK become NaN. To an integer
            one every value of the exact dtype must be an integer that it holds, or none is delivered.
        device: where the result shall be; None for the CPU.
        backend: "cfitsio" to read by cfitsio even where the engine has a faster path of its own; the results are equal.

    Returns:
        A tensor of shape (NAXISn, ..., NAXIS1), for random groups (GCOUNT, NAXISn, ..., NAXIS2), or that of the
        section, in native byte order, which owns its memory.

    Raises:
        ValueRangeError: if an integer `dtype` does not hold a value; it names the pixel.
        FitsError: another of its subclasses, naming file, HDU and reason.
        TypeError: for arguments of a wrong type.
        ValueError: for arguments that make no sense.
    """
    if backend not in ("auto", "cfitsio"):
        raise ValueError(f"backend must be 'auto' or 'cfitsio', not {backend!r}")
    name, selector, part = locate(path, hdu, section)
    image = _engine.read_image(
        name, selector, section=part, scaled=scale, dtype=_name(dtype), general=backend == "cfitsio"
    )
    return image if device is None else image.to(device)


def read_batch(
    paths: Iterable[Path],
    *,
    hdu: Hdu | None = None,
    section: Section | None = None,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """Reads the same HDU of many files into one tensor; the engine's threads decode each image straight into its place.

    Args:
        paths: the files, at least one, as for `read_image`, but without brackets. Their images have the same shape and,
            unless `dtype` says one, the same exact dtype.
        hdu: as for `read_image`.
        section: as for `read_image`.
        dtype: as for `read_image`.
        device: as for `read_image`.
        out: a contiguous CPU tensor (pinned and shared memory too) of the right shape and dtype, filled in place.
            Its dtype is the `dtype` of the read. Its content is undefined after an error.

    Returns:
        A tensor of shape (number of files, *shape of an image) that owns its memory; `out` if it was given.

    Raises:
        MismatchError: if images differ in shape or dtype from the first or from `out`.
        ValueRangeError: if an integer `dtype` does not hold a value; it names file and pixel.
        FitsError: another of its subclasses, naming file, HDU and reason.
        TypeError: for arguments of a wrong type.
        ValueError: for arguments that make no sense.
    """
    encoded = [_engine.encode(path) for path in _require_several(paths)]
    if not encoded:
        raise ValueError("read_batch needs at least one path")
    if out is not None:
        _require_fillable(out, dtype, device)
        dtype = out.dtype
    _, selector, part = locate("", hdu, section)
    batch = _engine.read_batch(encoded, selector, section=part, scaled=True, dtype=_name(dtype), out=out)
    return batch if out is not None or device is None else batch.to(device)


def _require_several(paths: Iterable[Path]) -> Iterable[Path]:
    if isinstance(paths, str | os.PathLike):
        raise TypeError("read_batch takes several paths; read_image takes one")
    return paths


def _require_fillable(out: torch.Tensor, dtype: torch.dtype | None, device: Device | None) -> None:
    if dtype is not None and dtype != out.dtype:
        raise ValueError(f"dtype is {dtype}, but out is {out.dtype}")
    if device is not None and torch.device(device) != out.device:
        raise ValueError(f"device is {device}, but out is on {out.device}")
    if out.device.type != "cpu" or not out.is_contiguous():
        raise ValueError("out must be a contiguous tensor on the CPU")


def _name(dtype: torch.dtype | None) -> str | None:
    if dtype is None:
        return None
    if not isinstance(dtype, torch.dtype):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"dtype must be a torch.dtype, not {dtype!r}")
    if dtype not in _DTYPES:
        raise ValueError(f"pixels cannot be {dtype}")
    return _DTYPES[dtype]
