"""Trains a small transformer to tell kinds of variable stars by their light curves, each of another length.

    python examples/light_curves.py

In a FITS table, the times and fluxes of a star are a cell of variable length (1PE). `TableDataset` reads the rows that
a batch needs, as `RaggedColumn`s: all values, one behind the other, with the offset of each row. `padded`, the collate
function, makes of them a block and the mask of what is padding, which the transformer's attention leaves out.

The light curves are generated: pulsating stars, eclipsing binaries, and dwarfs that flare, at irregular times.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl
import torch
import torchfits
from generated_survey import write_curves
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional
from torchfits.data import DataLoader, TableDataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchfits import MaterializedFrame

FREQUENCIES = 2 * math.pi * 2 ** torch.linspace(-4, 2, 8)  # of the encoding of times, per day


class Curves(NamedTuple):
    """A batch of light curves, as long as the longest of them.

    Attributes:
        time: in days, (n, length); 0 in the padding.
        flux: less its median, in units of its spread, (n, length); 0 in the padding.
        is_padding: bool, (n, length).
        label: number of the class, (n,).
    """

    time: torch.Tensor
    flux: torch.Tensor
    is_padding: torch.Tensor
    label: torch.Tensor


def padded(items: Sequence[MaterializedFrame]) -> Curves:
    """Rows of the table as a batch: a `collate_fn`, of torch's DataLoader too."""
    frame = torchfits.data.collate(items)
    times, fluxes = frame.others["TIME"], frame.others["FLUX"]
    lengths = times.lengths()
    is_value = torch.arange(int(lengths.max())) < lengths[:, None]
    # The values of all rows stand in a row, and so do the places of a mask.
    time = torch.zeros(is_value.shape).masked_scatter(is_value, times.values)
    flux = torch.full(is_value.shape, torch.nan).masked_scatter(is_value, fluxes.values)
    flux = flux - flux.nanmedian(1, keepdim=True).values
    spread = flux.square().nanmean(1, keepdim=True).sqrt()
    return Curves(time, (flux / spread).nan_to_num(0), ~is_value, frame.y)


def loader_of(rows: TableDataset, *, shuffle: bool) -> DataLoader:
    """Batches of `Curves`."""
    return DataLoader(rows, batch_size=32, shuffle=shuffle, seed=1, collate_fn=padded)


class CurveTransformer(nn.Module):
    """Logits (n, classes) of light curves; what is padding changes nothing."""

    def __init__(self, classes: int, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Linear(2 + 2 * len(FREQUENCIES), width)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.encode = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.classify = nn.Linear(2 * width, classes)

    def forward(self, curves: Curves) -> torch.Tensor:
        """Attention over the moments that there are, then their mean and maximum."""
        angle = curves.time[..., None] * FREQUENCIES
        flux = curves.flux[..., None]
        tokens = self.embed(torch.cat([flux, flux.abs(), angle.sin(), angle.cos()], dim=-1))
        encoded = self.encode(tokens, src_key_padding_mask=curves.is_padding)
        hidden = curves.is_padding[..., None]
        mean = encoded.masked_fill(hidden, 0).sum(1) / (~hidden).sum(1)
        most = encoded.masked_fill(hidden, -torch.inf).amax(1)
        return self.classify(torch.cat([mean, most], dim=1))


def train(model: CurveTransformer, loader: DataLoader, epochs: int) -> None:
    """Trains for some epochs."""
    optimiser = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=epochs * len(loader))
    for epoch in range(epochs):
        losses = []
        for curves in loader:
            loss = functional.cross_entropy(model(curves), curves.label)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch}: loss {sum(losses) / len(losses):.3f}")


@torch.inference_mode()
def test(model: CurveTransformer, loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
    """True labels (n,) and predicted probabilities (n, classes) of all stars, in their order."""
    model.eval()
    batches = [(curves.label, model(curves).softmax(1)) for curves in loader]
    truth, probability = (torch.cat(part) for part in zip(*batches, strict=True))
    return truth, probability


def draw(path: Path, truth: torch.Tensor, probability: torch.Tensor, names: Sequence[str], out: Path) -> None:
    """Draws light curves of each predicted class, with the probability of it."""
    predicted = probability.argmax(1)
    figure, axes = plt.subplots(len(names), 3, figsize=(12, 7), sharex=True, layout="constrained")
    columns = torchfits.read_columns(path, ["TIME", "FLUX"])
    for row, name in enumerate(names):
        taken = (predicted == row).nonzero().flatten()
        # One of the surest, a middling one and the least sure.
        by_certainty = taken[probability[taken, row].argsort(descending=True)]
        chosen = by_certainty[torch.linspace(0, len(taken) - 1, 3).long()].tolist() if len(taken) else []
        for axis, number in zip(axes[row], chosen, strict=False):
            true_name = names[int(truth[number])]
            right = true_name == name
            axis.plot(*(columns[part][number] for part in ("TIME", "FLUX")), ".", color="C0" if right else "crimson")
            title = f"{name.lower()} ({probability[number, row]:.0%})"
            axis.set_title(title + ("" if right else f", but {true_name.lower()}"), fontsize=10)
        axes[row, 0].set_ylabel("relative flux")
    for axis in axes[-1]:
        axis.set_xlabel("days")
    figure.suptitle("Held-out stars, by what they were taken for: sure, middling, unsure")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=90)
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> None:
    """The example from beginning to end."""
    parser = argparse.ArgumentParser(description="Tell variable stars by their light curves.")
    parser.add_argument("--epochs", type=int, default=5, help="to train for")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the PNG")
    options = parser.parse_args(argv)
    mpl.use("Agg")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # steps as small as these gain little from a second thread
    with tempfile.TemporaryDirectory(prefix="torchfits-curves-") as temporary:
        folder = Path(temporary)
        write_curves(folder / "train.fits", 700, seed=0)
        write_curves(folder / "test.fits", 300, seed=1)
        # "other" leaves the columns as `read_columns` gives them.
        ragged = {"TIME": "other", "FLUX": "other"}
        rows = TableDataset(folder / "train.fits", target="CLASS", stypes=ragged)
        held_out = TableDataset(folder / "test.fits", target="CLASS", like=rows.fitted())
        names = rows.fitted().vocabulary["CLASS"]
        model = CurveTransformer(len(names))
        train(model, loader_of(rows, shuffle=True), options.epochs)
        truth, probability = test(model, loader_of(held_out, shuffle=False))
        accuracy = float((truth == probability.argmax(1)).float().mean())
        commonest = float(truth.bincount().max() / len(truth))
        print(f"accuracy on {len(truth)} stars: {accuracy:.3f} (always the commonest class: {commonest:.3f})")
        draw(folder / "test.fits", truth, probability, names, options.out / "light_curves.png")
        print(f"picture: {options.out / 'light_curves.png'}")


if __name__ == "__main__":
    main()
