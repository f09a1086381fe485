"""Every HDU of real files: lists and images against astropy, cfitsio and the recorded expectations."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchfits
from _realdata import REAL_DATA, real_files, shipped_files
from astropy.io import fits

FILES = real_files() + shipped_files()

by_name = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)

KINDS = {
    "PrimaryHDU": "IMAGE",
    "ImageHDU": "IMAGE",
    "BinTableHDU": "BINARY_TABLE",
    "TableHDU": "ASCII_TABLE",
    "GroupsHDU": "RANDOM_GROUPS",
    "NonstandardExtHDU": "OTHER",
}


pytestmark = pytest.mark.usefixtures("quiet_astropy")


@cache
def expectations() -> dict[str, Any]:
    """EXPECT.jsonl by file name; empty where the collection is absent."""
    if REAL_DATA is None:
        return {}
    lines = (REAL_DATA / "EXPECT.jsonl").read_text().splitlines()
    return {entry["file"]: entry for entry in map(json.loads, lines)}


def expected_data(path: Path, library: str, hdu: int) -> Any:
    """What a library read from an HDU when the expectations were recorded; None if it read nothing."""
    if path.parent != REAL_DATA:
        return None
    hdus = expectations()[path.name][library].get("hdus", [])
    return hdus[hdu].get("data") if hdu < len(hdus) else None


def digest(values: np.ndarray) -> str:
    """As EXPECT.jsonl has it: of the little-endian bytes, all NaNs made the same one."""
    values = values.astype(values.dtype.newbyteorder("<"))
    if values.dtype.kind == "f":
        values[np.isnan(values)] = np.nan
    return hashlib.sha1(values.tobytes()).hexdigest()[:16]


def assert_bits_equal(actual: np.ndarray, expected: np.ndarray) -> None:
    """Shape, dtype but for its byte order, and every bit of the values, those of NaNs too."""
    native = expected.astype(expected.dtype.newbyteorder("="))
    assert (actual.shape, actual.dtype) == (native.shape, native.dtype)
    assert actual.tobytes() == native.tobytes()


def read(path: Path, hdu: int, **options: Any) -> np.ndarray:
    return torchfits.read_image(path, hdu=hdu, **options).numpy()


IMAGE_KINDS = ("IMAGE", "COMPRESSED_IMAGE", "RANDOM_GROUPS")

# Lists of HDUs

LISTED_OTHERWISE_BY_ASTROPY = {
    # GROUPS = T without NAXIS1 = 0 is not random groups (FITS 4.0, section 6.1.1).
    ("astropy__group_invalid.fits", 0): {"kind": "IMAGE", "shape": ()},
    ("group_invalid.fits", 0): {"kind": "IMAGE", "shape": ()},
    # SIMPLE = F: what follows the header is nothing that astropy would interpret; cfitsio reads it.
    ("astropy__header_with_time.fits", 0): {"kind": "IMAGE", "name": "PRIMARY"},
    ("astropy__header_with_time_wcslib71.fits", 0): {"kind": "IMAGE", "name": "PRIMARY"},
}

# Number of HDUs that fitsio 1.4.2 finds, None where it finds none.
LISTED_OTHERWISE_BY_FITSIO = {
    "astropy__verify.fits": None,  # BITPIX is not the second card
    "linetools__UM184_nE.fits": None,  # NAXIS1 does not follow NAXIS
    "mpdaf__Spectrum_Variance.fits": 1,  # BITPIX is not the second card of the extension
    "cfitsio__testprog.std.fits": None,  # crashes on an ASCII table whose string column has TNULL
}


def described_by_astropy(number: int, hdu: Any) -> dict[str, Any]:
    """From the cards and class of an HDU that astropy opened without looking into what is compressed."""
    cards = hdu.header
    compressed = cards.get("ZIMAGE") is True
    prefix = "Z" if compressed else ""
    axes = [cards[f"{prefix}NAXIS{i}"] for i in range(cards[f"{prefix}NAXIS"], 0, -1)]
    if cards.get("ZTABLE") is True:
        axes = [cards["ZNAXIS2"], cards["ZNAXIS1"]]
    if type(hdu).__name__ == "GroupsHDU":
        axes = [cards["GCOUNT"], *axes[:-1]]
    return {
        "index": number,
        "kind": "COMPRESSED_IMAGE" if compressed else KINDS.get(type(hdu).__name__),
        "name": hdu.name.upper(),
        "ver": hdu.ver,
        "bitpix": cards[f"{prefix}BITPIX"],
        "shape": tuple(axes),
    }


@by_name
def test_open_realFile_listsWhatAstropyLists(path: Path) -> None:
    hdus = torchfits.open(path)
    opened: Any = fits.open(path, disable_image_compression=True)
    with opened as theirs:
        expected = [described_by_astropy(i, hdu) for i, hdu in enumerate(theirs)]
    for number, entry in enumerate(expected):
        entry.update(LISTED_OTHERWISE_BY_ASTROPY.get((path.name, number), {}))

    assert [{key: getattr(hdu, key) for key in expected[0]} for hdu in hdus] == expected


@pytest.mark.parametrize("name", sorted(expectations()))
def test_open_realFile_findsAsManyHdusAsRecorded(name: str) -> None:
    assert REAL_DATA is not None
    count = len(torchfits.open(REAL_DATA / name))
    recorded = expectations()[name]
    assert count == recorded["astropy"]["n"]
    assert LISTED_OTHERWISE_BY_FITSIO.get(name, count) == recorded["fitsio"].get("n")


# Images

# What cfitsio cannot read, with its status.
UNREADABLE_BY_CFITSIO = {
    ("linetools__UM184_nE.fits", 0): 224,
    ("mpdaf__Spectrum_Variance.fits", 1): 222,
}


def images(path: Path, kind: str) -> list[int]:
    return [hdu.index for hdu in torchfits.open(path) if hdu.kind == kind and hdu.shape]


@by_name
def test_readImage_realFile_bothPathsGiveTheValuesOfAstropy(path: Path) -> None:
    numbers = images(path, "IMAGE")
    for hdu, (raw, scaled, cards) in zip(numbers, read_by_astropy(path, numbers), strict=True):
        values = read(path, hdu)
        stored = read(path, hdu, scale=False)

        assert_bits_equal(stored, raw)
        assert_bits_equal(values, exact_values(raw, scaled, cards))
        assert_equal_by_cfitsio(path, hdu, values, stored)


def read_by_astropy(path: Path, numbers: list[int]) -> Iterator[tuple[np.ndarray, np.ndarray, Any]]:
    """Stored values, physical values, and header of some HDUs."""
    if not numbers:
        return
    unscaled: Any = fits.open(path, memmap=False, do_not_scale_image_data=True)
    opened: Any = fits.open(path, memmap=False, ignore_blank=True)
    with unscaled as stored, opened as hdus:
        for number in numbers:
            cards = hdus[number].header.copy()
            yield stored[number].data, hdus[number].data, cards


def exact_values(raw: np.ndarray, scaled: np.ndarray, cards: Any) -> np.ndarray:
    """The physical values by the rules of cfitsio where those of astropy are another.

    Astropy scales in single precision, cfitsio in double. For both BLANK counts only where values are scaled,
    except that astropy makes floats of integers that need no scale.
    """
    scale, zero = cards.get("BSCALE", 1), cards.get("BZERO", 0)
    if scaled.dtype.kind != "f" or (scale, zero) == (1, 0):
        return scaled
    exact = (raw.astype("f8") * scale + zero).astype(scaled.dtype)
    np.testing.assert_allclose(exact, scaled, rtol=1e-6, equal_nan=True)
    if raw.dtype.kind != "f" and "BLANK" in cards:
        exact[raw == cards["BLANK"]] = np.nan
    return exact


def assert_equal_by_cfitsio(path: Path, hdu: int, values: np.ndarray, stored: np.ndarray) -> None:
    status = UNREADABLE_BY_CFITSIO.get((path.name, hdu))
    if status is not None:
        with pytest.raises(torchfits.HeaderError) as caught:
            read(path, hdu, backend="cfitsio")
        assert caught.value.status == status
        return
    assert_bits_equal(read(path, hdu, backend="cfitsio"), values)
    assert_bits_equal(read(path, hdu, backend="cfitsio", scale=False), stored)


# Integers with BLANK and no scale: astropy gives floats with NaN, we and fitsio the integers.
FLOATS_FOR_ASTROPY = {("astropy__blank.fits", 0), ("cfitsio__testprog.std.fits", 0)}
# Scaled 16-bit integers: astropy is wrong in the last bit of some.
ROUNDED_OTHERWISE_BY_ASTROPY = {
    ("astropy__scale.fits", 0),
    ("fpack__gc2mass.hcomp.fits.fz", 1),
    ("fpack__gc2mass.rice.fits.fz", 1),
}
# PLIO with BZERO = 32768: astropy adds BZERO twice.
SHIFTED_TWICE_BY_ASTROPY = {("fpack__ushort.plio.fits.fz", 1)}
# Random groups: fitsio gives arrays whose last axis is NAXIS1 = 0.
EMPTY_IN_FITSIO = {("astropy__group.fits", 0), ("astropy__random_groups.fits", 0)}
DIFFERENT_IN_ASTROPY = FLOATS_FOR_ASTROPY | ROUNDED_OTHERWISE_BY_ASTROPY | SHIFTED_TWICE_BY_ASTROPY


@pytest.mark.parametrize("name", [path.name for path in FILES if path.parent == REAL_DATA])
def test_readImage_realFile_hasTheRecordedDigests(name: str) -> None:
    assert REAL_DATA is not None
    path = REAL_DATA / name
    for hdu in images(path, "IMAGE") + images(path, "COMPRESSED_IMAGE") + images(path, "RANDOM_GROUPS"):
        values = read(path, hdu)
        ours = [list(values.shape), values.dtype.str[1:], digest(values)]
        for library in ("astropy", "fitsio"):
            recorded = expected_data(path, library, hdu)
            if recorded is None:
                assert library == "fitsio"
                assert name in LISTED_OTHERWISE_BY_FITSIO
            else:
                same = ours == [recorded["shape"], recorded["dtype"], recorded["sha"]]
                different = DIFFERENT_IN_ASTROPY if library == "astropy" else EMPTY_IN_FITSIO
                assert same == ((name, hdu) not in different)


@by_name
def test_readImage_realFileNoImage_saysWhatItIs(path: Path) -> None:
    for hdu in torchfits.open(path):
        if hdu.kind in IMAGE_KINDS and hdu.shape:
            continue
        with pytest.raises(torchfits.HduKindError) as caught:
            torchfits.read_image(path, hdu=hdu.index)
        assert f"{path}[{hdu.index}]: " in str(caught.value)


@by_name
def test_readImage_realFileWithoutHdu_isTheFirstImage(path: Path) -> None:
    found = [hdu.index for hdu in torchfits.open(path) if hdu.kind in IMAGE_KINDS and hdu.shape]
    if not found:
        with pytest.raises(torchfits.HduNotFoundError, match="no HDU with an image"):
            torchfits.read_image(path)
        return
    assert_bits_equal(torchfits.read_image(path).numpy(), read(path, found[0]))


@by_name
def test_readImage_realFileSection_isThePartOfTheWhole(path: Path) -> None:
    for hdu in images(path, "IMAGE") + images(path, "RANDOM_GROUPS"):
        whole = read(path, hdu)
        for step in (1, 3):
            box = tuple(slice(length // 3, length // 3 + 7 * step, step) for length in whole.shape)
            assert_bits_equal(read(path, hdu, section=box), whole[box])
