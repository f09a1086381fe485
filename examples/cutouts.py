"""Cutout files of a sky: 64x64 float32 in units of the noise, with a label for each.

The images are read by `torchfits.read_image`, and all that is done to them are tensor operations.
"""

from __future__ import annotations

import itertools
import math
import sys
from typing import TYPE_CHECKING, NamedTuple

import fitsio
import torch
import torchfits
from generated_sky import write_sky
from torch.nn import functional

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 64  # side of a cutout, in pixels
FITS_SUFFIXES = {".fits", ".fit", ".fts", ".fz", ".gz"}


class Cutouts(NamedTuple):
    """Cutout files with their labels, in the order of the images and of the rows in each."""

    paths: list[Path]
    labels: list[int]  # index into `classes`
    classes: tuple[str, str]

    def split(self) -> tuple[Cutouts, Cutouts]:
        """Cutouts to train with, and a fifth of them, other strips of the sky, to test on."""
        total = len(self.paths)
        held_out = [(index * 20 // total) % 5 == 4 for index in range(total)]
        return self._where([not held for held in held_out]), self._where(held_out)

    def _where(self, chosen: list[bool]) -> Cutouts:
        paths = list(itertools.compress(self.paths, chosen))
        return Cutouts(paths, list(itertools.compress(self.labels, chosen)), self.classes)


def cutouts_of_generated_sky(folder: Path, limit: int) -> Cutouts:
    """Writes a sky, reads it back with torchfits, and cuts out its stars and galaxies."""
    path = folder / "sky.fits"
    side = 60 * math.ceil(math.sqrt(limit))  # about one source to a cutout, so some overlap
    catalogue = write_sky(path, side=side, sources=limit, seed=0)

    header = torchfits.read_header(path)
    image = torchfits.read_image(path)
    print(f"{header['OBJECT']}: {tuple(image.shape)} {image.dtype}, {limit} sources")

    significance = in_units_of_noise(image.float())
    labels = catalogue.is_galaxy.long()
    paths, kept = write_cutouts(significance, catalogue.centres, labels, folder, "sky")
    return Cutouts(paths, kept, ("star", "galaxy"))


def cutouts_of_folder(data: Path, folder: Path, limit: int) -> Cutouts:
    """Cuts sources and empty places out of every FITS image in `data` that can be used."""
    files = sorted(path for path in data.rglob("*") if path.suffix.lower() in FITS_SUFFIXES)
    if not files:
        sys.exit(f"{data}: no FITS files (looked for {' '.join(sorted(FITS_SUFFIXES))})")
    paths: list[Path] = []
    labels: list[int] = []
    for number, file in enumerate(files):
        try:
            image = torchfits.read_image(file, dtype=torch.float32)
        except torchfits.FitsError as error:
            print(f"skipped {file.name}: {error}")
            continue
        reason = why_unusable(image)
        if reason:
            print(f"skipped {file.name}: {reason}")
            continue
        significance = in_units_of_noise(image)
        centres, found = label_by_brightness(significance, limit=max(2, limit // len(files)))
        new_paths, new_labels = write_cutouts(significance, centres, found, folder, f"{number:04d}")
        print(f"{file.name}: {tuple(image.shape)}, {len(new_paths)} cutouts")
        paths += new_paths
        labels += new_labels
    return Cutouts(paths, labels, ("empty", "source"))


def why_unusable(image: torch.Tensor) -> str:
    """Says why cutouts cannot be taken from `image`; empty if they can."""
    if image.ndim != 2:
        return f"{image.ndim} axes instead of 2"
    if min(image.shape) < SIZE:
        return f"{tuple(image.shape)} is smaller than a cutout"
    if noise_of(image)[1] == 0 or not image.isfinite().any():
        return "no noise: more than half of its pixels are equal or undefined"
    return ""


def noise_of(image: torch.Tensor) -> tuple[float, float]:
    """The background of `image` and its standard deviation, by medians, blind to the sources."""
    sample = image.flatten()[:: max(1, image.numel() // 1_000_000)]
    background = sample.nanmedian()
    return float(background), 1.4826 * float((sample - background).abs().nanmedian())


def in_units_of_noise(image: torch.Tensor) -> torch.Tensor:
    """`image` less its background, 1.0 being the noise of one pixel; undefined pixels are 0."""
    background, noise = noise_of(image)
    return ((image - background) / noise).nan_to_num(0.0, 0.0, 0.0)


def label_by_brightness(significance: torch.Tensor, limit: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Finds at most `limit` places, half of them sources and half of them peaks of the noise.

    The image is divided into squares of half a cutout, and the highest peak of each square is a
    source (1) if it is certain, empty sky (0) if noise alone explains it, and left out in between.

    Returns:
        Centres, int64 of shape (n, 2), rows and columns from 0; labels, int64 of shape (n,).
    """
    # The mean over 3x3 pixels times 3 has again a noise of 1.0, and sources stand out more.
    smooth = 3 * functional.avg_pool2d(significance[None, None], 3, stride=1, padding=1)
    is_peak = functional.max_pool2d(smooth, 3, stride=1, padding=1) == smooth
    peaks = smooth.masked_fill(~is_peak, -torch.inf)
    height, index = functional.max_pool2d(peaks, SIZE // 2, return_indices=True)
    height, index = height.flatten(), index.flatten()

    shuffled = torch.randperm(len(index), generator=torch.Generator().manual_seed(0))
    height, index = height[shuffled], index[shuffled]
    sources = index[height > 8][: limit // 2]
    empties = index[(height < 5) & height.isfinite()][: limit // 2]
    flat = torch.cat([sources, empties])
    labels = torch.cat([torch.ones_like(sources), torch.zeros_like(empties)])
    width = significance.shape[1]
    return torch.stack([flat // width, flat % width], dim=1), labels


def write_cutouts(
    image: torch.Tensor, centres: torch.Tensor, labels: torch.Tensor, folder: Path, stem: str
) -> tuple[list[Path], list[int]]:
    """Writes one float32 file per centre whose square lies within the image, in order of rows."""
    half = SIZE // 2
    room = torch.tensor(image.shape) - half
    inside = ((centres >= half) & (centres <= room)).all(dim=1)
    order = inside.nonzero()[:, 0]
    order = order[centres[order, 0].argsort(stable=True)]
    paths = [folder / f"{stem}_{number:05d}.fits" for number in range(len(order))]
    for path, (row, column) in zip(paths, centres[order].tolist(), strict=True):
        cutout = image[row - half : row + half, column - half : column + half]
        fitsio.write(path, cutout.numpy())
    return paths, labels[order].tolist()
