"""Reads damaged images in many ways, and says how it went. Arguments: folder, number of inputs, seed.

The files are tile-compressed, compressed as a whole, scaled, or random groups. Every result must have the shape that
follows from the damaged header as astropy reads it, or, where astropy cannot, from the engine's own list of HDUs; parts
must be those of the whole image. Otherwise as fuzz_reads.
"""

import faulthandler
import gzip
import json
import random
import re
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchfits
from _compressions import COMPRESSIONS
from _realdata import real_files, shipped_files
from astropy.io import fits
from fuzz_reads import BLOCK, CARD, MUTATIONS, WARM_UP_INPUTS, cards_of, watch
from grow_by_bad_headers import sizes

Shape = tuple[int, ...]

LARGEST_SEED_BYTES = 100 << 10
LARGEST_CONTENT_BYTES = 16 << 10
DTYPES = [torch.uint8, torch.int16, torch.uint16, torch.int64, torch.float16, torch.bfloat16, torch.float64]

# More than any damaged header of these files claims, whose image can then be compared.
MOST_PIXELS = 1 << 20


IMAGES = ("IMAGE", "COMPRESSED_IMAGE", "RANDOM_GROUPS")

# Damage


def change_digit(content: bytearray, rng: random.Random) -> None:
    """Of a number in a card."""
    offsets = cards_of(content)
    if offsets:
        at = rng.choice(offsets)
        digits = [i for i in range(at + 10, at + 30) if content[i : i + 1].isdigit()]
        if digits:
            content[rng.choice(digits)] = rng.choice(b"0123456789")


def data_offset(content: bytearray) -> int:
    """Behind the last header, about: where the rows of a table of tiles begin."""
    end = content.rfind(b"END" + b" " * 77)
    return end - end % BLOCK + BLOCK


def change_descriptor(content: bytearray, rng: random.Random) -> None:
    start = data_offset(content)
    if start + 4 < len(content):
        at = rng.randrange(start, min(len(content) - 4, start + 400), 4)
        number = rng.choice([0, 1, 7, rng.getrandbits(12), rng.getrandbits(31), 2**31 - 1, 2**31, 2**32 - 1])
        content[at : at + 4] = number.to_bytes(4, "big")


def damage_data(content: bytearray, rng: random.Random) -> None:
    start = min(data_offset(content), len(content) - 1)
    for _ in range(rng.choice([1, 1, 3, 20])):
        content[rng.randrange(start, len(content))] = rng.randrange(256)


def damage_bytes(content: bytearray, rng: random.Random) -> None:
    """Anywhere: for what has no cards."""
    at = rng.randrange(len(content)) if rng.random() < 0.7 else rng.randrange(min(len(content), 40))
    count = rng.choice([1, 1, 2, 8, 80])
    content[at : at + count] = rng.choice([rng.randbytes(count), b"\0" * count, b"\xff" * count, b""])
    if rng.random() < 0.2:
        del content[rng.randrange(len(content) + 1) :]


IN_IMAGES = [*MUTATIONS, change_digit, change_digit, change_digit, change_descriptor, damage_data, damage_data]


def mutate(seed: bytes, mutations: list[Any], rng: random.Random) -> bytes:
    content = bytearray(seed)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if content:
            rng.choice(mutations)(content, rng)
    return bytes(content)


# What the header says, found without the engine


def shape_of(content: bytes, index: int) -> Shape | None:
    """The shape of an image; None if astropy cannot tell."""
    try:
        header = header_of(content, index)
        return None if header is None else shape_in(header)
    except (fits.VerifyError, ValueError, KeyError, TypeError):
        return None


# Keywords in which shapes and sizes are told, in any spelling, and what tells or goes on with others.
STRUCTURE = re.compile(rb"AXIS|COUNT|GROUPS|IMAGE|XTENSION|BITPIX|SIMPLE|CONTINUE|HIERARCH", re.IGNORECASE)


def header_of(content: bytes, index: int) -> Any:
    """The cards of a header that tell the shape: astropy takes longer for all the others than an image to be read."""
    start = 0
    header: Any = None
    for number in range(index + 1):
        ends = (at for at in range(start, len(content), CARD) if content.startswith(b"END     ", at))
        end = next(ends, None)
        if end is None:
            return None
        cards = [content[at : at + CARD] for at in range(start, end, CARD)]
        structure = b"".join(card for card in cards if STRUCTURE.search(card))
        # Python takes some bytes of Latin-1 for blanks.
        header = fits.Header.fromstring(structure.decode("ascii", "replace"))
        if number < index:
            start = end - end % BLOCK + BLOCK + header.data_size_padded
    return header


def shape_in(header: Any) -> Shape | None:
    letter = "Z" if header.get("XTENSION") == "BINTABLE" and header.get("ZIMAGE") is True else ""
    axes = [header[f"{letter}NAXIS{i + 1}"] for i in range(header[f"{letter}NAXIS"])]
    if header.get("GROUPS") is True and axes and axes[0] == 0:
        axes = [*axes[1:], header["GCOUNT"]]
    return tuple(reversed(axes)) if all(type(length) is int for length in axes) else None


# The ways of reading: each returns a result and the shape that it must have


@dataclass
class Input:
    path: Path
    hdu: int
    shape: Shape
    rng: random.Random

    def slices(self) -> tuple[slice, ...]:
        return tuple(self._slice(length) for length in self.shape)

    def _slice(self, length: int) -> slice:
        start, stop = sorted(self.rng.randint(0, length) for _ in range(2))
        return slice(start, stop, self.rng.choice([1, 1, 2, 7]))


def part_shape(shape: Shape, part: tuple[slice, ...]) -> Shape:
    return tuple(len(range(*item.indices(length))) for item, length in zip(part, shape, strict=True))


def read_whole(file: Input) -> tuple[torch.Tensor, Shape]:
    return torchfits.read_image(file.path, hdu=file.hdu), file.shape


def read_stored(file: Input) -> tuple[torch.Tensor, Shape]:
    return torchfits.read_image(file.path, hdu=file.hdu, scale=False), file.shape


def read_converted(file: Input) -> tuple[torch.Tensor, Shape]:
    return torchfits.read_image(file.path, hdu=file.hdu, dtype=file.rng.choice(DTYPES)), file.shape


def read_calibrated(file: Input) -> tuple[torch.Tensor, Shape]:
    return torchfits.read_image(file.path, hdu=file.hdu, offset=1.5, dtype=torch.bfloat16), file.shape


def read_section(file: Input) -> tuple[torch.Tensor, Shape]:
    part = file.slices()
    section = torchfits.read_image(file.path, hdu=file.hdu, section=part)
    require_same(section, whole(file), part)
    return section, part_shape(file.shape, part)


def read_batch(file: Input) -> tuple[torch.Tensor, Shape]:
    return torchfits.read_batch([file.path, file.path], hdu=file.hdu), (2, *file.shape)


def read_cutouts(file: Input) -> tuple[torch.Tensor, Shape]:
    sides = [file.rng.randint(1, 20) for _ in file.shape]
    boxes = [tuple(box_slice(side, length, file.rng) for side, length in zip(sides, file.shape, strict=True))] * 2
    boxes.append(tuple(slice(0, side) for side in sides))
    cutouts = torchfits.read_cutouts(file.path, boxes, hdu=file.hdu, fill=0)
    inner = tuple(slice(min(side, length)) for side, length in zip(sides, file.shape, strict=True))
    require_same(cutouts[2][inner], whole(file), inner)
    return cutouts, (3, *sides)


def box_slice(side: int, length: int, rng: random.Random) -> slice:
    start = rng.randint(-side, length)
    return slice(start, start + side)


def whole(file: Input) -> torch.Tensor | None:
    """None if a part that nobody asked for is damaged, or if it is large."""
    if torch.Size(file.shape).numel() > MOST_PIXELS:
        return None
    try:
        return torchfits.read_image(file.path, hdu=file.hdu)
    except torchfits.FitsError:
        return None


def require_same(part: torch.Tensor, image: torch.Tensor | None, section: tuple[slice, ...]) -> None:
    # Bytes are compared, since NaN is unlike itself.
    if image is not None and image[section].numpy().tobytes() != part.numpy().tobytes():
        raise AssertionError(f"{section} is not that of the whole image")


READS = [read_whole, read_stored, read_converted, read_calibrated, read_section, read_section, read_batch, read_cutouts]


def read(path: Path, content: bytes | None, rng: random.Random) -> str:
    """Reads one image in one way; what came of it, by one word."""
    way = rng.choice(READS)
    try:
        images = [hdu for hdu in torchfits.open(path) if hdu.kind in IMAGES and hdu.shape]
        if not images:
            return "no image"
        hdu = rng.choice(images)
        result, expected = way(Input(path, hdu.index, hdu.shape, rng))
    except torchfits.FitsError as error:
        if path.name not in str(error):
            raise AssertionError(f"the message does not name the file: {error}") from error
        return type(error).__name__
    if tuple(result.shape) != expected:
        raise AssertionError(f"{way.__name__} of {hdu} has shape {tuple(result.shape)}, not {expected}")
    told = None if content is None else shape_of(content, hdu.index)
    if told not in (None, hdu.shape):
        raise AssertionError(f"{hdu} has shape {told} for astropy")
    return f"{way.__name__}, astropy cannot" if told is None else way.__name__


# Files


@dataclass
class Seed:
    content: bytes
    mutations: list[Any]
    compress: Any = None

    def damaged(self, rng: random.Random) -> tuple[bytes, bytes | None]:
        """A file, and what it decompresses to where that is known."""
        content = mutate(self.content, self.mutations, rng)
        if self.compress is None:
            return content, content if self.mutations is IN_IMAGES else None
        return self.compress(content), content


def seed_groups() -> list[list[Seed]]:
    """Tile-compressed images, others, and files compressed as a whole; as many inputs are made of each."""
    files = [path.read_bytes() for path in real_files() + shipped_files() if is_seed(path)]
    tiled = [Seed(content, IN_IMAGES) for content in files if b"ZIMAGE  =" in content]
    contents = [content for content in files if len(content) <= LARGEST_CONTENT_BYTES]
    others = [Seed(content, IN_IMAGES) for content in contents if b"ZIMAGE  =" not in content]
    packed = [Seed(content, IN_IMAGES, gzip.compress) for content in contents]
    # The windows of the others, 8 and 64 MiB, take more time than their content.
    quick = [compress for name, compress in COMPRESSIONS.items() if "9" not in name]
    for number, compress in enumerate(quick):
        packed += [Seed(compress(content), [damage_bytes]) for content in contents[number % 3 :: 3]]
    return [tiled, others, packed]


def is_seed(path: Path) -> bool:
    if path.stat().st_size > LARGEST_SEED_BYTES or not path.read_bytes().startswith(b"SIMPLE"):
        return False
    return any(hdu.kind in IMAGES and hdu.shape for hdu in torchfits.open(path))


def main() -> None:
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    groups = seed_groups()
    rng = random.Random(seed)
    path = folder / "input.fits"
    outcomes: Counter[str] = Counter()
    before = sizes()
    for number in range(count):
        if number == WARM_UP_INPUTS:
            before = sizes()
        content, decompressed = rng.choice(groups[number % len(groups)]).damaged(rng)
        path.write_bytes(content)
        watch(number)
        outcomes[read(path, decompressed, rng)] += 1
    faulthandler.cancel_dump_traceback_later()
    grown = {name: peak - before[name] for name, peak in sizes().items()}
    print(json.dumps({"outcomes": outcomes, "grown_kib": grown, "seeds": [len(group) for group in groups]}))


if __name__ == "__main__":
    main()
