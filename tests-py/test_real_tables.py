"""Every table of real files, column by column, against astropy and the recorded expectations of fitsio."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _frames import assert_same_frames
from _realdata import REAL_DATA, real_files, shipped_files
from astropy.io import fits
from torchfits.frames import materialize
from torchfits.tables import describe_table

pytestmark = pytest.mark.usefixtures("quiet_astropy")

FILES = real_files() + shipped_files()

by_name = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)

TABLES = ("BINARY_TABLE", "ASCII_TABLE")

# Neither astropy nor fitsio decompresses them; see test_compressed_tables.
COMPRESSED_TABLES = {("fpack__events.table.fits.fz", 1), ("fpack__tesslc.table.fits.fz", 1)}

# (file, HDU) whose columns have no names: astropy fails.
NAMELESS = {("aladin-lite__gw_0.1.fits", 1), ("aladin-lite__gw_0.3.fits", 1), ("nom-tam-fits__bt12.fits", 1)}

NOT_AS_ASTROPY = {
    # L as bytes 0 and 1 instead of F and T, by an astropy of old; fitsio has False for all, too.
    ("vla_logical_pre_fix.fits", 1, "flag"),
    # TNULL of a scaled column: astropy scales it like any number. NaN, as in images.
    ("qfits__bintable.tfits", 1, "COUNTS"),
    ("cfitsio__testprog.std.fits", 1, "Bvalue"),
    ("cfitsio__testprog.std.fits", 1, "Jvalue"),
    # Numbers in a column of strings: a NUL ends a string, astropy keeps what follows.
    ("legacypipe__tycho2.kd.fits", 5, "kdtree_range_stars"),
    ("legacypipe__2_tycho2.kd.fits", 5, "kdtree_range_stars"),
    ("irispy_lmsal__iris_l2_20140329_140938_3860258481_raster_t000_r00000_test.fits", 11, "NUVfilename"),
    # astropy 8.0.2 fails at arrays of bits of variable length.
    ("cfitsio__testprog.std.fits", 4, "Xvalue"),
}

# astropy makes float64 of the convention for signed bytes, int16 of integers of up to four characters, and of
# unsigned integers in arrays of variable length.
OTHER_DTYPES = {("int8", "float64"), ("int32", "int16"), ("uint16", "int16")}


def tables(path: Path) -> list[int]:
    return [hdu.index for hdu in torchfits.open(path) if hdu.kind in TABLES]


def plain_name(path: Path) -> str:
    return path.name.removeprefix("astropy__")


def assert_strings_equal(mine: torchfits.StringColumn, theirs: Any) -> None:
    if np.asarray(theirs).dtype.kind == "S":
        theirs = np.char.decode(np.asarray(theirs), "latin-1")
    if np.asarray(theirs).dtype.kind == "U" and not isinstance(theirs, fits.column._VLF):
        assert mine.to_list() == np.char.rstrip(theirs).tolist()
        return
    assert len(mine) == len(theirs)
    for row, characters in zip(mine.to_list(), theirs, strict=True):
        assert row.replace(" ", "") == "".join(np.asarray(characters).reshape(-1).tolist()).replace(" ", "")


def assert_ragged_equal(mine: torchfits.RaggedColumn, theirs: Any) -> None:
    assert len(mine) == len(theirs)
    for row, values in zip(mine, theirs, strict=True):
        expected = np.asarray(values).reshape(-1)
        dtypes = (str(row.numpy().dtype), str(expected.dtype.newbyteorder("=")))
        assert len(expected) == 0 or dtypes[0] == dtypes[1] or dtypes in OTHER_DTYPES
        np.testing.assert_array_equal(row.numpy(), expected)


def assert_column_equal(mine: Any, theirs: Any) -> None:
    if isinstance(mine, torchfits.StringColumn):
        assert_strings_equal(mine, theirs)
    elif isinstance(mine, torchfits.RaggedColumn):
        assert_ragged_equal(mine, theirs)
    else:
        values = mine.numpy()
        native = np.asarray(theirs).dtype.newbyteorder("=")
        assert (str(values.dtype), str(native)) in OTHER_DTYPES or values.dtype == native
        assert values.shape == np.asarray(theirs).shape
        np.testing.assert_array_equal(values, np.asarray(theirs))


@by_name
def test_readColumns_realTable_equalsAstropy(path: Path) -> None:
    numbers = tables(path)
    if not numbers:
        assert not any(type(hdu) in (fits.BinTableHDU, fits.TableHDU) for hdu in fits.open(path))
        return
    opened: Any = fits.open(path)
    with opened as theirs:
        for number in numbers:
            if (path.name, number) in COMPRESSED_TABLES:
                continue
            mine = torchfits.read_columns(path, hdu=number)
            assert len(mine) == theirs[number].header["TFIELDS"]
            if (path.name, number) not in NAMELESS:
                assert_table_equal(path, number, mine, theirs[number])


def assert_table_equal(path: Path, number: int, mine: dict[str, Any], theirs: Any) -> None:
    assert list(mine) == theirs.columns.names
    for index, (name, column) in enumerate(mine.items()):
        if (plain_name(path), number, name) not in {(f.removeprefix("astropy__"), h, c) for f, h, c in NOT_AS_ASTROPY}:
            assert_column_equal(column, theirs.data.field(index))


@cache
def expectations() -> dict[str, Any]:
    """EXPECT.jsonl by file name; empty where the collection is absent."""
    if REAL_DATA is None:
        return {}
    lines = (REAL_DATA / "EXPECT.jsonl").read_text().splitlines()
    return {entry["file"]: entry for entry in map(json.loads, lines)}


def digest(values: np.ndarray) -> str:
    """As EXPECT.jsonl has it: of the little-endian bytes, all NaNs made the same one."""
    values = values.astype(values.dtype.newbyteorder("<"))
    if values.dtype.kind == "f":
        values[np.isnan(values)] = np.nan
    return hashlib.sha1(values.tobytes()).hexdigest()[:16]


def of_fitsio(name: str) -> list[tuple[int, dict[str, Any]]]:
    hdus = expectations()[name]["fitsio"].get("hdus", [])
    return [(number, hdu["cols"]) for number, hdu in enumerate(hdus) if "cols" in hdu]


# Of scaled floats and long integers of ASCII tables.
OTHER_DTYPES_OF_FITSIO = {("f8", "f4"), ("i4", "i8")}

NOT_AS_FITSIO = {
    # Nulls are 0.
    ("astropy__ascii.fits", "a"),
    # 9223372036854775807 overflows.
    ("astropy__ascii_i4-i20.fits", "col3"),
    # One bit a row and no element at all lose their axis.
    ("afw__exposure-version-1.fits", "flags"),
    ("afw__visitInfo-version-4.fits", "flags"),
    ("astropy__zerowidth.fits", "ORBPARM"),
    ("qfits__bintable.tfits", "DUMMY"),
    # Scaled floats are computed in float32, or not scaled at all.
    ("astropy__tb.fits", "c3"),
    ("fpack__tb.table.fits.fz", "c3"),
    ("astropy__zerowidth.fits", "UU---SIN"),
    ("astropy__zerowidth.fits", "VV---SIN"),
    ("astropy__zerowidth.fits", "WW---SIN"),
    ("PINT__ngc300nicer_bary.evt", "DEADTIME"),
    ("PINT__ngc300nicer_bary.evt", "MPU_A_TEMP"),
    ("qfits__bintable.tfits", "COUNTS"),
    # Decimals are rounded to another neighbour, or zero has lost its sign: astropy and strtod agree with us.
    ("astropy-data__HorseHead.fits", "XI_CORR"),
    ("astropy-data__HorseHead.fits", "ETA_CORR"),
    ("astropy-tutorials__dss_hd219829.fits", "XI_CORR"),
    ("astropy-tutorials__dss_hd219829.fits", "ETA_CORR"),
    ("healpy__cl_wmap_band_iqumap_r9_7yr_WVxspec_v4_udgraded32_II_lmax64_rmmono_3iter.fits", "TEMPERATURE"),
    ("healpy__cl_wmap_band_iqumap_r9_7yr_W_v4_udgraded32_II_lmax64_rmmono_3iter_nomask.fits", "TEMPERATURE"),
    # NaNs of other bits in complex numbers.
    ("qfits__bintable.tfits", "Complex"),
    ("qfits__bintable.tfits", "Cplx_64"),
}


@by_name
def test_readTable_realTable_equalsTheFrameOfItsColumns(path: Path) -> None:
    for hdu in tables(path):
        schema = describe_table(path, hdu=hdu)
        readable = [info.name for info in schema.columns if info.problem is None]
        columns = torchfits.read_columns(path, readable, hdu=hdu)
        expected = materialize(columns, {name: schema[name] for name in columns})
        assert_same_frames(torchfits.read_table(path, readable, hdu=hdu), expected)


def is_number(expected: dict[str, Any]) -> bool:
    return "sha" in expected and expected["dtype"][0] in "iufcb"


@pytest.mark.parametrize("name", [name for name in sorted(expectations()) if of_fitsio(name)])
def test_readColumns_realTable_equalsWhatFitsioRead(name: str) -> None:
    assert REAL_DATA is not None
    for number, columns in of_fitsio(name):
        if (name, number) in COMPRESSED_TABLES:
            continue
        mine = torchfits.read_columns(REAL_DATA / name, hdu=number)
        wanted = [c for c, e in columns.items() if c and is_number(e) and (name, c) not in NOT_AS_FITSIO]
        assert [as_recorded(mine[c], columns[c]) for c in wanted] == [columns[c]["sha"] for c in wanted]


def as_recorded(column: Any, expected: dict[str, Any]) -> str:
    assert isinstance(column, torch.Tensor)
    values = column.numpy()
    dtype = values.dtype.str[1:]
    assert dtype == expected["dtype"] or (dtype, expected["dtype"]) in OTHER_DTYPES_OF_FITSIO
    assert list(values.shape) == expected["shape"]
    return digest(values.astype(expected["dtype"]))
