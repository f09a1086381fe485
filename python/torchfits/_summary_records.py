"""Summaries as JSON can hold them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from torchfits._sketch import Sketch
from torchfits._summaries import BandSummary, CategorySummary, NumberSummary, Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
"""Floats that JSON has no numbers for."""

_FLOATS = ("weight", "mean", "rest", "m2", "min", "max")


def to_record(summary: Summary) -> dict[str, Any]:
    """What a summary holds, all digits."""
    if isinstance(summary, BandSummary):
        return {"kind": "bands", "axis": summary.axis, "bands": [to_record(band) for band in summary.bands]}
    if isinstance(summary, NumberSummary):
        numbers = {name: _encoded(value) for name, value in vars(summary).items() if name != "sketch"}
        return {"kind": "numbers", **numbers, "sketch": summary.sketch.to_list()}
    return {
        "kind": "categories",
        **vars(summary),
        "counts": None if summary.counts is None else [list(counted) for counted in summary.counts.items()],
        "times": None if summary.times is None else to_record(summary.times),
    }


def _encoded(value: Any) -> Any:  # noqa: ANN401 - of any attribute
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def from_record(record: Any) -> Summary:  # noqa: ANN401 - of JSON
    """The summary of `to_record`.

    Raises:
        ValueError: if it is none.
    """
    try:
        return _summary(record)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no summary: {error!r}") from error


def _summary(record: Mapping[str, Any]) -> Summary:
    rest = {name: value for name, value in record.items() if name != "kind"}
    match record["kind"]:
        case "numbers":
            return _numbers(rest)
        case "categories":
            return _categories(rest)
        case "bands":
            return BandSummary(tuple(_numbers(band) for band in rest["bands"]), rest["axis"])
        case kind:
            raise ValueError(f"no kind of summary is called {kind!r}")


def _numbers(record: Mapping[str, Any]) -> NumberSummary:
    told = {name: value for name, value in record.items() if name not in ("kind", "sketch")}
    told.update({name: _WORDS.get(told[name], told[name]) for name in _FLOATS})
    summary = NumberSummary(**told, sketch=Sketch.from_list(record["sketch"]))
    if summary.sketch.count() != summary.count:
        raise ValueError(f"a sketch of {summary.sketch.count()} values in a summary of {summary.count}")
    return summary


def _categories(record: Mapping[str, Any]) -> CategorySummary:
    counts = None if record["counts"] is None else {value: int(count) for value, count in record["counts"]}
    if counts is not None and sum(counts.values()) != record["count"]:
        raise ValueError(f"counts of {sum(counts.values())} values in a summary of {record['count']}")
    times = None if record["times"] is None else _numbers(record["times"])
    return CategorySummary(record["count"], record["nulls"], counts, times, record["per_row"])
