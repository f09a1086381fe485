"""Trains a model of PyTorch Frame to tell the redshifts of galaxies from their magnitudes in a catalog.

    python examples/photometric_redshifts.py

`TableDataset` reads the rows of a FITS table as TensorFrames: numbers, categories and the values that are missing, with
the statistics that PyTorch Frame's encoders ask for. Rows are chosen by conditions, which the engine evaluates, and
batches of them are read by its threads while the model trains.

The catalog is generated: the light of galaxies of three kinds, at redshifts up to 1, behind the filters u, g, r, i and z.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import torch
import torchfits
from matplotlib import pyplot as plt
from torch.nn import functional
from torch_frame import NAStrategy, stype
from torch_frame.nn import EmbeddingEncoder, ResNet, LinearEncoder
from torchfits.data import DataLoader, TableDataset

if TYPE_CHECKING:
    from collections.abc import Sequence

BANDS = {"U": 3550.0, "G": 4770.0, "R": 6230.0, "I": 7620.0, "Z": 9130.0}  # centres of the filters, in Angstrom
LIMITS = {"U": 23.5, "G": 24.2, "R": 24.0, "I": 23.5, "Z": 22.5}  # magnitudes of what is just seen
KINDS = ("ELLIPTICAL", "SPIRAL", "IRREGULAR")
COLUMNS = [*(f"MAG_{band}" for band in BANDS), "RADIUS", "KIND", "REDSHIFT"]


def light(wave: torch.Tensor, young: torch.Tensor) -> torch.Tensor:
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
    for band, centre in BANDS.items():
        wave = centre * torch.linspace(0.92, 1.08, 15) / (1 + redshift[:, None])
        magnitude = 21.7 + brightness + distance - 2.5 * torch.log10(light(wave, young[:, None]).mean(1))
        error = 0.02 + 0.1 * 10 ** (0.4 * (magnitude - LIMITS[band]))
        magnitude = magnitude + error * torch.randn(rows, generator=random)
        columns[f"MAG_{band}"] = magnitude.masked_fill(magnitude > LIMITS[band], torch.nan)
    columns["RADIUS"] = 0.4 + 10 ** (-0.2 * brightness) / (3 * redshift + 0.5) * between(0.6, 1.4)
    looks = torch.where(between(0, 1) < 0.85, kind, torch.randint(3, (rows,), generator=random))
    columns["KIND"] = [KINDS[number] for number in looks.tolist()]
    columns["REDSHIFT"] = redshift
    # Some have a bright star beside them, and magnitudes that mean nothing.
    spoilt = between(0, 1) < 0.05
    columns["FLAGS"] = spoilt.to(torch.int16)
    columns["MAG_R"][spoilt] = 14.0
    columns["FOLD"] = torch.randint(5, (rows,), generator=random).to(torch.int16)
    torchfits.write(path, columns, {"EXTNAME": "GALAXIES"})


def resnet_for(rows: TableDataset) -> ResNet:
    """A network over the columns of `rows`, whose statistics its encoders need; it gives (n, 1)."""
    frame = rows.fitted()
    features = {
        kind: [name for name in names if name != rows.target] for kind, names in frame.col_names_dict.items()
    }
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
    shown = left.hexbin(truth, predicted, gridsize=60, extent=(0, 1.1, 0, 1.1), bins="log", cmap="magma", mincnt=1)
    left.plot([0, 1.1], [0, 1.1], color="deepskyblue", linewidth=1)
    left.set(xlabel="true redshift", ylabel="predicted redshift", xlim=(0, 1.1), ylim=(0, 1.1), aspect="equal")
    figure.colorbar(shown, ax=left, label="galaxies")
    error = (predicted - truth) / (1 + truth)
    right.hist(error, bins=80, range=(-0.2, 0.2), color="slateblue", label="predicted")
    constant = (truth.median() - truth) / (1 + truth)
    right.hist(constant, bins=80, range=(-0.2, 0.2), color="0.5", histtype="step", label="always the median")
    right.set(xlabel="(predicted - true) / (1 + true)", ylabel="galaxies", xlim=(-0.2, 0.2))
    right.set_title(f"scatter {scatter_of(truth, predicted):.3f}")
    right.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> None:
    """The example from beginning to end."""
    parser = argparse.ArgumentParser(description="Tell redshifts from magnitudes.")
    parser.add_argument("--epochs", type=int, default=15, help="to train for")
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
        held_out = TableDataset(
            catalog, COLUMNS, where="FLAGS = 0 and FOLD = 4", target="REDSHIFT", like=rows.fitted()
        )
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
