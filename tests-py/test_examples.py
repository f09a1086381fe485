"""The demo of `make demo`, run small, as a user runs it, and the other examples, in this process."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import fitsio
import numpy as np
import pytest
import torch
import torchfits.data
from _programs import loaded_python
from astropy.io import fits
from matplotlib.image import imread

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

SCRIPT = Path(__file__).parents[1] / "examples" / "train_cutouts.py"


def run_demo(out: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*loaded_python(), SCRIPT, "--out", out, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=out, check=False)


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, f"{pattern} not found in:\n{text}"
    return float(found[1])


def assert_trained(demo: subprocess.CompletedProcess[str], out: Path) -> None:
    assert demo.returncode == 0, demo.stderr
    assert number(r"loading by torchfits: +(\d+) images/s", demo.stdout) > 0
    assert number(r"loading by fitsio: +(\d+) images/s", demo.stdout) > 0
    assert number(r"training with torchfits: (\d+) images/s", demo.stdout) > 0
    first = number(r"loss: ([\d.]+) ->", demo.stdout)
    last = number(r"loss: [\d.]+ -> ([\d.]+)", demo.stdout)
    assert last < 0.7 * first
    assert "training: 100%" in demo.stderr
    assert_picture(out / "cutouts.png")


def assert_picture(path: Path) -> None:
    pixels = imread(path)[..., :3]
    assert min(pixels.shape[:2]) >= 500
    grey = pixels.mean(axis=2)
    assert grey.std() > 0.05
    # Cutouts are drawn in all parts of the picture.
    for quarter in np.array_split(grey, 2, axis=0):
        for part in np.array_split(quarter, 2, axis=1):
            assert len(np.unique(part.round(2))) > 30


def test_demo_generated_sky(tmp_path: Path) -> None:
    demo = run_demo(tmp_path, "--steps", "60", "--cutouts", "600")

    assert_trained(demo, tmp_path)
    accuracy = number(r"accuracy on \d+ held-out cutouts: ([\d.]+)", demo.stdout)
    assert accuracy > number(r"always the commoner class: ([\d.]+)", demo.stdout)


def star_field(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """Counts of Gaussian stars on a noisy background, a part of them undefined."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    image = rng.normal(1000, 10, shape)
    for row, column in rng.uniform(16, np.array(shape) - 16, (shape[0] * shape[1] // 6000, 2)):
        near = np.s_[
            max(0, int(row) - 12) : int(row) + 13,
            max(0, int(column) - 12) : int(column) + 13,
        ]
        image[near] += 400 * np.exp(-((rows[near] - row) ** 2 + (columns[near] - column) ** 2) / 8)
    image[:5, :5] = np.nan
    return image.astype("f4")


@pytest.fixture
def own_images(tmp_path: Path) -> Path:
    """A folder with two usable images and one file for each reason to be skipped."""
    folder = tmp_path / "own"
    folder.mkdir()
    fits.writeto(folder / "field1.fits", star_field(1, (420, 500)))
    table = fits.BinTableHDU.from_columns([fits.Column("RA", "D", array=np.zeros(3))])
    image = fits.ImageHDU(star_field(2, (500, 420)), name="SCI")
    fits.HDUList([fits.PrimaryHDU(), table, image]).writeto(folder / "field2.fit")
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(folder / "table.fits")
    fits.writeto(folder / "small.fits", star_field(3, (63, 80)))
    fits.writeto(folder / "cube.fits", np.zeros((2, 80, 80), "i2"))
    fits.writeto(folder / "flat.fits", np.zeros((80, 80), "i2"))
    (folder / "junk.fits").write_text("not FITS\n")
    (folder / "notes.txt").write_text("not looked at\n")
    return folder


def test_demo_own_folder(tmp_path: Path, own_images: Path) -> None:
    demo = run_demo(tmp_path, own_images, "--steps", "60")

    assert_trained(demo, tmp_path)
    assert re.search(r"^field1\.fits: \(420, 500\), \d+ cutouts$", demo.stdout, re.MULTILINE)
    assert re.search(r"^field2\.fit: \(500, 420\), \d+ cutouts$", demo.stdout, re.MULTILINE)
    skipped = dict(re.findall(r"^skipped (\S+): (.+)$", demo.stdout, re.MULTILINE))
    assert skipped.keys() == {"table.fits", "small.fits", "cube.fits", "flat.fits", "junk.fits"}
    assert skipped["cube.fits"] == "3 axes instead of 2"
    assert "smaller than a cutout" in skipped["small.fits"]
    assert "no noise" in skipped["flat.fits"]
    assert str(own_images / "junk.fits") in skipped["junk.fits"]


def test_demo_nothing_usable(tmp_path: Path) -> None:
    (tmp_path / "junk.fits").write_text("not FITS\n")

    demo = run_demo(tmp_path, tmp_path)

    assert demo.returncode == 1
    assert "skipped junk.fits" in demo.stdout
    assert "too few to train with" in demo.stderr
    assert "Traceback" not in demo.stderr


def test_demo_folder_without_fits(tmp_path: Path) -> None:
    demo = run_demo(tmp_path, tmp_path / "missing")

    assert demo.returncode == 1
    assert "no FITS files" in demo.stderr


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports a module of examples/, as the script does."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    return import_module


def test_generated_sky_same_seed_same_sky(tmp_path: Path, example: Callable[[str], ModuleType]) -> None:
    write_sky = example("generated_sky").write_sky
    first = write_sky(tmp_path / "1.fits", side=256, sources=20, seed=5)
    second = write_sky(tmp_path / "2.fits", side=256, sources=20, seed=5)

    sky: np.ndarray = fitsio.read(tmp_path / "1.fits")
    assert sky.dtype == np.int16
    assert np.array_equal(sky, fitsio.read(tmp_path / "2.fits"))
    assert torch.equal(first.centres, second.centres)
    assert torch.equal(first.is_galaxy, second.is_galaxy)
    # Each source stands where the catalogue says, far above the background and its noise of 12.
    light = [sky[row - 3 : row + 4, column - 3 : column + 4].mean() for row, column in first.centres]
    assert min(light) > np.median(sky) + 12


def test_label_by_brightness_source_and_noise(example: Callable[[str], ModuleType]) -> None:
    sky = torch.randn(256, 256, generator=torch.Generator().manual_seed(0))
    sky[100:103, 50:53] += 20

    centres, labels = example("cutouts").label_by_brightness(sky, limit=40)

    assert labels.tolist() == [1] + [0] * 20
    assert centres[0].tolist() == [101, 51]


def test_loaders_give_the_same_batches(tmp_path: Path, example: Callable[[str], ModuleType]) -> None:
    script = example("train_cutouts")
    image = torch.randn(200, 300, generator=torch.Generator().manual_seed(0))
    centres = torch.tensor([[150, 40], [32, 32], [31, 100], [168, 268], [169, 100], [90, 90]])
    positions = torch.tensor([5, 1, 2, 6, 3, 4])
    paths, labels = example("cutouts").write_cutouts(image, centres, positions, tmp_path, "cut")

    ours = list(script.loader_of(torchfits.data.ImageDataset(paths), labels))
    theirs = list(script.loader_of(script.FitsioImages(paths), labels))

    assert len(ours) == len(theirs) == 1
    assert torch.equal(ours[0][0], theirs[0][0])
    # Only those whose square lies in the image, in order of rows.
    assert ours[0][1].tolist() == theirs[0][1].tolist() == [1, 4, 5, 6]
    assert torch.equal(ours[0][0][0], image[:64, :64])
    assert torch.equal(ours[0][0][3], image[136:, 236:])


def run_example(name: str, example: Callable[[str], ModuleType], out: Path, capsys: pytest.CaptureFixture[str]) -> str:
    threads = torch.get_num_threads()
    try:
        with torch.random.fork_rng():
            example(name).main(["--out", str(out)])
    finally:
        torch.set_num_threads(threads)
    return capsys.readouterr().out


def assert_drawn(path: Path) -> None:
    pixels = imread(path)[..., :3]
    assert min(pixels.shape[:2]) >= 450
    assert pixels.mean(axis=2).std() > 0.05


def test_example_galaxies_are_told_by_their_shapes(
    tmp_path: Path, example: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_example("galaxy_classifier", example, tmp_path, capsys)

    assert "720 galaxies to train with, 288 to test on" in told
    assert number(r"commonest class: ([\d.]+)", told) < 0.4
    assert number(r"accuracy: ([\d.]+)", told) > 0.8
    assert_drawn(tmp_path / "galaxies.png")


def test_example_spectra_hidden_pixels_are_predicted(
    tmp_path: Path, example: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_example("spectrum_autoencoder", example, tmp_path, capsys)

    found = number(r"chi squared of hidden pixels: ([\d.]+)", told)
    assert 0.9 < found < 0.4 * number(r"of the mean spectrum: ([\d.]+)", told)
    assert_drawn(tmp_path / "spectra.png")


def test_example_redshifts_are_told_by_magnitudes(
    tmp_path: Path, example: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_example("photometric_redshifts", example, tmp_path, capsys)

    assert number(r"scatter of dz / \(1 \+ z\): ([\d.]+)", told) < 0.3 * number(r"median redshift: ([\d.]+)", told)
    assert_drawn(tmp_path / "redshifts.png")


def test_example_light_curves_are_told_apart(
    tmp_path: Path, example: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_example("light_curves", example, tmp_path, capsys)

    assert number(r"commonest class: ([\d.]+)", told) < 0.45
    assert number(r"accuracy on 300 stars: ([\d.]+)", told) > 0.8
    assert_drawn(tmp_path / "light_curves.png")


def test_example_light_curves_padding_changes_nothing(example: Callable[[str], ModuleType]) -> None:
    script = example("light_curves")
    model = script.CurveTransformer(3).eval()
    time, flux = torch.rand(2, 20).sort(1).values, torch.randn(2, 20)
    label = torch.zeros(2, dtype=torch.int64)
    is_padding = torch.zeros(2, 20, dtype=torch.bool)
    longer = [torch.cat([part, torch.full((2, 7), 9.0)], 1) for part in (time, flux)]
    masked = torch.cat([is_padding, torch.ones(2, 7, dtype=torch.bool)], 1)

    with torch.inference_mode():
        short = model(script.Curves(time, flux, is_padding, label))
        padded = model(script.Curves(*longer, masked, label))

    torch.testing.assert_close(padded, short)
