"""A generated patch of sky: stars and galaxies behind one telescope, and the list of what is where.

The light of the sources is laid on a pixel grid, blurred by the atmosphere as a whole, and counted
by a noisy detector. What comes out looks like one raw frame: int16 counts on a bright background.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import fitsio
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from pathlib import Path

SEEING_SIGMA = 1.7  # of the blurred image of a star, in pixels
BACKGROUND = 150.0  # counts per pixel
STAMP = 25  # half the side of the square that holds a galaxy, in pixels


class Catalogue(NamedTuple):
    """What the generator put into the sky, one entry per source.

    Attributes:
        centres: int64, shape (n, 2), rows and columns from 0.
        is_galaxy: bool, shape (n,); the others are stars.
    """

    centres: torch.Tensor
    is_galaxy: torch.Tensor


def write_sky(path: Path, *, side: int, sources: int, seed: int) -> Catalogue:
    """Writes a square sky of `side` pixels as an int16 FITS image and returns what is in it.

    The same seed gives the same sky. Half of the sources are galaxies; both kinds have the same
    distribution of total light, so that brightness alone does not tell them apart.
    """
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randint(STAMP, side - STAMP, (sources, 2), generator=generator)
    is_galaxy = torch.rand(sources, generator=generator) < 0.5
    # Many faint sources, few bright ones: 10^3.4 to 10^4.6 counts each.
    counts = 10 ** (3.4 + 1.2 * torch.rand(sources, generator=generator) ** 1.5)

    light = torch.zeros(side, side)
    _add_stars(light, centres[~is_galaxy], counts[~is_galaxy])
    _add_galaxies(light, centres[is_galaxy], counts[is_galaxy], generator)
    detected = torch.poisson(_blurred(light) + BACKGROUND, generator=generator)
    header = {"OBJECT": "generated sky", "BUNIT": "count", "SEED": seed}
    fitsio.write(path, detected.clamp(max=32767).to(torch.int16).numpy(), header=header)
    return Catalogue(centres, is_galaxy)


def _add_stars(light: torch.Tensor, centres: torch.Tensor, counts: torch.Tensor) -> None:
    """Puts all light of each star into one pixel of `light`, in place."""
    light.index_put_((centres[:, 0], centres[:, 1]), counts, accumulate=True)


def _add_galaxies(light: torch.Tensor, centres: torch.Tensor, counts: torch.Tensor, generator: torch.Generator) -> None:
    """Adds tilted exponential discs to `light`, in place."""
    n = len(centres)
    length = 1.5 + 2.0 * torch.rand(n, 1, 1, generator=generator)  # scale length in pixels
    flatness = 0.35 + 0.65 * torch.rand(n, 1, 1, generator=generator)
    angle = math.pi * torch.rand(n, 1, 1, generator=generator)

    offset = torch.arange(-STAMP, STAMP + 1)
    y, x = offset[:, None], offset[None, :]
    along = x * angle.cos() + y * angle.sin()
    across = (y * angle.cos() - x * angle.sin()) / flatness
    discs = torch.exp(-torch.hypot(along, across) / length)
    discs *= counts[:, None, None] / discs.sum(dim=(1, 2), keepdim=True)

    rows, columns = centres[:, 0, None, None] + y, centres[:, 1, None, None] + x
    light.index_put_((rows, columns), discs, accumulate=True)


def _blurred(light: torch.Tensor) -> torch.Tensor:
    """`light` behind a Gaussian atmosphere, blurred along rows and then along columns."""
    reach = math.ceil(4 * SEEING_SIGMA)
    offset = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (offset / SEEING_SIGMA) ** 2)
    kernel /= kernel.sum()
    rows_done = functional.conv2d(light[None, None], kernel[None, None, None, :], padding="same")
    return functional.conv2d(rows_done, kernel[None, None, :, None], padding="same")[0, 0]
