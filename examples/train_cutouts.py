"""Trains a small CNN on cutouts of a FITS sky, read by torchfits.

    python examples/train_cutouts.py            a generated sky: is it a star or a galaxy?
    python examples/train_cutouts.py FOLDER     your images: is there a source, or only noise?

The way of the data: a large image is read by `torchfits.read_image`, its sources become a few
thousand cutout files of 64x64 float32, and `torchfits.data.ImageDataset` feeds those to torch's own
`DataLoader`. The script prints images/s of that loop beside the same loop over fitsio, trains for
some steps, tests on cutouts that it held out, and draws a PNG of them with the predicted labels.

It needs no network and no GPU, and the same seed gives the same numbers.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import fitsio
import matplotlib as mpl
import torch
import torchfits
import torchfits.data
from cutouts import SIZE, Cutouts, cutouts_of_folder, cutouts_of_generated_sky
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BATCH = 64  # cutouts in a batch


class ImagesByIndex(Protocol):
    """What a map-style dataset of images offers to a loader."""

    def __len__(self) -> int: ...

    def __getitems__(self, indices: list[int]) -> Sequence[torch.Tensor]: ...


class LabelledImages(Dataset[tuple[torch.Tensor, int]]):
    """Images with the labels of the same index."""

    def __init__(self, images: ImagesByIndex, labels: list[int]) -> None:
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitems__(self, indices: list[int]) -> list[tuple[torch.Tensor, int]]:
        # DataLoader asks for a whole batch at once, so torchfits can read its files in parallel.
        images = self.images.__getitems__(indices)
        return [(image, self.labels[i]) for image, i in zip(images, indices, strict=True)]


class FitsioImages:
    """The same images through fitsio, to compare with."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitems__(self, indices: list[int]) -> list[torch.Tensor]:
        return [torch.from_numpy(fitsio.read(self.paths[i])) for i in indices]


def loader_of(images: ImagesByIndex, labels: list[int], *, shuffle: bool = False) -> DataLoader:
    """Torch's own loader over labelled images; its batches are (BATCH, 64, 64) and (BATCH,)."""
    order = torch.Generator().manual_seed(0)
    return DataLoader(LabelledImages(images, labels), BATCH, shuffle=shuffle, generator=order)


def print_loading_rates(cutouts: Cutouts) -> None:
    """Times one pass over all cutouts by torchfits and by fitsio, in turn, and prints medians."""
    loaders = {
        "torchfits": loader_of(torchfits.data.ImageDataset(cutouts.paths), cutouts.labels),
        "fitsio": loader_of(FitsioImages(cutouts.paths), cutouts.labels),
    }
    rates: dict[str, list[float]] = {name: [] for name in loaders}
    for _ in range(3):
        for name, loader in loaders.items():
            rates[name].append(images_per_second(loader))
    ours, theirs = (statistics.median(rates[name]) for name in loaders)
    print(f"loading by torchfits: {ours:8.0f} images/s ({ours / theirs:.1f} x fitsio)")
    print(f"loading by fitsio:    {theirs:8.0f} images/s")


def images_per_second(loader: DataLoader) -> float:
    """The rate of one pass through `loader`."""
    start = time.perf_counter()
    count = sum(len(labels) for _, labels in loader)
    return count / (time.perf_counter() - start)


class SmallCNN(nn.Sequential):
    """Two logits for each image of a batch of shape (n, 64, 64) in units of the noise."""

    def __init__(self) -> None:
        super().__init__(
            Stretch(),
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * (SIZE // 8) ** 2, 2),
        )


class Stretch(nn.Module):
    """Linear near the noise and logarithmic far above it, as astronomers look at images."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 64, 64) to (n, 1, 64, 64)."""
        return torch.asinh(images / 3).unsqueeze(1)


def train(model: nn.Module, cutouts: Cutouts, steps: int) -> None:
    """Trains for `steps` batches, and prints how the loss fell and the images/s."""
    images = torchfits.data.ImageDataset(cutouts.paths)
    loader = loader_of(images, cutouts.labels, shuffle=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses: list[float] = []
    count = 0
    start = time.perf_counter()
    progress = tqdm(itertools.islice(for_ever(loader), steps), "training", total=steps, unit="step", mininterval=0.5)
    for batch, labels in progress:
        loss = functional.cross_entropy(model(batch), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        count += len(labels)
        progress.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    rate = count / (time.perf_counter() - start)
    few = min(10, max(1, steps // 3))
    first, last = statistics.fmean(losses[:few]), statistics.fmean(losses[-few:])
    print(f"training with torchfits: {rate:.0f} images/s, {steps} steps of {BATCH} images")
    print(f"loss: {first:.3f} -> {last:.3f} (means of the first and the last {few} steps)")


def for_ever(loader: DataLoader) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches of `loader`, again and again, in another order each time."""
    while True:
        yield from loader


@torch.inference_mode()
def predict(model: nn.Module, cutouts: Cutouts) -> list[int]:
    """The predicted label of every cutout, in order."""
    loader = loader_of(torchfits.data.ImageDataset(cutouts.paths), cutouts.labels)
    return torch.cat([model(images).argmax(dim=1) for images, _ in loader]).tolist()


def print_accuracy(cutouts: Cutouts, predicted: list[int]) -> None:
    """Prints the share of right predictions beside that of always saying the commoner class."""
    total = len(predicted)
    right = sum(p == label for p, label in zip(predicted, cutouts.labels, strict=True))
    ones = sum(cutouts.labels)
    commoner = max(ones, total - ones)
    print(
        f"accuracy on {total} held-out cutouts: {right / total:.3f} (always the commoner class: {commoner / total:.3f})"
    )


def draw_samples(cutouts: Cutouts, predicted: list[int], path: Path) -> None:
    """Draws up to 32 held-out cutouts with their predicted labels into a PNG."""
    count = min(32, len(cutouts.paths))
    chosen = torch.linspace(0, len(cutouts.paths) - 1, count).long().tolist()
    images = torchfits.read_batch([cutouts.paths[i] for i in chosen])

    figure, axes = plt.subplots(4, 8, figsize=(12, 7), facecolor="black", layout="constrained")
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, i, image in zip(axes.flat, chosen, images, strict=False):
        # One stretch for all, so that faint cutouts look faint.
        axis.imshow(torch.asinh(image / 3), cmap="magma", origin="lower", vmin=-0.7, vmax=3.5)
        right = predicted[i] == cutouts.labels[i]
        truth = cutouts.classes[cutouts.labels[i]]
        title = cutouts.classes[predicted[i]] + ("" if right else f", not {truth}")
        axis.set_title(title, color="palegreen" if right else "salmon", fontsize=11)
    figure.suptitle("Predicted labels of held-out cutouts", color="white", fontsize=14)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, facecolor=figure.get_facecolor())
    plt.close(figure)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Train a small CNN on cutouts of a FITS sky.")
    parser.add_argument("data", type=Path, nargs="?", help="folder with FITS images (default: a generated sky)")
    parser.add_argument("--steps", type=int, default=120, help="batches to train with")
    parser.add_argument("--cutouts", type=int, default=3072, help="cutouts at most")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the PNG")
    options = parser.parse_args()
    if options.steps < 1 or options.cutouts < 1:
        parser.error("--steps and --cutouts count from 1")
    return options


def main() -> None:
    """The demo from beginning to end."""
    options = arguments()
    mpl.use("Agg")
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory(prefix="torchfits-demo-") as temporary:
        folder = Path(temporary)
        if options.data is None:
            cutouts = cutouts_of_generated_sky(folder, options.cutouts)
        else:
            cutouts = cutouts_of_folder(options.data, folder, options.cutouts)
        if len(set(cutouts.labels)) < 2 or len(cutouts.paths) < 20:
            sys.exit(
                f"only {len(cutouts.paths)} cutouts with {len(set(cutouts.labels))} kinds of label: "
                "too few to train with"
            )
        counts = [cutouts.labels.count(label) for label in (0, 1)]
        print(f"cutouts: {counts[0]} {cutouts.classes[0]}, {counts[1]} {cutouts.classes[1]}")

        print_loading_rates(cutouts)
        # Steps as small as these gain little from a second thread, and lose much on a busy machine.
        torch.set_num_threads(1)
        model = SmallCNN()
        for_training, held_out = cutouts.split()
        train(model, for_training, options.steps)
        predicted = predict(model, held_out)
        print_accuracy(held_out, predicted)
        picture = options.out / "cutouts.png"
        draw_samples(held_out, predicted, picture)
        print(f"picture: {picture}")


if __name__ == "__main__":
    main()
