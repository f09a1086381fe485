"""A session of pytest with its faulthandler on, as it is by default; not collected with the others."""

from __future__ import annotations

import faulthandler
import os
from pathlib import Path

import torch
import torchfits

FOLDER = Path(os.environ["LIFECYCLE_FOLDER"])

kept: list[torch.Tensor] = []


def test_faulthandler_is_on():
    assert faulthandler.is_enabled()


def test_small():
    for _ in range(50):
        kept.append(torchfits.read_image(FOLDER / "small.fits"))
    assert float(kept[-1][63, 63]) == 4095


def test_engine_threads():
    kept.append(torchfits.read_batch([FOLDER / "large.fits"] * 4))
    assert bool((kept[-1] == 7).all())
