"""Images as tensors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from torchfits import _engine
from torchfits._location import Hdu, Section, locate
from torchfits._results import Device, engine_dtype

if TYPE_CHECKING:
    import torch

__all__ = ["read_image"]

Backend = Literal["auto", "cfitsio"]
Path = str | os.PathLike[str]


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
        name, selector, section=part, scaled=scale, dtype=engine_dtype(dtype), general=backend == "cfitsio"
    )
    return image if device is None else image.to(device)
