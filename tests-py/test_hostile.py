"""Files that are broken, missing, or lie about their size: a FitsError that names file, HDU and reason."""

import gzip
import json
import os
import re
import socket
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchfits
from _fitsbytes import BLOCK, CARD, card, empty_primary, header, image, image_header, padded, raw_card
from _programs import loaded_python

PROGRAMS = Path(__file__).parent / "programs"
BACKENDS: list[Any] = ["auto", "cfitsio"]
PIXELS = np.arange(2000, dtype="i2").reshape(40, 50)


def read_image(path: Path, hdu: int = 0) -> None:
    torchfits.read_image(path, hdu=hdu)


def read_by_cfitsio(path: Path, hdu: int = 0) -> None:
    torchfits.read_image(path, hdu=hdu, backend="cfitsio")


def read_batch(path: Path, hdu: int = 0) -> None:
    torchfits.read_batch([path, path], hdu=hdu)


def read_header(path: Path, hdu: int = 0) -> None:
    torchfits.read_header(path, hdu=hdu)


def open_file(path: Path, hdu: int = 0) -> None:
    del hdu
    torchfits.open(path)


IMAGE_READERS = [read_image, read_by_cfitsio, read_batch]
READERS = [*IMAGE_READERS, read_header, open_file]

by_all = pytest.mark.parametrize("read", READERS)
by_image_readers = pytest.mark.parametrize("read", IMAGE_READERS)


def run_program(name: str, *arguments: Any) -> dict[str, Any]:
    command = [*loaded_python(), PROGRAMS / name, *map(str, arguments)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(PROGRAMS.parent), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, check=False)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


# What is no file, or cannot be opened


@by_all
def test_read_missing_saysSo(tmp_path: Path, read: Any) -> None:
    for path in (tmp_path / "none.fits", tmp_path / "no folder" / "none.fits", ""):
        with pytest.raises(torchfits.MissingFileError, match="no such file") as caught:
            read(path)
        assert str(path) in str(caught.value)


@by_all
def test_read_fileAsFolder_saysSo(tmp_path: Path, read: Any) -> None:
    (tmp_path / "x.fits").write_bytes(image(PIXELS))
    with pytest.raises(torchfits.MissingFileError, match=r"x\.fits/y\.fits: no such file"):
        read(tmp_path / "x.fits" / "y.fits")


@by_all
def test_read_brokenLink_saysSo(tmp_path: Path, read: Any) -> None:
    (tmp_path / "link.fits").symlink_to("none.fits")
    with pytest.raises(torchfits.MissingFileError, match=r"link\.fits: no such file"):
        read(tmp_path / "link.fits")


@by_all
def test_read_linkToItself_saysSo(tmp_path: Path, read: Any) -> None:
    (tmp_path / "loop.fits").symlink_to("loop.fits")
    with pytest.raises(torchfits.FileReadError, match=r"loop\.fits: too many symbolic links"):
        read(tmp_path / "loop.fits")


@by_all
@pytest.mark.parametrize("length", [256, 5000, 300_000])
def test_read_nameTooLong_saysSo(tmp_path: Path, read: Any, length: int) -> None:
    with pytest.raises(torchfits.MissingFileError, match=r"too long|no such file"):
        read(tmp_path / ("x" * length))


@by_all
def test_read_folder_saysSo(tmp_path: Path, read: Any) -> None:
    with pytest.raises(torchfits.NotAFileError, match="a directory, not a regular file") as caught:
        read(tmp_path)
    assert str(tmp_path) in str(caught.value)


@by_all
def test_read_pipe_saysSoAtOnce(tmp_path: Path, read: Any) -> None:
    """Opening it would wait for a writer."""
    os.mkfifo(tmp_path / "pipe.fits")
    with pytest.raises(torchfits.NotAFileError, match=r"pipe\.fits: a pipe, socket or device"):
        read(tmp_path / "pipe.fits")


@by_all
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_read_device_saysSo(read: Any, device: str) -> None:
    with pytest.raises(torchfits.NotAFileError, match=f"{device}: a pipe, socket or device"):
        read(Path(device))


@by_all
def test_read_socket_saysSo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.fits")
        with pytest.raises(torchfits.NotAFileError, match=r"socket\.fits: a socket or device"):
            read(Path("socket.fits"))


@by_all
def test_read_fileOfTheKernel_isNoFits(read: Any) -> None:
    """A regular file that says it is empty, and is not."""
    with pytest.raises(torchfits.NotFitsError, match="/proc/self/status: not a FITS file"):
        read(Path("/proc/self/status"))


def test_read_accessDenied_saysSo(tmp_path: Path) -> None:
    path = tmp_path / "secret.fits"
    path.write_bytes(image(PIXELS))
    path.chmod(0)
    # Root may read everything, so the program gives that up.
    program = """
import os, sys, torchfits
torchfits.doctor()
if os.geteuid() == 0:
    os.seteuid(65534)
for backend in ("auto", "cfitsio"):
    try:
        torchfits.read_image(sys.argv[1], backend=backend)
    except torchfits.FileAccessError as error:
        assert isinstance(error, PermissionError)
        print("refused:", error)
"""
    done = subprocess.run([*loaded_python(), "-c", program, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [f"refused: {path}: permission denied"] * 2


# What is no FITS


@by_all
def test_read_empty_saysSo(tmp_path: Path, read: Any) -> None:
    (tmp_path / "x.fits").touch()
    with pytest.raises(torchfits.NotFitsError, match=r"x\.fits: the file is empty"):
        read(tmp_path / "x.fits")


@by_all
@pytest.mark.parametrize(
    "content",
    [b"S", b"SIMPLE", b"simple  =                    T", b"\x89PNG\r\n\x1a\n", b"\0" * 100, b" " * 10_000,
     b"\xff" * 2880, b"SIMPLEX =                    T".ljust(2880), b"XTENSION= 'IMAGE   '".ljust(2880),
     b"\xef\xbb\xbfSIMPLE  = T".ljust(2880)],
    ids=lambda content: repr(content[:12]),
)  # fmt: skip
def test_read_otherContent_isNoFits(tmp_path: Path, read: Any, content: bytes) -> None:
    (tmp_path / "x.fits").write_bytes(content)
    with pytest.raises(torchfits.NotFitsError, match=r"x\.fits: not a FITS file"):
        read(tmp_path / "x.fits")


# What ends too soon


@pytest.mark.parametrize("length", [80, 81, 160, 400, 2800, 2879])
@by_all
def test_read_fileEndsInHeader_isTruncated(tmp_path: Path, read: Any, length: int) -> None:
    (tmp_path / "x.fits").write_bytes(image(PIXELS)[:length])
    with pytest.raises(torchfits.TruncatedFileError, match=r"x\.fits\[0\]: the file ends before the header does"):
        read(tmp_path / "x.fits")


@pytest.mark.parametrize("length", [2880, 2881, 2880 + 100, 2880 + 3998, 2880 + 3999])
@by_image_readers
def test_read_fileEndsInData_isTruncated(tmp_path: Path, read: Any, length: int) -> None:
    (tmp_path / "x.fits").write_bytes(image(PIXELS)[:length])
    with pytest.raises(
        torchfits.TruncatedFileError, match=r"x\.fits\[0\]: .*4000 bytes of data from byte 2880"
    ) as caught:
        read(tmp_path / "x.fits")
    assert f"the file ends at byte {length}" in str(caught.value)
    assert isinstance(caught.value, EOFError)


def test_read_fileEndsInData_stillHasItsHeader(tmp_path: Path) -> None:
    (tmp_path / "x.fits").write_bytes(image(PIXELS)[:3000])
    assert torchfits.read_header(tmp_path / "x.fits")["NAXIS1"] == 50
    assert torchfits.open(tmp_path / "x.fits")[0].shape == (40, 50)


def test_read_dataNotPadded_isReadAsAstropyDoes(tmp_path: Path) -> None:
    """All pixels are there. cfitsio reads whole blocks, so it cannot."""
    path = tmp_path / "x.fits"
    path.write_bytes(image(PIXELS)[: 2880 + 4000])
    assert torchfits.read_image(path).tolist() == PIXELS.tolist()
    with pytest.raises(torchfits.TruncatedFileError, match=r"x\.fits\[0\].*cfitsio status 108"):
        torchfits.read_image(path, backend="cfitsio")


@by_all
def test_read_headerNotPadded_isTruncated(tmp_path: Path, read: Any) -> None:
    """As for astropy and cfitsio."""
    cards = [card("SIMPLE", value=True), card("BITPIX", 8), card("NAXIS", 0), b"END".ljust(CARD)]
    (tmp_path / "x.fits").write_bytes(b"".join(cards))
    with pytest.raises(torchfits.TruncatedFileError, match=r"x\.fits\[0\]: the file ends before the header"):
        read(tmp_path / "x.fits")


@pytest.mark.parametrize("hdu", [1, 2])
@by_image_readers
def test_read_extensionEndsTooSoon_isTruncated(tmp_path: Path, read: Any, hdu: int) -> None:
    whole = empty_primary() + image(PIXELS, extension=True) + image(PIXELS, extension=True)
    end = 2 * 2880 + 100 if hdu == 1 else len(whole) - 3000
    (tmp_path / "x.fits").write_bytes(whole[:end])
    with pytest.raises(torchfits.TruncatedFileError, match=rf"x\.fits\[{hdu}\]: .*the file ends at byte {end}"):
        read(tmp_path / "x.fits", hdu)


def test_read_cutAtEveryCard_isAnErrorOrTheImage(tmp_path: Path) -> None:
    whole = image(PIXELS[:1], card("OBJECT", "M 31"))
    path = tmp_path / "x.fits"
    outcomes = set()
    for length in range(0, len(whole) + 1, 40):
        path.write_bytes(whole[:length])
        try:
            assert torchfits.read_image(path).tolist() == PIXELS[:1].tolist()
            outcomes.add((length >= 2880 + 100, "image"))
        except torchfits.FitsError:
            outcomes.add((length >= 2880 + 100, "error"))
    assert outcomes == {(True, "image"), (False, "error")}


# Headers that cannot be followed

FIRST = (card("SIMPLE", value=True), card("BITPIX", 16))


def axes(*lengths: Any) -> tuple[bytes, ...]:
    return (
        card("NAXIS", len(lengths)),
        *(raw_card(f"NAXIS{i + 1}", str(length)) for i, length in enumerate(lengths)),
    )


BAD_HEADERS = {
    "BITPIX missing": ((FIRST[0], *axes(4)), "BITPIX is missing"),
    "BITPIX 7": ((FIRST[0], card("BITPIX", 7), *axes(4)), "BITPIX = 7 is not one of"),
    "BITPIX text": ((FIRST[0], card("BITPIX", "16"), *axes(4)), "BITPIX = '16 *' is not a valid value"),
    "BITPIX beyond": ((FIRST[0], raw_card("BITPIX", "9" * 30), *axes(4)), "BITPIX = 9+ is not a valid value"),
    "NAXIS missing": (FIRST, "NAXIS is missing"),
    "NAXIS -1": ((*FIRST, card("NAXIS", -1)), "NAXIS = -1 is not a valid value"),
    "NAXIS 1000": ((*FIRST, card("NAXIS", 1000)), "NAXIS = 1000 is not a valid value"),
    "NAXIS beyond": ((*FIRST, card("NAXIS", 10**20)), "NAXIS = 10+ is not a valid value"),
    "NAXIS real": ((*FIRST, raw_card("NAXIS", "1.0"), *axes(4)[1:]), r"NAXIS = 1\.0 is not a valid value"),
    "NAXIS1 missing": ((*FIRST, card("NAXIS", 1)), "NAXIS1 is missing"),
    "NAXIS2 missing": ((*FIRST, card("NAXIS", 2), card("NAXIS1", 1)), "NAXIS2 is missing"),
    "NAXIS1 negative": ((*FIRST, *axes(-5)), "NAXIS1 = -5 is not a valid value"),
    "NAXIS1 empty": ((*FIRST, *axes("")), "NAXIS1 =  is not a valid value"),
    "NAXIS1 beyond": ((*FIRST, *axes(2**63)), f"NAXIS1 = {2**63} is not a valid value"),
    "bytes beyond": ((*FIRST, *axes(2**63 - 1)), "more bytes than a file can hold"),
    "bytes beyond the bound": ((*FIRST, *axes(2**62 - 1)), "more bytes than a file can hold"),
    "product beyond": ((*FIRST, *axes(2**40, 2**40)), "more bytes than a file can hold"),
    "product wraps to 0": ((*FIRST, *axes(2**32, 2**32)), "more bytes than a file can hold"),
    "PCOUNT beyond": ((*FIRST, *axes(4), card("PCOUNT", 2**63 - 1)), "more bytes than a file can hold"),
    "PCOUNT negative": ((*FIRST, *axes(4), card("PCOUNT", -8)), "PCOUNT = -8 is not a valid value"),
    "GCOUNT text": ((*FIRST, *axes(4), card("GCOUNT", "x")), "GCOUNT = 'x *' is not a valid value"),
}  # fmt: skip


@by_all
@pytest.mark.parametrize("name", BAD_HEADERS)
def test_read_headerThatCannotBeFollowed_saysWhy(tmp_path: Path, read: Any, name: str) -> None:
    cards, reason = BAD_HEADERS[name]
    (tmp_path / "x.fits").write_bytes(header(*cards) + padded(b"\1" * 8))
    with pytest.raises(torchfits.HeaderError, match=rf"x\.fits\[0\]: .*{reason}") as caught:
        read(tmp_path / "x.fits")
    assert isinstance(caught.value, ValueError)


@by_image_readers
@pytest.mark.parametrize("lengths", [(0, 2**62, 2**62), (2**62, 2**62, 0), (2**31, 2**31, 2**31, 0)])
def test_read_emptyImageOfHugeAxes_isRefused(tmp_path: Path, read: Any, lengths: tuple[int, ...]) -> None:
    (tmp_path / "x.fits").write_bytes(header(*FIRST, *axes(*lengths)))
    with pytest.raises(torchfits.HeaderError, match=r"x\.fits\[0\]: .*more bytes than"):
        read(tmp_path / "x.fits")


@by_image_readers
@pytest.mark.parametrize("text", ["'two'", "", "1.5.2", "0x10", "T", "NaN", "INF"])
@pytest.mark.parametrize("keyword", ["BSCALE", "BZERO"])
def test_read_scaleThatIsNoNumber_saysSo(tmp_path: Path, read: Any, keyword: str, text: str) -> None:
    (tmp_path / "x.fits").write_bytes(image(PIXELS, raw_card(keyword, text)))
    with pytest.raises(torchfits.HeaderError, match=r"x\.fits\[0\]: BSCALE or BZERO is not a number"):
        read(tmp_path / "x.fits")


@pytest.mark.parametrize("more", [62, 300, 997])
def test_read_manyAxes_areReadWhereCfitsioStops(tmp_path: Path, more: int) -> None:
    shape = (1,) * more + PIXELS.shape
    (tmp_path / "x.fits").write_bytes(image_header(16, shape) + padded(PIXELS.astype(">i2").tobytes()))
    assert torchfits.read_image(tmp_path / "x.fits").shape == shape
    if len(shape) > 99:
        with pytest.raises(torchfits.UnsupportedFitsError, match=r"x\.fits\[0\]: .*at most 99 axes"):
            torchfits.read_image(tmp_path / "x.fits", backend="cfitsio")


# No END


@by_all
@pytest.mark.parametrize("rest", [b"", b" " * 2880, b"\0" * 28800, b"\xff" * 2880])
def test_read_endMissing_saysSo(tmp_path: Path, read: Any, rest: bytes) -> None:
    (tmp_path / "x.fits").write_bytes(image(PIXELS).replace(b"END     ", b"FIN     ")[:2880] + rest)
    with pytest.raises(torchfits.FitsError, match=r"x\.fits\[0\]: .*END card"):
        read(tmp_path / "x.fits")


@by_all
@pytest.mark.timeout(60)
@pytest.mark.parametrize("fill", [b" ", b"\0", b"A=1 \n\xffxyz"])
def test_read_hundredMegabytesWithoutEnd_saysSo(tmp_path: Path, read: Any, fill: bytes) -> None:
    (tmp_path / "x.fits").write_bytes(image_header(8, ())[:240] + fill * (100_000_000 // len(fill)))
    with pytest.raises(torchfits.HeaderError, match=r"x\.fits\[0\]: the header has no END card within 67108864"):
        read(tmp_path / "x.fits")
    (tmp_path / "x.fits").unlink()


# Memory

CLAIMS = [
    axes(10**9), axes(10**10), axes(999999999999), axes(60_000, 60_000), axes(2**61), axes(2**31, 2**30),
    axes(1000, 10**6, 4), axes(10**9, 0, 10**9),
]  # fmt: skip


def test_read_headersThatClaimMuch_allocateNothing(tmp_path: Path) -> None:
    paths = []
    for number, claim in enumerate(CLAIMS):
        paths.append(tmp_path / f"{number}.fits")
        paths[-1].write_bytes(header(*FIRST, *claim) + padded(b"\1" * 100_000))

    result = run_program("grow_by_bad_headers.py", *paths)

    errors = {error for outcomes in result["outcomes"][:-1] for error in outcomes}
    assert errors <= {"TruncatedFileError", "HeaderError"}
    assert result["outcomes"][-1] in (["", ""], ["HeaderError", "HeaderError"])
    assert result["grown_kib"]["VmHWM"] < 32 << 10
    assert result["grown_kib"]["VmPeak"] < 256 << 10


def tiled(compression: str, side: int, tile: bytes, *cards: bytes, tiles: int = 1) -> bytes:
    """A compressed image of (tiles * side, side) pixels, whose square tiles are all made of the same bytes."""
    first = [card("XTENSION", "BINTABLE"), card("BITPIX", 8), *axes(8, tiles), card("PCOUNT", len(tile))]
    column = [card("GCOUNT", 1), card("TFIELDS", 1), card("TTYPE1", "COMPRESSED_DATA"), card("TFORM1", "1PB")]
    shape = [card("ZIMAGE", value=True), card("ZCMPTYPE", compression), card("ZBITPIX", 32), card("ZNAXIS", 2)]
    lengths = [card("ZNAXIS1", side), card("ZNAXIS2", tiles * side), card("ZTILE1", side), card("ZTILE2", side)]
    table = struct.pack(">ii", len(tile), 0) * tiles
    return empty_primary() + header(*first, *column, *shape, *lengths, *cards) + padded(table + tile)


def empty_tile(side: int) -> bytes:
    """HCOMPRESS for pixels of one value."""
    return struct.pack(">Hiiiq3B", 0xDD99, side, side, 1, 7, 0, 0, 0) + bytes(8)


# All pixels of a mask are zero that no instruction writes.
EMPTY_MASK = struct.pack(">7h", 0, 7, -100, 7, 0, 0, 0)
FALSE_SIZE = gzip.compress(bytes(1000))[:-4] + struct.pack("<I", 4 * 46_000**2 % 2**32)

BOMBS = {
    "one HCOMPRESS tile": tiled("HCOMPRESS_1", 46_000, empty_tile(46_000)),
    "many HCOMPRESS tiles": tiled("HCOMPRESS_1", 4000, empty_tile(4000), tiles=100),
    "one PLIO tile": tiled("PLIO_1", 46_000, EMPTY_MASK),
    "many PLIO tiles": tiled("PLIO_1", 10_000, EMPTY_MASK, tiles=200),
    "Rice": tiled("RICE_1", 46_000, bytes(400)),
    "gzip": tiled("GZIP_1", 46_000, FALSE_SIZE),
    "gzip, quantised": tiled("GZIP_2", 46_000, FALSE_SIZE, card("ZSCALE", 0.5), card("ZZERO", 0.0)),
    "tile within bounds": tiled("RICE_1", 11_000, bytes(400)),
}


def test_read_tilesThatClaimMuch_allocateNothing(tmp_path: Path) -> None:
    paths = []
    for name, content in BOMBS.items():
        paths.append(tmp_path / f"{name}.fits")
        paths[-1].write_bytes(content)
    result = run_program("grow_by_bad_headers.py", *paths)
    assert result["outcomes"][:-1] == [["HeaderError", "HeaderError"]] * (len(BOMBS) - 1)
    assert result["outcomes"][-1][0] == "CorruptDataError"
    assert result["grown_kib"]["VmHWM"] < 32 << 10
    assert result["grown_kib"]["VmPeak"] < 1 << 20


def test_read_memoryIsShort_usesWhatWasKept(tmp_path: Path) -> None:
    """Blocks that torch let go are kept for images of their size, unless one of another size needs their memory."""
    for name, side in (("small", 8000), ("large", 14_000)):
        with (tmp_path / name).open("wb") as file:
            file.write(image_header(8, (side, side)))
            file.truncate(BLOCK + side * side)
    program = """
import re, resource, sys, torchfits
from pathlib import Path
dropped = [torchfits.read_image(sys.argv[1]) for _ in range(4)]
del dropped
taken = int(re.findall(r"VmSize:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[0]) << 10
resource.setrlimit(resource.RLIMIT_AS, (taken + (64 << 20), resource.RLIM_INFINITY))
print(tuple(torchfits.read_image(sys.argv[2]).shape))
"""
    command = [*loaded_python(), "-c", program, tmp_path / "small", tmp_path / "large"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "(14000, 14000)\n", done.stderr


# Damage at random


def test_read_damagedFiles_giveErrorsAndNothingElse(tmp_path: Path) -> None:
    inputs = 20_000
    result = run_program("fuzz_reads.py", tmp_path, inputs, 20240229)

    outcomes = result["outcomes"]
    assert sum(outcomes.values()) == inputs
    for outcome in ("image", "no image", "HeaderError", "TruncatedFileError", "NotFitsError"):
        assert outcomes[outcome] > inputs // 100
    unexpected = [name for name in outcomes if not re.fullmatch(r"image|no image|\w+Error", name)]
    assert unexpected == []
    assert result["grown_kib"] < 100 << 10


@pytest.mark.timeout(240)
def test_read_damagedImages_giveErrorsOrTheirShapes(tmp_path: Path) -> None:
    inputs = 20_000
    result = run_program("fuzz_images.py", tmp_path, inputs, 20261124)

    outcomes = result["outcomes"]
    assert sum(outcomes.values()) == inputs
    ways = ("whole", "stored", "converted", "calibrated", "section", "batch", "cutouts")
    for outcome in (*(f"read_{way}" for way in ways), "CorruptDataError", "HeaderError", "TruncatedFileError"):
        assert outcomes[outcome] > inputs // 50
    assert result["grown_kib"]["VmHWM"] < 256 << 10
    assert result["grown_kib"]["VmPeak"] < 1 << 20
