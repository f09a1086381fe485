"""Random groups as tables, against astropy's GroupData."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import card, header, padded
from _realdata import real_files, shipped_files
from astropy.io import fits
from torchfits.tables import describe_table

if TYPE_CHECKING:
    from pathlib import Path

# Columns are tensors, strings or of variable length, which only the test knows.
read_columns: Any = torchfits.read_columns

pytestmark = pytest.mark.usefixtures("quiet_astropy")

FILES = [path for path in real_files() + shipped_files() if path.name.endswith(("group.fits", "random_groups.fits"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_readColumns_realRandomGroups_equalAstropy(path: Path) -> None:
    opened: Any = fits.open(path)
    with opened as theirs:
        groups = theirs[0].data
        mine = read_columns(path, hdu=0)
        names = [name.lstrip("_") for name in groups.columns.names]
        assert [name.removesuffix("_2") for name in mine] == names
        for index, column in enumerate(mine.values()):
            expected = groups.field(index) if index == len(names) - 1 else groups.par(index)
            assert tuple(column.shape) == expected.shape
            np.testing.assert_allclose(column.double().numpy(), np.asarray(expected, float), rtol=1e-6, atol=1e-30)
        assert torch.equal(mine["DATA"], torchfits.read_image(path).to(mine["DATA"].dtype))


def groups_file(path: Path, stored: np.ndarray, *cards: bytes, arrays: tuple[int, ...] = (2, 3)) -> Path:
    """Groups of three parameters and arrays of that shape, one behind the other."""
    bitpix = {"u1": 8, "i2": 16, "i4": 32, "i8": 64, "f4": -32, "f8": -64}[stored.dtype.str[1:]]
    axes = [card(f"NAXIS{i + 2}", length) for i, length in enumerate(reversed(arrays))]
    head = header(
        card("SIMPLE", value=True), card("BITPIX", bitpix), card("NAXIS", len(arrays) + 1), card("NAXIS1", 0), *axes,
        card("GROUPS", value=True), card("PCOUNT", 3), card("GCOUNT", len(stored)), *cards,
    )  # fmt: skip
    path.write_bytes(head + padded(stored.astype(stored.dtype.newbyteorder(">")).tobytes()))
    return path


TYPES = ["u1", "i2", "i4", "i8", "f4", "f8"]
NAMES = [card("PTYPE1", "UU"), card("PTYPE2", "DATE"), card("PTYPE3", "DATE")]


@pytest.mark.parametrize("dtype", TYPES)
def test_readColumns_groups_areWhatIsStored(dtype: str, tmp_path: Path) -> None:
    stored = np.arange(4 * 9).reshape(4, 9).astype(dtype)
    mine = read_columns(groups_file(tmp_path / "g.fits", stored, *NAMES), hdu=0)
    assert list(mine) == ["UU", "DATE", "DATE_2", "DATA"]
    for index, name in enumerate(["UU", "DATE", "DATE_2"]):
        assert mine[name].numpy().dtype == stored.dtype
        assert mine[name].tolist() == stored[:, index].tolist()
    np.testing.assert_array_equal(mine["DATA"].numpy(), stored[:, 3:].reshape(4, 2, 3))


def test_readColumns_scaledGroups_arePhysical(tmp_path: Path) -> None:
    stored = np.arange(4 * 9).reshape(4, 9).astype("i2")
    cards = [card("PSCAL1", 0.5), card("PZERO1", 10), card("PZERO2", 32768), card("BSCALE", 2.0), card("BLANK", 4)]
    path = groups_file(tmp_path / "g.fits", stored, *NAMES, *cards)
    mine = read_columns(path, hdu=0)
    assert mine["UU"].tolist() == (stored[:, 0] * 0.5 + 10).tolist()
    assert mine["DATE"].dtype == torch.uint16
    assert mine["DATE"].tolist() == (stored[:, 1].astype(int) + 32768).tolist()
    expected = np.where(stored[:, 3:] == 4, np.nan, stored[:, 3:] * 2.0).reshape(4, 2, 3)
    np.testing.assert_array_equal(mine["DATA"].numpy(), expected)


def test_readColumns_rowsAndConditionOfGroups_pickGroups(tmp_path: Path) -> None:
    stored = np.arange(50 * 9).reshape(50, 9).astype("f4")
    path = groups_file(tmp_path / "g.fits", stored, *NAMES)
    assert read_columns(path, "UU", hdu=0, rows=[-1, 0])["UU"].tolist() == stored[[-1, 0], 0].tolist()
    found = read_columns(path, ["DATA", "DATE_2"], hdu=0, where="UU > 100 and DATE < 300")
    chosen = stored[(stored[:, 0] > 100) & (stored[:, 1] < 300)]
    np.testing.assert_array_equal(found["DATA"].numpy(), chosen[:, 3:].reshape(-1, 2, 3))
    table: Any = torchfits.table(path, hdu=0).filter("UU > 100").sort("UU", descending=True)
    assert table["DATE"].tolist() == stored[stored[:, 0] > 100, 1][::-1].tolist()


def test_describeTable_groups_tellsParametersAndData(tmp_path: Path) -> None:
    path = groups_file(tmp_path / "g.fits", np.zeros((4, 9), "i4"), card("PTYPE1", "UU"), card("PSCAL1", 0.5))
    schema = describe_table(path, hdu=0)
    assert (schema.kind, schema.rows, schema.row_bytes, schema.data_offset) == ("RANDOM_GROUPS", 4, 36, 2880)
    assert schema.names == ("UU", "col2", "col3", "DATA")
    assert [column.form for column in schema.columns] == ["J", "J", "J", "6J"]
    assert (schema["UU"].scale, schema["UU"].dtype, schema["DATA"].shape) == (0.5, torch.float64, (2, 3))
    with torchfits.open(path) as opened:
        hdul: Any = opened
        assert hdul[0].columns == schema
        assert hdul[0]["UU"].tolist() == [0.0] * 4
        assert tuple(hdul[0].data.shape) == (4, 2, 3)


def test_readColumns_withoutHdu_meansATableAndNoGroups(tmp_path: Path) -> None:
    path = groups_file(tmp_path / "g.fits", np.zeros((4, 9), "i4"))
    with pytest.raises(torchfits.HduNotFoundError, match="no HDU with a table"):
        read_columns(path)


def test_readColumns_groupsWithoutArrays_areParameters(tmp_path: Path) -> None:
    stored = np.arange(8, dtype="f8").reshape(2, 4)
    path = groups_file(tmp_path / "g.fits", stored, *NAMES, arrays=())
    assert list(read_columns(path, hdu=0)) == ["UU", "DATE", "DATE_2"]
    assert read_columns(path, hdu=0)["UU"].tolist() == [0, 4]


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (card("GCOUNT", 4), card("GCOUNT", 400), torchfits.TruncatedFileError, "has bytes up to 17280"),
        (card("PCOUNT", 3), card("PCOUNT", 1000), torchfits.HeaderError, "PCOUNT = 1000 parameters are more than 999"),
        (card("PCOUNT", 3), card("PCOUNT", 10**12), torchfits.HeaderError, "PCOUNT = 10"),
        (card("NAXIS", 3), card("NAXIS", 0), torchfits.HeaderError, "groups of 12 bytes in data of 0"),
        (card("NAXIS2", 3), card("NAXIS2", 2**62), torchfits.HeaderError, "more bytes than a file can hold"),
    ],
)
def test_readColumns_groupsThatLie_areAnError(
    old: bytes, new: bytes, error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = groups_file(tmp_path / "g.fits", np.zeros((4, 9), "i4"))
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(error, match=message):
        read_columns(path, hdu=0)


def test_readColumns_groupScaleThatIsNoNumber_isAProblemOfItsColumn(tmp_path: Path) -> None:
    path = groups_file(tmp_path / "g.fits", np.zeros((4, 9), "i4"), *NAMES, card("PSCAL2", "x"))
    assert describe_table(path, hdu=0)["DATE"].problem == "PSCAL2 = x is not a number"
    assert read_columns(path, ["UU", "DATA"], hdu=0)["UU"].tolist() == [0] * 4
    with pytest.raises(torchfits.HeaderError, match="PSCAL2 = x is not a number"):
        read_columns(path, "DATE", hdu=0)
