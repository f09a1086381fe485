"""Files compressed as a whole, in all the ways that the engine reads."""

import bz2
import gzip
import io
import itertools
import lzma
import shutil
import subprocess
import zipfile
from collections.abc import Callable


def by_command(*command: str) -> Callable[[bytes], bytes]:
    return lambda content: subprocess.run(command, input=content, capture_output=True, check=True).stdout


def several_members(content: bytes) -> bytes:
    cuts = [0, 5, 2880, 2881, len(content) // 2, len(content)]
    return b"".join(gzip.compress(content[a:b]) for a, b in itertools.pairwise(cuts))


def zipped(method: int) -> Callable[[bytes], bytes]:
    return lambda content: archive({"a/readme.txt": b"text", "a/x.fits": content}, method)


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def lzw(content: bytes) -> bytes:
    """As compress(1) writes it, of codes that stay 9 bits wide: literals, and CLEAR before the table is full."""
    bits: list[int] = []
    for start in range(0, len(content), 248):  # with CLEAR 249 codes; the codes are padded to groups of eight
        bits += [*content[start : start + 248], 256]
        bits += [0] * (-len(bits) % 8)
    packed = bytearray()
    for group in range(0, len(bits), 8):
        number = sum(code << (9 * i) for i, code in enumerate(bits[group : group + 8]))
        packed += number.to_bytes(9, "little")
    return b"\x1f\x9d\x90" + bytes(packed)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip of several members": several_members,
    "zip, deflated": zipped(zipfile.ZIP_DEFLATED),
    "zip, stored": zipped(zipfile.ZIP_STORED),
    "bzip2": bz2.compress,
    "bzip2 of several streams": lambda content: bz2.compress(content[:9000]) + bz2.compress(content[9000:]),
    "xz": lzma.compress,
    "xz -9": lambda content: lzma.compress(content, preset=9),
    "xz, several filters": lambda content: lzma.compress(
        content, filters=[{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 1}]
    ),
    "compress": lzw,
}
if shutil.which("zstd"):
    COMPRESSIONS["zstd"] = by_command("zstd", "-q", "-c")
    COMPRESSIONS["zstd -19 with checksum"] = by_command("zstd", "-q", "-19", "--check", "-c")
