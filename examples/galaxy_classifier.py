"""Trains a small CNN to tell the shapes of galaxies, from images in three bands and a catalog.

    python examples/galaxy_classifier.py

What a survey gives: a FITS image for each field and band, and a catalog with a row for each galaxy: the files it is in,
where, and (by eye) what it is. `CutoutDataset` cuts the galaxies out, bands stacked, `TableDataset` reads their rows,
and `ZipDataset` keeps both in step. The engine's threads read the next batches while the CNN trains.

The fields are generated: elliptical galaxies, spirals, and discs seen edge-on. One image is missing, as in real life.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fitsio
import matplotlib as mpl
import torch
import torchfits
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional
from torchfits.data import CutoutDataset, DataLoader, TableDataset, ZipDataset
from torchfits.data import transforms as T

if TYPE_CHECKING:
    from collections.abc import Sequence

BANDS = ("g", "r", "i")
CLASSES = ("ELLIPTICAL", "SPIRAL", "EDGE-ON")
SIZE = 40  # side of a cutout, in pixels
PER_SIDE = 12  # galaxies along a side of a field
CELL = 48  # pixels between them


def profiles(kinds: torch.Tensor, y: torch.Tensor, x: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Light of galaxies of kind 0, 1 or 2, (n,), at pixels (n, SIZE, SIZE) off their centres: the brightest one is 1."""

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


def write_field(folder: Path, number: int) -> dict[str, list]:
    """Writes the images of a field, one for each band; returns the catalog of its galaxies."""
    random = torch.Generator().manual_seed(number)
    count = PER_SIDE**2
    kinds = torch.randint(3, (count,), generator=random)
    centres = torch.cartesian_prod(torch.arange(PER_SIDE), torch.arange(PER_SIDE)) * CELL + CELL / 2
    centres = centres + 6 * torch.rand(count, 2, generator=random) - 3
    corners = centres.round().long() - SIZE // 2
    rows = corners[:, :1, None] + torch.arange(SIZE)[:, None]
    columns = corners[:, 1:, None] + torch.arange(SIZE)
    shapes = profiles(kinds, rows - centres[:, :1, None], columns - centres[:, 1:, None], random)
    # As bright one as the other, so that the shape must tell; colours overlap.
    peaks = 10 ** (1.1 + 0.9 * torch.rand(count, 1, 1, generator=random))
    reddening = 0.15 * torch.randn(count, 1, 1, generator=random) + torch.tensor([0.2, 0.0, 0.1])[kinds, None, None]
    for band, colour in zip(BANDS, (-1, 0, 1), strict=True):
        sky = 4 * torch.randn(PER_SIDE * CELL, PER_SIDE * CELL, generator=random)
        sky.index_put_((rows, columns), shapes * peaks * 10 ** (colour * reddening), accumulate=True)
        fitsio.write(folder / f"field{number}_{band}.fits", sky.numpy(), header={"FILTER": band})
    files = {f"FILE_{band}": [f"field{number}_{band}.fits"] * count for band in BANDS}
    names = [CLASSES[kind] for kind in kinds.tolist()]
    return {**files, "X": centres[:, 1].tolist(), "Y": centres[:, 0].tolist(), "CLASS": names}


def write_survey(folder: Path) -> None:
    """Writes seven fields and two catalogs: train.fits of five of them, test.fits of the others."""
    fields = [write_field(folder, number) for number in range(7)]
    for name, part in (("train", fields[:5]), ("test", fields[5:])):
        columns = {column: [value for field in part for value in field[column]] for column in part[0]}
        torchfits.write(folder / f"{name}.fits", columns)
    (folder / "field3_i.fits").unlink()  # never observed in this band


def galaxies(catalog: Path, rows: TableDataset) -> ZipDataset:
    """The galaxies of a catalog: their cutouts with masks, and their rows of the catalog, in step."""
    cutouts = CutoutDataset.from_catalog(
        catalog,
        size=SIZE,
        file=[f"FILE_{band}" for band in BANDS],
        folder=catalog.parent,
        missing="fill",  # an image that is not there is a band of zeros, and masked
        fill=0.0,
    )
    return ZipDataset(image=cutouts, row=rows)


def loader_of(dataset: ZipDataset, *, shuffle: bool) -> DataLoader:
    """Batches of (images, labels), (n, 3, SIZE, SIZE) and (n,); those that are shuffled are augmented as well."""
    look = T.Compose(T.Asinh(softening=8.0, scale=100.0), T.RandomDihedral())
    look.train(shuffle)

    def prepared(batch: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        return look(batch["image"])["image"], batch["row"].y

    # A `transform` of the loader gets whole batches, and draws the same random numbers in each run.
    return DataLoader(dataset, batch_size=48, shuffle=shuffle, seed=1, transform=prepared)


def small_cnn() -> nn.Module:
    """Logits (n, 3) of images (n, 3, SIZE, SIZE)."""
    return nn.Sequential(
        nn.Conv2d(len(BANDS), 16, 5, stride=2, padding=2),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(128, len(CLASSES)),
    )


def train(model: nn.Module, loader: DataLoader, epochs: int) -> None:
    """Trains for some epochs, and prints the loss of each and what training waited for."""
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=epochs * len(loader))
    for epoch in range(epochs):
        losses = []
        for images, labels in loader:
            loss = functional.cross_entropy(model(images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch}: loss {sum(losses) / len(losses):.3f}")
    print(loader.report())


@torch.inference_mode()
def test(model: nn.Module, loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
    """The true and the predicted labels of all galaxies, in their order."""
    model.eval()
    batches = [(labels, model(images).argmax(1)) for images, labels in loader]
    truth, predicted = (torch.cat(part) for part in zip(*batches, strict=True))
    return truth, predicted


def draw(dataset: ZipDataset, truth: torch.Tensor, predicted: torch.Tensor, names: Sequence[str], path: Path) -> None:
    """Draws held-out galaxies in colour, with what they were taken for."""
    figure, axes = plt.subplots(3, 8, figsize=(12, 5.4), facecolor="black")
    figure.subplots_adjust(0.005, 0.01, 0.995, 0.87, wspace=0.03, hspace=0.15)
    # Those that were taken for something else, then whatever comes.
    wrong = (truth != predicted).nonzero().flatten()[: axes.size // 3].tolist()
    chosen = wrong + [number for number in range(len(truth)) if number not in wrong][: axes.size - len(wrong)]
    items = dataset.__getitems__(chosen)  # one call reads them all
    for axis, number, item in zip(axes.flat, chosen, items, strict=True):
        colours = item["image"]["image"].flip(0).movedim(0, -1)  # i, g and r bands as red, green and blue
        axis.imshow((torch.asinh((colours + 4) / 8) / math.asinh(8)).clamp(0, 1), origin="lower")
        axis.set_axis_off()
        right = predicted[number] == truth[number]
        title = names[predicted[number]] + ("" if right else f", not {names[truth[number]]}")
        axis.set_title(title.lower(), color="palegreen" if right else "salmon", fontsize=9)
    figure.suptitle("Galaxies of fields that were held out", color="white", fontsize=14)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, facecolor=figure.get_facecolor())
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> None:
    """The example from beginning to end."""
    parser = argparse.ArgumentParser(description="Tell the shapes of galaxies apart.")
    parser.add_argument("--epochs", type=int, default=8, help="to train for")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the PNG")
    options = parser.parse_args(argv)
    mpl.use("Agg")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # steps as small as these gain little from a second thread
    with tempfile.TemporaryDirectory(prefix="torchfits-galaxies-") as temporary:
        folder = Path(temporary)
        write_survey(folder)
        rows = TableDataset(folder / "train.fits", ["CLASS"], target="CLASS")
        # The classes of the test are numbered as those of the training.
        test_rows = TableDataset(folder / "test.fits", ["CLASS"], target="CLASS", like=rows.fitted())
        training, testing = galaxies(folder / "train.fits", rows), galaxies(folder / "test.fits", test_rows)
        print(f"{len(training)} galaxies to train with, {len(testing)} to test on")

        model = small_cnn()
        train(model, loader_of(training, shuffle=True), options.epochs)
        truth, predicted = test(model, loader_of(testing, shuffle=False))
        names = rows.fitted().vocabulary["CLASS"]
        accuracy = float((truth == predicted).float().mean())
        commonest = float(truth.bincount().max() / len(truth))
        print(f"accuracy: {accuracy:.3f} (always the commonest class: {commonest:.3f})")
        draw(testing, truth, predicted, names, options.out / "galaxies.png")
        print(f"picture: {options.out / 'galaxies.png'}")


if __name__ == "__main__":
    main()
