"""Compressed tables (ZTABLE) against the tables that they were made from."""

from __future__ import annotations

import gzip
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torchfits
from _cfitsio import compress_tables, uncompress_tables
from _fitsbytes import card, empty_primary, header, padded
from _realdata import REAL_DATA
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_tables import made_columns
from torchfits.tables import describe_table

if TYPE_CHECKING:
    from pathlib import Path

# Columns are tensors, strings or of variable length, which only the test knows.
read_columns: Any = torchfits.read_columns

pytestmark = pytest.mark.usefixtures("quiet_astropy")

ROWS = 500
REAL = ("fpack__events.table.fits.fz", "fpack__tesslc.table.fits.fz")


def assert_equal(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert list(mine) == list(theirs)
    for name, column in mine.items():
        if hasattr(column, "offsets"):
            np.testing.assert_array_equal(column.offsets.numpy(), theirs[name].offsets.numpy(), name)
            column, theirs[name] = column.values, theirs[name].values
        assert (column.dtype, column.shape) == (theirs[name].dtype, theirs[name].shape), name
        assert column.numpy().tobytes() == theirs[name].numpy().tobytes(), name


def fixed_columns() -> list[fits.Column]:
    rng = np.random.default_rng(11)
    numbers = [
        fits.Column(letter, letter, array=np.cumsum(rng.integers(-3, 4, ROWS)) + 60 * (letter == "B"))
        for letter in "BIJKED"
    ]
    return [
        *numbers,
        fits.Column("C", "C", array=rng.random(ROWS) + 1j),
        fits.Column("M", "2M", array=rng.random((ROWS, 2)) - 2j),
        fits.Column("L", "3L", array=rng.random((ROWS, 3)) > 0.5),
        fits.Column("X", "11X", array=rng.random((ROWS, 11)) > 0.5),
        fits.Column("A", "7A", array=[f"s{i % 37}" for i in range(ROWS)]),
        fits.Column("AA", "6A", dim="(3,2)", array=np.array([["ab", f"{i % 9}"] for i in range(ROWS)])),
        fits.Column("VI", "5I", array=rng.integers(-9, 9, (ROWS, 5))),
        fits.Column("VD", "6D", dim="(2,3)", array=rng.random((ROWS, 3, 2))),
        fits.Column("U", "J", bzero=2**31, array=rng.integers(0, 2**32, ROWS, dtype=np.uint32)),
        fits.Column("S", "I", array=rng.integers(0, 9, ROWS)),
        fits.Column("SB", "B", bzero=-128, array=rng.integers(-128, 128, ROWS, dtype=np.int8)),
        fits.Column("N", "J", null=7, array=rng.integers(0, 9, ROWS)),
        fits.Column("NONE", "0J"),
        fits.Column("NAN", "E", array=np.full(ROWS, np.nan, np.float32)),
    ]


def ragged_columns() -> list[fits.Column]:
    rng = np.random.default_rng(12)
    lengths = [i * 7 % 13 if i % 5 else 0 for i in range(ROWS)]
    lengths[250] = 3000
    return [
        *(
            fits.Column(
                f"P{letter}",
                f"{'PQ'[i % 2]}{letter}()",
                array=[np.arange(n) % 3 + rng.integers(0, 90) for n in lengths],
            )
            for i, letter in enumerate("BIJKEDCM")
        ),
        fits.Column("PL", "PL()", array=[rng.random(n) > 0.5 for n in lengths]),
        fits.Column("RANDOM", "PI()", array=[rng.integers(-(2**15), 2**15, n, dtype=np.int16) for n in lengths]),
        fits.Column("I", "I", array=np.arange(ROWS)),
    ]


def plain_table(path: Path, columns: list[fits.Column], **cards: Any) -> Path:
    hdu: Any = fits.BinTableHDU.from_columns(columns, name="EVENTS")
    hdu.header.update(cards)
    hdu.writeto(path)
    if "S" in hdu.columns.names:
        number = hdu.columns.names.index("S") + 1
        fits.setval(path, f"TSCAL{number}", value=0.5, ext=1)
        fits.setval(path, f"TZERO{number}", value=3, ext=1)
    return path


def compressed_pair(folder: Path, columns: list[fits.Column], **cards: Any) -> tuple[Path, Path]:
    """The same table as it is, and as fpack writes it."""
    plain = plain_table(folder / "plain.fits", columns, **cards)
    packed = folder / "packed.fits"
    compress_tables(plain, packed)
    assert fits.getheader(packed, 1)["ZTABLE"]
    return plain, packed


KINDS = pytest.mark.parametrize("columns", [fixed_columns, ragged_columns], ids=["fixed", "ragged"])
ALGORITHMS = pytest.mark.parametrize(
    "cards",
    [
        {},
        {"FZTILELN": 200},
        {"FZTILELN": 1, "FZALGOR": "GZIP_1"},
        {"FZTILELN": 64, "FZALGOR": "GZIP_1"},
        {"FZTILELN": 499, "FZALGOR": "GZIP_2"},
        {"FZALGOR": "RICE_1", "FZTILELN": 250},
        {"FZALG1": "GZIP_1", "FZALG2": "RICE_1", "FZALG3": "GZIP_2", "FZALG5": "GZIP_1"},
    ],
    ids=lambda cards: "-".join(map(str, cards.values())) or "default",
)


@KINDS
@ALGORITHMS
def test_readColumns_compressedTable_equalsTheOriginal(columns: Any, cards: dict[str, Any], tmp_path: Path) -> None:
    plain, packed = compressed_pair(tmp_path, columns(), **cards)
    assert_equal(read_columns(packed), read_columns(plain))


@KINDS
@pytest.mark.parametrize(
    "rows",
    [
        slice(None, None, -1), slice(190, 210), slice(5, None, 7), slice(450, 50, -111), slice(0, 0),
        [0], [-1, 0, 199, 200, 201, 200], list(range(0, ROWS, 3)), np.arange(ROWS) % 11 == 0,
    ],
    ids=str,
)  # fmt: skip
def test_readColumns_rowsOfCompressedTable_equalThoseOfTheOriginal(columns: Any, rows: Any, tmp_path: Path) -> None:
    plain, packed = compressed_pair(tmp_path, columns(), FZTILELN=200)
    assert_equal(read_columns(packed, rows=rows), read_columns(plain, rows=rows))


@pytest.mark.parametrize("tile", [1, 63, 200, ROWS])
@pytest.mark.parametrize(
    "where", ["I > 0 and E < 5", "A like 's1%' or L is null", "N is null", "S >= 4 and U > 5", "J > 1e9"]
)
def test_readColumns_conditionOnCompressedTable_equalsThatOnTheOriginal(where: str, tile: int, tmp_path: Path) -> None:
    columns = [column for column in fixed_columns() if column.name != "L"]
    columns.append(fits.Column("L", "L", array=np.arange(ROWS) % 2 == 0))
    plain, packed = compressed_pair(tmp_path, columns, FZTILELN=tile)
    assert_equal(read_columns(packed, where=where), read_columns(plain, where=where))
    found = read_columns(packed, ["K", "A"], where=where, rows=slice(10, None, 3))
    assert_equal(found, read_columns(plain, ["K", "A"], where=where, rows=slice(10, None, 3)))


def test_describeTable_compressed_isThatOfTheOriginal(tmp_path: Path) -> None:
    plain, packed = compressed_pair(tmp_path, fixed_columns() + ragged_columns()[:3])
    mine, theirs = describe_table(packed), describe_table(plain)
    assert mine.columns == theirs.columns
    assert (mine.rows, mine.row_bytes, mine.kind) == (ROWS, theirs.row_bytes, "BINARY_TABLE")


def test_open_compressedTable_isATableOfTheOriginalShape(tmp_path: Path) -> None:
    plain, packed = compressed_pair(tmp_path, fixed_columns())
    with torchfits.open(packed) as hdul:
        hdu = hdul["EVENTS"]
        assert (hdu.kind, hdu.shape) == ("BINARY_TABLE", torchfits.open(plain)[1].shape)
        assert hdu.header["ZTABLE"] is True
        assert hdu.header["NAXIS2"] == 1
        assert_equal(hdu.data, read_columns(plain))
        assert_equal({"J": hdu["J"]}, read_columns(plain, "J"))
        assert hdu.columns.names == describe_table(plain).names


def test_table_compressed_equalsTheOriginal(tmp_path: Path) -> None:
    plain, packed = compressed_pair(tmp_path, fixed_columns(), FZTILELN=64)
    mine, theirs = (torchfits.table(path).filter("I > 0").sort("D").select(["A", "D", "K"]) for path in (packed, plain))
    assert mine.count() == theirs.count()
    assert_equal(mine.to_dict(), theirs.to_dict())
    batches = list(torchfits.table(packed).select(["K"]).iter_batches(130))
    assert [len(batch["K"]) for batch in batches] == [130] * 3 + [110]
    assert torchfits.table(packed)[-1]["A"] == torchfits.table(plain)[-1]["A"]


def test_readTable_compressed_equalsTheOriginal(tmp_path: Path) -> None:
    wanted = ("B", "I", "D", "A", "U", "VI")
    plain, packed = compressed_pair(tmp_path, [column for column in fixed_columns() if column.name in wanted])
    mine, theirs = torchfits.read_table(packed), torchfits.read_table(plain)
    assert mine.col_names_dict == theirs.col_names_dict
    assert mine == theirs


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), count=st.integers(1, 5), tile=st.integers(1, 9))
def test_readColumns_anySchema_isTheSameCompressed(tmp_path: Path, data: Any, count: int, tile: int) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    columns = [data.draw(made_columns(8, f"c{i}"))[0] for i in range(count)]
    algorithm = data.draw(st.sampled_from(["GZIP_1", "GZIP_2", "RICE_1"]))
    # Smaller tables than two blocks stay as they are.
    columns.append(fits.Column("PAD", "1000A", array=["pad"] * 8))
    plain, packed = compressed_pair(tmp_path, columns, FZTILELN=tile, FZALGOR=algorithm)
    assert_equal(read_columns(packed), read_columns(plain))


@pytest.mark.parametrize("name", REAL)
def test_readColumns_realCompressedTable_equalsWhatFunpackMakesOfIt(name: str, tmp_path: Path) -> None:
    if REAL_DATA is None:
        pytest.skip("the collection of real files is absent")
    uncompress_tables(REAL_DATA / name, tmp_path / "plain.fits")
    assert_equal(read_columns(REAL_DATA / name, hdu=1), read_columns(tmp_path / "plain.fits", hdu=1))


def test_readColumns_compressedTableWithinGzip_isRead(tmp_path: Path) -> None:
    plain, packed = compressed_pair(tmp_path, fixed_columns())
    (tmp_path / "packed.fits.gz").write_bytes(gzip.compress(packed.read_bytes()))
    assert_equal(read_columns(tmp_path / "packed.fits.gz"), read_columns(plain))


def test_readColumns_textsOfVariableLength_areReadThoughFunpackCannot(tmp_path: Path) -> None:
    texts = [("a" * (i % 50)) + "!" * (i % 2) for i in range(ROWS)]
    _, packed = compressed_pair(tmp_path, [fits.Column("T", "PA()", array=np.array(texts, dtype=object))])
    assert read_columns(packed)["T"].to_list() == texts


def test_readColumns_bitsOfVariableLengthThatFpackLost_areAnError(tmp_path: Path) -> None:
    heap = b"\xf0" * 6000
    descriptors = b"".join(np.array([8, i], ">i4").tobytes() for i in range(6000))
    plain = tmp_path / "plain.fits"
    plain.write_bytes(table(["1PX(8)"], descriptors, 6000, heap=heap))
    assert bool(read_columns(plain)["col1"].values.any())
    compress_tables(plain, tmp_path / "packed.fits")
    with pytest.raises(torchfits.CorruptDataError, match=r"column 1 'col1'.*row 0: 0 compressed bytes"):
        read_columns(tmp_path / "packed.fits")


def table(forms: list[str], rows: bytes, count: int, *cards: bytes, heap: bytes = b"") -> bytes:
    head = header(
        card("XTENSION", "BINTABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", len(rows) // count),
        card("NAXIS2", count), card("PCOUNT", len(heap)), card("GCOUNT", 1), card("TFIELDS", len(forms)),
        *(card(f"TFORM{i + 1}", form) for i, form in enumerate(forms)), *cards,
    )  # fmt: skip
    return empty_primary() + head + padded(rows + heap)


def packed_bytes(
    cells: list[list[bytes]], forms: list[str], shape: tuple[int, int], *cards: bytes, form: str = "1PB"
) -> bytes:
    """A compressed table made by hand: the bytes of each column in each tile."""
    heap = b""
    rows = b""
    for tile in cells:
        for cell in tile:
            rows += np.array([len(cell), len(heap)], ">i4" if form == "1PB" else ">i8").tobytes()
            heap += cell
    first = [card("ZTABLE", value=True), card("ZNAXIS1", shape[1]), card("ZNAXIS2", shape[0]), card("ZPCOUNT", 0)]
    zforms = [card(f"ZFORM{i + 1}", text) for i, text in enumerate(forms)]
    return table([form] * len(forms), rows, len(cells), *first, *zforms, *cards, heap=heap)


NUMBERS = (np.arange(10) * 1000).astype(">i4")


@pytest.mark.parametrize("form", ["1PB", "1QB"])
@pytest.mark.parametrize(
    ("zctyp", "encode"),
    [
        ("NOCOMPRESS", bytes),
        ("GZIP_1", gzip.compress),
        ("GZIP_2", lambda cell: gzip.compress(np.frombuffer(cell, "u1").reshape(-1, 4).T.tobytes())),
        (None, lambda cell: gzip.compress(np.frombuffer(cell, "u1").reshape(-1, 4).T.tobytes())),
    ],
)
def test_readColumns_tableOfTheStandard_isRead(form: str, zctyp: str | None, encode: Any, tmp_path: Path) -> None:
    cells = [[encode(NUMBERS[i : i + 4].tobytes())] for i in (0, 4, 8)]
    cards = [card("ZTILELEN", 4), card("ZTHEAP", 40)] + ([card("ZCTYP1", zctyp)] if zctyp else [])
    (tmp_path / "t.fits").write_bytes(packed_bytes(cells, ["J"], (10, 4), *cards, form=form))
    assert read_columns(tmp_path / "t.fits")["col1"].tolist() == NUMBERS.tolist()


GOOD = gzip.compress(NUMBERS.tobytes())
LEN, TYP = card("ZTILELEN", 10), card("ZCTYP1", "GZIP_1")

HEADER, CORRUPT = torchfits.HeaderError, torchfits.CorruptDataError
BROKEN = {
    "no ZTILELEN": ([[GOOD]], (10, 4), [TYP], HEADER, "ZTILELEN is missing"),
    "ZTILELEN of 0": ([[GOOD]], (10, 4), [TYP, card("ZTILELEN", 0)], HEADER, "ZTILELEN = 0"),
    "too few tiles": ([[GOOD]], (10, 4), [TYP, card("ZTILELEN", 4)], HEADER, "1 tiles of ZTILELEN = 4"),
    "too many tiles": ([[GOOD], [GOOD]], (10, 4), [TYP, LEN], HEADER, "2 tiles of ZTILELEN = 10"),
    "ZNAXIS1": ([[GOOD]], (10, 5), [TYP, LEN], HEADER, "the columns take 4 bytes of rows of"),
    "more rows": ([[GOOD]], (11, 4), [TYP, card("ZTILELEN", 11)], CORRUPT, "after 40 of 44 bytes"),
    "fewer rows": ([[GOOD]], (9, 4), [TYP, card("ZTILELEN", 9)], CORRUPT, "more bytes than the tile"),
    "a bomb": ([[GOOD]], (10**9, 4), [TYP, card("ZTILELEN", 10**9)], HEADER, "can become"),
    "an overflow": ([[GOOD]], (2**62, 4), [TYP, card("ZTILELEN", 2**62)], HEADER, "can become"),
    "a tile of nothing": ([[b""]], (10, 4), [TYP, LEN], CORRUPT, "0 bytes are no gzip member"),
    "no gzip": ([[b"x" * 60]], (10, 4), [TYP, LEN], CORRUPT, "gzip"),
    "a wrong CRC": (
        [[GOOD[:-8] + b"1234" + GOOD[-4:]]], (10, 4), [TYP, LEN], CORRUPT, "column 1 'col1'.*tile 0.*CRC",
    ),
    "an unknown algorithm": (
        [[GOOD]], (10, 4), [card("ZCTYP1", "ZIP"), LEN], HEADER, "ZCTYP1 = ZIP is no algorithm for J",
    ),
    "Rice of too few bytes": (
        [[b"\0\0\0\1"]], (10, 4), [card("ZCTYP1", "RICE_1"), LEN], CORRUPT, "tile 0",
    ),
    "bytes as they are, too few": (
        [[b"\0" * 39]], (10, 4), [card("ZCTYP1", "NOCOMPRESS"), LEN], CORRUPT, "39 bytes are not",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_readColumns_brokenCompressedTable_saysWhatIsWrong(case: str, tmp_path: Path) -> None:
    cells, shape, cards, error, message = BROKEN[case]
    path = tmp_path / "t.fits"
    path.write_bytes(packed_bytes(cells, ["J"], shape, *cards))
    with pytest.raises(error, match=message) as raised:
        read_columns(path)
    assert str(path) + "[1]" in str(raised.value)


@pytest.mark.parametrize(("missing", "message"), [("ZNAXIS1", "ZNAXIS1 is missing"), ("ZFORM1", "ZFORM1 is missing")])
def test_readColumns_compressedTableWithoutAKeyword_namesIt(missing: str, message: str, tmp_path: Path) -> None:
    content = packed_bytes([[GOOD]], ["J"], (10, 4), TYP, LEN)
    (tmp_path / "t.fits").write_bytes(content.replace(missing.encode().ljust(8), b"IGNORED "))
    with pytest.raises(torchfits.HeaderError, match=message):
        read_columns(tmp_path / "t.fits", hdu=1)


@pytest.mark.parametrize(("form", "zctyp"), [("E", "RICE_1"), ("J", "PLIO_1"), ("10A", "RICE_1")])
def test_describeTable_algorithmThatDoesNotFit_isAProblemOfTheColumn(form: str, zctyp: str, tmp_path: Path) -> None:
    width = 10 if form == "10A" else 4
    good, bad = NUMBERS.tobytes(), b"\0" * 10 * width
    cards = [card("ZCTYP1", "NOCOMPRESS"), card("ZCTYP2", zctyp), LEN]
    (tmp_path / "t.fits").write_bytes(packed_bytes([[good, bad]], ["J", form], (10, 4 + width), *cards))
    assert describe_table(tmp_path / "t.fits").columns[1].problem == f"ZCTYP2 = {zctyp} is no algorithm for {form}"
    assert read_columns(tmp_path / "t.fits", 0)["col1"].tolist() == NUMBERS.tolist()


@pytest.mark.parametrize(("count", "offset"), [(-1, 0), (2**40, 0), (10, -5), (10, 2**62), (10, 10**6)])
def test_readColumns_tileOutsideTheHeap_isAnError(count: int, offset: int, tmp_path: Path) -> None:
    content = packed_bytes([[GOOD]], ["J"], (10, 4), TYP, LEN, form="1QB")
    at = content.index(np.array([len(GOOD), 0], ">i8").tobytes(), 2880)
    changed = content[:at] + np.array([count, offset], ">i8").tobytes() + content[at + 16 :]
    (tmp_path / "t.fits").write_bytes(changed)
    with pytest.raises(torchfits.CorruptDataError, match=r"tile 0: .* are not within the heap"):
        read_columns(tmp_path / "t.fits")


def ragged_cell(arrays: list[bytes], first: int, own: list[tuple[int, int]]) -> bytes:
    """The descriptors of arrays, `own` as they are claimed, and behind them those of the bytes in the heap."""
    offsets = first + np.cumsum([0, *map(len, arrays)])[:-1]
    packed = np.array(list(zip(map(len, arrays), offsets, strict=True)), ">i8").tobytes()
    return gzip.compress(np.array(own, ">i4").tobytes() + packed)


def ragged_bytes(arrays: list[bytes], own: list[tuple[int, int]], form: str, zctyp: str) -> bytes:
    cell = ragged_cell(arrays, 0, own)
    body = b"".join(arrays)
    rows = np.array([len(cell), len(body)], ">i4").tobytes()
    cards = [
        card("ZTABLE", value=True), card("ZNAXIS1", 8), card("ZNAXIS2", len(own)), card("ZTILELEN", len(own)),
        card("ZPCOUNT", 0), card("ZFORM1", form), card("ZCTYP1", zctyp),
    ]  # fmt: skip
    return table(["1PB"], rows, 1, *cards, heap=body + cell)


def test_readColumns_arraysStoredAsTheyAre_areRead(tmp_path: Path) -> None:
    arrays = [NUMBERS[:3].tobytes(), b"", gzip.compress(NUMBERS.tobytes())]
    (tmp_path / "t.fits").write_bytes(ragged_bytes(arrays, [(3, 0), (0, 0), (10, 12)], "1PJ(10)", "GZIP_1"))
    assert read_columns(tmp_path / "t.fits")["col1"].to_list() == [NUMBERS[:3].tolist(), [], NUMBERS.tolist()]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ((11, 0), "row 0: its deflated bytes end after 40 of 44"),
        ((2**30, 0), "row 0: .* compressed bytes cannot become 1073741824 elements"),
        ((-1, 0), "row 0: .* compressed bytes cannot become 4294967295 elements"),
    ],
)
def test_readColumns_compressedArrayThatLies_isAnError(own: tuple[int, int], message: str, tmp_path: Path) -> None:
    (tmp_path / "t.fits").write_bytes(ragged_bytes([gzip.compress(NUMBERS.tobytes())], [own], "1PJ(10)", "GZIP_1"))
    with pytest.raises(torchfits.CorruptDataError, match=message):
        read_columns(tmp_path / "t.fits")


def test_readColumns_truncatedCompressedTable_isAnError(tmp_path: Path) -> None:
    _, packed = compressed_pair(tmp_path, fixed_columns())
    packed.write_bytes(packed.read_bytes()[:-2880])
    with pytest.raises(torchfits.TruncatedFileError, match=re.escape(str(packed) + "[1]")):
        read_columns(packed)


def test_readColumns_rowFilterOnCompressedTable_isRefused(tmp_path: Path) -> None:
    _, packed = compressed_pair(tmp_path, fixed_columns())
    with pytest.raises(torchfits.UnsupportedFitsError, match="row filters know no compressed tables"):
        read_columns(f"{packed}[EVENTS][I > 0]")


def test_readColumns_noRows_isEmpty(tmp_path: Path) -> None:
    content = packed_bytes([[GOOD]], ["J"], (10, 4), TYP, LEN).replace(card("ZNAXIS2", 10), card("ZNAXIS2", 0))
    (tmp_path / "t.fits").write_bytes(content.replace(card("NAXIS2", 1), card("NAXIS2", 0)))
    for options in (
        {},
        {"rows": []},
        {"rows": slice(3, None)},
        {"where": "col1 > 0"},
        {"where": "col1 > 0", "rows": []},
    ):
        assert read_columns(tmp_path / "t.fits", **options)["col1"].shape == (0,)
    assert math.prod(torchfits.open(tmp_path / "t.fits")[1].shape) == 0
