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
        slice(None, None, 2), slice(1, None, 2), slice(None, None, 3), slice(0, 4, 100), slice(3, 100, 2**70),
        (slice(None), slice(None, None, 2)), (..., slice(1, 6, 2)), (..., slice(5, 1, 2)), (..., slice(-5, None, 3)),
        (slice(1, 4, 2), 3, slice(0, 6, 5)), (0, slice(None, None, 2), 0), (slice(None, None, 3), ..., -1),
        (slice(None, None, np.int64(2)), slice(torch.tensor(1), None)), (torch.tensor(1), np.uint8(2)),
    ],
    ids=str,
)  # fmt: skip
def test_readImage_section_isThatOfNumpy(cube: Path, section: Any) -> None:
    assert_section(cube, CUBE, section)


@st.composite
def arrays_and_sections(draw: Any) -> tuple[str, tuple[int, ...], Any]:
    shape = draw(hnp.array_shapes(max_dims=5, max_side=9))
    section = draw(hnp.basic_indices(shape, allow_newaxis=False).filter(steps_forward))
    return draw(st.sampled_from(["u1", "i2", "f4", "f8"])), shape, section


def steps_forward(section: Any) -> bool:
    items = section if isinstance(section, tuple) else (section,)
    return all((item.step or 1) > 0 for item in items if isinstance(item, slice))


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
        (slice(3, None, 2), slice(1, None, 3)),
        (slice(None, None, 100), slice(5, 900)),
        (slice(None), slice(None, None, 1002)),
        (slice(None, None, 7), 1002),
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


def test_readImage_stepsOfWideRows_areThoseOfNumpy(tmp_path: Path) -> None:
    """Pixels and rows so far apart that some are read one by one, and rows that no scratch holds."""
    whole = np.random.default_rng(2).integers(0, 255, (3, 4, 300_000)).astype("i2")
    path = write(tmp_path, image(whole))
    for step in (1, 2, 4000, 4097, 4098, 70_000, 299_999):
        assert_section(path, whole, (..., slice(3, None, step)))
        assert_section(path, whole, (slice(None, None, 2), slice(1, 4, 2), slice(0, 250_000, step)))


def test_readImage_sectionsOfHypercube_areThoseOfNumpy(tmp_path: Path) -> None:
    whole = np.random.default_rng(3).integers(0, 255, (6, 5, 40, 30, 20)).astype("f4")
    path = write(tmp_path, image(whole))
    for section in [
        (slice(1, 5), slice(None, None, 2), slice(3, 30), slice(None), slice(2, 9)),
        (..., 3),
        (..., slice(0, 3)),
        (slice(None), 2, ..., slice(None, None, 19)),
        (slice(None, None, 5), slice(None, None, 4), slice(None), slice(7, 8), slice(None)),
        (slice(None), slice(None), 39, 29, 19),
    ]:
        assert_section(path, whole, section)


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


@pytest.mark.parametrize(
    ("section", "kind", "reason"),
    [
        ((None, 1), TypeError, "a section adds no axes"),
        ((1, np.newaxis), TypeError, "use unsqueeze"),
        ([1, 2], TypeError, "no index arrays: read the box around the pixels and index the tensor"),
        (np.array([1, 2]), TypeError, "no index arrays"),
        (torch.tensor([2]), TypeError, "no index arrays"),
        (np.array([2]), TypeError, "no index arrays"),
        (CUBE > 3, TypeError, "no masks"),
        (torch.from_numpy(CUBE > 3), TypeError, "no masks"),
        (torch.tensor(data=True), TypeError, "no masks"),
        (np.True_, TypeError, "no masks"),
        (True, TypeError, "not True"),
        ((0, [True, False]), TypeError, "no masks"),
        (1.0, TypeError, "not 1.0"),
        (np.float32(1), TypeError, "no index arrays"),
        ("1", TypeError, "not '1'"),
        (slice(0, 1.5), TypeError, "not 1.5"),
        (slice(None, None, -1), ValueError, "step is 1 or more, as in torch, not -1; flip"),
        ((0, slice(None, None, 0)), ValueError, "step is 1 or more, as in torch, not 0"),
        ((..., 0, ...), ValueError, "one ellipsis"),
    ],
    ids=repr,
)
def test_section_ofAnotherKind_isRefusedBeforeTheFileIsTouched(section: Any, kind: Any, reason: Any) -> None:
    with pytest.raises(kind, match=reason) as caught:
        torchfits.read_image("missing.fits", section=section)
    assert not isinstance(caught.value, torchfits.FitsError)


def test_hdu_index_isTheSection(cube: Path) -> None:
    hdu = torchfits.open(cube)[0]
    assert hdu[1:3, 2].tolist() == CUBE[1:3, 2].tolist()
    assert hdu[3, 1:4, ::2].tolist() == CUBE[3, 1:4, ::2].tolist()
    assert hdu[..., -1].tolist() == CUBE[..., -1].tolist()
    assert hdu[...].tolist() == CUBE.tolist()
    assert hdu[()].tolist() == CUBE.tolist()
    assert hdu[2:2].shape == (0, 5, 6)
    assert hdu[1, 2, 3].shape == ()
    with pytest.raises(TypeError, match="adds no axes"):
        hdu[None]  # pyright: ignore[reportArgumentType, reportCallIssue] - what is tested
    with pytest.raises(TypeError, match="no masks"):
        hdu[CUBE > 3]  # pyright: ignore[reportArgumentType, reportCallIssue]
    with pytest.raises(torchfits.SectionError, match=r"image\.fits\[0\]: section \[4\]"):
        hdu[4]


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
        ("[1][1:6:2,*]", 1), ("[1][6:1,*]", 1), ("[1][6:1:2,5:1:3]", 1), ("[1][-*,*]", 1), ("[3][-*,-*,-*]", 3),
        ("[1][*:2,-*:3]", 1), ("[1][-*:4]", 1), ("[1][*:99,1:5:99]", 1), ("[3][5:2:2,3:3,4:1]", 3),
        ("[1][3:2,*]", 1), ("[1][ 1:5, 2:3 ]", 1), ("[1][*, -*]", 1), ("[1][0002:0003,*]", 1), ("[ 1 ][*]", 1),
        ("[SCI ,2][2:2]", 2), ("[SCI,+2]", 2), ("[0001]", 1),
    ],
)  # fmt: skip
def test_readImage_brackets_meanWhatTheyMeanForCfitsio(extensions: Path, brackets: str, index: int) -> None:
    with fitsio.FITS(f"{extensions}{brackets}") as opened:
        expected = opened[index].read()
    for backend in BACKENDS:
        actual = torchfits.read_image(f"{extensions}{brackets}", backend=backend).numpy()
        np.testing.assert_array_equal(actual, expected)


@st.composite
def bracket_sections(draw: Any, shape: tuple[int, ...]) -> str:
    def item(length: int) -> str:
        step = draw(st.sampled_from(["", ":1", ":2", ":3", ":9"]))
        ends = st.integers(1, length)
        return draw(st.sampled_from(["*", "-*", f"{draw(ends)}:{draw(ends)}"])) + step

    return ",".join(item(length) for length in reversed(shape))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_readImage_anyBracketSection_isThatOfCfitsio(extensions: Path, data: Any) -> None:
    number = data.draw(st.sampled_from([1, 3]))
    shape = CUBE.shape if number == 3 else CUBE.shape[1:]
    path = f"{extensions}[{number}][{data.draw(bracket_sections(shape))}]"
    with fitsio.FITS(path) as opened:
        expected = opened[number].read()
    for backend in BACKENDS:
        np.testing.assert_array_equal(torchfits.read_image(path, backend=backend).numpy(), expected)


@pytest.mark.parametrize("codec", ["RICE_1", "GZIP_1"])
@pytest.mark.parametrize("brackets", ["[-*,*,*]", "[5:2:2,1:5:3,4:1]", "[*:3,-*,-*:2]"])
def test_readImage_bracketsOfTileCompressedImage_areThoseOfTheImage(tmp_path: Path, codec: str, brackets: str) -> None:
    fits.CompImageHDU(CUBE, compression_type=codec).writeto(tmp_path / "tiles.fits")
    plain = write(tmp_path, image(CUBE))
    expected = torchfits.read_image(f"{plain}{brackets}")
    for backend in BACKENDS:
        actual = torchfits.read_image(f"{tmp_path / 'tiles.fits'}[1]{brackets}", backend=backend)
        assert torch.equal(actual, expected)


@pytest.mark.parametrize("brackets", ["[1][ 2 : 5 : 2 , 3 : 2 ]", "[ 1 ][2:5:2 ,3:2]"])
def test_readImage_blanksInBrackets_meanNothing(extensions: Path, brackets: str) -> None:
    """cfitsio takes the blank before a comma for a further axis."""
    assert torch.equal(torchfits.read_image(f"{extensions}{brackets}"), torch.tensor(CUBE[0][2:0:-1, 1:5:2].copy()))


def test_readImage_plusBeforeTheNumber_isTheNumber(extensions: Path) -> None:
    assert torch.equal(torchfits.read_image(f"{extensions}[+2]"), torchfits.read_image(extensions, hdu=2))


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
        ("[1][3:0]", {}, "not a section"),
        ("[1][1:5:0]", {}, "not a section"),
        ("[1][5:1:-1]", {}, "not a section"),
        ("[1][3]", {}, "not a section"),
        ("[1][:3]", {}, "not a section"),
        ("[1][1.5:3]", {}, "not a section"),
        ("[1][1:3,]", {}, "not a section"),
        ("[1][--*]", {}, "not a section"),
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


@pytest.mark.parametrize(
    "brackets", ["[1][1:7,*]", "[1][7:1:2,*]", "[1][*,1:6]", "[1][*,*,*]", "[1][9:9]", f"[1][1:{10**30}]"]
)
def test_readImage_bracketsThatLeaveTheImage_areAnError(extensions: Path, brackets: str) -> None:
    """Unlike slices, which numpy clips: cfitsio refuses to leave the image."""
    with pytest.raises(torchfits.SectionError, match=r"image\.fits\[1\]: section"):
        torchfits.read_image(f"{extensions}{brackets}")


def test_readHeader_brackets_nameTheHdu(extensions: Path) -> None:
    assert torchfits.read_header(f"{extensions}[SCI,2]")["EXTVER"] == 2
    with pytest.raises(ValueError, match="a header has no section"):
        torchfits.read_header(f"{extensions}[1][1:2,*]")
