"""Where tests find real FITS files: the collection beside the project, and what astropy's wheel ships."""

from __future__ import annotations

import os
from pathlib import Path

import astropy.io.fits


def _collection() -> Path | None:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("TORCHFITS_REAL_DATA", beside))
    return folder if (folder / "INDEX.tsv").is_file() else None


REAL_DATA: Path | None = _collection()
"""The folder of real files, with INDEX.tsv and EXPECT.jsonl: $TORCHFITS_REAL_DATA, else ../shared/data."""


def real_files() -> list[Path]:
    """The files that INDEX.tsv of `REAL_DATA` lists, in its order; empty where the folder is absent."""
    if REAL_DATA is None:
        return []
    lines = (REAL_DATA / "INDEX.tsv").read_text().splitlines()[1:]
    return [REAL_DATA / line.split("\t", 1)[0] for line in lines]


def shipped_files() -> list[Path]:
    """The FITS files in astropy's wheel, which are there wherever the tests run; some are broken on purpose.

    Without the LZW-compressed one, which astropy itself cannot open without another package.
    """
    folder = Path(astropy.io.fits.__file__).parent / "tests" / "data"
    return sorted(path for path in folder.iterdir() if ".fits" in path.name and path.suffix != ".Z")
