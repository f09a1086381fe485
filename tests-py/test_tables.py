"""Columns of tables: every type, picked rows, and what is refused. Expected values are those that astropy wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import card, empty_primary, header, padded, raw_card
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_hostile import run_program
from torchfits.tables import describe_table

if TYPE_CHECKING:
    from pathlib import Path

# Columns are tensors, strings or of variable length, which only the test knows.
read_columns: Any = torchfits.read_columns

pytestmark = pytest.mark.usefixtures("quiet_astropy")

ROWS = 50


def write(path: Path, *columns: fits.Column, **cards: Any) -> Path:
    hdu = fits.BinTableHDU.from_columns(list(columns))
    hdu.writeto(path, overwrite=True)
    for keyword, value in cards.items():
        fits.setval(path, keyword, value=value, ext=1)
    return path


def table_bytes(
    forms: list[str], rows: bytes, count: int, *cards: bytes, heap: bytes = b"", row: int | None = None
) -> bytes:
    """A file with a binary table made by hand; `row` is NAXIS1 where it is not what the rows have."""
    width = len(rows) // max(1, count) if row is None else row
    head = header(
        card("XTENSION", "BINTABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", width),
        card("NAXIS2", count), card("PCOUNT", len(heap)), card("GCOUNT", 1), card("TFIELDS", len(forms)),
        *(card(f"TFORM{i + 1}", form) for i, form in enumerate(forms)), *cards,
    )  # fmt: skip
    return empty_primary() + head + padded(rows + heap)


def ascii_bytes(forms: list[tuple[str, int]], lines: list[str], *cards: bytes) -> bytes:
    """A file with an ASCII table: TFORM and TBCOL of each column."""
    fields = [
        c for i, (form, start) in enumerate(forms) for c in (card(f"TFORM{i + 1}", form), card(f"TBCOL{i + 1}", start))
    ]
    head = header(
        card("XTENSION", "TABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", len(lines[0])),
        card("NAXIS2", len(lines)), card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", len(forms)), *fields, *cards,
    )  # fmt: skip
    return empty_primary() + head + padded("".join(lines).encode("latin-1"), b" ")


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A table of several pieces of work with every kind of column, and what was written."""
    rng = np.random.default_rng(11)
    n = 20_000
    values = {
        "ID": rng.integers(-(2**62), 2**62, n),
        "RA": rng.random(n),
        "MAG": rng.random((n, 5), dtype=np.float32),
        "FLAG": rng.random(n) > 0.5,
        "BITS": rng.random((n, 19)) > 0.5,
        "NAME": np.array([f"star {i % 977}" for i in range(n)]),
        "COUNT": rng.integers(0, 2**16, n).astype(np.uint16),
        "SPEC": np.array([rng.random(i % 7).astype(np.float32) for i in range(n)], dtype=object),
        "NOTE": np.array([f"n{i % 13}" * (i % 4) for i in range(n)], dtype=object),
    }
    forms = {
        "ID": "K",
        "RA": "D",
        "MAG": "5E",
        "FLAG": "L",
        "BITS": "19X",
        "NAME": "12A",
        "COUNT": "I",
        "SPEC": "QE()",
        "NOTE": "PA()",
    }
    columns = [
        fits.Column(name, form, array=values[name], bzero=32768 if name == "COUNT" else None)
        for name, form in forms.items()
    ]
    return write(tmp_path_factory.mktemp("tables") / "catalog.fits", *columns), values


def assert_equal(column: Any, expected: Any) -> None:
    if isinstance(column, torchfits.StringColumn):
        assert column.to_list() == [str(text) for text in expected]
    elif isinstance(column, torchfits.RaggedColumn):
        assert len(column) == len(expected)
        for row, values in zip(column, expected, strict=True):
            np.testing.assert_array_equal(row.numpy(), values)
    else:
        np.testing.assert_array_equal(column.numpy(), expected, strict=True)


def test_readColumns_everyKind_isWhatWasWritten(catalog: tuple[Path, dict[str, Any]]) -> None:
    path, values = catalog
    columns = read_columns(path)
    assert list(columns) == list(values)
    for name, expected in values.items():
        assert_equal(columns[name], expected)


SELECTIONS = {
    "head": slice(0, 10), "tail": slice(-7, None), "step": slice(3, None, 1000), "backwards": slice(None, None, -3),
    "empty": slice(5, 5), "far": slice(19_000, 10**30, 2), "down": slice(15_000, 100, -701), "one": slice(19_999, None),
    "any order": [5, 19_999, 0, -1, 5, 7_777, 7_776], "none": [], "near": list(range(100, 200, 3)),
}  # fmt: skip


@pytest.mark.parametrize("rows", SELECTIONS.values(), ids=SELECTIONS)
def test_readColumns_rows_areThoseOfTheWhole(catalog: tuple[Path, dict[str, Any]], rows: Any) -> None:
    path, values = catalog
    for name, column in read_columns(path, rows=rows).items():
        index = np.array(rows, dtype=np.int64) if isinstance(rows, list) else rows
        assert_equal(column, values[name][index])


@pytest.mark.parametrize("make", [torch.tensor, np.array, list], ids=["tensor", "array", "list"])
def test_readColumns_maskAndNumbers_areTakenInAnyForm(catalog: tuple[Path, dict[str, Any]], make: Any) -> None:
    path, values = catalog
    picked = values["RA"] > 0.7
    numbers = np.flatnonzero(picked)[::-1].copy()
    assert_equal(read_columns(path, ["RA"], rows=make(picked.tolist()))["RA"], values["RA"][picked])
    assert_equal(read_columns(path, ["RA"], rows=make(numbers.tolist()))["RA"], values["RA"][numbers])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.none() | st.integers(-30, 30),
    stop=st.none() | st.integers(-30, 30),
    step=st.none() | st.integers(-5, 5).filter(bool) | st.sampled_from([2**62, -(2**63), 2**70]),
)
def test_readColumns_anySlice_isThatOfPython(tmp_path: Path, start: Any, stop: Any, step: Any) -> None:
    path = tmp_path / "t.fits"
    if not path.exists():
        write(path, fits.Column("a", "J", array=np.arange(17)))
    rows = slice(start, stop, step)
    assert read_columns(path, "a", rows=rows)["a"].tolist() == list(range(17))[rows]


def test_readColumns_wideRows_readsFarColumns(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    wide = rng.random((40, 5000))
    huge = rng.random((40, 40_000)).astype(np.float32)
    columns = {"A": np.arange(40, dtype=np.int32), "W": wide, "B": rng.random(40), "H": huge, "C": rng.random(40)}
    forms = {"A": "J", "W": "5000D", "B": "D", "H": "40000E", "C": "D"}
    path = write(tmp_path / "wide.fits", *(fits.Column(n, forms[n], array=v) for n, v in columns.items()))
    for rows in (slice(None), slice(None, None, -7), [39, 0, 3, 4]):
        read = read_columns(path, rows=rows)
        for name, values in columns.items():
            assert_equal(read[name], values[rows])
        for pair in (["A", "C"], ["B"], ["C", "W"], ["H"]):
            read = read_columns(path, pair, rows=rows)
            assert list(read) == pair
            for name in pair:
                assert_equal(read[name], columns[name][rows])


def test_readColumns_manyColumns_areAllThere(tmp_path: Path) -> None:
    columns = [fits.Column(f"c{i}", "I", array=np.full(3, i)) for i in range(999)]
    read = read_columns(write(tmp_path / "many.fits", *columns))
    assert [int(column[2]) for column in read.values()] == list(range(999))


NUMBERS = {
    "B": np.uint8,
    "I": np.int16,
    "J": np.int32,
    "K": np.int64,
    "E": np.float32,
    "D": np.float64,
    "C": np.complex64,
    "M": np.complex128,
}
UNSIGNED = {"I": (np.uint16, 2**15), "J": (np.uint32, 2**31), "K": (np.uint64, 2**63)}


@st.composite
def made_columns(draw: Any, rows: int, name: str) -> tuple[fits.Column, Any]:
    """A column for astropy, and the values that it has."""
    kinds = ["number", "array", "unsigned", "signed byte", "bool", "bits", "text", "texts", "ragged", "long text"]
    kind = draw(st.sampled_from([*kinds, "scaled", "nulls", "ragged flags", "shaped ragged"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    letter = draw(st.sampled_from(sorted(NUMBERS)))

    def numbers(*shape: int) -> Any:
        dtype = np.dtype(NUMBERS[letter])
        return np.frombuffer(rng.bytes(dtype.itemsize * int(np.prod(shape))), dtype).reshape(shape).copy()

    if kind == "number":
        values = numbers(rows)
        return fits.Column(name, letter, array=values), values
    if kind == "array":
        shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
        values = numbers(rows, *shape)
        dim = str(tuple(reversed(shape))) if len(shape) > 1 else None
        return fits.Column(name, f"{int(np.prod(shape))}{letter}", dim=dim, array=values), values
    if kind == "unsigned":
        letter = draw(st.sampled_from(sorted(UNSIGNED)))
        dtype, zero = UNSIGNED[letter]
        values = rng.integers(0, np.iinfo(dtype).max, rows, dtype=dtype, endpoint=True)
        return fits.Column(name, letter, bzero=zero, array=values), values
    if kind == "signed byte":
        values = rng.integers(-128, 127, rows, dtype=np.int8, endpoint=True)
        return fits.Column(name, "B", bzero=-128, array=values), values
    if kind == "bool":
        values = rng.random(rows) > 0.5
        return fits.Column(name, "L", array=values), values
    if kind == "bits":
        count = draw(st.integers(1, 40))
        values = rng.random((rows, count)) > 0.5
        return fits.Column(name, f"{count}X", array=values), values
    if kind == "nulls":
        values = rng.integers(0, 5, rows).astype(NUMBERS[letter := draw(st.sampled_from("BIJK"))])
        return fits.Column(name, letter, null=3, array=values), values
    if kind == "scaled":
        # Of floats: astropy 8.0.2 cannot write scaled integers. A power of two, so that nothing is rounded.
        values = rng.integers(0, 500, rows) * 0.25 + 10.0
        return fits.Column(name, draw(st.sampled_from("ED")), bscale=0.25, bzero=10, array=values), values
    if kind == "ragged flags":
        flags = np.empty(rows, dtype=object)
        flags[:] = [rng.random(int(count)) > 0.5 for count in rng.integers(0, 5, rows)]
        return fits.Column(name, "PL()", array=flags), list(flags)
    word = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6)
    if kind == "texts":
        words = draw(st.lists(st.lists(word, min_size=2, max_size=2), min_size=rows, max_size=rows))
        return fits.Column(name, "12A", dim="(6,2)", array=np.array(words, dtype="U6").reshape(rows, 2)), words
    if kind == "text":
        words = draw(st.lists(word, min_size=rows, max_size=rows))
        return fits.Column(name, "9A", array=np.array(words, dtype="U9")), words
    if kind == "long text":
        words = draw(st.lists(word, min_size=rows, max_size=rows))
        return fits.Column(name, "PA()", array=np.array([*words, None], dtype=object)[:-1]), words
    inner = draw(st.integers(2, 3)) if kind == "shaped ragged" else 1
    arrays = [numbers(int(count) * inner) for count in rng.integers(0, 5, rows)]
    cells = np.empty(rows, dtype=object)
    for row, array in enumerate(arrays):
        cells[row] = array
    dim = f"({inner},4)" if inner > 1 else None
    column = fits.Column(name, f"{draw(st.sampled_from('PQ'))}{letter}()", dim=dim, array=cells)
    return column, [array.reshape(-1, inner) for array in arrays] if dim else arrays


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rows=st.integers(0, 12), count=st.integers(1, 6))
def test_readColumns_anySchemaOfAstropy_readsBackEqual(tmp_path: Path, data: Any, rows: int, count: int) -> None:
    made = [data.draw(made_columns(rows, f"c{i}")) for i in range(count)]
    path = write(tmp_path / "any.fits", *(column for column, _ in made))
    read = read_columns(path)
    schema = describe_table(path)
    assert list(read) == list(schema.names) == [f"c{i}" for i in range(count)]
    for i, (_, values) in enumerate(made):
        column = read[f"c{i}"]
        if isinstance(column, torchfits.StringColumn):
            assert column.to_list() == np.array(values).tolist() or rows == 0
        elif isinstance(column, torchfits.RaggedColumn):
            assert [row.numpy().tobytes() for row in column] == [array.tobytes() for array in values]
            assert [tuple(row.shape) for row in column] == [array.shape for array in values]
        else:
            assert column.dtype == schema[f"c{i}"].dtype
            assert (column.numpy().dtype, column.numpy().tobytes()) == (values.dtype, values.tobytes())
        assert len(column) == rows


@st.composite
def ascii_columns(draw: Any, rows: int, name: str) -> tuple[fits.Column, Any]:
    """A column of an ASCII table, and the values that it has; None where there is none."""
    kind = draw(st.sampled_from(["integer", "fixed", "exponent", "double", "text"]))
    if kind == "text":
        word = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=7)
        words = draw(st.lists(word, min_size=rows, max_size=rows))
        return fits.Column(name, "A7", array=np.array(words, dtype="U7"), ascii=True), words
    if kind == "integer":
        width = draw(st.integers(6, 12))
        values = draw(st.lists(st.integers(-(10**5) + 1, 10**5 - 1), min_size=rows, max_size=rows))
        dtype = np.int32 if width <= 9 else np.int64
        return fits.Column(name, f"I{width}", array=np.array(values, dtype=dtype), ascii=True), values
    form = {"fixed": "F12.3", "exponent": "E15.7", "double": "D25.17"}[kind]
    # Thousandths, which all three forms hold exactly.
    values = [n / 1000 for n in draw(st.lists(st.integers(-999_999, 999_999), min_size=rows, max_size=rows))]
    return fits.Column(name, form, array=np.array(values), ascii=True), values


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rows=st.integers(1, 12), count=st.integers(1, 5))
def test_readColumns_anyAsciiTableOfAstropy_readsBackEqual(tmp_path: Path, data: Any, rows: int, count: int) -> None:
    made = [data.draw(ascii_columns(rows, f"c{i}")) for i in range(count)]
    path = tmp_path / "any.fits"
    fits.TableHDU.from_columns([column for column, _ in made]).writeto(path, overwrite=True)
    read = read_columns(path)
    opened: Any = fits.open(path)
    with opened as theirs:
        for i, (column, values) in enumerate(made):
            mine = read[f"c{i}"]
            if isinstance(mine, torchfits.StringColumn):
                assert mine.to_list() == values
            else:
                assert mine.tolist() == values == theirs[1].data.field(i).tolist()
                wide = str(column.format)[0] != "I" or int(str(column.format)[1:]) > 9
                assert mine.element_size() == (8 if wide else 4)


# Names


def test_readColumns_names_areFoundAsAstropyFindsThem(tmp_path: Path) -> None:
    columns = [fits.Column(name, "J", array=[i]) for i, name in enumerate(["flux", "FLUX", "Id"])]
    path = write(tmp_path / "t.fits", *columns)
    opened: Any = fits.open(path)
    with opened as theirs:
        for asked in ("flux", "FLUX", "ID", "id"):
            (column,) = read_columns(path, asked).values()
            assert column.tolist() == theirs[1].data.field(asked).tolist()
    assert list(read_columns(path, ["id", 0, -2])) == ["Id", "flux", "FLUX"]


def test_readColumns_sameAndMissingNames_areToldApart(tmp_path: Path) -> None:
    content = table_bytes(["B"] * 4, b"\1\2\3\4", 1, card("TTYPE1", "A"), card("TTYPE2", "A"), card("TTYPE4", "A"))
    columns = read_columns(saved(tmp_path / "t.fits", content))
    assert {name: column.tolist() for name, column in columns.items()} == {
        "A": [1],
        "A_2": [2],
        "col3": [3],
        "A_3": [4],
    }


@pytest.mark.parametrize("wanted", ["MAG", 1, -2, ["a", "MAG"]])
def test_readColumns_unknownColumn_isNamed(tmp_path: Path, wanted: Any) -> None:
    path = write(tmp_path / "t.fits", fits.Column("a", "J", array=[1]))
    with pytest.raises(torchfits.ColumnNotFoundError, match=r"t\.fits\[1\]: no column .*the table has 1: a"):
        read_columns(path, wanted)


# Meaning of values


def test_readColumns_scaledColumns_areFloat64WithNulls(tmp_path: Path) -> None:
    values = np.array([1, 2, 99, -4])
    columns = [fits.Column(letter, letter, array=np.abs(values) if letter == "B" else values) for letter in "BIJKED"]
    cards = (
        {f"TSCAL{i}": 0.25 for i in range(1, 7)}
        | {f"TZERO{i}": 3 for i in range(1, 7)}
        | {f"TNULL{i}": 99 for i in range(1, 5)}
    )
    path = write(tmp_path / "t.fits", *columns, **cards)
    for name, column in read_columns(path).items():
        expected = (np.abs(values) if name == "B" else values) * 0.25 + 3
        np.testing.assert_array_equal(
            column.numpy(), np.where((values == 99) & (name in "BIJK"), np.nan, expected), strict=True
        )


def test_readColumns_nullOfPlainIntegers_isLeftAndTold(tmp_path: Path) -> None:
    path = write(tmp_path / "t.fits", fits.Column("a", "J", null=-9, unit="s", disp="I5", array=[1, -9]))
    assert read_columns(path)["a"].tolist() == [1, -9]
    info = describe_table(path)["A"]
    assert (info.null, info.unit, info.display, info.form) == (-9, "s", "I5", "J")


def test_readColumns_logicalNull_isFalse(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.fits", table_bytes(["3L"], b"TF\0", 1))
    assert read_columns(path)["col1"].tolist() == [[True, False, False]]


def test_readColumns_strings_endAtNulAndLoseTrailingBlanks(tmp_path: Path) -> None:
    rows = b"ab  " + b"a\0cd" + b" x  " + b"\0\0\0\0" + b"\xe9t\xe9 "
    column = read_columns(saved(tmp_path / "t.fits", table_bytes(["4A"], rows, 5)))["col1"]
    assert column.to_list() == ["ab", "a", " x", "", "été"]
    assert bytes(column.values.numpy()) == b"aba x\xe9t\xe9"
    assert column.offsets.tolist() == [0, 2, 3, 5, 5, 8]


def test_readColumns_fewerElementsByDim_leavesTheRest(tmp_path: Path) -> None:
    content = table_bytes(["6B"], bytes(range(12)), 2, card("TDIM1", "(2,2)"))
    assert read_columns(saved(tmp_path / "t.fits", content))["col1"].tolist() == [
        [[0, 1], [2, 3]],
        [[6, 7], [8, 9]],
    ]


def test_readColumns_heapBehindGap_isFound(tmp_path: Path) -> None:
    descriptors = np.array([[2, 1], [0, 99], [1, 0]], dtype=">i4").tobytes()
    content = table_bytes(["PB(2)"], descriptors, 3, raw_card("THEAP", "30"), heap=b"\0" * 6 + b"\7\10\11")
    column = read_columns(saved(tmp_path / "t.fits", content))["col1"]
    assert column.to_list() == [[8, 9], [], [7]]


def test_readColumns_asciiNumbers_areFortrans(tmp_path: Path) -> None:
    texts = ["   1.5", "-2E+02", "  3D-1", " 4.5-1", "  +12.", "   125", "      ", "  null"]
    path = saved(tmp_path / "t.fits", ascii_bytes([("F6.2", 1)], texts, card("TNULL1", "null")))
    read = read_columns(path)["col1"].numpy()
    # Without a point the last two digits stand behind one, as in cfitsio.
    np.testing.assert_array_equal(read, [1.5, -2, 0.003, 0.45, 12.0, 1.25, np.nan, np.nan])


def test_readColumns_asciiColumns_mayOverlap(tmp_path: Path) -> None:
    forms = [("I3", 1), ("A7", 2), ("I12", 4), ("I9", 1)]
    path = saved(
        tmp_path / "t.fits", ascii_bytes(forms, ["123456789012345", " -1 0          "], card("TNULL1", "none"))
    )
    read = read_columns(path, [0, 1, 2])
    assert read["col1"].dtype == torch.int32
    assert read["col1"].tolist() == [123, -1]
    assert read["col2"].to_list() == ["2345678", "-1 0"]
    assert read["col3"].dtype == torch.int64
    assert read["col3"].tolist() == [456789012345, 0]


@pytest.mark.parametrize("text", ["x", "1.5", "--1", "1 2", "1e2", "99999999999999999999"])
def test_readColumns_asciiNonsense_namesColumnAndRow(tmp_path: Path, text: str) -> None:
    path = saved(tmp_path / "t.fits", ascii_bytes([("I20", 1)], ["1".rjust(20), text.rjust(20)], card("TTYPE1", "N")))
    with pytest.raises(
        torchfits.CorruptDataError, match=rf"column 1 'N' \(I20\), row 1: ' *{re.escape(text)}' is not a number"
    ):
        read_columns(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20), st.sampled_from("ED"))
def test_readColumns_asciiFloats_areRoundedCorrectly(tmp_path: Path, values: list[float], letter: str) -> None:
    texts = [repr(value).replace("e", letter).rjust(26) for value in values]
    path = saved(tmp_path / "t.fits", ascii_bytes([(f"{letter}26.0", 1)], texts))
    assert read_columns(path)["col1"].tolist() == values


# What is refused

CORRUPT = torchfits.CorruptDataError


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (table_bytes(["Z"], b"12", 1), torchfits.HeaderError, "TFORM1 = 'Z"),
        (table_bytes(["J"], b"123", 1), torchfits.HeaderError, "NAXIS1"),
        (table_bytes(["J"], b"12345", 1), torchfits.HeaderError, "NAXIS1 = 5"),
        (table_bytes(["999999999999999999M"], b"12345", 1), torchfits.HeaderError, "TFORM1"),
        (table_bytes(["6B"], b"123456", 1, card("TDIM1", "(3,3)")), torchfits.HeaderError, r"1 'col1' \(6B\): TDIM1"),
        (table_bytes(["B"], b"1", 1, card("TSCAL1", "x")), torchfits.HeaderError, r"column 1 .*TSCAL1"),
        (table_bytes(["PB"], b"\0\0\0\3\0\0\0\0", 1, heap=b"ab"), CORRUPT, r"column 1 .*row 0: 3 elements"),
        (table_bytes(["PB"], b"\0\0\0\1\0\0\0\2", 1, heap=b"ab"), CORRUPT, "1 elements from byte 2"),
        (table_bytes(["PB"], b"\xff\xff\xff\xff\0\0\0\0", 1, heap=b"ab"), CORRUPT, "row 0"),
        (table_bytes(["QD"], b"\xff" * 8 + b"\0" * 8, 1, heap=b"ab"), CORRUPT, "-1 elements"),
        (table_bytes(["QD"], b"\x7f" * 16, 1, heap=b"ab"), CORRUPT, "row 0"),
        (table_bytes(["D"], b"12345678" * 2, 2)[:-2880], torchfits.TruncatedFileError, "the file ends at byte"),
        (table_bytes(["D"], b"12345678" * 2, 2, raw_card("THEAP", "7")), torchfits.HeaderError, "THEAP"),
    ],
)  # fmt: skip
def test_readColumns_badTable_saysWhere(tmp_path: Path, content: bytes, error: type[Exception], reason: str) -> None:
    path = saved(tmp_path / "bad.fits", content)
    with pytest.raises(error, match=rf"bad\.fits\[1\]: .*{reason}" if "bad" in reason else reason) as caught:
        read_columns(path)
    assert "bad.fits[1]" in str(caught.value)


def test_readColumns_badColumn_leavesTheOthers(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.fits", table_bytes(["B", "B"], b"\5\6", 1, card("TDIM1", "x")))
    assert read_columns(path, "col2")["col2"].tolist() == [6]
    schema = describe_table(path)
    assert schema["col1"].problem is not None
    assert schema["col2"].problem is None


@pytest.mark.parametrize("rows", [[3], [-4], [0, 2**40], torch.tensor([-(2**63)])])
def test_readColumns_rowOutside_isRefused(tmp_path: Path, rows: Any) -> None:
    path = write(tmp_path / "t.fits", fits.Column("a", "J", array=[1, 2, 3]))
    with pytest.raises(torchfits.SectionError, match="outside the table of 3 rows"):
        read_columns(path, rows=rows)


def test_readColumns_maskOfOtherLength_isRefused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.fits", fits.Column("a", "J", array=[1, 2, 3]))
    with pytest.raises(torchfits.MismatchError, match="a mask of 2 rows, the table has 3"):
        read_columns(path, rows=[True, False])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"rows": [1.5]}, TypeError), ({"rows": [[1]]}, ValueError), ({"rows": slice(0, 3, 0)}, ValueError),
        ({"columns": [1.5]}, TypeError), ({"columns": [True]}, TypeError), ({"columns": ["a\0b"]}, ValueError),
        ({"hdu": 1.5}, TypeError),
    ],
)  # fmt: skip
def test_readColumns_wrongArguments_areRefused(tmp_path: Path, arguments: Any, error: type[Exception]) -> None:
    path = write(tmp_path / "t.fits", fits.Column("a", "J", array=[1, 2, 3]))
    with pytest.raises(error):
        read_columns(path, **arguments)


def test_readColumns_hdu_isTheFirstTableOrTheOneNamed(tmp_path: Path) -> None:
    path = tmp_path / "t.fits"
    tables = [fits.BinTableHDU.from_columns([fits.Column("a", "J", array=[i])], name="CAT", ver=i) for i in (1, 2)]
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((2, 2))), *tables]).writeto(path)
    assert read_columns(path)["a"].tolist() == [1]
    assert read_columns(path, hdu=("CAT", 2))["a"].tolist() == [2]
    assert read_columns(f"{path}[CAT,2]")["a"].tolist() == [2]
    for number in (0, 1):
        with pytest.raises(torchfits.HduKindError, match="not a table"):
            read_columns(path, hdu=number)


def test_readColumns_noRowsOrColumns_areEmpty(tmp_path: Path) -> None:
    assert read_columns(saved(tmp_path / "a.fits", table_bytes([], b"", 0))) == {}
    empty = table_bytes(["J", "3A", "PE", "2X", "0D", "0A"], b"", 0, row=16)
    read = read_columns(saved(tmp_path / "b.fits", empty))
    assert [tuple(read[f"col{i}"].shape) for i in (1, 2, 4, 5, 6)] == [(0,), (0,), (0, 2), (0, 0), (0,)]
    assert len(read["col3"]) == 0


def test_readColumns_zeroWidth_hasRowsWithoutValues(tmp_path: Path) -> None:
    read = read_columns(saved(tmp_path / "t.fits", table_bytes(["0J", "0A", "0PE", "B"], b"\1\2", 2)))
    assert read["col1"].shape == (2, 0)
    assert read["col2"].to_list() == ["", ""]
    assert read["col3"].to_list() == [[], []]
    assert read["col4"].tolist() == [1, 2]


def test_readColumns_stringsOfNoLength_haveRows(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.fits", table_bytes(["0A", "B"], b"\1\2", 2, card("TDIM1", "(3,0)")))
    column = read_columns(path)["col1"]
    assert (column.shape, column.to_list()) == ((2, 0), [[], []])


def test_readColumns_controlsInNames_areShown(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.fits", table_bytes(["B"], b"\1", 1, card("TTYPE1", "a\tb\0c\nd")))
    assert list(read_columns(path, "a?b?c?d")) == list(describe_table(path).names) == ["a?b?c?d"]


def test_open_table_hasColumns(catalog: tuple[Path, dict[str, Any]]) -> None:
    path, values = catalog
    hdu = torchfits.open(path)[1]
    assert hdu.columns.names == tuple(values)
    assert_equal(hdu["ra"], values["RA"])
    assert_equal(hdu.data["NAME"], values["NAME"])
    with pytest.raises(torchfits.HduKindError, match="not a table"):
        _ = torchfits.open(path)[0].columns
    with pytest.raises(torchfits.HduKindError, match="not a table"):
        torchfits.open(path)[0]["RA"]


# Columns of strings and of variable length


def test_stringColumn_rows_areStrings(tmp_path: Path) -> None:
    words = ["b", "aa", "", "b", "ccc"]
    column = read_columns(write(tmp_path / "t.fits", fits.Column("s", "3A", array=words)))["s"]
    assert (column[1], column[-1], len(column)) == ("aa", "ccc", 5)
    assert list(column) == words
    assert column[1:4].to_list() == words[1:4]
    assert column[[4, 0]].to_list() == ["ccc", "b"]
    assert column[torch.tensor([True, False, False, False, True])].to_list() == ["b", "ccc"]
    assert column.codes(["b", "ccc", "zz"]).tolist() == [0, -1, -1, 0, 1]
    with pytest.raises(IndexError):
        column[5]


def test_stringColumn_arrays_areNested(tmp_path: Path) -> None:
    words = np.array([["a", "bb"], ["", "cc"]])
    path = write(tmp_path / "t.fits", fits.Column("s", "6A", dim="(3,2)", array=words))
    column = read_columns(path)["s"]
    assert column.shape == (2, 2)
    assert column.to_list() == words.tolist()
    assert column[1].to_list() == ["", "cc"]
    assert column[[1, 0]].to_list() == words[[1, 0]].tolist()
    assert column.codes(["cc"]).tolist() == [[-1, -1], [-1, 0]]


def test_raggedColumn_rows_areViews(tmp_path: Path) -> None:
    cells = np.empty(3, dtype=object)
    cells[:] = [np.array([1, 2], dtype=np.int16), np.array([], dtype=np.int16), np.array([3], dtype=np.int16)]
    column = read_columns(write(tmp_path / "t.fits", fits.Column("r", "PI()", array=cells)))["r"]
    assert column.to_list() == [[1, 2], [], [3]]
    assert column.lengths().tolist() == [2, 0, 1]
    assert column[[2, 0]].to_list() == [[3], [1, 2]]
    assert column[-1].data_ptr() == column.values[2:].data_ptr()


# Damage


@pytest.mark.timeout(240)
def test_readColumns_damagedTables_giveErrorsOrWhatIsThere(tmp_path: Path) -> None:
    inputs = 20_000
    result = run_program("fuzz_tables.py", tmp_path, inputs, 20261124)

    outcomes = result["outcomes"]
    assert sum(outcomes.values()) == inputs
    for outcome in ("table", "part of a table", "HeaderError", "TruncatedFileError", "CorruptDataError"):
        assert outcomes[outcome] > inputs // 100
    assert [name for name in outcomes if not re.fullmatch(r"(part of a )?table|\w+Error", name)] == []
    assert result["grown_kib"] < 100 << 10


def shaped_arrays(path: Path, dim: str, lengths: list[int]) -> Path:
    """Arrays of variable length with TDIM; each has so many values."""
    arrays = [np.arange(n, dtype=np.float32) + 100 * row for row, n in enumerate(lengths)]
    return write(path, fits.Column("P", "PE()", array=arrays), fits.Column("I", "I", array=lengths), TDIM1=dim)


@pytest.mark.parametrize(
    ("dim", "lengths", "inner"),
    [
        ("(2,3)", [6, 12, 0, 2], (2,)),
        ("(2,3,7)", [6, 12, 0, 42], (3, 2)),
        ("(1,3)", [3, 0, 1], (1,)),
    ],
)
def test_readColumns_arraysOfVariableLengthWithTdim_haveItsInnerAxes(
    dim: str, lengths: list[int], inner: tuple[int, ...], tmp_path: Path
) -> None:
    path = shaped_arrays(tmp_path / "t.fits", dim, lengths)
    mine = read_columns(path)["P"]
    theirs: Any = fits.getdata(path, 1)
    assert mine.shape == inner == describe_table(path)["P"].shape
    for row, expected in zip(mine, theirs["P"], strict=True):
        assert tuple(row.shape) == expected.shape
        np.testing.assert_array_equal(row.numpy(), expected)
    assert mine.to_list() == [expected.tolist() for expected in theirs["P"]]
    assert mine[1:].shape == mine[[0]].shape == inner
    assert read_columns(path, "P", rows=[-1])["P"].to_list() == mine[[-1]].to_list()
    table = torchfits.table(path)
    assert table.to_arrow()["P"].to_pylist() == mine.to_list()
    assert [row["P"].tolist() for row in table] == mine.to_list()


@pytest.mark.parametrize("dim", ["(4,2)", "(5)", "(0,3)", "()", "nonsense", "(99999999999,99999999999,2)", "(-1,2)"])
def test_readColumns_tdimThatDisagreesWithArraysOfVariableLength_isIgnored(dim: str, tmp_path: Path) -> None:
    path = shaped_arrays(tmp_path / "t.fits", dim, [6, 12, 0, 2])
    mine = read_columns(path)["P"]
    assert mine.shape == ()
    assert [tuple(row.shape) for row in mine] == [(6,), (12,), (0,), (2,)]
