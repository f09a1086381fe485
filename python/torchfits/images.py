"""Images as tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from torchfits import _engine, _staging
from torchfits._location import Hdu, Section, locate
from torchfits._results import Device, engine_dtype

if TYPE_CHECKING:
    from torchfits._memory import Source

__all__ = ["read_image"]

Backend = Literal["auto", "cfitsio"]


def read_image(
    path: Source,
    *,
    hdu: Hdu | None = None,
    section: Section | None = None,
    scale: bool = True,
    dtype: torch.dtype | None = None,
    device: Device | None = None,
    backend: Backend = "auto",
    offset: float | torch.Tensor | None = None,
    gain: float | torch.Tensor | None = None,
) -> torch.Tensor:
    """Reads one image.

    Without `dtype` the result is exact: BITPIX 8, 16, 32, 64, -32 and -64 give uint8, int16, int32, int64, float32 and
    float64; the conventions for unsigned and signed bytes (FITS 4.0, table 11) give uint16, uint32, uint64 and int8;
    any other BSCALE or BZERO gives float32 for BITPIX 8, 16 and -32 and float64 for the others, with BLANK as NaN.
    Random groups give the arrays of all groups; `HDU.parameters` has the rest of them.

    Args:
        path: the file; a str may carry an HDU and a section in CFITSIO's syntax, `img.fits[SCI,1][101:200,1:50:2,-*]`:
            the fastest axis first, pixels from 1, both ends in, `-*` or a first pixel behind the last one to flip an
            axis. Also bytes in memory (`bytes`, a contiguous buffer of bytes, a tensor of uint8), which are read where
            they are, or a binary file object, of which all bytes from its position on are read into memory.
        hdu: a number from 0, a name, or (name, version); None for the first HDU with an image.
        section: slices (with steps from 1), integers and an ellipsis in the order of the tensor's axes, pixels from 0,
            as torch would index; only the bytes of the section are read.
        scale: False for the stored values, without BSCALE, BZERO and BLANK.
        dtype: of the result; the values are converted as they are read. To a floating one they are rounded as torch
            rounds (to float16 and bfloat16 by way of float32), and pixels that are BLANK become NaN. To an integer
            one every value of the exact dtype must be an integer that it holds, or none is delivered.
        device: where the result shall be; None for the CPU. To a CUDA device an image that is not compressed crosses
            as it is stored, by way of pinned memory, and is decoded there.
        backend: "cfitsio" to read by cfitsio even where the engine has a faster path of its own; the results are equal.
            It needs a file: of bytes in memory it gets a copy, beyond 128 MiB on disk.
        offset: subtracted from the pixels in float32, as a dark frame is: a number, or a contiguous float32 tensor on
            the CPU of the shape of the result (with `section`, that of the section).
        gain: factors of the pixels after that, as the inverse of a flat field is; likewise. With `offset` or `gain`
            the result is `(value - offset) * gain` in float32, rounded once to `dtype`: float32 if None, else float16
            or bfloat16.

    Returns:
        A tensor of shape (NAXISn, ..., NAXIS1), for random groups (GCOUNT, NAXISn, ..., NAXIS2), or that of the
        section, in native byte order, which owns its memory.

    Raises:
        ValueRangeError: if an integer `dtype` does not hold a value; it names the pixel.
        MismatchError: if `offset` or `gain` is not of the shape of the result.
        FitsError: another of its subclasses, naming file, HDU and reason.
        TypeError: for arguments of a wrong type.
        ValueError: for arguments that make no sense.
    """
    if backend not in ("auto", "cfitsio"):
        raise ValueError(f"backend must be 'auto' or 'cfitsio', not {backend!r}")
    name, selector, part = locate(path, hdu, section)
    if offset is not None or gain is not None:
        image = _engine.read_calibrated(
            name,
            selector,
            section=part,
            scaled=scale,
            dtype=_calibrated_name(dtype),
            general=backend == "cfitsio",
            offset=_calibration("offset", offset, 0.0),
            gain=_calibration("gain", gain, 1.0),
        )
        return image if device is None else image.to(device)
    if device is not None and torch.device(device).type == "cuda" and backend == "auto":
        engine_dtype(dtype)  # refuses what pixels cannot be
        staged = _staging.read_to_device(
            name, selector, section=part, scaled=scale, dtype=dtype, device=torch.device(device)
        )
        if staged is not None:
            return staged
    image = _engine.read_image(
        name, selector, section=part, scaled=scale, dtype=engine_dtype(dtype), general=backend == "cfitsio"
    )
    return image if device is None else image.to(device)


def _calibrated_name(dtype: torch.dtype | None) -> str:
    name = "FLOAT32" if dtype is None else engine_dtype(dtype)
    if name not in ("FLOAT32", "FLOAT16", "BFLOAT16"):
        raise ValueError(f"with offset or gain dtype must be float32, float16 or bfloat16, not {dtype}")
    return name


def _calibration(name: str, value: float | torch.Tensor | None, neutral: float) -> float | torch.Tensor:
    if value is None:
        return neutral
    if isinstance(value, torch.Tensor):
        if value.dtype != torch.float32 or value.device.type != "cpu" or not value.is_contiguous():
            raise ValueError(f"{name} must be a contiguous tensor of float32 on the CPU")
        return value.detach()
    if isinstance(value, bool) or not isinstance(value, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a number or a tensor, not {type(value).__name__}")
    return float(value)
