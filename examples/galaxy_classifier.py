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

import matplotlib as mpl
import torch
from generated_survey import write_fields
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional
from torchfits.data import CutoutDataset, DataLoader, TableDataset, ZipDataset
from torchfits.data import transforms as T

if TYPE_CHECKING:
    from collections.abc import Sequence

BANDS = ("G", "R", "I")
SIZE = 40  # side of a cutout, in pixels


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


def small_cnn(classes: int) -> nn.Module:
    """Logits (n, classes) of images (n, 3, SIZE, SIZE)."""
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
        nn.Linear(128, classes),
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
        axis.imshow((torch.asinh((colours + 4) / 8) / math.asinh(8)).clamp(0, 1).numpy(), origin="lower")
        axis.set_axis_off()
        found, true = names[int(predicted[number])], names[int(truth[number])]
        right = found == true
        title = found if right else f"{found}, not {true}"
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
        write_fields(folder)
        rows = TableDataset(folder / "train.fits", ["CLASS"], target="CLASS")
        # The classes of the test are numbered as those of the training.
        test_rows = TableDataset(folder / "test.fits", ["CLASS"], target="CLASS", like=rows.fitted())
        training, testing = galaxies(folder / "train.fits", rows), galaxies(folder / "test.fits", test_rows)
        print(f"{len(training)} galaxies to train with, {len(testing)} to test on")

        names = rows.fitted().vocabulary["CLASS"]
        model = small_cnn(len(names))
        train(model, loader_of(training, shuffle=True), options.epochs)
        truth, predicted = test(model, loader_of(testing, shuffle=False))
        accuracy = float((truth == predicted).float().mean())
        commonest = float(truth.bincount().max() / len(truth))
        print(f"accuracy: {accuracy:.3f} (always the commonest class: {commonest:.3f})")
        draw(testing, truth, predicted, names, options.out / "galaxies.png")
        print(f"picture: {options.out / 'galaxies.png'}")


if __name__ == "__main__":
    main()
