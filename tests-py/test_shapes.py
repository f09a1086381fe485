"""Images of every shape that FITS has, against astropy, numpy and cfitsio."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import BITPIX, card, empty_primary, header, image, image_header, padded
from _realdata import REAL_DATA
from astropy.io import fits

BACKENDS: list[Any] = ["auto", "cfitsio"]


def write(folder: Path, *parts: bytes) -> Path:
    path = folder / "image.fits"
    path.write_bytes(b"".join(parts))
    return path


def read_both(path: Path, **options: Any) -> np.ndarray:
    direct, general = (torchfits.read_image(path, backend=backend, **options).numpy() for backend in BACKENDS)
    np.testing.assert_array_equal(direct, general, strict=True)
    return direct


def test_readImage_noAxes_isAKindErrorAndNoData(tmp_path: Path) -> None:
    path = write(tmp_path, empty_primary())
    for backend in BACKENDS:
        with pytest.raises(torchfits.HduKindError, match=r"image\.fits\[0\]: the HDU has no data \(NAXIS = 0\)"):
            torchfits.read_image(path, hdu=0, backend=backend)
    hdu = torchfits.open(path)[0]
    assert hdu.data is None
    assert hdu.shape == ()
    with pytest.raises(torchfits.HduKindError):
        hdu[...]


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 4), (0, 0), (5, 4, 3, 2, 0)])
def test_readImage_axisOfNoLength_isAnEmptyTensorOfThatShape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write(tmp_path, image(np.zeros(shape, "i2")))
    assert read_both(path).shape == shape
    data = torchfits.open(path)[0].data
    assert data is not None
    assert data.shape == shape
    assert read_both(path, section=(..., slice(None, None, 2))).shape == np.zeros(shape)[..., ::2].shape


@pytest.mark.parametrize("shape", [(7,), (1,), (2, 1, 3), (2, 3, 1, 4, 1, 2, 3)])
@pytest.mark.parametrize("stored_type", ["u1", "f8"])
@pytest.mark.parametrize("extension", [False, True])
def test_readImage_spectraAndHypercubes_areThoseOfAstropy(
    tmp_path: Path, shape: tuple[int, ...], stored_type: str, extension: Any
) -> None:
    values = np.arange(np.prod(shape)).astype(stored_type).reshape(shape)
    path = write(tmp_path, empty_primary() if extension else b"", image(values, extension=extension))
    expected: Any = fits.getdata(path)
    assert expected.shape == shape
    np.testing.assert_array_equal(read_both(path), expected)


@pytest.mark.parametrize("axes", [64, 65, 99, 100, 500, 999])
def test_readImage_manyAxes_areAllThere(tmp_path: Path, axes: int) -> None:
    shape = (2, *(1 for _ in range(axes - 2)), 3)
    stored = np.arange(6, dtype="i2")
    path = write(tmp_path, image_header(16, shape), padded(stored.astype(">i2").tobytes()))
    tensor = torchfits.read_image(path)
    assert tensor.shape == shape
    assert tensor.flatten().tolist() == stored.tolist()
    assert torchfits.read_image(path, section=(1, ..., slice(0, 3, 2))).shape == (*(1 for _ in range(axes - 2)), 2)
    assert torchfits.open(path)[0].shape == shape


def test_readImage_moreAxesThanCfitsioHas_isUnsupportedThere(tmp_path: Path) -> None:
    path = write(tmp_path, image_header(8, (1,) * 100), padded(b"\7"))
    with pytest.raises(torchfits.UnsupportedFitsError, match=r"image\.fits\[0\]: cfitsio reads at most 99 axes"):
        torchfits.read_image(path, backend="cfitsio")


def test_readImage_moreAxesThanTheStandardHas_isAHeaderError(tmp_path: Path) -> None:
    path = write(tmp_path, header(card("SIMPLE", value=True), card("BITPIX", 8), card("NAXIS", 1000)))
    with pytest.raises(torchfits.HeaderError, match="NAXIS = 1000"):
        torchfits.read_image(path, hdu=0)


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """(50,000, 50,000) bytes, more than 2^31, of which the file system holds a few at the end of the last rows."""
    path = tmp_path_factory.mktemp("huge") / "huge.fits"
    with path.open("wb") as file:
        file.write(image_header(8, (50_000, 50_000)))
        for row in (49_998, 49_999):
            file.seek(2880 + row * 50_000 + 49_990)
            file.write(bytes(range(row % 100, row % 100 + 10)))
        file.truncate(-(-file.tell() // 2880) * 2880)
    return path


@pytest.mark.parametrize("backend", BACKENDS)
def test_readImage_sectionBehindTwoToThe31Pixels_isThatOfTheFile(huge: Path, backend: Any) -> None:
    corner = torchfits.read_image(huge, section=(slice(49_997, None), slice(-11, None, 2)), backend=backend)
    rows = np.zeros((3, 11), "u1")
    rows[1, 1:] = range(98, 108)
    rows[2, 1:] = range(99, 109)
    assert corner.tolist() == rows[:, ::2].tolist()
    assert torchfits.read_image(huge, section=(-1, -1), backend=backend).item() == 108
    flipped = torchfits.read_image(f"{huge}[50000:49990,50000:49998]", backend=backend)
    assert flipped.tolist() == rows[::-1, ::-1].tolist()


def test_readImage_stepsThroughMoreThanTwoToThe31Pixels_areThoseOfTheFile(huge: Path) -> None:
    thin = torchfits.read_image(huge, section=(slice(9, None, 10), -1))
    assert thin.shape == (5000,)
    assert thin[-1] == 108
    assert thin[:-1].count_nonzero() == 0


def test_readImage_unpaddedDataAtTheEnd_isRead(tmp_path: Path) -> None:
    values = np.arange(20, dtype="i2").reshape(4, 5)
    path = write(tmp_path, empty_primary(), image(values, extension=True))
    path.write_bytes(path.read_bytes()[: 2 * 2880 + values.nbytes])
    assert torchfits.read_image(path).tolist() == values.tolist()
    assert torchfits.read_image(path, section=(slice(None, None, 3), slice(1, 3))).tolist() == values[::3, 1:3].tolist()


# Random groups: arrays and their parameters


def groups(stored: np.ndarray, parameters: np.ndarray, *cards: bytes) -> bytes:
    """Random groups that store these arrays (GCOUNT, NAXISn, ..., NAXIS2) and parameters (GCOUNT, PCOUNT)."""
    lengths = [card(f"NAXIS{i + 2}", length) for i, length in enumerate(reversed(stored.shape[1:]))]
    top = header(
        card("SIMPLE", value=True), card("BITPIX", BITPIX[stored.dtype.str[1:]]), card("NAXIS", stored.ndim),
        card("NAXIS1", 0), *lengths, card("GROUPS", value=True), card("PCOUNT", parameters.shape[1]),
        card("GCOUNT", len(stored)), *cards,
    )  # fmt: skip
    rows = np.concatenate(
        [parameters.astype(stored.dtype), stored.reshape(len(stored), math.prod(stored.shape[1:]))], axis=1
    )
    return top + padded(rows.astype(stored.dtype.newbyteorder(">")).tobytes())


def real_groups() -> list[Path]:
    shipped = Path(fits.__file__).parent / "tests" / "data"
    found = [shipped / "group.fits", shipped / "random_groups.fits"]
    return found if REAL_DATA is None else [*found, *sorted(REAL_DATA.glob("*group*s.fits"))]


@pytest.mark.parametrize("path", real_groups(), ids=lambda path: path.name)
def test_randomGroups_realFile_areThoseOfAstropy(path: Path) -> None:
    opened: Any = fits.open(path)
    with opened as hdul:
        expected = hdul[0].data
        hdu = torchfits.open(path)[0]
        array = hdu.data
        assert array is not None
        assert hdu.kind == "RANDOM_GROUPS"
        assert hdu.shape == array.shape == expected.data.shape
        np.testing.assert_array_equal(array.numpy(), expected.data)
        assert torch.equal(torchfits.read_image(path), array)
        assert list(hdu.parameters.names) == [name.rstrip() for name in expected.parnames]
        assert len(hdu.parameters) == len(expected)
        for name in expected.parnames:
            np.testing.assert_array_equal(hdu.parameters.par(name).numpy(), expected.par(name))
            np.testing.assert_array_equal(hdu.parameters.par(name.lower()).numpy(), expected.par(name))
        for index in range(len(expected.parnames)):
            np.testing.assert_array_equal(hdu.parameters.par(index).numpy(), expected.par(index))


@pytest.mark.parametrize("stored_type", list(BITPIX))
def test_randomGroups_section_isThatOfTheArrays(tmp_path: Path, stored_type: str) -> None:
    random = np.random.default_rng(4)
    stored = random.integers(0, 200, (50, 3, 40)).astype(stored_type)
    parameters = random.integers(0, 200, (50, 4)).astype(stored_type)
    path = write(tmp_path, groups(stored, parameters, *(card(f"PTYPE{i + 1}", f"P{i}") for i in range(4))))
    hdu: Any = torchfits.open(path)[0]
    for section in [
        ...,
        3,
        slice(2, 40, 7),
        (..., 0),
        (slice(None), 1, slice(3, 30, 2)),
        (slice(9, 9), 0),
        (-1, -1, -1),
    ]:
        np.testing.assert_array_equal(hdu[section].numpy(), stored[section], strict=stored[section].shape != ())
    np.testing.assert_array_equal(torchfits.read_image(f"{path}[-*,*,50:1:7]").numpy(), stored[::-7, :, ::-1])
    assert torch.stack([hdu.parameters.par(i) for i in range(4)], 1).tolist() == parameters.tolist()


def test_randomGroups_scales_applyToArraysAndParameters(tmp_path: Path) -> None:
    stored = np.arange(24, dtype="i2").reshape(2, 3, 4)
    cards = [
        card("BSCALE", 0.5), card("BZERO", 10.0),
        card("PTYPE1", "UU"), card("PSCAL1", 0.25), card("PZERO1", -1.0),
        card("PTYPE2", "DATE"), card("PZERO2", 1000.0),
        card("PTYPE3", "DATE"), card("PSCAL3", 0.125),
        card("PTYPE4", "RAW"),
    ]  # fmt: skip
    parameters = np.array([[4, 1, 3, -7], [8, 2, 5, 9]])
    path = write(tmp_path, groups(stored, parameters, *cards))
    assert torchfits.read_image(path).tolist() == (stored * 0.5 + 10).tolist()
    assert torchfits.read_image(path, scale=False, section=1).tolist() == stored[1].tolist()
    read = torchfits.open(path)[0].parameters
    assert read.names == ("UU", "DATE", "DATE", "RAW")
    assert read.par("uu").tolist() == [0.0, 1.0]
    assert read.par("DATE").tolist() == [1001.375, 1002.625]
    assert read.par(1).tolist() == [1001.0, 1002.0]
    assert (read.par("RAW").dtype, read.par("RAW").tolist()) == (torch.int16, [-7, 9])
    opened: Any = fits.open(path)
    with opened as hdul:
        for name in ("UU", "DATE", "RAW"):
            np.testing.assert_array_equal(read.par(name).numpy(), hdul[0].data.par(name))
    with pytest.raises(KeyError, match="no parameter 'VV'"):
        read.par("VV")
    with pytest.raises(IndexError):
        read.par(4)


def test_randomGroups_nextHdu_isFoundBehindThem(tmp_path: Path) -> None:
    values = np.arange(6, dtype="f4").reshape(2, 3)
    made = groups(np.zeros((7, 400), "i4"), np.ones((7, 3), "i4"))
    path = write(tmp_path, made, image(values, card("EXTNAME", "NEXT"), extension=True))
    assert torchfits.read_image(path, hdu="NEXT").tolist() == values.tolist()
    assert torchfits.read_image(path).shape == (7, 400)
    assert torchfits.open(path)[0].parameters.names == ("", "", "")


def test_randomGroups_withoutGroupsOrParameters_areEmpty(tmp_path: Path) -> None:
    none = torchfits.open(write(tmp_path, groups(np.zeros((0, 5), "i2"), np.zeros((0, 2), "i2"))))[0]
    assert none[...].shape == (0, 5)
    assert none.parameters.par(0).shape == (0,)
    bare = torchfits.open(write(tmp_path, groups(np.ones((4, 5), "i2"), np.zeros((4, 0), "i2"))))[0]
    assert bare[...].shape == (4, 5)
    assert (len(bare.parameters), bare.parameters.names) == (4, ())


def test_randomGroups_truncated_nameFileAndHdu(tmp_path: Path) -> None:
    path = write(tmp_path, groups(np.ones((40, 500), "i2"), np.zeros((40, 3), "i2")))
    path.write_bytes(path.read_bytes()[:20_000])
    hdu = torchfits.open(path)[0]
    assert hdu[:5].tolist() == [[1] * 500] * 5
    with pytest.raises(torchfits.TruncatedFileError, match=r"image\.fits\[0\]"):
        hdu[...]
    with pytest.raises(torchfits.TruncatedFileError, match=r"image\.fits\[0\]"):
        _ = hdu.parameters


def test_randomGroups_cfitsio_isUnsupported(tmp_path: Path) -> None:
    """cfitsio takes them for an image whose last axis has no length, and fitsio too."""
    path = write(tmp_path, groups(np.ones((4, 5), "i2"), np.zeros((4, 3), "i2")))
    with pytest.raises(torchfits.UnsupportedFitsError, match=r"image\.fits\[0\]: cfitsio takes random groups"):
        torchfits.read_image(path, backend="cfitsio")


def test_parameters_ofAnImage_isAKindError(tmp_path: Path) -> None:
    hdu = torchfits.open(write(tmp_path, image(np.zeros((2, 3), "u1"))))[0]
    with pytest.raises(torchfits.HduKindError, match="only random groups have parameters"):
        _ = hdu.parameters
