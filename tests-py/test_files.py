"""`open`, and file names: every name is literal for both paths, whatever it looks like."""

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _descriptors import open_descriptors
from _fitsbytes import card, empty_primary, header, image, raw_card
from astropy.io import fits

BACKENDS: list[Any] = ["auto", "cfitsio"]
PIXELS = np.arange(6, dtype="i2").reshape(2, 3)


def several_hdus(path: Path) -> Path:
    """Primary without data; images SCI 1, ERR, sci 2; an ASCII table; an image without name."""
    table = header(
        card("XTENSION", "TABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 4), card("NAXIS2", 1),
        card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 1), card("TBCOL1", 1), card("TFORM1", "I4"),
        card("EXTNAME", "CAT"),
    )  # fmt: skip
    content = [
        empty_primary(),
        image(PIXELS, card("EXTNAME", "SCI"), card("EXTVER", 1), extension=True),
        image(PIXELS + 1, card("EXTNAME", "ERR"), extension=True),
        image(PIXELS + 2, card("EXTNAME", "sci"), card("EXTVER", 2), extension=True),
        table + b"  12".ljust(2880),
        image(PIXELS + 3, extension=True),
    ]
    path.write_bytes(b"".join(content))
    return path


@pytest.fixture
def hdus(tmp_path: Path) -> torchfits.HDUList:
    return torchfits.open(several_hdus(tmp_path / "several.fits"))


# The list


def test_open_list_isASequence(hdus: torchfits.HDUList) -> None:
    assert len(hdus) == 6
    assert [hdu.index for hdu in hdus] == list(range(6))
    assert hdus[-1].index == 5
    assert [hdu.index for hdu in hdus[1:3]] == [1, 2]
    assert hdus[2] in hdus
    number: Any = np.int64(3)
    assert hdus[number].index == 3


@pytest.mark.parametrize("key", [0, 5, -6, "PRIMARY", "sci", "SCI", "Err ", ("SCI", 1), ("SCI", 2), ("ERR", 1), "CAT"])
def test_open_key_findsWhatAstropyFinds(hdus: torchfits.HDUList, key: Any) -> None:
    opened: Any = fits.open(hdus.filename)
    with opened as theirs:
        index = theirs.index_of(key if not isinstance(key, str) else key.strip())
        expected = theirs[index]
    assert hdus[key].index == index % 6
    assert hdus[key].name == expected.name.upper()
    assert hdus[key].ver == expected.ver
    assert key in hdus


@pytest.mark.parametrize("key", [6, -7, "XYZ", ("SCI", 3), ("ERR", 2)])
def test_open_keyMissing_isALookupErrorThatNamesTheFile(hdus: torchfits.HDUList, key: Any) -> None:
    with pytest.raises(torchfits.HduNotFoundError, match=r"several\.fits: no HDU .*6 HDUs") as caught:
        hdus[key]
    assert isinstance(caught.value, LookupError)
    assert key not in hdus


def test_hdu_attributes_areThoseOfTheHeader(hdus: torchfits.HDUList) -> None:
    hdu = hdus["SCI", 2]
    assert (hdu.index, hdu.kind, hdu.name, hdu.ver, hdu.bitpix, hdu.shape) == (3, "IMAGE", "SCI", 2, 16, (2, 3))
    assert hdu.header["EXTNAME"] == "sci"
    assert hdu.data is not None
    assert hdu.data.tolist() == (PIXELS + 2).tolist()
    assert hdu[0, 1:].tolist() == (PIXELS + 2)[0, 1:].tolist()
    assert repr(hdu) == "HDU(3, 'SCI', ver=2, kind=IMAGE, shape=(2, 3))"


def test_hdu_data_isReadOnce(hdus: torchfits.HDUList) -> None:
    hdu = hdus[1]
    assert hdu.data is hdu.data
    assert hdu.header is hdu.header


def test_hdu_withoutImage_hasNoTensor(hdus: torchfits.HDUList) -> None:
    assert hdus[0].data is None
    with pytest.raises(torchfits.HduKindError, match=r"several\.fits\[4\].*a table"):
        hdus["CAT"][0]


def test_hdu_ofTable_hasColumns(hdus: torchfits.HDUList) -> None:
    hdu = hdus["CAT"]
    assert hdu.kind == "ASCII_TABLE"
    assert [column.tolist() for column in hdu.data.values()] == [[12]]
    assert list(hdu.data) == list(hdu.columns.names)


def test_hdu_sectionOfEmptyImage_isAnError(hdus: torchfits.HDUList) -> None:
    with pytest.raises(torchfits.HduKindError, match="no data"):
        hdus[0][0]


def test_info_output_hasALineForEachHdu(hdus: torchfits.HDUList, capsys: pytest.CaptureFixture[str]) -> None:
    hdus.info()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Filename: {hdus.filename}"
    assert len(lines) == 2 + len(hdus)
    assert lines[5].split() == ["3", "SCI", "2", "IMAGE", "16", "(2,", "3)"]

    output = io.StringIO()
    hdus.info(output)
    assert output.getvalue().splitlines() == lines


def test_open_with_keepsNothingOpen(tmp_path: Path) -> None:
    path = several_hdus(tmp_path / "several.fits")
    torchfits.open(path)
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with torchfits.open(path) as hdus:
        assert hdus[1].data is not None
        assert open_descriptors(tmp_path) == 0
        assert set(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208 - idle ones may be closed meanwhile


@pytest.mark.parametrize("mode", ["w", "update", "append", "rb", ""])
def test_open_modeOtherThanRead_isRefused(tmp_path: Path, mode: Any) -> None:
    with pytest.raises(ValueError, match="mode must be 'r'"):
        torchfits.open(several_hdus(tmp_path / "several.fits"), mode)


@pytest.mark.parametrize("name", ["TAB\tTAB", "A!B", "a\x7fb", "é"])
def test_open_nameOfOddCharacters_isKept(tmp_path: Path, name: str) -> None:
    path = tmp_path / "odd.fits"
    path.write_bytes(empty_primary() + image(PIXELS, card("EXTNAME", name), extension=True))
    hdus = torchfits.open(path)
    assert len(hdus) == 2
    assert hdus[1].name == name.upper()
    assert hdus[name].index == 1


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (header(card("XTENSION", "IMAGE"), card("BITPIX", 7), card("NAXIS", 0)), r"\[2\]: BITPIX = 7"),
        (header(card("XTENSION", "IMAGE"), card("BITPIX", 8), raw_card("NAXIS", "x")), r"\[2\]: NAXIS = x"),
        (header(card("XTENSION", "IMAGE"), card("BITPIX", 8))[:-80].replace(b"END", b"   "), r"\[2\]: .*END"),
        (card("XTENSION", "IMAGE"), r"\[2\]: .*END"),
    ],
)
def test_open_laterHeaderBroken_warnsAndKeepsThoseBefore(tmp_path: Path, broken: bytes, reason: str) -> None:
    path = tmp_path / "broken.fits"
    path.write_bytes(empty_primary() + image(PIXELS, extension=True) + broken)

    with pytest.warns(torchfits.FitsWarning, match=reason):
        hdus = torchfits.open(path)

    assert len(hdus) == 2
    assert torchfits.read_image(path).tolist() == PIXELS.tolist()
    with pytest.raises(torchfits.HduNotFoundError, match=reason):
        hdus[2]
    with pytest.raises(torchfits.FitsError, match=reason):
        torchfits.read_header(path, hdu=2)


@pytest.mark.parametrize("rest", [b"", b"junk", b"junk" * 5000, bytes(2880), b" " * 5760, b"XTENSIO"])
def test_open_bytesBehindLastHdu_areNoHdu(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "rest.fits"
    path.write_bytes(image(PIXELS) + rest)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(torchfits.open(path)) == 1


def test_open_cardsThatAreNoText_areReadPast(tmp_path: Path) -> None:
    """As astropy and cfitsio do: NULs and bytes above 127 where a keyword should be."""
    made = image(PIXELS)
    path = tmp_path / "odd.fits"
    path.write_bytes(made[:400] + b"\0" * 80 + b"\xe9toile".ljust(80) + b"END".ljust(2320) + made[2880:])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs: Any = fits.getdata(path)
        assert theirs.tolist() == PIXELS.tolist()
    assert torchfits.read_image(path).tolist() == PIXELS.tolist()
    assert len(torchfits.open(path)) == 1


# Names

NAMES = [
    "plain.fits", "no extension", "two  blanks .fits", " leading.fits", "trailing.fits ", "ünï.fits", "星.fits",
    "new\nline.fits", "tab\t.fits", "!x.fits", "-", "stdin",
    "a.fits(b.fits)", "|ls", "ls|", "x.fits+1", "x.fits[1]", "x.fits[SCI,2]",
    "x[1:2,*]", "[1]", "[]", "a[b", "a]b[", "x.fits[col a=1]", "x.fits[1][bin=2]", "~", "~root", "$HOME", "*",
    "?", "%s%n",
    "'", '"', "\\", "a;b", "#", "mem:", "@list", "x.fits.gz", "x.imh", "-h", "\x01\x7f", "x.fits;1", "x.fits 1",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_read_nameOfExistingFile_isLiteral(folder: Path, name: str, backend: Any) -> None:
    (folder / name).write_bytes(image(PIXELS))

    assert torchfits.read_image(name, backend=backend).tolist() == PIXELS.tolist()
    assert torchfits.read_image(folder / name, backend=backend).tolist() == PIXELS.tolist()
    assert torchfits.read_batch([name]).tolist() == [PIXELS.tolist()]
    assert torchfits.read_header(name)["NAXIS1"] == 3
    with torchfits.open(name) as hdus:
        assert hdus.filename == name
        assert hdus[0].data is not None
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "name",
    [
        *NAMES, "mem://", "mem://x.fits", "http://localhost:1/x.fits", "https://localhost:1/x.fits", "ftp://localhost/x",
        "file://x.fits", "root://localhost/x", "shmem://h1", "stream://", "compress://x.fits", "/dev/fd/0x", "",
    ],
)  # fmt: skip
def test_read_nameOfNoFile_createsAndRunsNothing(folder: Path, name: str, backend: Any) -> None:
    """No file of that name: `!` does not overwrite, `(…)` does not copy, `|` does not run, `://` fetches nothing."""
    with pytest.raises((torchfits.MissingFileError, ValueError)):
        torchfits.read_image(name, backend=backend)
    with pytest.raises((torchfits.MissingFileError, ValueError)):
        torchfits.read_header(name)
    with pytest.raises(torchfits.MissingFileError):
        torchfits.open(name)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "name", ["!x.fits", "x.fits(copy.fits)", "x.fits[1](copy.fits)", "x", "x.fit", "file://x.fits"]
)
def test_read_nameThatCfitsioWouldTakeForAnother_isNotFound(folder: Path, name: str, backend: Any) -> None:
    """What cfitsio's syntax means is there; still nothing else than the name itself is opened."""
    for present in ("x.fits", "x.gz", "x.fit.gz", "x.Z", "x.zip"):
        (folder / present).write_bytes(image(PIXELS))
    before = sorted(folder.iterdir())
    with pytest.raises(torchfits.MissingFileError, match="no such file"):
        torchfits.read_image(name, backend=backend)
    assert sorted(folder.iterdir()) == before


def test_read_realNameWithBrackets_isFoundBeforeTheHdu(folder: Path) -> None:
    several_hdus(folder / "x.fits")
    assert torchfits.read_image("x.fits[2]").tolist() == (PIXELS + 1).tolist()
    (folder / "x.fits[2]").write_bytes(image(PIXELS + 50))
    assert torchfits.read_image("x.fits[2]").tolist() == (PIXELS + 50).tolist()
    several_hdus(folder / "x.fits[2]")
    assert torchfits.read_image("x.fits[2][3]").tolist() == (PIXELS + 2).tolist()


def test_read_pathLikeWithBrackets_isLiteral(folder: Path) -> None:
    several_hdus(folder / "x.fits")
    with pytest.raises(torchfits.MissingFileError, match=r"x\.fits\[2\]"):
        torchfits.read_image(folder / "x.fits[2]")


@pytest.mark.parametrize("raw", [b"\xff.fits", b"\xc3\x28.fits", b"ok-\xe9.fits", b"\xf0\x9f\x92\xa9.fits", b"\xff[1]"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_read_nameThatIsNoText_isFoundByItsBytes(folder: Path, raw: bytes, backend: Any) -> None:
    with open(folder / os.fsdecode(raw), "wb") as file:  # noqa: PTH123 - the builtin, beside torchfits.open
        file.write(image(PIXELS))
    name = os.fsdecode(raw)

    assert torchfits.read_image(name, backend=backend).tolist() == PIXELS.tolist()
    assert torchfits.read_batch([name, Path(name)]).shape == (2, 2, 3)
    with torchfits.open(name) as hdus:
        assert torch.equal(hdus[0][...], torchfits.read_image(name))


@pytest.mark.usefixtures("folder")
def test_read_nameThatIsNoTextMissing_canBeShown() -> None:
    with pytest.raises(torchfits.MissingFileError) as caught:
        torchfits.read_image(os.fsdecode(b"no \xff.fits"))
    assert "no \ufffd.fits: no such file" in str(caught.value).encode().decode()


class Location:
    def __init__(self, path: Any) -> None:
        self._path = path

    def __fspath__(self) -> Any:
        return self._path


def test_read_pathLike_isItsPath(folder: Path) -> None:
    (folder / "x.fits").write_bytes(image(PIXELS))
    assert torchfits.read_image(Location("x.fits")).tolist() == PIXELS.tolist()
    with pytest.raises(TypeError, match="must be str"):
        torchfits.read_image(Location(b"x.fits"))


@pytest.mark.parametrize("function", [torchfits.read_image, torchfits.read_header, torchfits.open])
def test_read_nameWithNul_isRefused(function: Any) -> None:
    with pytest.raises(ValueError, match="NUL"):
        function("x\0.fits")


def test_read_throughSymbolicLinks_isTheFile(folder: Path) -> None:
    (folder / "x.fits").write_bytes(image(PIXELS))
    (folder / "link").symlink_to("x.fits")
    (folder / "link to link").symlink_to("link")
    for backend in BACKENDS:
        assert torchfits.read_image("link to link", backend=backend).tolist() == PIXELS.tolist()
