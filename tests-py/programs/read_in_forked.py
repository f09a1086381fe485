"""Calls everything in this process and in one that is forked from it. Argument: folder. Prints which results differ.

Results of the forked process are those of the process that runs the engine for it.
"""

import bz2
import gzip
import json
import math
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torchfits
from torch.utils.data import DataLoader
from torch_frame.data import MultiNestedTensor
from torchfits import _engine
from torchfits.data import CutoutDataset, ImageDataset, TableDataset
from torchfits.data import transforms as T

FOLDER = Path(sys.argv[1])
IMAGE = str(FOLDER / "image.fits")
LARGE = str(FOLDER / "large.fits")
TABLE = str(FOLDER / "table.fits")
BOXES = [(slice(row, row + 16), slice(-4, 12)) for row in range(0, 60, 7)]
MOVES = T.Compose(T.RandomCrop(9), T.RandomDihedral(), T.Normalize(1, 2))


def filled(read: Callable[[torch.Tensor], torch.Tensor], *shape: int) -> torch.Tensor:
    """What a call fills, which must be what it gives."""
    out = torch.full(shape, math.pi)
    assert read(out) is out
    return out


def of_content(content: Any) -> list[Any]:
    """What is read of bytes, and how much was taken of them."""
    frame = torchfits.read_table(content, hdu=1)
    assert isinstance(frame, torchfits.RemoteMaterializedFrame)
    return [torchfits.read_columns(content, hdu=1), frame.requests, frame.bytes_read]


def of_compressed(content: bytes) -> list[Any]:
    """What is read of compressed bytes, which are decoded once, and whether it is told that they were."""
    before = torchfits.cache.stats().decoded_files
    table = torchfits.table(content, hdu=1).select(["X", "NAME"])
    frames = [table.filter(f"X < {limit}").materialize() for limit in (5, 50)]
    taken = sum(frame.bytes_read for frame in frames)  # pyright: ignore[reportAttributeAccessIssue]
    assert torchfits.cache.stats().decoded_files == before + 1
    return [frames, taken > 0]


def written(name: str) -> bytes:
    """A file with a table that this process writes."""
    path = FOLDER / f"{name}-{os.getpid()}.fits"
    columns = {"A": torch.arange(100_000), "S": ["abc", "d"] * 50_000, "V": [[1.0], [2.0, 3.0]] * 50_000}
    torchfits.write(path, columns)
    return path.read_bytes()


def batches_of(loader: Any) -> list[Any]:
    return [batch.clone() if isinstance(batch, torch.Tensor) else batch for batch in loader]


def window(outs: list[torch.Tensor] | None) -> list[Any]:
    """A window of boxes and a missing file, told."""
    items = torch.tensor([[0, 0, 0, 40, 5, 45], [1, 0, 0, 40, 5, 45], [-1, 0, 0, 40, 5, 45]])
    paths = [_engine.encode(IMAGE), _engine.encode("missing.fits")]
    selectors: list[_engine.Selector] = [(_engine.FIRST_IMAGE, None, 0)]
    begun = _engine.begin_window(_engine.Window(paths, selectors, items, [2, 1], keep_going=True, outs=outs))
    result = begun.result()
    assert outs is None or all(block is out for block, out in zip(result.blocks, outs, strict=True))
    return [result.blocks, result.bad, result.counts["files"], begun.done()]


CALLS: dict[str, Callable[[], object]] = {
    "small": lambda: torchfits.read_image(IMAGE),
    "large": lambda: torchfits.read_image(LARGE),
    "section": lambda: torchfits.read_image(IMAGE, section=(slice(3, 9), ...)),
    "dtype": lambda: torchfits.read_image(IMAGE, dtype=torch.bfloat16),
    "unsigned": lambda: torchfits.read_image(FOLDER / "unsigned.fits"),
    "empty section": lambda: torchfits.read_image(IMAGE, section=(slice(0, 0), ...)),
    "cfitsio": lambda: torchfits.read_image(IMAGE, backend="cfitsio"),
    "calibrated": lambda: torchfits.read_image(
        IMAGE, dtype=torch.float32, offset=torch.ones(300, 400), gain=torch.full((300, 400), 2.0)
    ),
    "compressed": lambda: torchfits.read_image(FOLDER / "rice.fits"),
    "whole file compressed": lambda: torchfits.read_image(FOLDER / "image.fits.gz"),
    "relative name": lambda: torchfits.read_image("image.fits"),
    "name of other letters": lambda: torchfits.read_image("bild-äöü.fits"),
    "bytes": lambda: torchfits.read_image(Path(IMAGE).read_bytes()),
    "bytearray": lambda: torchfits.read_image(bytearray(Path(IMAGE).read_bytes())),
    "few bytes": lambda: torchfits.read_header(Path(IMAGE).read_bytes()[:5760]),
    "table in bytes": lambda: of_content(Path(TABLE).read_bytes()),
    "table in compressed bytes": lambda: of_compressed(gzip.compress(Path(TABLE).read_bytes())),
    "few compressed bytes": lambda: of_compressed(bz2.compress(Path(TABLE).read_bytes())),
    "image in compressed bytes": lambda: torchfits.read_image(gzip.compress(Path(IMAGE).read_bytes())),
    "table in a bytearray": lambda: of_content(bytearray(Path(TABLE).read_bytes())),
    "header": lambda: torchfits.read_header(IMAGE).tostring(),
    "hdus": lambda: [(hdu.name, hdu.shape) for hdu in torchfits.open(TABLE)],
    "read": lambda: torchfits.read("image.fits", header=True)[0],
    "batch": lambda: torchfits.read_batch([IMAGE] * 5),
    "batch filled": lambda: filled(lambda out: torchfits.read_batch([IMAGE] * 5, out=out), 5, 300, 400),
    "batch filled with nothing": lambda: filled(
        lambda out: torchfits.read_batch([IMAGE], section=(slice(0, 0), ...), out=out), 1, 0, 400
    ),
    "many bytes": lambda: torchfits.read_batch([Path(IMAGE).read_bytes() for _ in range(230)]),
    "list": lambda: torchfits.read_batch([IMAGE, LARGE, IMAGE], ragged="list"),
    "long list": lambda: torchfits.read_batch([IMAGE] * 250, ragged="list"),
    "padded": lambda: torchfits.read_batch([IMAGE, LARGE], ragged="pad"),
    "many names": lambda: torchfits.read_batch([IMAGE] * 3000, section=(slice(0, 2), slice(0, 2))),
    "cutouts": lambda: torchfits.read_cutouts(IMAGE, BOXES),
    "cutouts filled": lambda: filled(lambda out: torchfits.read_cutouts(IMAGE, BOXES, out=out), len(BOXES), 16, 16),
    "memmap": lambda: torchfits.memmap(LARGE),
    "columns": lambda: torchfits.read_columns(TABLE),
    "rows": lambda: torchfits.read_columns(TABLE, ["X"], rows=torch.arange(0, 20_000, 3)),
    "mask": lambda: torchfits.read_columns(TABLE, ["X"], rows=torch.arange(20_000) % 7 == 0),
    "condition": lambda: torchfits.read_columns(TABLE, where="X > 1000 and NAME = 'b'"),
    "row filter": lambda: torchfits.read_columns(f"{TABLE}[1][X < 10]"),
    "frame": lambda: torchfits.read_table(TABLE),
    "lazy": lambda: torchfits.table(TABLE).filter("X > 100").sort("X", descending=True).head(1000).to_dict(),
    "held rows": lambda: torchfits.table(TABLE).sort("X").filter("X < 100 and NAME = 'b'").count(),
    "stream": lambda: batches_of(torchfits.table(TABLE).select(["X"]).iter_batches(3000)),
    "written": lambda: written("table"),
    "written by batches": lambda: torchfits.write(
        FOLDER / f"batches-{os.getpid()}.fits", ({"A": torch.arange(9)} for _ in range(9))
    ),
    "window": lambda: window(None),
    "window filled": lambda: window([torch.zeros(2, 40, 40), torch.zeros(1, 40, 40)]),
    "DataLoader": lambda: batches_of(torchfits.data.DataLoader(ImageDataset([IMAGE] * 40), batch_size=4, shuffle=True)),
    "cutout DataLoader": lambda: batches_of(
        torchfits.data.DataLoader(CutoutDataset([(IMAGE, box) for box in BOXES]), batch_size=4)
    ),
    "fused DataLoader": lambda: batches_of(
        torchfits.data.DataLoader(CutoutDataset([(IMAGE, box) for box in BOXES], transform=MOVES), batch_size=4)
    ),
    "table DataLoader": lambda: [
        frame.feat_dict for frame in torchfits.data.DataLoader(TableDataset(TABLE, ["X"]), batch_size=5000)
    ],
    "torch's DataLoader": lambda: batches_of(DataLoader(ImageDataset([IMAGE] * 8), batch_size=4)),
    "caches": lambda: [
        torchfits.cache.configure(policy="lru"),
        torchfits.cache.stats().policy,
        torchfits.cache.clear(),
    ],
    "stages": lambda: sorted(_engine.stages()),
    "versions": lambda: _engine.describe(),
    "no file": lambda: torchfits.read_image("missing.fits"),
    "no file of other letters": lambda: torchfits.read_image("fehlt-äöü.fits"),
    "no HDU": lambda: torchfits.read_image("image.fits", hdu="SCI"),
    "not FITS": lambda: torchfits.read_image(Path(__file__)),
    "no column": lambda: torchfits.read_columns(TABLE, ["Z"]),
    "bad condition": lambda: torchfits.read_columns(TABLE, where="X >"),
    "bad bytes": lambda: torchfits.read_image(b"no FITS file"),
    "other shapes": lambda: torchfits.read_batch([IMAGE, LARGE]),
}


def outcome(call: Callable[[], object]) -> object:
    """What a call gives or raises, in the form of bytes: tensors too, and with NaN where there is one."""
    try:
        return plain(call())
    except (torchfits.FitsError, torchfits.EngineError) as error:
        return type(error).__name__, str(error), getattr(error, "status", None)


def plain(value: Any) -> object:
    if isinstance(value, torch.Tensor):
        flat = value.detach().contiguous().view(-1)
        return str(value.dtype), tuple(value.shape), flat.view(torch.uint8).numpy().tobytes() if len(flat) else b""
    if isinstance(value, BaseException):
        return type(value).__name__, str(value), getattr(value, "status", None)
    if isinstance(value, dict):
        return [(str(key), plain(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if hasattr(value, "feat_dict"):
        return plain(value.feat_dict)
    if hasattr(value, "offsets"):
        return plain([value.values, value.offsets])
    if isinstance(value, torchfits.Header):
        return value.tostring()
    if isinstance(value, MultiNestedTensor):
        return plain(value.to_dict())
    assert isinstance(value, str | bytes | int | float | None), type(value)
    return value


def main() -> None:
    os.chdir(FOLDER)
    here = {name: outcome(call) for name, call in CALLS.items()}
    there = FOLDER / "there"
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        there.write_bytes(pickle.dumps({name: outcome(call) for name, call in CALLS.items()}))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    forked = pickle.loads(there.read_bytes())
    print(json.dumps({name: one == forked[name] for name, one in here.items()}))


if __name__ == "__main__":
    main()
