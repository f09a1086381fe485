"""Reads damaged tables, and says how it went. Arguments: folder, number of inputs, seed.

Every result must have the rows and shapes that the damaged header tells, unscaled numbers must be those that numpy
finds at their place in the file, and rows that are picked those of the whole table. Otherwise as fuzz_reads.
"""

import faulthandler
import json
import random
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import fuzz_reads
import numpy as np
import torch
import torchfits
from _cfitsio import compress_tables
from _realdata import real_files, shipped_files
from astropy.io import fits
from fuzz_reads import BLOCK, CARD, MUTATIONS, WARM_UP_INPUTS, cards_of, resident_kib, watch
from torchfits.tables import describe_table

# Columns are tensors, strings or of variable length.
read_columns: Any = torchfits.read_columns

LARGEST_SEED_BYTES = 15 << 10
STORED = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8", "C": ">c8", "M": ">c16"}

STRUCTURE = [
    f"{prefix}{n}".encode()
    for prefix in ("TFORM", "TDIM", "TSCAL", "TZERO", "TNULL", "TBCOL", "TTYPE", "ZFORM", "ZCTYP", "PTYPE", "PSCAL")
    for n in range(1, 6)
]
STRUCTURE += [b"THEAP", b"TFIELDS", b"NAXIS1", b"NAXIS2", b"PCOUNT", b"XTENSION", b"GCOUNT", b"GROUPS", b"NAXIS3"]
STRUCTURE += [b"ZTABLE", b"ZTILELEN", b"ZNAXIS1", b"ZNAXIS2", b"ZPCOUNT", b"ZTHEAP"]
VALUES = [b"0", b"1", b"2", b"-1", b"7", b"16", b"999", b"65537", b"999999999999", b"4611686018427387904", b"1.5"]
VALUES += [f"'{form}'".encode() for form in (
    "L", "7X", "B", "3I", "J", "K", "E", "D", "C", "2M", "12A", "12A4", "1PE(3)", "1QA(9)", "PX(4)", "0PJ", "0A",
    "2PB(1)",
    "999999999999999999D", "I6", "F8.3", "E15.7", "A4", "", "Z", "(2,3)", "(3,2,1)", "()", "(99999999999,99999999999)",
    "(-1)", "BINTABLE", "TABLE", "GZIP_1", "GZIP_2", "RICE_1", "NOCOMPRESS", "1QB", "1PB(9)",
)]  # fmt: skip


def change_table_card(content: bytearray, rng: random.Random) -> None:
    offsets = [at for at in cards_of(content) if bytes(content[at : at + 8]).strip() in STRUCTURE]
    if offsets:
        at = rng.choice(offsets)
        content[at + 10 : at + CARD] = rng.choice(VALUES).rjust(20).ljust(CARD - 10)


def insert_table_card(content: bytearray, rng: random.Random) -> None:
    ends = [at for at in range(0, len(content), CARD) if content[at : at + CARD] == b"END".ljust(CARD)]
    if ends and content[ends[-1] + CARD : ends[-1] + 2 * CARD] == b" " * CARD:
        card = (rng.choice(STRUCTURE).ljust(8) + b"= " + rng.choice(VALUES).rjust(20)).ljust(CARD)
        content[ends[-1] : ends[-1]] = card
        del content[ends[-1] + 2 * CARD : ends[-1] + 3 * CARD]


def overwrite_data(content: bytearray, rng: random.Random) -> None:
    end = content.rfind(b"END".ljust(CARD))
    start = end - end % BLOCK + BLOCK
    if start < len(content):
        at = rng.randrange(start, min(len(content), start + 400))
        count = rng.choice([1, 2, 4, 8, 40])
        content[at : at + count] = rng.choice([rng.randbytes(count), b"\0" * count, b"\xff" * count])[
            : len(content) - at
        ]


TABLE_MUTATIONS = [*MUTATIONS, *3 * [change_table_card, insert_table_card, overwrite_data]]


def mutate(seeds: list[bytes], rng: random.Random) -> bytes:
    content = bytearray(rng.choice(seeds))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if content:
            rng.choice(TABLE_MUTATIONS)(content, rng)
    return bytes(content)


def require(true: object, what: str) -> None:
    if not true:
        raise AssertionError(what)


def equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.numpy().tobytes() == other.numpy().tobytes()


def stored(content: bytes, schema: Any, info: Any) -> np.ndarray | None:
    """The numbers of a column as numpy finds them; None if they are not kept as they are stored."""
    letter = info.form.strip().upper().lstrip("0123456789")[:1]
    if (
        schema.kind == "ASCII_TABLE"
        or b"ZTABLE  =" in content
        or letter not in STORED
        or (info.scale, info.zero) != (1, 0)
        or info.kind != "TENSOR"
    ):
        return None
    cell = np.empty(info.shape, STORED[letter])
    if 0 in (schema.rows, schema.row_bytes, cell.size):
        return None
    shape, strides = (schema.rows, *info.shape), (schema.row_bytes, *cell.strides)
    rows = np.ndarray(shape, cell.dtype, content, schema.data_offset + info.offset, strides)
    return rows.astype(cell.dtype.newbyteorder("="))


def check(column: Any, schema: Any, info: Any, content: bytes) -> None:
    require(len(column) == schema.rows, f"{len(column)} rows of {schema}")
    if isinstance(column, torch.Tensor):
        require(column.dtype == info.dtype and tuple(column.shape[1:]) == info.shape, f"{column.shape} of {info}")
        expected = stored(content, schema, info)
        require(expected is None or expected.tobytes() == column.numpy().tobytes(), f"other values of {info}")
        return
    offsets = column.offsets
    require(offsets[0] == 0 and offsets[-1] == len(column.values), f"offsets of {info}")
    require(bool((offsets.diff() >= 0).all()), f"offsets of {info}")


def check_part(table: tuple[Path, int | None], name: str, whole: Any, rng: random.Random) -> None:
    rows = [rng.randrange(-len(whole), len(whole)) for _ in range(5)] if len(whole) else []
    path, hdu = table
    part = read_columns(path, [name], hdu=hdu, rows=rows)[name]
    if isinstance(whole, torch.Tensor):
        require(
            equal(
                part,
                whole[rows]
                if whole.dtype not in (torch.uint16, torch.uint32, torch.uint64)
                else whole.view(torch.uint8).reshape(len(whole), -1)[rows].view(whole.dtype).reshape(part.shape),
            ),
            name,
        )
    else:
        require(part.to_list() == whole[rows].to_list() or "nan" in str(part.to_list()), f"rows {rows} of {name}")


def table_of(path: Path) -> int | None:
    """None for the first table; 0 where there are random groups."""
    return 0 if torchfits.open(path)[0].kind == "RANDOM_GROUPS" else None


def read(path: Path, content: bytes, rng: random.Random) -> str:
    try:
        hdu = table_of(path)
        schema = describe_table(path, hdu=hdu)
        good = [column.name for column in schema.columns if column.problem is None]
        columns = read_columns(path, good, hdu=hdu)
        require(list(columns) == good, f"{list(columns)} of {good}")
        for name in good:
            check(columns[name], schema, schema[name], content)
        if good and rng.random() < 0.4:
            name = rng.choice(good)
            check_part((path, hdu), name, columns[name], rng)
    except torchfits.FitsError as error:
        require(path.name in str(error), f"the message does not name the file: {error}")
        return type(error).__name__
    return "table" if len(good) == len(schema.columns) else "part of a table"


def made_tables(folder: Path) -> list[bytes]:
    """Tables of all types of columns."""
    rng = np.random.default_rng(5)
    n = 6
    numbers = [fits.Column(letter, letter, array=rng.integers(0, 100, n)) for letter in "BIJKEDCM"]
    others = [
        fits.Column("L", "2L", array=rng.random((n, 2)) > 0.5),
        fits.Column("X", "11X", array=rng.random((n, 11)) > 0.5),
        fits.Column("A", "6A", array=["a", "bc ", "", "def", "ghijkl", "m"]),
        fits.Column("AA", "6A", dim="(3,2)", array=np.array([["ab", "c"]] * n)),
        fits.Column("V", "6E", dim="(2,3)", array=rng.random((n, 3, 2))),
    ]
    ragged = [
        fits.Column(f"P{letter}", f"{'PQ'[i % 2]}{letter}()", array=[rng.integers(0, 2, k) for k in range(n)])
        for i, letter in enumerate("BIJKEDCML")
    ]
    shaped = fits.Column("PT", "PE()", dim="(2,3)", array=[np.arange(6 * k) for k in range(n)])
    text = fits.Column("PA", "PA()", array=np.array(["a", "bcd", "", "ef", "g", "hijkl"], dtype=object))
    scaled = fits.Column("S", "I", null=7, array=rng.integers(0, 10, n))
    unsigned = fits.Column("U", "J", bzero=2**31, array=rng.integers(0, 2**32, n, dtype=np.uint32))
    ascii_columns = [
        fits.Column(name, form, array=values, ascii=True)
        for name, form, values in (
            ("i", "I5", range(n)), ("f", "F8.2", rng.random(n)), ("e", "E14.6", rng.random(n)),
            ("a", "A4", list("abcdef")),
        )
    ]  # fmt: skip
    tables = [
        fits.BinTableHDU.from_columns(columns)
        for columns in (numbers, others, ragged[:5], [*ragged[5:], text, shaped], [scaled, unsigned, numbers[0]])
    ]
    contents: list[bytes] = []
    hdu: Any
    for hdu in (*tables, fits.TableHDU.from_columns(ascii_columns)):
        hdu.writeto(folder / "seed.fits", overwrite=True)
        if hdu.columns.names[0] == "S":
            fits.setval(folder / "seed.fits", "TSCAL1", value=0.5, ext=1)
        contents.append((folder / "seed.fits").read_bytes())
    return [
        *contents,
        *compressed_tables(folder, [numbers, others, ragged, [text], [scaled, unsigned]]),
        groups(folder),
    ]


def compressed_tables(folder: Path, tables: list[list[fits.Column]]) -> list[bytes]:
    """Tables as fpack writes them; it leaves those alone that are smaller than two blocks."""
    contents: list[bytes] = []
    for columns in tables:
        hdu: Any = fits.BinTableHDU.from_columns([*columns, fits.Column("PAD", "1000A", array=["pad"] * 6)])
        hdu.header["FZTILELN"] = 4
        hdu.writeto(folder / "seed.fits", overwrite=True)
        (folder / "packed.fits").unlink(missing_ok=True)
        compress_tables(folder / "seed.fits", folder / "packed.fits")
        contents.append((folder / "packed.fits").read_bytes())
    return contents


def groups(folder: Path) -> bytes:
    """Random groups with scaled parameters."""
    names = ["UU", "DATE", "DATE"]
    data = fits.GroupData(
        np.arange(24, dtype=np.float32).reshape(4, 1, 2, 3), bitpix=-32, parnames=names,
        pardata=[np.arange(4.0), np.arange(4.0), np.zeros(4)], bscale=1.0, bzero=0.0, parbscales=[1.0, 0.5, 1.0],
        parbzeros=[0.0, 10.0, 0.0],
    )  # fmt: skip
    fits.GroupsHDU(data).writeto(folder / "seed.fits", overwrite=True)
    return (folder / "seed.fits").read_bytes()


def seed_contents(folder: Path) -> list[bytes]:
    small = [path for path in real_files() + shipped_files() if path.stat().st_size <= LARGEST_SEED_BYTES]
    files = [path for path in small if path.read_bytes().startswith(b"SIMPLE")]
    tables = [
        path for path in files if any("TABLE" in hdu.kind or "GROUPS" in hdu.kind for hdu in torchfits.open(path))
    ]
    return [path.read_bytes() for path in tables] + 4 * made_tables(folder)


def main() -> None:
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)  # for columns of some rows
    fuzz_reads.STRUCTURE.extend(STRUCTURE)
    seeds = seed_contents(folder)
    rng = random.Random(seed)
    path = folder / "input.fits"
    outcomes: Counter[str] = Counter()
    resident = 0
    for number in range(count):
        if number == WARM_UP_INPUTS:
            resident = resident_kib()
        content = mutate(seeds, rng)
        path.write_bytes(content)
        watch(number)
        outcomes[read(path, content, rng)] += 1
    faulthandler.cancel_dump_traceback_later()
    print(json.dumps({"outcomes": outcomes, "grown_kib": resident_kib() - resident, "seeds": len(seeds)}))


if __name__ == "__main__":
    main()
