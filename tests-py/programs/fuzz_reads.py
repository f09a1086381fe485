"""Reads files that were damaged at random, and says how it went. Arguments: folder, number of inputs, seed.

Every input must end with a FitsError, or with what its header tells. An input that takes too long ends the process with
a traceback; it then lies in the folder, as one that brings an unexpected error does. Tile-compressed images are not
read: cfitsio decodes them.
"""

import faulthandler
import json
import random
import re
import sys
import warnings
from collections import Counter
from pathlib import Path

import torchfits
from _realdata import real_files, shipped_files

BLOCK = 2880
CARD = 80
LARGEST_SEED_BYTES = 48 << 10
SECONDS_TO_HANG = 20
INPUTS_WATCHED = 50
WARM_UP_INPUTS = 4000

STRUCTURE = [
    b"SIMPLE", b"XTENSION", b"BITPIX", b"NAXIS", b"NAXIS1", b"NAXIS2", b"NAXIS3", b"NAXIS999", b"PCOUNT",
    b"GCOUNT", b"GROUPS", b"EXTNAME", b"EXTVER", b"BSCALE", b"BZERO", b"BLANK", b"ZIMAGE", b"ZBITPIX",
    b"ZNAXIS", b"ZNAXIS1", b"ZNAXIS2", b"ZTILE1", b"ZTILE2", b"ZCMPTYPE", b"ZNAME1", b"ZVAL1", b"ZVAL2", b"ZQUANTIZ",
    b"ZDITHER0", b"ZBLANK", b"ZSCALE", b"ZZERO", b"THEAP", b"TFORM1", b"TTYPE1", b"TFORM2", b"TTYPE2", b"TFIELDS",
    b"CONTINUE", b"HIERARCH", b"END",
]  # fmt: skip
VALUES = [
    b"0", b"1", b"2", b"-1", b"7", b"8", b"16", b"-32", b"-64", b"64", b"100", b"999", b"1000", b"65537",
    b"999999999999", b"2147483647", b"2147483648", b"-2147483648", b"4294967296", b"4611686018427387904",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"99999999999999999999999999",
    b"1E400", b"-1E400", b"1E-400", b"NaN", b"1.5", b"1D3", b"T", b"F", b"", b"'text'", b"'unclosed", b"''''",
    b"'IMAGE   '", b"'BINTABLE'", b"'TABLE   '", b"'1PB(9)  '", b"'1QI(9)  '", b"'1D      '", b"'RICE_1  '",
    b"'GZIP_2  '", b"'PLIO_1  '", b"'HCOMPRESS_1'", b"'SUBTRACTIVE_DITHER_2'", b"'x&'", b"32768",
    b"2147483648.", b"/ comment only", b"+", b"0x10", b"\xff\xfe", b"1 2", b"(1,2)",
]  # fmt: skip


IN_KEYWORDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
is_card = re.compile(rb"[A-Z0-9_-]+ *(=|$)").match


def cards_of(content: bytearray) -> list[int]:
    """Offsets of the cards of all headers, found by their keywords."""
    first_bytes = content[: max(0, len(content) - CARD) : CARD]
    # Most of them are of data, and are told by their first byte alone.
    offsets = (CARD * number for number, byte in enumerate(first_bytes) if byte in IN_KEYWORDS)
    return [at for at in offsets if is_card(content[at : at + 10])]


def flip_bits(content: bytearray, rng: random.Random) -> None:
    end = len(content) if rng.random() < 0.3 else min(len(content), BLOCK)
    for _ in range(rng.randint(1, 8)):
        content[rng.randrange(end)] ^= 1 << rng.randrange(8)


def overwrite_bytes(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(min(len(content), 2 * BLOCK))
    count = rng.choice([1, 2, 8, 80, 500])
    content[at : at + count] = rng.choice([rng.randbytes(count), b"\0" * count, b"\xff" * count, b" " * count])


def new_card(rng: random.Random) -> bytes:
    return (rng.choice(STRUCTURE).ljust(8) + b"= " + rng.choice(VALUES).rjust(20))[:CARD].ljust(CARD)


def change_value(content: bytearray, rng: random.Random) -> None:
    offsets = [at for at in cards_of(content) if bytes(content[at : at + 8]).strip() in STRUCTURE]
    if offsets:
        at = rng.choice(offsets)
        content[at + 10 : at + CARD] = rng.choice(VALUES).rjust(20).ljust(CARD - 10)


def insert_card(content: bytearray, rng: random.Random) -> None:
    at = CARD * rng.randint(0, 12)
    content[at:at] = new_card(rng)
    if rng.random() < 0.8:
        padding = content.find(b" " * CARD, at)
        del content[padding : padding + CARD]


def replace_card(content: bytearray, rng: random.Random) -> None:
    offsets = cards_of(content)
    if offsets:
        at = rng.choice(offsets)
        content[at : at + CARD] = new_card(rng)


def delete_card(content: bytearray, rng: random.Random) -> None:
    offsets = cards_of(content)
    if offsets:
        at = rng.choice(offsets)
        del content[at : at + CARD]
        if rng.random() < 0.8:
            end = at // BLOCK * BLOCK + BLOCK - CARD
            content[end:end] = b" " * CARD


def cut(content: bytearray, rng: random.Random) -> None:
    border = rng.randrange(0, len(content) + BLOCK, rng.choice([1, CARD, BLOCK]))
    del content[max(0, border + rng.randint(-1, 1)) :]


def delete_block(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(0, len(content), BLOCK)
    del content[at : at + BLOCK * rng.randint(1, 3)]


def repeat_block(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(0, len(content), BLOCK)
    content[at:at] = content[at : at + BLOCK] * rng.randint(1, 3)


def move_block(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(0, len(content), BLOCK)
    block = content[at : at + BLOCK]
    del content[at : at + BLOCK]
    to = rng.randrange(0, len(content) + 1, BLOCK)
    content[to:to] = block


MUTATIONS = [
    flip_bits, overwrite_bytes, change_value, change_value, change_value, insert_card, replace_card, delete_card, cut,
    delete_block, repeat_block, move_block,
]  # fmt: skip


def mutate(seeds: list[bytes], rng: random.Random) -> bytes:
    content = bytearray(rng.choice(seeds))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if content:
            rng.choice(MUTATIONS)(content, rng)
    return bytes(content)


def read(path: Path) -> str:
    """Lists, reads the header, and the first image if it is not compressed; what came of it, by one word."""
    try:
        hdus = torchfits.open(path)
        torchfits.read_header(path, hdu=len(hdus) - 1)
        first = next((hdu for hdu in hdus if "IMAGE" in hdu.kind and hdu.shape), None)
        if first is None or first.kind != "IMAGE":
            return "no image"
        image = torchfits.read_image(path)
    except torchfits.FitsError as error:
        if path.name not in str(error):
            raise AssertionError(f"the message does not name the file: {error}") from error
        return type(error).__name__
    if tuple(image.shape) != first.shape or image.numel() * abs(first.bitpix) // 8 > path.stat().st_size:
        raise AssertionError(f"{first} was read as {image.shape}")
    return "image"


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0])


def watch(number: int) -> None:
    """Ends this process when some inputs from the one of this number on take too long; each takes some milliseconds.

    To begin a watch takes as long as some reads.
    """
    if number % INPUTS_WATCHED == 0:
        faulthandler.dump_traceback_later(SECONDS_TO_HANG, exit=True)


def seed_contents() -> list[bytes]:
    """Small files; those with an image that is not compressed four times, as most of them are tables."""
    small = [path for path in real_files() + shipped_files() if path.stat().st_size <= LARGEST_SEED_BYTES]
    files = [path for path in small if path.read_bytes().startswith(b"SIMPLE")]
    images = [path for path in files if any(hdu.kind == "IMAGE" and hdu.shape for hdu in torchfits.open(path))]
    return [path.read_bytes() for path in files + 3 * images]


def main() -> None:
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore", torchfits.FitsWarning)
    seeds = seed_contents()
    rng = random.Random(seed)
    path = folder / "input.fits"
    outcomes: Counter[str] = Counter()
    resident = 0
    for number in range(count):
        if number == WARM_UP_INPUTS:
            resident = resident_kib()
        path.write_bytes(mutate(seeds, rng))
        watch(number)
        outcomes[read(path)] += 1
    faulthandler.cancel_dump_traceback_later()
    print(json.dumps({"outcomes": outcomes, "grown_kib": resident_kib() - resident, "seeds": len(seeds)}))


if __name__ == "__main__":
    main()
