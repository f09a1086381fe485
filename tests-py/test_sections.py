"""Sections against numpy's indexing of the whole image, and brackets against cfitsio's own."""

import sys
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import card, empty_primary, image
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

BACKENDS: list[Any] = ["auto", "cfitsio"]

CUBE = np.arange(4 * 5 * 6, dtype="i2").reshape(4, 5, 6)


def write(folder: Path, *hdus: bytes, name: str = "image.fits") -> Path:
    path = folder / name
    path.write_bytes(b"".join(hdus))
    return path


@pytest.fixture(scope="module")
def cube(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("cube"), image(CUBE))


def assert_section(path: Path, whole: np.ndarray, section: Any, **options: Any) -> None:
    # numpy gives a scalar for integers alone.
    expected = np.asarray(whole[section])
    for backend in BACKENDS:
        actual = torchfits.read_image(path, section=section, backend=backend, **options).numpy()
        assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
        assert actual.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "section",
    [
        0, -1, 3, np.int64(2), torch.tensor(2),
        slice(None), slice(1, 3), slice(None, 2), slice(-2, None), slice(1, -1), slice(0, 4, 1),
        (), ..., (...,),
        (0, 0, 0), (-1, -1, -1), (slice(1, 2), 3), (slice(1, 2), slice(2, 4), slice(3, 6)), (1, slice(1, 3), -2),
        (..., 0), (0, ...), (1, ..., slice(2, 4)), (..., slice(1, 2), 3), (slice(1, 2), slice(1, 3), 4, ...),
        slice(2, 100), slice(-100, 2), slice(-100, 100), slice(0, sys.maxsize), slice(-sys.maxsize, 2**200),
        slice(2, 2), slice(3, 1), slice(4, None), slice(100, 200), slice(-200, -100), (slice(5, 9), 0),
        (slice(None), slice(2, 2), slice(1, 3)), (slice(None), slice(None), slice(0, 0)),
    ],
    ids=str,
)  # fmt: skip
def test_readImage_section_isThatOfNumpy(cube: Path, section: Any) -> None:
    assert_section(cube, CUBE, section)


@st.composite
def arrays_and_sections(draw: Any) -> tuple[str, tuple[int, ...], Any]:
    shape = draw(hnp.array_shapes(max_dims=5, max_side=9))
    section = draw(hnp.basic_indices(shape, allow_newaxis=False).filter(has_unit_steps))
    return draw(st.sampled_from(["u1", "i2", "f4", "f8"])), shape, section


def has_unit_steps(section: Any) -> bool:
    items = section if isinstance(section, tuple) else (section,)
    return all(item.step in (None, 1) for item in items if isinstance(item, slice))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays_and_sections())
def test_readImage_anySection_isThatOfNumpy(tmp_path: Path, made: tuple) -> None:
    stored_type, shape, section = made
    whole = np.random.default_rng(0).integers(0, 255, shape).astype(stored_type)
    assert_section(write(tmp_path, image(whole)), whole, section)


@pytest.mark.parametrize("stored_type", ["u1", "i4", "f8"])
@pytest.mark.parametrize(
    "section",
    [
        (slice(None), slice(3, 1000)),
        (slice(100, 400), slice(None)),
        (slice(1, 801), 17),
        (slice(799, 800), slice(None)),
        (slice(50, 60), slice(0, 1000)),
    ],
)
def test_readImage_sectionOfLargeImage_isThatOfNumpy(tmp_path: Path, stored_type: str, section: Any) -> None:
    """Rows and runs of them that end within, at and behind the chunks that are decoded at once."""
    whole = np.random.default_rng(1).integers(0, 255, (801, 1003)).astype(stored_type)
    assert_section(write(tmp_path, image(whole)), whole, section)


@pytest.mark.parametrize("scale", [True, False])
def test_readImage_sectionOfScaledImage_isThatOfNumpy(tmp_path: Path, scale: Any) -> None:
    cards = card("BSCALE", 0.5), card("BZERO", 3.0), card("BLANK", 7)
    path = write(tmp_path, image(CUBE, *cards))
    whole = torchfits.read_image(path, scale=scale).numpy()
    assert_section(path, whole, (slice(0, 2), slice(1, 4), slice(-3, None)), scale=scale)


def test_readImage_sectionOfTileCompressedImage_isThatOfNumpy(tmp_path: Path) -> None:
    path = tmp_path / "compressed.fits"
    fits.CompImageHDU(CUBE).writeto(path)
    assert_section(path, CUBE, (slice(1, 3), 2, slice(-3, None)))


def test_readImage_section_needsOnlyItsBytes(tmp_path: Path) -> None:
    """The rest of the image may be missing from the file."""
    path = write(tmp_path, image(CUBE))
    path.write_bytes(path.read_bytes()[: 2880 + 2 * CUBE[:2].size])
    assert torchfits.read_image(path, section=slice(0, 2)).tolist() == CUBE[:2].tolist()
    for backend in BACKENDS:
        with pytest.raises(torchfits.TruncatedFileError, match=r"image\.fits\[0\]"):
            torchfits.read_image(path, section=slice(1, 3), backend=backend)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (4, "index 4 is outside axis 0 of length 4"),
        (-5, "index -5 is outside axis 0"),
        ((0, 0, 6), "index 6 is outside axis 2 of length 6"),
        (2**70, f"index {2**70} is outside axis 0"),
        (-(2**70), f"index -{2**70} is outside axis 0"),
        ((0, 0, 0, 0), "4 indices for an image of 3 axes"),
        ((0, 0, 0, ..., slice(None)), "4 indices for an image of 3 axes"),
    ],
)
def test_readImage_sectionOutside_isAnIndexError(cube: Path, section: Any, reason: str) -> None:
    with pytest.raises(IndexError):
        CUBE[section]
    for backend in BACKENDS:
        with pytest.raises(torchfits.SectionError, match=reason) as caught:
            torchfits.read_image(cube, section=section, backend=backend)
        assert isinstance(caught.value, IndexError)
        assert f"{cube}[0]: " in str(caught.value)


def test_hdu_index_isTheSection(cube: Path) -> None:
    hdu = torchfits.open(cube)[0]
    assert hdu[1:3, 2].tolist() == CUBE[1:3, 2].tolist()
    assert hdu[...].tolist() == CUBE.tolist()


# Brackets: FITS order, from 1, both ends in


@pytest.fixture(scope="module")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty primary HDU, SCI 1, SCI 2 and a cube without name."""
    plane = CUBE[0]
    return write(
        tmp_path_factory.mktemp("extensions"),
        empty_primary(),
        image(plane, card("EXTNAME", "SCI"), card("EXTVER", 1), extension=True),
        image(plane + 100, card("EXTNAME", "SCI"), card("EXTVER", 2), extension=True),
        image(CUBE, extension=True),
    )


@pytest.mark.parametrize(
    ("brackets", "index"),
    [
        ("[1]", 1), ("[3]", 3), ("[SCI]", 1), ("[sci]", 1), ("[SCI,2]", 2), ("[SCI, 2]", 2),
        ("[3][2:4,1:5,1:2]", 3), ("[SCI,2][1:3,*]", 2), ("[SCI,2][*,2:2]", 2), ("[3][1:3]", 3), ("[3][*,2:3]", 3),
        ("[3][1:6,1:5,1:4]", 3), ("[1][*,*]", 1),
    ],
)  # fmt: skip
def test_readImage_brackets_meanWhatTheyMeanForCfitsio(extensions: Path, brackets: str, index: int) -> None:
    with fitsio.FITS(f"{extensions}{brackets}") as opened:
        expected = opened[index].read()
    for backend in BACKENDS:
        actual = torchfits.read_image(f"{extensions}{brackets}", backend=backend).numpy()
        np.testing.assert_array_equal(actual, expected)


def test_readImage_bracketsWithSectionAlone_areOfTheFirstImage(extensions: Path) -> None:
    assert torchfits.read_image(f"{extensions}[2:3,*]").tolist() == CUBE[0][:, 1:3].tolist()


def test_readImage_bracketsAndArguments_complementEachOther(extensions: Path) -> None:
    expected = (CUBE[0] + 100)[:, 1:3].tolist()
    assert torchfits.read_image(f"{extensions}[2:3,*]", hdu=("SCI", 2)).tolist() == expected
    assert torchfits.read_image(f"{extensions}[SCI,2]", section=(slice(None), slice(1, 3))).tolist() == expected


@pytest.mark.parametrize(
    ("brackets", "arguments", "reason"),
    [
        ("[1]", {"hdu": 1}, "both in the path and as an argument"),
        ("[1:2,*]", {"section": 0}, "both in the path and as an argument"),
        ("[1][1:2,*][2]", {}, "at most an HDU and a section"),
        ("[1][SCI]", {}, "not a section"),
        ("[1][0:2,*]", {}, "not a section"),
        ("[]", {}, "not an HDU"),
        ("[SCI,x]", {}, "not an HDU"),
        ("[,2]", {}, "not an HDU"),
        ("[99999999999]", {}, "hdu is from 0"),
    ],
)
def test_readImage_bracketsThatMakeNoSense_areRefused(
    extensions: Path, brackets: str, arguments: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        torchfits.read_image(f"{extensions}{brackets}", **arguments)
    assert not isinstance(caught.value, torchfits.FitsError)


@pytest.mark.parametrize("brackets", ["[1][1:7,*]", "[1][3:2,*]", "[1][*,1:6]", "[1][*,*,*]"])
def test_readImage_bracketsThatLeaveTheImage_areAnError(extensions: Path, brackets: str) -> None:
    """Unlike slices, which numpy clips: cfitsio refuses to leave the image."""
    with pytest.raises(torchfits.SectionError, match=r"image\.fits\[1\]: section"):
        torchfits.read_image(f"{extensions}{brackets}")


def test_readHeader_brackets_nameTheHdu(extensions: Path) -> None:
    assert torchfits.read_header(f"{extensions}[SCI,2]")["EXTVER"] == 2
    with pytest.raises(ValueError, match="a header has no section"):
        torchfits.read_header(f"{extensions}[1][1:2,*]")
