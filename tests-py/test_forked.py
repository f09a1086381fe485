"""Processes that were forked after the JVM started: the process that runs the engine for them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from _programs import loaded_python
from astropy.io import fits

PROGRAMS = Path(__file__).parent / "programs"
HANGS_SECONDS = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that `programs/read_in_forked.py` reads."""
    folder = tmp_path_factory.mktemp("forked")
    rng = np.random.default_rng(5)
    image = rng.normal(size=(300, 400)).astype(np.float32)
    image[7, 9] = np.nan
    for name in ("image.fits", "image.fits.gz", "bild-äöü.fits"):
        fits.writeto(folder / name, image)
    fits.writeto(folder / "large.fits", rng.normal(size=(1500, 1000)).astype(np.float32))
    fits.writeto(folder / "unsigned.fits", rng.integers(0, 1 << 16, (50, 60), dtype=np.uint16))
    compressed = fits.CompImageHDU(rng.integers(0, 99, (200, 300), dtype=np.int16), compression_type="RICE_1")
    fits.HDUList([fits.PrimaryHDU(), compressed]).writeto(folder / "rice.fits")
    ragged = np.empty(20_000, dtype=object)
    ragged[:] = [np.arange(row % 4, dtype=np.float64) for row in range(len(ragged))]
    columns = [
        fits.Column("X", "J", array=np.arange(20_000)[::-1]),
        fits.Column("NAME", "3A", array=np.array(["a", "b", "abc", ""] * 5000)),
        fits.Column("FLAG", "L", array=np.arange(20_000) % 3 == 0),
        fits.Column("V", "PD()", array=ragged),
    ]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(folder / "table.fits")
    return folder


def run(program: str, *arguments: str) -> str:
    """What a program prints."""
    ended = subprocess.run(
        [*loaded_python(), str(PROGRAMS / f"{program}.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def test_whatever_is_called_in_a_forked_process_gives_what_it_gives_here(folder: Path):
    same = json.loads(run("read_in_forked", str(folder)))
    assert [name for name, equal in same.items() if not equal] == []
    assert len(same) > 50
