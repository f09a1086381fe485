"""What the examples train on in the place of a survey: FITS files with images, spectra, a catalog and light curves.

The same seeds give the same files.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import fitsio
import torch
import torchfits

if TYPE_CHECKING:
    from pathlib import Path

GALAXIES = ("ELLIPTICAL", "SPIRAL", "EDGE-ON")
VARIABLES = ("ECLIPSING", "FLARING", "PULSATING")
DAYS = 10.0  # that variable stars are observed for
PIXELS = 400  # of a spectrum
WAVE = 3800 * (9200 / 3800) ** torch.linspace(0, 1, PIXELS)  # of these, in Angstrom

_PER_SIDE = 12  # galaxies along a side of a field
_CELL = 48  # pixels between them
_SIZE = 40  # side of the square that a galaxy is drawn in
_LINES = {3728: 0.7, 4861: 0.35, 4959: 0.3, 5007: 0.9, 6563: 1.2, 6725: 0.4}  # rest wavelength and strength of the gas
_DIPS = {3934: 0.3, 3969: 0.3, 4304: 0.15, 5175: 0.2, 5893: 0.15}  # in the light of old stars
_FILTERS = {"U": 3550.0, "G": 4770.0, "R": 6230.0, "I": 7620.0, "Z": 9130.0}  # centres, in Angstrom
_LIMITS = {"U": 23.5, "G": 24.2, "R": 24.0, "I": 23.5, "Z": 22.5}  # magnitudes of what is just seen
_KINDS = ("ELLIPTICAL", "SPIRAL", "IRREGULAR")


def _profiles(kinds: torch.Tensor, y: torch.Tensor, x: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Light of galaxies of kinds (n,) at pixels (n, _SIZE, _SIZE) off their centres; the brightest pixel is 1."""

    def between(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(len(kinds), 1, 1, generator=random)

    angle, radius = between(0, math.pi), between(3.5, 6.5)
    thickness = torch.tensor([0.75, 0.8, 0.22])[kinds, None, None] * between(0.85, 1.15)
    along = x * angle.cos() + y * angle.sin()
    across = (y * angle.cos() - x * angle.sin()) / thickness
    distance = torch.hypot(along, across)
    elliptical = torch.exp(-3 * ((distance + 0.5) / radius) ** 0.5)
    disc = torch.exp(-1.3 * distance / radius)
    # Two arms that wind up with the logarithm of the distance from the centre, either way round.
    turn = torch.where(between(0, 1) < 0.5, -1, 1)
    arms = torch.cos(2 * torch.atan2(across, along) + turn * 5 * torch.log(distance + 2) + between(0, 6))
    spiral = disc * (1 + 0.9 * arms * torch.tanh(distance / 4))
    light = torch.where(kinds[:, None, None] == 0, elliptical, torch.where(kinds[:, None, None] == 1, spiral, disc))
    return light / light.amax((1, 2), keepdim=True)


def _write_field(folder: Path, number: int) -> dict[str, list]:
    """Writes the images of a field, one for each band; returns the catalog of its galaxies."""
    random = torch.Generator().manual_seed(number)
    count = _PER_SIDE**2
    kinds = torch.randint(3, (count,), generator=random)
    centres = torch.cartesian_prod(torch.arange(_PER_SIDE), torch.arange(_PER_SIDE)) * _CELL + _CELL / 2
    centres = centres + 6 * torch.rand(count, 2, generator=random) - 3
    corners = centres.round().long() - _SIZE // 2
    rows = corners[:, :1, None] + torch.arange(_SIZE)[:, None]
    columns = corners[:, 1:, None] + torch.arange(_SIZE)
    shapes = _profiles(kinds, rows - centres[:, :1, None], columns - centres[:, 1:, None], random)
    # All kinds are equally bright and colours overlap, so that the shape must tell.
    peaks = 10 ** (1.1 + 0.9 * torch.rand(count, 1, 1, generator=random))
    reddening = 0.15 * torch.randn(count, 1, 1, generator=random) + torch.tensor([0.2, 0.0, 0.1])[kinds, None, None]
    for band, colour in zip("GRI", (-1, 0, 1), strict=True):
        sky = 4 * torch.randn(_PER_SIDE * _CELL, _PER_SIDE * _CELL, generator=random)
        sky.index_put_((rows, columns), shapes * peaks * 10 ** (colour * reddening), accumulate=True)
        fitsio.write(folder / f"field{number}_{band}.fits", sky.numpy(), header={"FILTER": band})
    files = {f"FILE_{band}": [f"field{number}_{band}.fits"] * count for band in "GRI"}
    names = [GALAXIES[kind] for kind in kinds.tolist()]
    return {**files, "X": centres[:, 1].tolist(), "Y": centres[:, 0].tolist(), "CLASS": names}


def write_fields(folder: Path) -> None:
    """Writes seven fields and two catalogs: train.fits of five of them, test.fits of the others."""
    fields = [_write_field(folder, number) for number in range(7)]
    for name, part in (("train", fields[:5]), ("test", fields[5:])):
        columns = {column: [value for field in part for value in field[column]] for column in part[0]}
        torchfits.write(folder / f"{name}.fits", columns)
    (folder / "field3_I.fits").unlink()  # never observed in this band


def write_spectra(path: Path, count: int, seed: int) -> None:
    """Writes a table with a spectrum in each row: FLUX, IVAR and MASK, (PIXELS,) each, and the redshift Z."""
    random = torch.Generator().manual_seed(seed)

    def between(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=random)

    redshift, young, gas = between(0, 0.25), between(0, 1) ** 2, between(0, 1) ** 2
    rest = WAVE / (1 + redshift)
    old_light = 1 / (1 + torch.exp((4050 - rest) / 120)) * (rest / 5500) ** 0.3 + 0.25
    for wave, depth in _DIPS.items():
        old_light = old_light * (1 - depth * torch.exp(-0.5 * ((rest - wave) / 25) ** 2))
    flux = (1 - young) * old_light + young * (rest / 5500) ** -1.5
    for wave, strength in _LINES.items():
        flux = flux + 2 * gas * strength * torch.exp(-0.5 * ((rest - wave) / 18) ** 2)
    flux = flux * 10 ** between(-0.3, 0.7)

    # The sky is bright in the red, and very bright in lines of its own.
    sky = 1 + 2 * (WAVE > 7200) * torch.rand(PIXELS, generator=random) + 4 * ((WAVE - 5577).abs() < 15)
    sigma = 0.15 * sky * between(0.7, 1.5)
    mask = torch.rand(count, PIXELS // 8, generator=random).repeat_interleave(8, dim=1) < 0.04
    flux = flux + sigma * torch.randn(count, PIXELS, generator=random)
    flux[mask] += 30 * torch.rand(int(mask.sum()), generator=random)  # what cosmic rays leave
    columns = {"FLUX": flux, "IVAR": sigma**-2, "MASK": mask.to(torch.int32), "Z": redshift.flatten()}
    torchfits.write(path, columns, {"EXTNAME": "SPECTRA"})


def _starlight(wave: torch.Tensor, young: torch.Tensor) -> torch.Tensor:
    """Of a galaxy at wavelengths at rest: old stars are faint below 4000 Angstrom, young ones bright."""
    old = 1 / (1 + torch.exp((3950 - wave) / 120)) * (wave / 5500) ** 0.4 + 0.06
    gas = torch.exp(-0.5 * ((wave - 5000) / 120) ** 2) + torch.exp(-0.5 * ((wave - 6563) / 120) ** 2)
    return (1 - young) * old + young * ((wave / 5500) ** -1.6 + 0.4 * gas)


def write_catalog(path: Path, rows: int) -> None:
    """Writes a row for each galaxy: magnitudes (NaN where it was not seen), radius, kind, redshift, flags and fold."""
    random = torch.Generator().manual_seed(0)

    def between(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(rows, generator=random)

    redshift = between(0.02, 1)
    kind = torch.randint(3, (rows,), generator=random)
    young = (torch.tensor([0.03, 0.3, 0.8])[kind] + 0.08 * torch.randn(rows, generator=random)).clamp(0, 1)
    brightness = between(-1.2, 1.2) + torch.tensor([-0.4, 0.0, 0.8])[kind]
    distance = 5 * torch.log10(redshift * (1 + redshift / 2))
    columns: dict[str, Any] = {}
    for band, centre in _FILTERS.items():
        wave = centre * torch.linspace(0.92, 1.08, 15) / (1 + redshift[:, None])
        magnitude = 21.7 + brightness + distance - 2.5 * torch.log10(_starlight(wave, young[:, None]).mean(1))
        error = 0.02 + 0.1 * 10 ** (0.4 * (magnitude - _LIMITS[band]))
        magnitude = magnitude + error * torch.randn(rows, generator=random)
        columns[f"MAG_{band}"] = magnitude.masked_fill(magnitude > _LIMITS[band], torch.nan)
    columns["RADIUS"] = 0.4 + 10 ** (-0.2 * brightness) / (3 * redshift + 0.5) * between(0.6, 1.4)
    looks = torch.where(between(0, 1) < 0.85, kind, torch.randint(3, (rows,), generator=random))
    columns["KIND"] = [_KINDS[number] for number in looks.tolist()]
    columns["REDSHIFT"] = redshift
    # Some have a bright star beside them, and magnitudes that mean nothing.
    spoilt = between(0, 1) < 0.05
    columns["FLAGS"] = spoilt.to(torch.int16)
    columns["MAG_R"][spoilt] = 14.0
    columns["FOLD"] = torch.randint(5, (rows,), generator=random).to(torch.int16)
    torchfits.write(path, columns, {"EXTNAME": "GALAXIES"})


def _light_curve(kind: int, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Times in days and relative fluxes of a star: of 30 to 80 moments."""

    def between(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=random))

    time = (DAYS * torch.rand(int(between(30, 80)), generator=random)).sort().values
    period, start, depth = 10 ** between(-0.2, 0.7), between(0, 1), between(0.03, 0.15)
    phase = (time / period + start) % 1
    if VARIABLES[kind] == "PULSATING":
        change = 0.7 * depth * (torch.sin(2 * math.pi * phase) + 0.3 * torch.sin(4 * math.pi * phase))
    elif VARIABLES[kind] == "ECLIPSING":
        dip = 1 / (1 + torch.exp((torch.minimum(phase, 1 - phase) - 0.06) / 0.008))
        second = 1 / (1 + torch.exp(((phase - 0.5).abs() - 0.06) / 0.008))
        change = -2 * depth * (dip + between(0.1, 0.8) * second)
    else:
        since = time[:, None] - DAYS * torch.rand(int(between(3, 9)), generator=random)
        change = 4 * depth * (torch.exp(-since / between(0.1, 0.5)) * (since > 0)).amax(1)
    noise = between(0.006, 0.02) * torch.randn(len(time), generator=random)
    return time, 1 + change + noise


def write_curves(path: Path, count: int, seed: int) -> None:
    """Writes a table with a star in each row: TIME and FLUX of variable length, and CLASS."""
    random = torch.Generator().manual_seed(seed)
    kinds = torch.randint(3, (count,), generator=random).tolist()
    curves = [_light_curve(kind, random) for kind in kinds]
    columns = {
        "TIME": [time.numpy() for time, _ in curves],
        "FLUX": [flux.numpy() for _, flux in curves],
        "CLASS": [VARIABLES[kind] for kind in kinds],
    }
    torchfits.write(path, columns, {"EXTNAME": "CURVES"}, columns={"TIME": torchfits.Column(unit="d")})
