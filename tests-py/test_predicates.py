"""Conditions on rows: what they select, against numpy on the columns that astropy reads, and against fitsio."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import fitsio
import numpy as np
import pytest
import torch
import torchfits
from _realdata import shipped_files
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchfits._columns import ColumnInfo
from torchfits._conditions import find_held_rows
from torchfits._sources import Held
from torchfits.tables import describe_table, find_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 5000


def selected(path: Path, where: str, *, in_memory: bool = True, **options: Any) -> list[int]:
    """Numbers of the rows, from a column that holds them.

    Args:
        path: of the file.
        where: the condition.
        in_memory: whether the same rows must be found among the columns once they are read.
        options: of `read_columns`.
    """
    column = torchfits.read_columns(path, ["N"], where=where, **options)["N"]
    assert isinstance(column, torch.Tensor)
    if in_memory and not options:
        held = held_table(path).filter(where, "memory").read(["N"])["N"]
        assert isinstance(held, torch.Tensor)
        assert held.tolist() == column.tolist()
        assert torch.equal(torchfits.read_columns(path, ["N"], rows=find_rows(path, where))["N"], column)  # type: ignore[arg-type]
    return column.tolist()


def held_table(path: Path) -> Held:
    schema = {info.name: info for info in describe_table(path).columns}
    return Held(torchfits.read_columns(path), schema, schema)


def rows(mask: Any) -> list[int]:
    return np.flatnonzero(np.asarray(mask)).tolist()


def catalog(count: int) -> np.ndarray:
    random = np.random.default_rng(count)
    table = np.zeros(
        count,
        dtype=[
            ("N", ">i4"),
            ("B", "u1"),
            ("I", ">i2"),
            ("J", ">i4"),
            ("K", ">i8"),
            ("E", ">f4"),
            ("D", ">f8"),
            ("NAME", "S6"),
            ("OTHER", "S4"),
        ],
    )
    table["N"] = np.arange(count)
    for name, low, high in (("B", 0, 256), ("I", -99, 99), ("J", -(2**31), 2**31), ("K", -(2**62), 2**62)):
        table[name] = random.integers(low, high, count)
    table["E"] = random.normal(size=count)
    table["D"] = random.normal(size=count)
    table["E"][::7] = np.nan
    table["D"][::11] = np.nan
    table["D"][5::90] = np.inf
    table["NAME"] = random.choice(np.array([b"STAR", b"QSO", b"", b"M 31", b"GALAXY", b"St"]), count)
    table["OTHER"] = random.choice(np.array([b"STAR", b"QSO", b"M 3", b"zz"]), count)
    return table


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("predicates") / "table.fits"
    hdu = fits.BinTableHDU(catalog(ROWS), name="EVENTS")
    hdu.header["TNULL3"] = 13
    hdu.writeto(path)
    return path


@pytest.fixture(scope="module")
def data(table: Path) -> np.ndarray:
    return np.asarray(fits.getdata(table, 1))


CONDITIONS = {
    "E < 0.5": lambda d: d["E"] < 0.5,
    "E <= 0.5": lambda d: d["E"] <= 0.5,
    "E > 0.5": lambda d: d["E"] > 0.5,
    "0.5 < E": lambda d: d["E"] > 0.5,
    "E >= -.5e0": lambda d: d["E"] >= -0.5,
    "D == inf": lambda d: d["D"] == np.inf,
    "D < inf": lambda d: d["D"] < np.inf,
    "D > 1.": lambda d: d["D"] > 1,
    "not D > 1": lambda d: d["D"] <= 1,
    "D != inf": lambda d: (d["D"] != np.inf) & ~np.isnan(d["D"]),
    "-1 < E < D": lambda d: (d["E"] > -1) & (d["E"] < d["D"]),
    "1 > E > -1 != 2": lambda d: (d["E"] > -1) & (d["E"] < 1),
    "D between -0.25 and 0.25": lambda d: np.abs(d["D"]) <= 0.25,
    "D not between -0.25 and 0.25": lambda d: np.abs(d["D"]) > 0.25,
    "E is null": lambda d: np.isnan(d["E"]),
    "E is not null": lambda d: ~np.isnan(d["E"]),
    "E = nan or E != nan": lambda _: np.zeros(ROWS, bool),
    "isnan(D)": lambda d: np.isnan(d["D"]),
    "isfinite(D)": lambda d: np.isfinite(d["D"]),
    "B = 7": lambda d: d["B"] == 7,
    "B > 100.5": lambda d: d["B"] > 100,
    "B >= 0x80": lambda d: d["B"] >= 128,
    "B in (1, 2.0, 2.5, 300, -1, 1e99, 255)": lambda d: np.isin(d["B"], [1, 2, 255]),
    "B not in (1, 2)": lambda d: ~np.isin(d["B"], [1, 2]),
    "B in (1, null)": lambda d: d["B"] == 1,
    "B not in (1, null)": lambda _: np.zeros(ROWS, bool),
    "B & 6 != 0": lambda d: d["B"] & 6 != 0,
    "B & 6 | 1 = 3": lambda d: (d["B"].astype(int) & 6 | 1) == 3,
    "~B < -200": lambda d: ~d["B"].astype(int) < -200,
    "J < 2147483648": lambda _: np.ones(ROWS, bool),
    "J > K": lambda d: d["J"] > d["K"],
    "K < 4611686018427387903 and K > -4611686018427387905": lambda d: d["K"] < 2**62 - 1,
    "J * 2 + 1 > 2147483647": lambda d: d["J"].astype("i8") * 2 + 1 > 2**31 - 1,
    "J % 7 = 3": lambda d: d["J"] % 7 == 3,
    "J % -7 = -3": lambda d: d["J"] % -7 == -3,
    "J / 2 = 0.5": lambda d: d["J"] / 2 == 0.5,
    "B % 0 = 0 or B % 0 != 0": lambda _: np.zeros(ROWS, bool),
    "E % 0.3 < 0.1": lambda d: d["E"].astype("f8") % 0.3 < 0.1,
    "E ** 2 + D ** 2 < 1": lambda d: d["E"].astype("f8") ** 2 + d["D"] ** 2 < 1,
    "-2 ** 2 = -4 and 2 ** 3 ** 2 = 512": lambda _: np.ones(ROWS, bool),
    "sqrt(abs(E)) > 1": lambda d: np.sqrt(np.abs(d["E"].astype("f8"))) > 1,
    "SIN(D) > cos(E)": lambda d: (
        np.sin(d["D"], where=np.isfinite(d["D"]), out=np.full(ROWS, np.nan)) > np.cos(d["E"].astype("f8"))
    ),
    "exp(E) > 2 and log(D) < 0 and log10(D) > -1": lambda d: (
        (d["E"].astype("f8") > np.log(2)) & (d["D"] > 0.1) & (d["D"] < 1)
    ),
    "atan2(D, E) > pi / 2": lambda d: np.arctan2(d["D"], d["E"].astype("f8")) > np.pi / 2,
    "floor(D) = -1 or ceil(D) = 2 or round(D) = 0": lambda d: (
        (np.floor(d["D"]) == -1) | (np.ceil(d["D"]) == 2) | (np.rint(d["D"]) == 0)
    ),
    "min(E, D) > 0.1": lambda d: np.minimum(d["E"].astype("f8"), d["D"]) > 0.1,
    "max(B, I, 3) = 3": lambda d: (np.maximum(d["B"], d["I"]) <= 3) & (d["I"] != 13),
    "I = 13 or I != 13": lambda d: d["I"] != 13,
    "I is null": lambda d: d["I"] == 13,
    "isnull(I + B)": lambda d: d["I"] == 13,
    "not (I > 0)": lambda d: (d["I"] <= 0) & (d["I"] != 13),
    "I > 0 or E < 0": lambda d: ((d["I"] > 0) & (d["I"] != 13)) | (d["E"] < 0),
    "not (I > 0 and E < 0)": lambda d: ((d["I"] <= 0) & (d["I"] != 13)) | (d["E"] >= 0),
    "(I > 0 and E < 0) is null": lambda d: (
        ((d["I"] == 13) & ~(d["E"] >= 0)) | (np.isnan(d["E"]) & ~((d["I"] <= 0) & (d["I"] != 13)))
    ),
    "(E > 0) = (D > 0)": lambda d: ((d["E"] > 0) == (d["D"] > 0)) & ~np.isnan(d["E"]) & ~np.isnan(d["D"]),
    "(E > 0) & (D > 0) | ~(B < 200)": lambda d: ((d["E"] > 0) & (d["D"] > 0)) | (d["B"] >= 200),
    "E > 0 && !(D > 0) || B == 3": lambda d: ((d["E"] > 0) & (d["D"] <= 0)) | (d["B"] == 3),
    "NAME = 'STAR'": lambda d: d["NAME"] == b"STAR",
    'NAME == "M 31"': lambda d: d["NAME"] == b"M 31",
    "NAME <> 'STAR  '": lambda d: d["NAME"] != b"STAR",
    "NAME = ''": lambda d: d["NAME"] == b"",
    "NAME is null": lambda d: d["NAME"] == b"",
    "NAME < 'QSO'": lambda d: d["NAME"] < b"QSO",
    "'QSO' < NAME": lambda d: d["NAME"] > b"QSO",
    "NAME between 'M' and 'R'": lambda d: (d["NAME"] >= b"M") & (d["NAME"] <= b"R"),
    "NAME = OTHER": lambda d: d["NAME"] == d["OTHER"],
    "NAME > OTHER": lambda d: d["NAME"] > d["OTHER"],
    "NAME in ('STAR', \"QSO\", 'longer than the field', '')": lambda d: np.isin(d["NAME"], [b"STAR", b"QSO", b""]),
    "NAME not in ('STAR')": lambda d: d["NAME"] != b"STAR",
    "NAME like 'S%'": lambda d: np.char.startswith(d["NAME"], b"S"),
    "NAME like '_T%'": lambda d: np.isin(d["NAME"], [b"STAR"]),
    "NAME not like '%A%'": lambda d: np.char.find(d["NAME"], b"A") < 0,
    "startswith(NAME, 'St')": lambda d: d["NAME"] == b"St",
    "endswith(NAME, 'R')": lambda d: d["NAME"] == b"STAR",
    "contains(NAME, ' ')": lambda d: d["NAME"] == b"M 31",
    "true": lambda _: np.ones(ROWS, bool),
    "1 = 2 or false": lambda _: np.zeros(ROWS, bool),
    "n = 17": lambda d: d["N"] == 17,
    "`N` = 17": lambda d: d["N"] == 17,
}


@pytest.mark.parametrize("where", CONDITIONS)
def test_condition_any_selectsAsNumpy(table: Path, data: np.ndarray, where: str) -> None:
    with np.errstate(all="ignore"):
        expected = rows(CONDITIONS[where](data))
    assert selected(table, where) == expected


def test_condition_ofManyRowsInMemory_selectsAsNumpy() -> None:
    count = 200_001
    random = np.random.default_rng(1)
    columns: dict[str, Any] = {
        "S": random.integers(-128, 128, count).astype("i1"),
        "H": random.integers(0, 2**16, count).astype("u2"),
        "J": random.integers(0, 2**32, count).astype("u4"),
        "U": random.integers(0, 2**64, count, dtype="u8"),
        "E": random.normal(size=count).astype("f4"),
        "L": random.random(count) < 0.5,
    }
    held = of_memory(
        {name: torch.from_numpy(column) for name, column in columns.items()}, null={"U": 2**63 + 5, "S": 3}
    )
    columns["U"][::3] = 2**63 + 5
    s, h, j, u, e, logical = columns.values()
    for where, mask in {
        "S < 0 and L": (s < 0) & logical,
        "H > 40000 or not L": (h > 40000) | ~logical,
        "J > 3000000000 and E > 0.5": (j > 3 * 10**9) & (e > 0.5),
        "U > 9223372036854775813": u > 2**63 + 5,
        "U is null": u == 2**63 + 5,
        "S is null": s == 3,
        "not S > 0": (s <= 0) & (s != 3),
    }.items():
        assert held(where) == rows(mask), where
    assert held("true") == list(range(count))
    assert held("false") == []


def of_memory(columns: dict[str, Any], null: dict[str, int]) -> Callable[[str], list[int]]:
    """What finds rows among tensors of one axis and strings."""
    infos = describe_memory(columns, null)
    length = len(next(iter(columns.values())))
    return lambda where: find_held_rows(
        where, infos, length, lambda names: {name: columns[name] for name in names}, place="memory"
    ).tolist()


def describe_memory(columns: dict[str, Any], null: dict[str, int]) -> dict[str, ColumnInfo]:
    return {
        name: ColumnInfo(
            name=name,
            form="",
            offset=0,
            kind="TENSOR" if isinstance(data, torch.Tensor) else "STRINGS",
            dtype=data.dtype if isinstance(data, torch.Tensor) else torch.uint8,
            shape=(),
            unit="",
            display="",
            null=null.get(name),
            dim=(),
            scale=1.0,
            zero=0.0,
            problem=None,
        )
        for name, data in columns.items()
    }


def strings(words: list[bytes]) -> torchfits.StringColumn:
    ends = np.cumsum([0, *map(len, words)])
    return torchfits.StringColumn(torch.tensor(list(b"".join(words)), dtype=torch.uint8), torch.from_numpy(ends))


def test_texts_ofAnyLengthInMemory_compare() -> None:
    words = [b"x" * length for length in (0, 3, 700_000, 1, 900_000, 0, 400_000)] * 5 + [b"abc"] * 3000
    held = of_memory({"A": strings(words)}, {})
    assert held("A like '%xx'") == [row for row, word in enumerate(words) if word.endswith(b"xx")]
    assert held("A = 'abc' or A is null") == [row for row, word in enumerate(words) if word in (b"abc", b"")]
    assert held("A > 'xxxx'") == [row for row, word in enumerate(words) if word > b"xxxx"]
    assert held("A = A") == list(range(len(words)))
    with pytest.raises(torchfits.UnsupportedFitsError, match="memory: column 1 'A', row 1: a text of 17000000 bytes"):
        of_memory({"A": strings([b"ab", b"x" * 17_000_000])}, {})("A = 'ab'")


@pytest.mark.parametrize(
    "where",
    [
        "E < 0.5",
        "D < 0.5 && B < 100",
        "B % 7 == 3",
        "NAME == 'STAR'",
        "sqrt(B) > 10 || K < 0",
        "B != 7",
        "sin(E) > 0.5",
        "(J > K) && (D <= 0)",
    ],
)
def test_condition_ofBothLanguages_selectsAsFitsio(table: Path, where: str) -> None:
    with fitsio.FITS(str(table)) as file:
        assert selected(table, where) == file[1].where(where).tolist()


def test_where_withRowsAndColumns_filtersTheRows(table: Path, data: np.ndarray) -> None:
    mask = data["E"] > 0
    back = list(range(ROWS - 1, -1, -3))
    assert selected(table, "E > 0", rows=slice(None, None, -3)) == [row for row in back if mask[row]]
    numbers = [7, 4999, -1, 8, 7, 0, 2500]
    assert selected(table, "E > 0", rows=numbers) == [row % ROWS for row in numbers if mask[row]]
    assert selected(table, "E > 0", rows=data["D"] > 1) == rows(mask & (data["D"] > 1))
    assert selected(table, "E > 0", rows=[]) == []
    read = torchfits.read_columns(table, ["NAME", "D"], where="E > 0")
    assert list(read) == ["NAME", "D"]
    names = read["NAME"]
    assert isinstance(names, torchfits.StringColumn)
    assert names.to_list() == [name.decode() for name in data["NAME"][mask]]
    assert np.array_equal(np.asarray(read["D"]), data["D"][mask].astype("f8"), equal_nan=True)


def test_integers_beyond2To53_compareExactly(tmp_path: Path) -> None:
    big = 2**63
    signed = np.array([2**53, 2**53 + 1, -(2**63), 2**63 - 1, 0, -1])
    unsigned = np.array([2**53, 2**53 + 1, 0, 2**64 - 1, big, big - 1], dtype="u8")
    real = np.array([2.0**53, 2.0**53, -(2.0**63), 2.0**63, -0.5, np.nan])
    small = np.array([0, 65535, 40000, 1, 2, 3], dtype="u2")
    path = tmp_path / "integers.fits"
    columns = [
        fits.Column("N", "J", array=np.arange(6)),
        fits.Column("K", "K", array=signed),
        fits.Column("U", "K", bzero=big, array=unsigned),
        fits.Column("D", "D", array=real),
        fits.Column("H", "I", bzero=2**15, array=small),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    k, u, h = signed.tolist(), unsigned.tolist(), small.tolist()
    d = [None if math.isnan(value) else Fraction(value) for value in real.tolist()]
    constants = ["9007199254740993", "9007199254740992.5", "-9223372036854775808", "18446744073709551615", "1e300"]
    constants += ["9223372036854775807", "9223372036854775808", "-1e300", "-0.5", "-inf", "inf", "40000", "0x8000"]
    exact = {c: Fraction(float(c) if "." in c or "e" in c else int(c, 0)) for c in constants if "inf" not in c}
    exact |= {"-inf": Fraction(-(10**400)), "inf": Fraction(10**400)}
    operators = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        "=": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        ">=": lambda a, b: a >= b,
        ">": lambda a, b: a > b,
    }
    for symbol, holds in operators.items():
        for constant, value in exact.items():
            for name, values in (("K", k), ("U", u), ("H", h), ("D", d)):
                expected = [i for i, v in enumerate(values) if v is not None and holds(v, value)]
                assert selected(path, f"{name} {symbol} {constant}") == expected, (name, symbol, constant)
                assert selected(path, f"not {constant} {symbol} {name}") == [
                    i for i, v in enumerate(values) if v is not None and not holds(value, v)
                ]
        for first, left in (("K", k), ("U", u), ("D", d), ("H", h)):
            for second, right in (("K", k), ("U", u), ("D", d)):
                pairs = enumerate(zip(left, right, strict=True))
                expected = [i for i, (a, b) in pairs if a is not None and b is not None and holds(a, b)]
                assert selected(path, f"{first} {symbol} {second}") == expected, (first, symbol, second)
    assert selected(path, "U in (18446744073709551615, 9223372036854775807)") == [3, 5]
    assert selected(path, "D in (9007199254740993, 9007199254740992)") == [0, 1]


def test_arithmetic_beyond64Bits_isAnErrorThatNamesTheRow(tmp_path: Path) -> None:
    path = tmp_path / "large.fits"
    values = np.array([1, 2**62, 2**63 - 1, -(2**63)])
    fits.BinTableHDU.from_columns([fits.Column("K", "K", array=values)]).writeto(path)
    cases = {"K + K > 0": 1, "2 * K > 0": 1, "K - 1 < 0": 3, "-K < 0": 3, "abs(K) = 1": 3, "K + 1 > 0": 2}
    for where, row in cases.items():
        with pytest.raises(torchfits.ValueRangeError, match=rf"row {row}: .* exceeds 64 bits"):
            torchfits.read_columns(path, where=where)
        with pytest.raises(torchfits.ValueRangeError, match=rf"^memory: row {row}: .* exceeds 64 bits"):
            held_table(path).filter(where, "memory")
    assert len(torchfits.read_columns(path, where="K + 0.5 > 0")["K"]) == 3


LOGICAL = b"TFTF\0 TT1F"


def test_logicalAndBits_nullIsUnknown(tmp_path: Path) -> None:
    path = tmp_path / "logical.fits"
    columns = [fits.Column("N", "J", array=np.arange(10)), fits.Column("L", "L", array=np.zeros(10, bool))]
    columns += [fits.Column("X", "1X", array=(np.arange(10) % 3 == 0)[:, None])]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    with path.open("r+b") as file:
        for row, letter in enumerate(LOGICAL):
            file.seek(2 * 2880 + row * 6 + 4)
            file.write(bytes([letter]))
    read = np.asarray(torchfits.read_columns(path)["L"]).tolist()
    assert selected(path, "L") == [row for row, value in enumerate(read) if value] == [0, 2, 6, 7]
    assert selected(path, "not L", in_memory=False) == [1, 3, 5, 8, 9]
    assert selected(path, "L is null", in_memory=False) == [4]
    assert selected(path, "L = false", in_memory=False) == [1, 3, 5, 8, 9]
    assert selected(path, "L != true or X", in_memory=False) == [0, 1, 3, 5, 6, 8, 9]
    assert selected(path, "X") == [0, 3, 6, 9]
    # What was read has two truth values.
    held = held_table(path)
    assert held.filter("not L", "memory").read(["N"])["N"].tolist() == [1, 3, 4, 5, 8, 9]  # type: ignore[union-attr]
    assert held.filter("L is null", "memory").count() == 0


def test_scaledColumns_areComparedAsTheyAreRead(tmp_path: Path) -> None:
    path = tmp_path / "scaled.fits"
    stored = np.arange(-50, 50, dtype=">i2")
    records = np.zeros(100, dtype=[("N", ">i4"), ("S", ">i2"), ("F", ">f4")])
    records["N"], records["S"], records["F"] = np.arange(100), stored, stored
    hdu = fits.BinTableHDU(records)
    hdu.header.update({"TSCAL2": 0.1, "TZERO2": 3.0, "TNULL2": -7, "TSCAL3": 2.0, "TZERO3": -1.0})
    hdu.writeto(path)
    values = np.asarray(torchfits.read_columns(path, "S")["S"])
    assert selected(path, "S > 3.7") == rows(values > 3.7)
    assert selected(path, "S is null") == [43]
    assert selected(path, "F in (1, 3, 4)") == [51, 52]


def test_asciiTable_numbers_compare() -> None:
    paths = [path for path in shipped_files() if path.name in ("ascii.fits", "ascii_i4-i20.fits")]
    assert len(paths) == 2
    for path in paths:
        data = np.asarray(fits.getdata(path, 1))
        for column in data.dtype.names or ():
            values = data[column]
            if values.dtype.kind in "SU":
                continue
            middle = np.median(values)
            read = torchfits.read_columns(path, column, where=f"`{column}` > {middle!r}")[column]
            assert len(read) == int((values > middle).sum()) > 0


def test_asciiTable_blanksAndTnull_areNull(tmp_path: Path) -> None:
    path = tmp_path / "ascii.fits"
    columns = [
        fits.Column("N", "I4", array=np.arange(4), ascii=True),
        fits.Column("I", "I6", null="-99", array=np.array([5, 6, 7, 8]), ascii=True),
        fits.Column("F", "F8.2", array=np.array([0.5, 1.5, 2.5, 3.5]), ascii=True),
        fits.Column("A", "A5", array=["ab", "c d", "x", "ab"], ascii=True),
    ]
    fits.TableHDU.from_columns(columns).writeto(path)
    content = bytearray(path.read_bytes())
    start = content.index(b"     6", 2880 * 2)
    content[start : start + 6] = b"   -99"
    start = content.index(b"     7", 2880 * 2)
    content[start : start + 6] = b"      "
    path.write_bytes(bytes(content))
    assert selected(path, "I > 0") == [0, 3]
    assert selected(path, "I is null", in_memory=False) == [1, 2]
    assert selected(path, "F >= 1.5 and A != 'x'") == [1, 3]
    assert selected(path, "A = 'ab'") == [0, 3]
    start = content.index(b"     8", 2880 * 2)
    content[start : start + 6] = b"  8x  "
    path.write_bytes(bytes(content))
    with pytest.raises(torchfits.CorruptDataError, match=r"'I'.*row 3"):
        selected(path, "I > 0")


def test_names_oddOnes_areFoundInBackticks(tmp_path: Path) -> None:
    path = tmp_path / "names.fits"
    names = ["and", "a b", "x.y", "Flux", "flux", "PI", "1st", "tick`", "sin", "NaN"]
    columns = [fits.Column("N", "J", array=np.arange(10))]
    columns += [fits.Column(name, "J", array=(np.arange(10) == i)) for i, name in enumerate(names)]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    quoted = ["`and`", "`a b`", "`x.y`", "Flux", "flux", "PI", "`1st`", "`tick```", "sin", "nan"]
    for row, name in enumerate(quoted):
        assert selected(path, f"{name} = 1") == [row], name
    assert selected(path, "FLUX = 1") == [3]
    assert selected(path, "pi > 0") == [5]


@pytest.mark.parametrize(
    ("where", "character", "reason"),
    [
        ("", 1, "expected a value, found the end"),
        ("E >", 4, "expected a value, found the end"),
        ("E > 1 D", 7, "expected an operator or the end, found 'D'"),
        ("(E > 1", 7, r"expected '\)', found the end"),
        ("E > 'a", 5, "never closed"),
        ("E > #", 5, "nothing can begin"),
        ("E > 12ab", 5, "not a number"),
        ("E > 0x", 5, "not a number of up to 64 bits"),
        ("E in ()", 7, r"expected a value, found '\)'"),
        ("E not 5", 7, "expected in, between or like, found '5'"),
        ("E is 5", 6, "expected null"),
        ("E between 1 or 2", 13, "expected 'and'"),
        ("NAME like 5", 11, "expected a pattern in quotes"),
        ("E > 1 and NOPE = 3", 11, "no such column"),
        ("`pi` > 1", 1, "no such column"),
        ("E", 1, "a condition is needed here, not a number"),
        ("E > 1 and B", 11, "a condition is needed here"),
        ("NAME > 5", 6, "does not compare"),
        ("E > 1 = 'a'", 3, "does not compare"),
        ("(E > 1) < (D > 1)", 9, "does not compare"),
        ("NAME + 1 = 2", 6, "needs two numbers, not a text and a number"),
        ("E & 1 = 1", 3, "needs two conditions .* or two integers"),
        ("~E = 1", 1, "needs a condition or an integer"),
        ("-NAME = 1", 1, "needs a number"),
        ("E like 'a'", 3, "like needs a column of texts"),
        ("nofunction(E) > 1", 1, "there is no such function; there are abs,"),
        ("sqrt(E, D) > 1", 1, "takes one number, not 2"),
        ("sqrt(NAME) > 1", 1, "takes numbers, not a text"),
        ("atan2(E) > 1", 1, "takes 2 numbers"),
        ("isnull(E, D)", 1, "takes one argument"),
        ("cone(E, D, 0, 0)", 1, "takes 5 numbers"),
        ("cone(E, D, 0, E, 1)", 1, "centre and radius as constants"),
        ("cone(E, D, 0, 91, 1)", 1, "declination from -90 to 90"),
        ("cone(E, D, 0, 0, -1)", 1, "radius from 0"),
        ("startswith(E, 'a')", 1, "takes a column of texts"),
        ("NAME = 'caf\u0142'", 8, "ISO 8859-1"),
        ("E > \0", 5, "nothing can begin"),
        ("\U0001f600 > 1", 1, "nothing can begin"),
        ("VEC > 1", 1, r"'VEC'.* has no single"),
    ],
)
def test_expression_bad_errorPointsAtIt(vectors: Path, where: str, character: int, reason: str) -> None:
    for use in (
        lambda: torchfits.read_columns(vectors, ["N"], where=where),
        lambda: held_table(vectors).filter(where, "memory"),
    ):
        with pytest.raises(torchfits.ExpressionError, match=reason) as caught:
            use()
        first, _, caret = str(caught.value).split("\n")
        assert f"character {character}: " in first
        assert caret.index("^") - 4 == character - 1


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "vectors.fits"
    columns = [fits.Column("N", "J", array=np.arange(3)), fits.Column("VEC", "3E", array=np.ones((3, 3)))]
    columns += [fits.Column(name, form, array=np.ones(3)) for name, form in (("E", "E"), ("D", "D"), ("B", "B"))]
    columns += [fits.Column("NAME", "4A", array=["a", "b", "c"])]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    return path


@pytest.mark.parametrize(
    "where",
    [
        "(" * 10_000 + "E > 1" + ")" * 10_000,
        "not " * 10_000 + "E > 1",
        "-" * 10_000 + "E > 1",
        "E" + " + E" * 10_000 + " > 1",
        "E" + " ** E" * 10_000 + " > 1",
        "abs(" * 10_000 + "E" + ")" * 10_000 + " > 1",
        "`" * 10_001,
        "'" * 10_001,
        "E > 1" + "0" * 600_000,
        "\0" * 100,
        "E > 1 \u2028",
        "\u202eE > 1",
    ],
)
def test_expression_hostile_isAnError(vectors: Path, where: str) -> None:
    with pytest.raises(torchfits.ExpressionError):
        torchfits.read_columns(vectors, where=where)


def test_expression_longOnes_work(vectors: Path) -> None:
    assert selected(vectors, " or ".join(f"N = {n}" for n in range(2, 10_000))) == [2]
    assert selected(vectors, f"N in ({','.join(map(str, range(1, 50_000)))})") == [1, 2]
    assert selected(vectors, "E < 1" + "0" * 300_000) == [0, 1, 2]
    assert selected(vectors, "E < 1e999999999999") == [0, 1, 2]
    assert selected(vectors, "E > 1e-999999999999") == [0, 1, 2]
    assert selected(vectors, "(" * 150 + "E = 1" + ")" * 150) == [0, 1, 2]


@pytest.mark.parametrize("where", [5, b"E > 1", ["E > 1"]])
def test_where_notText_isATypeError(vectors: Path, where: Any) -> None:
    with pytest.raises(TypeError, match="where is a str"):
        torchfits.read_columns(vectors, where=where)


CONES = [(10, 20, 5), (0, 0, 1), (359.9, -3, 2), (-0.1, 0, 1), (123, 90, 3), (7, -90, 10), (50, 89.5, 1), (0, 0, 0)]
CONES += [(80, -30, 90), (200, 60, 135), (0, 90, 179), (1, 1, 180), (725, 5, 4), (12, -89.999, 0.01)]


def test_cone_anywhere_selectsWhatAstropyFinds(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    count = 20_000
    ra = random.uniform(0, 360, count)
    dec = np.degrees(np.arcsin(random.uniform(-1, 1, count)))
    dec[:2000] = np.where(random.random(2000) < 0.5, 90, -90) + random.normal(0, 1e-2, 2000)
    dec = np.clip(dec, -90, 90)
    ra[2000:4000] = random.normal(0, 1, 2000)
    dec[2000:4000] = random.normal(0, 1, 2000)
    ra[0], dec[0] = 0, 0
    ra[10], dec[11], ra[12], dec[13] = np.nan, np.nan, np.inf, 91
    path = tmp_path / "sky.fits"
    columns = [fits.Column("N", "J", array=np.arange(count))]
    columns += [fits.Column(name, "D", array=values) for name, values in (("RA", ra), ("DEC", dec))]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    good = np.isfinite(ra) & (np.abs(dec) <= 90)
    sky = SkyCoord(np.where(good, ra, 0) * units.deg, np.where(good, dec, 0) * units.deg)
    for centre_ra, centre_dec, radius in CONES:
        distance = np.asarray(sky.separation(SkyCoord(centre_ra * units.deg, centre_dec * units.deg)).deg)
        where = f"cone(RA, DEC, {centre_ra}, {centre_dec}, {radius})"
        found = selected(path, where)
        expected = rows(good & (distance <= radius))
        # What lies on the edge by less than rounding may be on either side.
        assert [row for row in set(found) ^ set(expected) if abs(distance[row] - radius) > 1e-9] == []
        assert set(found).isdisjoint(rows(~good))
        outside = selected(path, f"not {where}")
        assert len(found) + len(outside) == int(good.sum())


def _literal(value: float) -> str:
    return f"({value!r})"


_NUMBERS = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["B", "I", "J", "E", "D"]).map(lambda name: (name, lambda d, n=name: _column(d, n))),
        st.integers(-300, 300).map(lambda v: (_literal(v), lambda _, v=v: np.full(ROWS, float(v)))),
        st.floats(-3, 3).map(lambda v: (_literal(v), lambda _, v=v: np.full(ROWS, v))),
        st.tuples(st.sampled_from("+-*/%"), _NUMBERS, _NUMBERS).map(_arithmetic),
        _NUMBERS.map(lambda x: (f"-{x[0]}" if x[0].isalpha() else f"-({x[0]})", lambda d: -x[1](d))),
        _NUMBERS.map(lambda x: (f"abs({x[0]})", lambda d: np.abs(x[1](d)))),
        _NUMBERS.map(lambda x: (f"floor({x[0]})", lambda d: np.floor(x[1](d)))),
        st.tuples(_NUMBERS, _NUMBERS).map(
            lambda x: (f"max({x[0][0]}, {x[1][0]})", lambda d: np.maximum(x[0][1](d), x[1][1](d)))
        ),
    )
)
"""Text of a number, and its values by numpy: float64 is exact for integers as small as these."""

_OPERATORS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
}
_RELATIONS = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _column(data: np.ndarray, name: str) -> np.ndarray:
    values = data[name].astype("f8")
    return np.where(data["I"] == 13, np.nan, values) if name == "I" else values


def _arithmetic(parts: Any) -> Any:
    operator, (left, left_values), (right, right_values) = parts
    if operator in "/%":
        # What divides by 0 depends on the sign of the 0, which integers do not have.
        text = f"({left} {operator} (abs({right}) + 1))"
        return text, lambda d: _OPERATORS[operator](left_values(d), np.abs(right_values(d)) + 1)
    return f"({left} {operator} {right})", lambda d: _OPERATORS[operator](left_values(d), right_values(d))


def _comparison(parts: Any) -> Any:
    relation, (left, left_values), (right, right_values) = parts

    def truth(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = left_values(data), right_values(data)
        known = ~np.isnan(a) & ~np.isnan(b)
        holds = _RELATIONS[relation](a, b)
        return known & holds, known & ~holds

    return f"{left} {relation} {right}", truth


_CONDITIONS = st.recursive(
    st.tuples(st.sampled_from(list(_RELATIONS)), _NUMBERS, _NUMBERS).map(_comparison),
    lambda inner: st.one_of(
        inner.map(lambda x: (f"not ({x[0]})", lambda d: x[1](d)[::-1])),
        st.tuples(inner, inner).map(
            lambda x: (
                f"({x[0][0]}) and ({x[1][0]})",
                lambda d: (x[0][1](d)[0] & x[1][1](d)[0], x[0][1](d)[1] | x[1][1](d)[1]),
            )
        ),
        st.tuples(inner, inner).map(
            lambda x: (
                f"({x[0][0]}) | ({x[1][0]})",
                lambda d: (x[0][1](d)[0] | x[1][1](d)[0], x[0][1](d)[1] & x[1][1](d)[1]),
            )
        ),
    ),
    max_leaves=6,
)
"""Text of a condition, and by numpy where it is true and where it is false."""


@given(condition=_CONDITIONS)
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_condition_random_selectsAsNumpy(small: tuple[Path, np.ndarray], condition: Any) -> None:
    path, data = small
    where, truth = condition
    with np.errstate(all="ignore"):
        expected = rows(truth(data)[0])
    assert selected(path, where) == expected


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """As the table, with integers whose products float64 holds exactly."""
    values = catalog(ROWS)
    values["J"] = values["J"] % 1000 - 500
    path = tmp_path_factory.mktemp("small") / "small.fits"
    hdu = fits.BinTableHDU(values)
    hdu.header["TNULL3"] = 13
    hdu.writeto(path)
    return path, values


@given(where=st.text(st.sampled_from("ENBD'\"`()<>=!&|~+-*/%,.019 \0\u00e9andornotinlikeisnull"), max_size=40))
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_expression_anyText_worksOrIsAnError(vectors: Path, where: str) -> None:
    try:
        found = selected(vectors, where)
    except (torchfits.ExpressionError, torchfits.ValueRangeError):
        return
    assert set(found) <= {0, 1, 2}


@pytest.mark.parametrize("length", [10, 3000])
def test_where_shortAndLongRows_giveTheRowsThatItHoldsFor(tmp_path: Path, length: int) -> None:
    count = 400
    vectors = np.random.default_rng(0).normal(size=(count, length)).astype("f4")
    arrays = np.array([np.arange(row % 4, dtype="i4") for row in range(count)], dtype=object)
    path = tmp_path / "rows.fits"
    columns = [
        fits.Column("N", "J", array=np.arange(count)),
        fits.Column("V", f"{length}E", array=vectors),
        fits.Column("NAME", "5A", array=[f"n{row % 7}" for row in range(count)]),
        fits.Column("P", "PJ()", array=arrays),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    for where, mask in (
        ("N % 3 = 1", np.arange(count) % 3 == 1),
        ("NAME = 'n2' and N > 50", (np.arange(count) % 7 == 2) & (np.arange(count) > 50)),
        ("N >= 0", np.ones(count, bool)),
        ("N < 0", np.zeros(count, bool)),
    ):
        for numbers in (np.arange(count), np.arange(count)[::-2], np.arange(5, 300)):
            chosen = numbers[mask[numbers]]
            step = slice(None, None, -2) if numbers[0] else None
            part = slice(5, 300) if len(numbers) == 295 else step
            read = torchfits.read_columns(path, where=where, rows=part)
            assert np.asarray(read["N"]).tolist() == chosen.tolist()
            assert np.array_equal(np.asarray(read["V"]), vectors[chosen])
            names, ragged = read["NAME"], read["P"]
            assert isinstance(names, torchfits.StringColumn)
            assert isinstance(ragged, torchfits.RaggedColumn)
            assert names.to_list() == [f"n{row % 7}" for row in chosen]
            assert ragged.values.tolist() == [value for row in chosen for value in range(row % 4)]


@pytest.mark.parametrize(
    "row_filter",
    [
        "E > 0.5",
        "E > 0.5 && near(D, 0, 0.5)",
        "NAME == 'STAR' || #ROW < 10",
        "B % 7 == 3 && !(K < 0)",
        "(B & 3) == 1",
    ],
)
def test_rowFilter_inThePath_selectsAsFitsio(table: Path, row_filter: str) -> None:
    with fitsio.FITS(str(table)) as file:
        expected = file[1].where(row_filter).tolist()
    for hdu in ("EVENTS", "1", "events,1"):
        column = torchfits.read_columns(f"{table}[{hdu}][{row_filter}]", "N")["N"]
        assert np.asarray(column).tolist() == expected
    assert 0 < len(expected) < ROWS


def test_rowFilter_ofManyRows_seesAllInOneCall(tmp_path: Path) -> None:
    """Against numpy: fitsio gives row numbers out of uninitialised memory."""
    path = tmp_path / "many.fits"
    numbers = np.zeros(150_001, dtype=[("N", ">i4")])
    numbers["N"] = np.arange(150_001) % 3
    fits.BinTableHDU(numbers).writeto(path)
    read = torchfits.read_columns(f"{path}[1][accum(N) >= 100000 && accum(N) < 100010]")["N"]
    total = np.cumsum(numbers["N"])
    assert np.asarray(read).tolist() == numbers["N"][(total >= 100_000) & (total < 100_010)].tolist()


def test_rowFilter_moreRowsThanAPiece_selectsAsFitsio(tmp_path: Path) -> None:
    path = tmp_path / "many.fits"
    numbers = np.zeros(150_001, dtype=[("N", ">i4")])
    numbers["N"] = np.arange(150_001)
    fits.BinTableHDU(numbers).writeto(path)
    for row_filter in ("N % 1000 == 7 || #ROW > 149990", "seqdiff(N) == 1 && N > 65530 && N < 65540"):
        with fitsio.FITS(str(path)) as file:
            expected = file[1].where(row_filter).tolist()
        assert np.asarray(torchfits.read_columns(f"{path}[1][{row_filter}]")["N"]).tolist() == expected


@pytest.mark.parametrize(
    "row_filter",
    [
        "NOPE > 5",
        "E >",
        "E",
        "E + 1",
        "gtifilter()",
        "GTIfilter('other.fits')",
        "gtioverlap('other.fits', E, D)",
        "regfilter('a.reg')",
        "@/etc/passwd",
        " @/etc/passwd",
        "randomp(1e10) > 1",
        "NAME == 'a",
        "$E > 1",
        "E > \n1",
        "E > \0",
        "caf\u00e9 > 1",
        "E > 1" + " && E > 1" * 300,
        "(" * 101 + "E > 1" + ")" * 101,
        "-" * 101 + "E > 1",
        "h" + "f" * 64 + " == b1",
        "NAME == '" + "a" * 256 + "'",
        "a" * 60 + " > 1",
    ],
)
def test_rowFilter_badOrHarmful_isAnExpressionError(table: Path, row_filter: str) -> None:
    with pytest.raises(torchfits.ExpressionError):
        torchfits.read_columns(f"{table}[1][{row_filter}]")


def test_rowFilter_withRowsOrWhere_isAValueError(table: Path) -> None:
    with pytest.raises(ValueError, match="does not go with"):
        torchfits.read_columns(f"{table}[1][E > 1]", rows=slice(5))
    with pytest.raises(ValueError, match="does not go with"):
        torchfits.read_columns(f"{table}[1][E > 1]", where="E > 1")
    with pytest.raises(ValueError, match="has no section"):
        torchfits.read_columns(f"{table}[1][1:5]")
    with pytest.raises(torchfits.HduKindError):
        torchfits.read_columns(f"{table}[0][E > 1]")
