"""Bytes and file objects in the place of paths: whatever is read of a file is read of its bytes."""

from __future__ import annotations

import gc
import gzip
import io
import mmap
import os
import pickle
import random
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torch_frame
import torchfits
from _compressions import COMPRESSIONS
from _fitsbytes import card, header, image, image_header, raw_card
from _realdata import REAL_DATA, shipped_files
from astropy.io import fits
from torch.utils.data import DataLoader
from torchfits import _engine
from torchfits._memory import Content, is_source
from torchfits.data import ImageDataset
from torchfits.tables import describe_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("quiet_astropy")

read_columns: Any = torchfits.read_columns
read_table: Any = torchfits.read_table

PIXELS = np.random.default_rng(1).normal(size=(300, 301)).astype("f4")
SMALL = np.arange(64 * 64, dtype="f4").reshape(64, 64)
SMALL_FILE = image(SMALL)


def _written(*hdus: Any) -> bytes:
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    return buffer.getvalue()


def _columns(*, ascii_table: bool = False) -> list[fits.Column]:
    rows = np.arange(500)
    columns = [
        fits.Column("ID", "I10" if ascii_table else "K", array=rows),
        fits.Column("MAG", "F12.4" if ascii_table else "E", array=20 - rows / 50),
        fits.Column("NAME", "A6" if ascii_table else "6A", array=[f"J{row:04}" for row in rows]),
    ]
    ragged = fits.Column("VISITS", "PD()", array=np.array([np.arange(row % 5.0) for row in rows], object))
    return columns if ascii_table else [*columns, ragged]


def _files() -> dict[str, bytes]:
    tiles = (PIXELS * 100).astype("i2")
    rice = fits.CompImageHDU(tiles, compression_type="RICE_1", name="RICE")
    mef = _written(
        fits.PrimaryHDU(),
        fits.ImageHDU(PIXELS, name="SCI", ver=1),
        fits.ImageHDU(tiles, name="SCI", ver=2),
        fits.BinTableHDU.from_columns(_columns(), name="CAT"),
        fits.TableHDU.from_columns(_columns(ascii_table=True), name="TEXT"),
        rice,
    )
    plain = {
        "small": SMALL_FILE,
        "large": image(np.arange(3 << 20, dtype="i4").reshape(1024, -1)),
        "tiles": _written(fits.PrimaryHDU(), rice),
        "quantized": _written(fits.PrimaryHDU(), fits.CompImageHDU(PIXELS, compression_type="GZIP_2")),
        "scaled": image((PIXELS * 100).astype("i2"), card("BSCALE", 0.5), card("BZERO", 3.0), card("BLANK", 7)),
        "mef": mef,
    }
    return {**plain, **{f"mef by {name}": compress(mef) for name, compress in COMPRESSIONS.items()}}


FILES = _files()
MEF = FILES["mef"]

by_file = pytest.mark.parametrize("content", FILES.values(), ids=list(FILES))


class Unseekable:
    """A file object as sockets and responses are: bytes come once."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, size: int = -1) -> bytes:
        got, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return got


def _mapped(content: bytes) -> mmap.mmap:
    mapped = mmap.mmap(-1, len(content))
    mapped[:] = content
    return mapped


def _readonly_array(content: bytes) -> np.ndarray:
    return np.frombuffer(content, "u1")


def _at_position(content: bytes) -> io.BytesIO:
    file = io.BytesIO(b"something else" + content)
    file.seek(14)
    return file


BUFFERS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "view of a bytearray": lambda content: memoryview(bytearray(b"before" + content + b"behind"))[6:-6],
    "array": _readonly_array,
    "array of int8": lambda content: np.frombuffer(bytearray(content), "i1"),
    "array of three axes": lambda content: np.frombuffer(content, "u1").reshape(1, -1, 1),
    "tensor": lambda content: torch.frombuffer(bytearray(content), dtype=torch.uint8),
    "mapping": _mapped,
}
FILE_OBJECTS: dict[str, Callable[[bytes], Any]] = {
    "BytesIO": io.BytesIO,
    "BytesIO at a position": _at_position,
    "BufferedReader": lambda content: io.BufferedReader(io.BytesIO(content)),
    "GzipFile": lambda content: gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(content))),
    "unseekable": Unseekable,
}
SOURCES = {**BUFFERS, **FILE_OBJECTS}

by_source = pytest.mark.parametrize("make", SOURCES.values(), ids=list(SOURCES))


def assert_same(mine: Any, expected: Any) -> None:
    """Tensors, columns and what is made of them, every bit."""
    assert type(mine) is type(expected)
    if isinstance(expected, dict):
        assert list(mine) == list(expected)
        for name in expected:
            assert_same(mine[name], expected[name])
    elif isinstance(expected, torchfits.StringColumn):
        assert mine.to_list() == expected.to_list()
    elif isinstance(expected, torchfits.RaggedColumn):
        assert_same(mine.values, expected.values)
        assert_same(mine.offsets, expected.offsets)
    elif isinstance(expected, torch.Tensor):
        assert (mine.shape, mine.dtype) == (expected.shape, expected.dtype)
        assert mine.numpy().tobytes() == expected.numpy().tobytes()
    else:
        assert mine == expected


def outcome(read: Callable[[], Any], label: str) -> Any:
    """What a read gives, or the error without what the source is called."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", torchfits.FitsWarning)
            return read()
    except torchfits.FitsError as error:
        return type(error), str(error).replace(label, "SOURCE")


def assert_all_same(source: Any, path: Path, label: str) -> int:
    """Everything that can be read of a file, of both; how many HDUs gave data."""
    mine = outcome(lambda: torchfits.open(source), label)
    expected = outcome(lambda: torchfits.open(path), str(path))
    if isinstance(expected, tuple):
        assert mine == expected
        return 0
    assert [repr(hdu) for hdu in mine] == [repr(hdu) for hdu in expected]
    given = 0
    for one, other in zip(mine, expected, strict=True):
        assert one.header.tostring() == other.header.tostring()
        data = outcome(lambda one=one: one.data, label), outcome(lambda other=other: other.data, str(path))
        assert_same(*data)
        given += data[1] is not None and not isinstance(data[1], tuple)
    return given


# Against the file


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def to_file(content: bytes) -> Path:
        path = tmp_path / "x.fits"
        path.write_bytes(content)
        return path

    return to_file


@by_file
def test_open_bytes_isAllThatTheFileHolds(write: Any, content: bytes) -> None:
    assert assert_all_same(content, write(content), f"<bytes of {len(content)}>") > 0


def _some_real_files() -> list[Path]:
    listed = [] if REAL_DATA is None else [REAL_DATA / name for name in _REAL_NAMES]
    return listed + shipped_files()[::4]


_REAL_NAMES = (
    "astropy__random_groups.fits", "astropy__ascii.fits", "astropy__variable_length_table.fits", "astropy__tdim.fits",
    "astropy__dist_lookup.fits.gz", "cfitsio__testprog.std.fits", "fpack__cube3d.rice_3dtile.fits.fz",
    "fpack__ushort.plio.fits.fz", "fpack__gc2mass.hcomp.fits.fz", "GalSim__testUI.fits.bz2",
    "ccdproc__science-mef.fits", "sunpy__gbm.fits", "sunpy__eve_l1_esp_2011046_00_truncated.fits",
    "sunpy__lyra_20150101-000000_lev3_std_truncated.fits.gz",
    "gammapy-extra__hgps_catalog_v1.fits.gz", "legacypipe__tycho2.kd.fits", "carta-backend__noise_4d.fits",
)  # fmt: skip


@pytest.mark.parametrize("path", _some_real_files(), ids=lambda path: path.name)
def test_open_bytesOfRealFile_isAllThatTheFileHolds(path: Path) -> None:
    content = path.read_bytes()
    assert_all_same(content, path, f"<bytes of {len(content)}>")


@by_source
def test_readImage_anySource_isTheImage(make: Any) -> None:
    assert_same(torchfits.read_image(make(SMALL_FILE)), torch.from_numpy(SMALL))
    for hdu, expected in (
        (1, PIXELS),
        (("SCI", 2), (PIXELS * 100).astype("i2")),
        ("RICE", (PIXELS * 100).astype("i2")),
    ):
        assert_same(torchfits.read_image(make(MEF), hdu=hdu), torch.from_numpy(expected))
        part = torchfits.read_image(make(MEF), hdu=hdu, section=(slice(10, 20), slice(None, None, 3)))
        assert_same(part, torch.from_numpy(expected[10:20, ::3].copy()))
    assert_same(torchfits.read_image(make(gzip.compress(MEF)), hdu=1), torch.from_numpy(PIXELS))


@by_source
def test_everyFunction_anySource_takesIt(write: Any, make: Any) -> None:
    path = write(MEF)
    boxes = [(slice(0, 8), slice(3, 9)), (slice(-4, 4), slice(299, 305))]
    functions: list[Callable[[Any], Any]] = [
        lambda source: torchfits.read_image(source, dtype=torch.float16, offset=1.0, gain=2.0),
        lambda source: torchfits.read_batch(source, hdu=[1, ("SCI", 1)]),
        lambda source: torchfits.read_cutouts(source, boxes),
        lambda source: torchfits.read_cutouts(source, boxes, hdu="RICE", fill=0),
        lambda source: torchfits.read_header(source, hdu="CAT").tostring(),
        lambda source: read_columns(source),
        lambda source: read_columns(source, ["MAG", "NAME"], hdu="CAT", where="ID % 7 = 3"),
        lambda source: read_columns(source, "VISITS", rows=torch.tensor([400, 3, 77])),
        lambda source: replace(describe_table(source, hdu="TEXT"), content=""),
        lambda source: torchfits.table(source).filter("MAG < 12").sort("NAME", descending=True).to_dict(),
        lambda source: torchfits.table(source, hdu="TEXT")[100:110]["NAME"],
        lambda source: read_table(source).feat_dict[torch_frame.numerical],
        lambda source: torchfits.open(source)["SCI", 2].data,
        lambda source: torchfits.open(source)["CAT"]["ID"],
    ]
    for function in functions:
        assert_same(function(make(MEF)), function(path))


def test_readBatch_sourcesOfAllKinds_isTheBatch(write: Any) -> None:
    sources = [write(SMALL_FILE), *(make(SMALL_FILE) for make in SOURCES.values()), gzip.compress(SMALL_FILE)]
    batch = torchfits.read_batch(sources)
    assert_same(batch, torch.from_numpy(SMALL).expand(len(sources), -1, -1).contiguous())
    sources = [write(SMALL_FILE), *(make(SMALL_FILE) for make in SOURCES.values())]
    assert len(torchfits.read_batch(sources, ragged="list")) == len(sources)
    padded, shapes = torchfits.read_batch([SMALL_FILE, image(PIXELS)], ragged="pad")
    assert (padded.shape, shapes.tolist()) == ((2, 300, 301), [[64, 64], [300, 301]])


@by_file
def test_readImage_byCfitsio_isTheSame(content: bytes) -> None:
    for source in (content, bytearray(content), io.BytesIO(content)):
        assert_same(torchfits.read_image(source, backend="cfitsio"), torchfits.read_image(content))


def test_readImage_byCfitsioBeyondMemory_isTheSame() -> None:
    """More than is copied to memory for cfitsio."""
    content = image(np.arange((140 << 20) // 4, dtype="i4").reshape(-1, 1024))
    whole = torchfits.read_image(content, backend="cfitsio")
    assert torch.equal(whole, torch.arange((140 << 20) // 4, dtype=torch.int32).reshape(-1, 1024))


# What sources are


@by_source
def test_isSource_one_isNotTakenForSeveral(make: Any) -> None:
    assert is_source(make(SMALL_FILE))
    with pytest.raises(TypeError, match="several"):
        torchfits.read_batch(make(SMALL_FILE))
    with pytest.raises(TypeError, match="several"):
        ImageDataset(make(SMALL_FILE))


@pytest.mark.parametrize("several", [[b"", b""], (), np.array(["a.fits", "b.fits"]), iter([]), {"a.fits"}])
def test_isSource_several_areNotTakenForOne(several: Any) -> None:
    assert not is_source(several)


@pytest.mark.parametrize(
    ("source", "error", "match"),
    [
        (3, TypeError, "path must be str, .* not int"),
        (None, TypeError, "not NoneType"),
        (io.StringIO("SIMPLE"), TypeError, "binary mode"),
        (np.zeros(2880), TypeError, "format 'd'"),
        (np.zeros(2880, "i2"), TypeError, "format 'h'"),
        (torch.zeros(2880), TypeError, r"torch\.uint8"),
        (memoryview(bytearray(5760))[::2], ValueError, "not contiguous"),
        (np.zeros((80, 72), "u1").T, ValueError, "not contiguous"),
        (torch.zeros(80, 72, dtype=torch.uint8).T, ValueError, "contiguous"),
        (torch.zeros(2880, dtype=torch.uint8, device="meta"), ValueError, "on the CPU"),
    ],
)
def test_readImage_noSource_isRefused(source: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        torchfits.read_image(source)
    with pytest.raises(error, match=match):
        torchfits.open(source)
    with pytest.raises(error, match=match):
        torchfits.table(source)


def test_readImage_fileOfText_isRefused(write: Any) -> None:
    with write(SMALL_FILE).open() as file, pytest.raises(TypeError, match="binary mode"):
        torchfits.read_image(file)

    class Wrong:
        def read(self) -> str:
            return "SIMPLE"

    with pytest.raises(TypeError, match=r"not str as Wrong\.read\(\) gives"):
        torchfits.read_image(Wrong())  # pyright: ignore[reportArgumentType]


def test_readImage_fileObject_isReadFromItsPositionAndPutBack(write: Any) -> None:
    path = write(b"x" * 100 + SMALL_FILE)
    with path.open("rb") as file:
        file.seek(100)
        for _ in range(2):
            assert_same(torchfits.read_image(file), torch.from_numpy(SMALL))
            assert file.tell() == 100
    theirs: Any = fits.open(_at_position(SMALL_FILE))
    with theirs as hdus:
        assert hdus[0].data.shape == SMALL.shape  # as astropy does


def test_readImage_pipe_isRead() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as end:
        end.write(SMALL_FILE)
    with os.fdopen(reading, "rb") as end:
        assert_same(torchfits.read_image(end), torch.from_numpy(SMALL))


def test_readImage_nameOfMemory_isTheNameOfAFile() -> None:
    """What users call files cannot name memory."""
    name = _engine.encode(SMALL_FILE)
    assert name.startswith("\u2003memory:")
    with pytest.raises(torchfits.MissingFileError):
        torchfits.read_image(str.__str__(name))
    with pytest.raises(torchfits.MissingFileError):
        torchfits.read_image("\u2003http://example.org/x.fits")


def test_memmap_bytes_isRefused() -> None:
    with pytest.raises(TypeError, match="memmap maps files, not bytes"):
        torchfits.memmap(SMALL_FILE)  # pyright: ignore[reportArgumentType]


# Messages


@pytest.mark.parametrize(
    ("source", "label"),
    [
        (b"no FITS", "<bytes of 7>"),
        (bytearray(b"no FITS"), "<bytearray of 7>"),
        (torch.zeros(7, dtype=torch.uint8), "<Tensor of 7>"),
        (io.BytesIO(b"no FITS"), "<BytesIO of 7>"),
    ],
)
def test_error_ofBytes_namesThem(source: Any, label: str) -> None:
    for read in (torchfits.read_image, torchfits.read_header, torchfits.open, torchfits.read_columns):
        with pytest.raises(torchfits.NotFitsError, match=f"^{re.escape(label)}: not a FITS file"):
            read(source)


@pytest.mark.parametrize("name", ["x.fits", "ä\u2003:,.fits", "\udcff.fits", "a\0b.fits", "line\nbreak", 3, None, ""])
def test_error_ofFileObject_namesIt(name: Any) -> None:
    file: Any = io.BytesIO(b"no FITS")
    file = type("Named", (io.BytesIO,), {"name": name})(b"no FITS")
    shown = name.replace("\udcff", "?").replace("\0", "?") if isinstance(name, str) and name else "<Named of 7>"
    with pytest.raises(torchfits.NotFitsError, match=f"^{re.escape(shown)}: not a FITS file"):
        torchfits.read_image(file)
    with pytest.raises(torchfits.NotFitsError, match=re.escape(shown)):
        torchfits.read_batch([SMALL_FILE, file])


def test_open_bytes_tellsWhatTheyAre(capsys: pytest.CaptureFixture[str]) -> None:
    hdus = torchfits.open(MEF)
    assert hdus.filename == f"<bytes of {len(MEF)}>"
    hdus.info()
    assert capsys.readouterr().out.startswith(f"Filename: <bytes of {len(MEF)}>\n")
    assert repr(torchfits.table(MEF)) == f"torchfits.table('<bytes of {len(MEF)}>')"
    with pytest.raises(torchfits.HduNotFoundError, match=re.escape(f"<bytes of {len(MEF)}>: no HDU 9")):
        hdus[9]


# Hostile bytes


@pytest.mark.parametrize("backend", ["auto", "cfitsio"])
@pytest.mark.parametrize("length", [0, 1, 8, 79, 80, 2879, 2880, 2881, 5760, 19263, 19264, 20000])
def test_readImage_truncated_isTheErrorOfTheFile(write: Any, length: int, backend: Any) -> None:
    content = SMALL_FILE[:length]
    path = write(content)
    mine = outcome(lambda: torchfits.read_image(content, backend=backend), f"<bytes of {length}>")
    assert_same(mine, outcome(lambda: torchfits.read_image(path, backend=backend), str(path)))


@pytest.mark.parametrize("name", ["mef", "tiles", "mef by gzip", "mef by xz", "mef by bzip2"])
def test_open_damaged_isWhatTheFileGives(write: Any, name: str) -> None:
    whole, chance = FILES[name], random.Random(7)
    for _ in range(12):
        content = bytearray(whole[: chance.randrange(len(whole))])
        for _ in range(chance.randrange(4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        assert_all_same(bytes(content), write(content), f"<bytes of {len(content)}>")


def test_readImage_headerThatLies_isAnError() -> None:
    content = image_header(-64, (1 << 20, 1 << 20)) + b"x" * 5000
    for source in (content, bytearray(content)):
        with pytest.raises(torchfits.TruncatedFileError, match="the file ends at byte"):
            torchfits.read_image(source)
    with pytest.raises(torchfits.NotFitsError):
        torchfits.read_image(header(raw_card("XTENSION", "'IMAGE'")))


# Nothing stale, nothing freed too early


@pytest.mark.parametrize("wrap", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_open_bytesThatChange_areReadAnew(wrap: Any) -> None:
    contents = [wrap(image(np.full((500, 500), value, "i2"))) for value in (1, 2)]
    length = max(map(len, contents))
    held = bytearray(length)
    hdus = None
    for turn in range(6):
        held[:] = contents[turn % 2].ljust(length, b"\0")
        hdus = hdus or torchfits.open(held)
        assert int(torchfits.read_image(held).unique()) == turn % 2 + 1
        assert int(hdus[0][:3].unique()) == turn % 2 + 1


def test_open_bytearray_isHeldInItsPlace() -> None:
    content = bytearray(SMALL_FILE)
    hdus = torchfits.open(content)
    with pytest.raises(BufferError):
        content.extend(b"more")
    assert_same(hdus[0].data, torch.from_numpy(SMALL))
    del hdus
    content.extend(b"more")


def test_open_fileObject_isReadAtOnce() -> None:
    with io.BytesIO(MEF) as file:
        hdus, table = torchfits.open(file), torchfits.table(file)
    assert hdus["SCI"].data.shape == PIXELS.shape
    assert table.count() == 500


@pytest.mark.parametrize("wrap", [bytes, gzip.compress, bytearray], ids=["bytes", "gzip", "bytearray"])
def test_readImage_bytesDroppedAtOnce_areReadBefore(wrap: Any) -> None:
    """New bytes in each call take the place of those before, in memory as in what the engine keeps."""
    for value in range(100):
        got = torchfits.read_image(wrap(image(np.full((90, 90), value, "i2"))))
        assert int(got.min()) == int(got.max()) == value
        if value % 20 == 0:
            gc.collect()


def test_readImage_sectionsOfTiles_areNotThoseOfOtherBytes() -> None:
    """What the engine keeps of constant bytes is never taken for that of others."""
    for value in range(40):
        tiles = fits.CompImageHDU(np.full((64, 64), value, "i4"), tile_shape=(64, 64))
        hdus = torchfits.open(_written(fits.PrimaryHDU(), tiles))
        for _ in range(3):
            assert int(hdus[1][3:5, 3:5].unique()) == value


def test_read_manyThreads_eachGetsItsOwn() -> None:
    shared = torchfits.open(gzip.compress(MEF))

    def read(number: int) -> bool:
        mine = torchfits.read_image(image(np.full((300, 300), number, "i4")))
        columns = read_columns(bytearray(MEF), "ID")
        return (
            int(mine.unique()) == number
            and int(columns["ID"].sum()) == 499 * 250
            and torch.equal(torchfits.read_image(MEF, hdu=1), torch.from_numpy(PIXELS))
            and torch.equal(shared[1][:9], torch.from_numpy(PIXELS[:9]))
        )

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(read, range(200)))


def test_readBatch_large_readsInParallel() -> None:
    contents = [image(np.full((1000, 1000), value, "i4")) for value in range(8)]
    for _ in range(5):
        batch = torchfits.read_batch([bytearray(content) for content in contents])
        assert torch.equal(batch, torch.arange(8, dtype=torch.int32).reshape(8, 1, 1).expand(8, 1000, 1000))


# Datasets


def _contents() -> list[bytes]:
    return [image(np.full((8, 9), value, "i2")) for value in range(12)]


@pytest.mark.parametrize(
    "make", [bytes, bytearray, io.BytesIO, gzip.compress], ids=["bytes", "bytearray", "BytesIO", "gzip"]
)
def test_imageDataset_ofSources_isReadEveryEpoch(make: Any) -> None:
    dataset = ImageDataset([make(content) for content in _contents()])
    copied = pickle.loads(pickle.dumps(dataset))
    for one in (dataset, copied, dataset):
        batches = list(DataLoader(one, batch_size=5))
        assert [batch.shape for batch in batches] == [(5, 8, 9), (5, 8, 9), (2, 8, 9)]
        assert torch.cat(batches)[:, 0, 0].tolist() == list(range(12))
    assert int(dataset[3].unique()) == 3


def test_imageDataset_ofBytes_isReadByWorkers() -> None:
    dataset = ImageDataset(_contents())
    loader = DataLoader(dataset, batch_size=6, num_workers=2, multiprocessing_context="forkserver")
    assert torch.cat(list(loader))[:, 0, 0].tolist() == list(range(12))


def test_open_bytes_isPicklable() -> None:
    hdus = pickle.loads(pickle.dumps(torchfits.open(MEF)))
    assert_same(hdus["SCI", 1].data, torch.from_numpy(PIXELS))
    table = pickle.loads(pickle.dumps(torchfits.table(io.BytesIO(MEF)).filter("ID > 490")))
    assert table.count() == 9


# Lazy tables and frames


def test_table_bytes_hasAllSteps(write: Any) -> None:
    def steps(table: torchfits.Table) -> Iterator[Any]:
        yield table.count()
        yield table.columns
        yield table.select(["MAG", "ID"])[10:400:7].to_dict()
        yield table.filter("MAG < 15").head(20).to_dict()
        yield table.sort("NAME", descending=True).head(3)["ID"]
        yield table.sample(20, seed=4)["ID"]
        yield table.join(table.filter("ID % 2 = 0"), on="ID").select("MAG_right").to_dict()
        yield table.group_by("MAG").agg({"ID": "count"}).count()
        yield list(table.select("ID").iter_batches(77, shuffle=True, seed=2))[3]["ID"]
        yield table[-1]["NAME"]
        yield table.to_arrow().num_rows

    expected = list(steps(torchfits.table(write(MEF))))
    for source in (MEF, bytearray(MEF), io.BytesIO(MEF), gzip.compress(MEF)):
        for mine, other in zip(steps(torchfits.table(source)), expected, strict=True):
            assert_same(mine, other)


def assert_local(frame: Any) -> None:
    assert type(frame) is torchfits.MaterializedFrame


def assert_remote(frame: Any) -> None:
    assert type(frame) is torchfits.RemoteMaterializedFrame


def test_readTable_bytes_isTheSameFrame(write: Any) -> None:
    path = write(MEF)
    local = read_table(path)
    assert_local(local)
    for source in (MEF, bytearray(MEF), io.BytesIO(MEF)):
        frame = read_table(source)
        assert_remote(frame)
        assert frame.source == f"<{type(source).__name__} of {len(MEF)}>"
        assert frame.col_names_dict == local.col_names_dict
        assert frame.feat_dict.keys() == local.feat_dict.keys()
        assert torch.equal(frame.feat_dict[torch_frame.numerical], local.feat_dict[torch_frame.numerical])
        assert frame.col_stats == local.col_stats
        assert frame.others.keys() == local.others.keys()
        assert_remote(frame[3:9])
        assert (len(frame[3:9]), frame[3:9].bytes_read) == (6, frame.bytes_read)
        dataset = frame.dataset("MAG")
        batches: Any = torch_frame.data.DataLoader(dataset[:0.5].tensor_frame, batch_size=100)
        assert sum(len(batch) for batch in batches) == 250


def test_materialize_bytes_isRemote() -> None:
    table = torchfits.table(MEF).filter("ID < 100")
    frame: Any = table.materialize()
    assert_remote(frame)
    assert (len(frame), frame.source) == (100, repr(table))
    assert frame.requests > 0
    assert 0 < frame.bytes_read < 2 * len(MEF)
    before = frame.bytes_read, frame.requests
    again: Any = table.materialize()
    assert (frame.bytes_read, frame.requests) == before
    assert 0 < again.bytes_read <= frame.bytes_read


def test_materialize_joinOfFileAndBytes_isRemote(write: Any) -> None:
    local, held = torchfits.table(write(MEF)), torchfits.table(MEF)
    assert_local(local.join(local, on="ID").materialize())
    assert_remote(local.join(held, on="ID").materialize())


def _wide() -> tuple[bytes, int]:
    """100 rows of 100,000 bytes, with a number at each end."""
    rows = np.zeros(100, [("A", ">i8"), ("PIXELS", "u1", 99_984), ("B", ">f8")])
    rows["A"], rows["B"] = np.arange(100), np.arange(100) / 2
    return _written(fits.PrimaryHDU(), fits.BinTableHDU(rows)), rows.itemsize


def test_readTable_twoColumnsOfAWideTable_readsTheirBytesAlone() -> None:
    content, row_bytes = _wide()
    assert (row_bytes, len(content) > 10_000_000) == (100_000, True)
    frame = read_table(content, ["A", "B"])
    assert frame.feat_dict[torch_frame.numerical].tolist() == [[row, row / 2] for row in range(100)]
    # Two headers of 32 KiB at most, each read for the schema and for the columns; then B of one row and A of the next.
    headers = 4 * (32 << 10)
    assert 100 * 16 <= frame.bytes_read <= headers + 100 * 16
    assert 100 < frame.requests <= 204
    whole = read_table(content)
    assert whole.bytes_read >= 100 * row_bytes


def test_content_requestsOfCompressedBytes_areThoseOfTheCompressedOnes() -> None:
    content = gzip.compress(MEF)
    frame = read_table(content, "ID")
    assert 0 < frame.bytes_read <= 2 * len(content)


def test_content_bytes_keepTheirNameAndOthersDoNot() -> None:
    constant, changing = Content(SMALL_FILE), Content(bytearray(SMALL_FILE))
    assert constant.name == constant.name
    assert changing.name != changing.name
    assert Content(SMALL_FILE).name != constant.name


def test_open_gzipBytes_areDecodedOnce() -> None:
    noise = np.random.default_rng(3).integers(-(2**62), 2**62, (1200, 1200))
    compressed = gzip.compress(image(SMALL) + image(noise, extension=True), 1)
    content = Content(compressed)
    for _ in range(4):
        assert torch.equal(torchfits.read_image(content, hdu=1), torch.from_numpy(noise))
        assert torchfits.open(content)[1][:2].shape == (2, 1200)
    # Each look at the beginning brings 32 KiB.
    assert content.transfers.bytes_read < len(compressed) + (1 << 20)
