"""Trains a model of PyTorch Frame to tell the redshifts of galaxies from their magnitudes in a catalog.

    python examples/photometric_redshifts.py

`TableDataset` reads the rows of a FITS table as TensorFrames: numbers, categories and the values that are missing, with
the statistics that PyTorch Frame's encoders ask for. Rows are chosen by conditions, which the engine evaluates, and
batches of them are read by its threads while the model trains.

The catalog is generated: the light of galaxies of three kinds, at redshifts up to 1, behind filters from u to z.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import torch
from generated_survey import write_catalog
from matplotlib import pyplot as plt
from torch.nn import functional
from torch_frame import NAStrategy, stype
from torch_frame.nn import EmbeddingEncoder, LinearEncoder, ResNet
from torchfits.data import DataLoader, TableDataset

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ["MAG_U", "MAG_G", "MAG_R", "MAG_I", "MAG_Z", "RADIUS", "KIND", "REDSHIFT"]


def resnet_for(rows: TableDataset) -> ResNet:
    """A network over the columns of `rows`, whose statistics its encoders need; it gives (n, 1)."""
    frame = rows.fitted()
    features = {kind: [name for name in names if name != rows.target] for kind, names in frame.col_names_dict.items()}
    return ResNet(
        channels=48,
        out_channels=1,
        num_layers=2,
        col_stats=frame.col_stats,
        col_names_dict=features,
        stype_encoder_dict={
            stype.categorical: EmbeddingEncoder(),
            stype.numerical: LinearEncoder(na_strategy=NAStrategy.MEAN),  # for magnitudes that are missing
        },
    )


def train(model: ResNet, loader: DataLoader, epochs: int) -> None:
    """Trains for some epochs."""
    optimiser = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=epochs * len(loader))
    for epoch in range(epochs):
        losses = []
        for frame in loader:
            loss = functional.huber_loss(model(frame).squeeze(1), frame.y, delta=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch}: loss {1000 * sum(losses) / len(losses):.2f}e-3")


@torch.inference_mode()
def test(model: ResNet, loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
    """True and predicted redshifts of all rows, in their order."""
    model.eval()
    batches = [(frame.y, model(frame).squeeze(1)) for frame in loader]
    truth, predicted = (torch.cat(part) for part in zip(*batches, strict=True))
    return truth, predicted


def scatter_of(truth: torch.Tensor, predicted: torch.Tensor) -> float:
    """1.48 times the median of |dz| / (1 + z), as surveys tell how good their redshifts are."""
    return 1.4826 * float(((predicted - truth).abs() / (1 + truth)).median())


def draw(truth: torch.Tensor, predicted: torch.Tensor, path: Path) -> None:
    """Draws predicted over true redshifts, and how the errors are spread."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5.6), layout="constrained")
    shown = left.hexbin(
        truth.numpy(), predicted.numpy(), gridsize=60, extent=(0, 1.1, 0, 1.1), bins="log", cmap="magma", mincnt=1
    )
    left.plot([0, 1.1], [0, 1.1], color="deepskyblue", linewidth=1)
    left.set(xlabel="true redshift", ylabel="predicted redshift", xlim=(0, 1.1), ylim=(0, 1.1), aspect="equal")
    figure.colorbar(shown, ax=left, label="galaxies")
    error = (predicted - truth) / (1 + truth)
    right.hist(error.numpy(), bins=80, range=(-0.2, 0.2), color="slateblue", label="predicted")
    constant = (truth.median() - truth) / (1 + truth)
    right.hist(constant.numpy(), bins=80, range=(-0.2, 0.2), color="0.5", histtype="step", label="always the median")
    right.set(xlabel="(predicted - true) / (1 + true)", ylabel="galaxies", xlim=(-0.2, 0.2))
    right.set_title(f"scatter {scatter_of(truth, predicted):.3f}")
    right.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> None:
    """The example from beginning to end."""
    parser = argparse.ArgumentParser(description="Tell redshifts from magnitudes.")
    parser.add_argument("--epochs", type=int, default=10, help="to train for")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the PNG")
    options = parser.parse_args(argv)
    mpl.use("Agg")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # steps as small as these gain little from a second thread
    with tempfile.TemporaryDirectory(prefix="torchfits-redshifts-") as temporary:
        catalog = Path(temporary) / "catalog.fits"
        write_catalog(catalog, 8000)
        rows = TableDataset(catalog, COLUMNS, where="FLAGS = 0 and FOLD < 4", target="REDSHIFT")
        # Kinds are numbered and statistics are those of the training here too.
        held_out = TableDataset(catalog, COLUMNS, where="FLAGS = 0 and FOLD = 4", target="REDSHIFT", like=rows.fitted())
        print(f"{len(rows)} galaxies to train with, {len(held_out)} to test on")
        model = resnet_for(rows)
        train(model, DataLoader(rows, batch_size=128, shuffle=True, seed=1), options.epochs)
        truth, predicted = test(model, DataLoader(held_out, batch_size=512))

    constant = scatter_of(truth, truth.median())
    print(f"scatter of dz / (1 + z): {scatter_of(truth, predicted):.4f} (always the median redshift: {constant:.4f})")
    draw(truth, predicted, options.out / "redshifts.png")
    print(f"picture: {options.out / 'redshifts.png'}")


if __name__ == "__main__":
    main()
