"""Lazy tables as JSON can hold them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, cast

import torch

from torchfits import _plan
from torchfits._sky import SkyMatch
from torchfits.data._specs import written
from torchfits.lazy import Table

_STEPS = {
    kind.__name__: kind
    for kind in (_plan.Read, _plan.Select, _plan.Filter, _plan.Take, _plan.Sort, _plan.Sample, _plan.Join, _plan.Group)
}


def table_to_spec(table: Table) -> dict[str, Any]:
    """The steps that lead to the rows of a table.

    Raises:
        InMemoryError: if rows come from bytes.
    """
    return _step_to_spec(table.plan)


def table_of(spec: Mapping[str, Any]) -> Table:
    """The table of `table_to_spec`.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    return Table(_step_of(spec))


def _step_to_spec(step: _plan.Step) -> dict[str, Any]:
    told = {field.name: _value_to_spec(getattr(step, field.name)) for field in fields(step) if field.name != "inputs"}
    if isinstance(step, _plan.Read):
        told["path"] = written(step.path)
    return {"step": type(step).__name__, "inputs": [_step_to_spec(one) for one in step.inputs], **told}


def _step_of(spec: Mapping[str, Any]) -> _plan.Step:
    kind = _STEPS.get(spec["step"])
    if kind is None:
        raise ValueError(f"tables have no step {spec['step']!r}")
    told = {name: _value_of(value) for name, value in spec.items() if name not in ("step", "inputs")}
    return kind(inputs=tuple(map(_step_of, spec["inputs"])), **told)


def _value_to_spec(value: Any) -> Any:  # noqa: ANN401 - of JSON
    """What JSON has no form for is a dict with one name, which says what it is."""
    if isinstance(value, slice):
        rows = cast("slice[Any, Any, Any]", value)
        return {"slice": [rows.start, rows.stop, rows.step]}
    if isinstance(value, torch.Tensor):
        numbers = value.to(torch.int64).tolist()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return {"mask" if value.dtype == torch.bool else "rows": cast("list[int]", numbers)}
    if isinstance(value, SkyMatch):
        return {"sky": asdict(value)}
    if isinstance(value, Mapping):
        return {"pairs": list(cast("Mapping[str, Any]", value).items())}
    return value


def _value_of(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return tuple(map(_value_of, cast("list[Any]", value)))
    if not isinstance(value, dict):
        return value
    ((name, told),) = cast("dict[str, Any]", value).items()
    if name == "slice":
        return slice(*told)
    if name in ("mask", "rows"):
        return torch.tensor(told, dtype=torch.bool if name == "mask" else torch.int64)
    if name == "sky":
        return SkyMatch(**{name: _value_of(part) for name, part in told.items()})
    if name == "pairs":
        return dict(_value_of(told))
    raise ValueError(f"steps of tables have no {name!r}")
