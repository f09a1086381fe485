# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Columns of times, and the seven numbers that torch_frame keeps of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from torchfits import _arrow

if TYPE_CHECKING:
    from torchfits._columns import StringColumn

_UNIX_EPOCH_MJD = 40587
_MJD_EPOCH_JD = 2400000.5
_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000}
_YEARS = (np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us"))
_ISO = re.compile(rb"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d*)?)?)?")
_DAY = ("d", "day", "days")
_TOLD_TIME = re.compile(r"(H|B)?(MJD|JD)(?![A-Z])")


def iso_times(words: StringColumn) -> Any | None:  # noqa: ANN401
    """Times of numpy in microseconds; None if one of the strings is no date."""
    texts = np.array([word or b"NaT" for word in _arrow.to_binary(words).to_pylist()], dtype=bytes)
    known = texts != b"NaT"
    if not known.any() or not all(_ISO.fullmatch(text) for text in texts[known].tolist()):
        return None
    try:
        return texts.astype("U").astype("datetime64[us]")
    except ValueError:  # such as the 31st of February, or a leap second
        return None


def are_julian(name: str, unit: str, *, told: bool) -> bool:
    """Whether a column of numbers is one of Julian dates by its name and its unit; its numbers may say no.

    Args:
        name: of the column.
        unit: of the column.
        told: whether somebody said that they are times.
    """
    unit = unit.strip().lower()
    is_named = _TOLD_TIME.search(name.upper()) is not None
    return unit in ("mjd", "jd") or (is_named and (told or unit in _DAY))


def julian_times(dates: torch.Tensor, name: str, unit: str, *, told: bool) -> Any | None:  # noqa: ANN401
    """Likewise from Julian dates; None if the column is no such thing by its name, its unit and its numbers.

    Args:
        dates: floating-point numbers.
        name: of the column.
        unit: of the column.
        told: whether somebody said that they are times.
    """
    if not are_julian(name, unit, told=told):
        return None
    unit = unit.strip().lower()
    kind = _TOLD_TIME.search(name.upper())
    days: Any = dates.to(torch.float64).numpy()
    is_modified = unit == "mjd" or (unit != "jd" and kind is not None and kind.group().endswith("MJD"))
    with np.errstate(invalid="ignore"):
        micros = np.round((days - (0 if is_modified else _MJD_EPOCH_JD) - _UNIX_EPOCH_MJD) * _MICROSECONDS["d"])
    known = np.isfinite(micros)
    first, last = (int(year.astype(np.int64)) for year in _YEARS)
    if not known.any() or micros[known].min() < first or micros[known].max() > last:
        return None
    times: Any = np.full(len(micros), np.datetime64("NaT", "us"))
    times[known] = micros[known].astype(np.int64).astype("datetime64[us]")
    return times


def time_fields(times: Any) -> torch.Tensor:  # noqa: ANN401
    """torch_frame's seven numbers of each time."""
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = months.astype("datetime64[Y]")
    seconds = (times - days).astype("timedelta64[s]").astype(np.int64)
    fields: Any = np.stack(
        [
            years.astype(np.int64) + 1970,
            (months - years).astype(np.int64),
            (days - months).astype(np.int64),
            (days.astype(np.int64) + 3) % 7,  # the epoch was a Thursday
            seconds // 3600,
            seconds // 60 % 60,
            seconds % 60,
        ],
        axis=-1,
    )
    fields[np.isnat(times)] = -1
    return torch.from_numpy(fields)
