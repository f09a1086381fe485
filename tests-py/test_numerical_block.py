"""Blocks of columns and their statistics, against numpy, on columns of all sorts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torchfits import _engine

ROWS = 300_001
LARGEST = float(np.finfo("f4").max)


def _random() -> np.random.Generator:
    return np.random.default_rng(11)


def _with(values: Any, **replaced: float) -> Any:
    """Random rows replaced: by NaN, or by others."""
    changed = values.copy()
    for number, part in replaced.items():
        changed[_random().random(len(values)) < part] = float(number.replace("minus_", "-"))
    return changed


def _columns(rows: int) -> dict[str, Any]:
    random = _random()
    normal = random.normal(0, 1, rows)
    return {
        "uniform": random.random(rows),
        "normal": normal,
        "far": 1e7 + np.round(normal),
        "log": 10 ** random.uniform(-37, 37, rows),
        "sorted": np.sort(normal),
        "reversed": np.sort(normal)[::-1].copy(),
        "constant": np.full(rows, -2.5),
        "two": np.where(random.random(rows) < 0.5, -1e30, 1e30),
        "clusters": np.where(random.random(rows) < 0.5, -1e30, 1e30) * (1 + np.arange(rows) % 1000 * 1e-6),
        "outlier": np.where(np.arange(rows) == rows // 3, 1e30, 1 + normal * 1e-3),
        "first outlier": np.where(np.arange(rows) % 1024 == 0, 1e10, 1 + normal * 1e-3),
        "periodic": (np.arange(rows) % 146).astype("f8"),
        "zeros": np.where(random.random(rows) < 0.5, -0.0, 0.0),
        "denormal": random.integers(-1000, 1000, rows) * 1e-45,
        "largest": np.where(random.random(rows) < 0.5, -LARGEST, LARGEST),
        "all bits": np.frombuffer(random.bytes(4 * rows), "f4").copy(),
        "many equal": _with(normal, **{"7": 0.6}),
        "some NaN": _with(normal, nan=0.1),
        "mostly NaN": _with(normal, nan=0.999),
        "infinities": _with(normal, inf=0.3, minus_inf=0.3),
        "no number": np.full(rows, np.nan),
        "int16": random.integers(-32768, 32768, rows).astype("i2"),
        "uint8": random.integers(0, 256, rows).astype("u1"),
        "int32": random.integers(-(2**24), 2**24 + 1, rows).astype("i4"),
        "int64": random.integers(-5, 6, rows),
    }


def _expected(values: Any) -> list[float]:
    """Count, mean, deviation and quantiles of what is finite as float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = values.astype("f4").astype("f8")
    finite = numbers[np.isfinite(numbers)]
    if finite.size == 0:
        return [0, *[np.nan] * 7]
    precise = finite.astype("longdouble")
    return [finite.size, float(precise.mean()), float(precise.std()), *np.quantile(finite, [0, 0.25, 0.5, 0.75, 1])]


def _assert_are_those_of(found: torch.Tensor, values: Any) -> None:
    expected = _expected(values)
    count, mean, deviation, *quantiles = found.tolist()
    assert count == expected[0]
    assert mean == pytest.approx(expected[1], rel=1e-12, abs=1e-12 * expected[2] if count else 0, nan_ok=True)
    assert deviation == pytest.approx(expected[2], rel=1e-12, abs=0, nan_ok=True)
    assert np.allclose(quantiles, expected[3:], rtol=1e-14, atol=0, equal_nan=True)


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 5, 10, 1023, 1025, 2049, 30_000, ROWS])
def test_numericalBlock_anyColumns_haveTheStatisticsOfNumpy(rows: int) -> None:
    columns = _columns(rows)
    tensors = [torch.from_numpy(values) for values in columns.values()]
    block, found = _engine.make_numerical_block(tensors, [None] * len(tensors))
    for place, values in enumerate(columns.values()):
        _assert_are_those_of(found[place], values)
        assert torch.equal(block[:, place].nan_to_num(-9), tensors[place].to(torch.float32).nan_to_num(-9))


def test_numericalBlock_oneColumn_hasTheStatisticsThatItHasAmongOthers() -> None:
    tensors = [torch.from_numpy(values) for values in _columns(ROWS).values()]
    _, together = _engine.make_numerical_block(tensors, [None] * len(tensors))
    alone = torch.stack([_engine.make_numerical_block([tensor], [None])[1][0] for tensor in tensors])
    ranks = [0, 3, 4, 5, 6, 7]
    assert torch.equal(alone[:, ranks].nan_to_num(-9), together[:, ranks].nan_to_num(-9))
    difference = (alone[:, 1:3] - together[:, 1:3]).abs() / together[:, 2:3]
    assert float(difference.nan_to_num(0).max()) < 1e-14


@pytest.mark.parametrize("repeat", range(5))
def test_numericalBlock_again_isTheSameToTheLastBit(repeat: int) -> None:
    tensors = [torch.from_numpy(values) for values in list(_columns(ROWS).values())[repeat::5]]
    _, first = _engine.make_numerical_block(tensors, [None] * len(tensors))
    _, second = _engine.make_numerical_block(tensors, [None] * len(tensors))
    assert first.view(torch.int64).tolist() == second.view(torch.int64).tolist()


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8"])
@pytest.mark.parametrize("null", [0, 7, 100, 2**40])
def test_numericalBlock_nullValue_isNoNumber(dtype: str, null: int) -> None:
    values = _random().integers(0, 120, 5000).astype(dtype)
    block, found = _engine.make_numerical_block([torch.from_numpy(values)], [null])
    expected = np.where(values == null, np.nan, values.astype("f4"))
    assert np.array_equal(block[:, 0].numpy(), expected.astype("f4"), equal_nan=True)
    _assert_are_those_of(found[0], expected)


@pytest.mark.parametrize("count", range(1, 10))
@pytest.mark.parametrize("rows", [1, 7, 1025, 20_000])
def test_numericalBlock_anyNumberOfColumns_areSideBySide(count: int, rows: int) -> None:
    random = _random()
    longs, reals = random.integers(-(2**40), 2**40, (count, rows)), random.normal(0, 1, (count, rows))
    columns = [longs[i] if i % 3 == 2 else reals[i] for i in range(count)]
    block, found = _engine.make_numerical_block([torch.from_numpy(each) for each in columns], [None] * count)
    assert np.array_equal(block.numpy(), np.stack(columns, 1, dtype="f4", casting="unsafe"))
    for number, values in enumerate(columns):
        _assert_are_those_of(found[number], values)


def test_numericalBlock_longs_areRoundedWhereverTheyNeedMoreThanAnInt() -> None:
    values = np.arange(-2000, 2000)
    ends = [-(2**63), 2**63 - 1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32, 2**53 + 1]
    values[100 : 100 + len(ends)] = ends
    block, _ = _engine.make_numerical_block([torch.from_numpy(values)], [None])
    assert np.array_equal(block[:, 0].numpy(), values.astype("f4"))
