"""Trains an autoencoder of galaxy spectra that knows how certain each pixel is.

    python examples/spectrum_autoencoder.py

Each pixel of a spectrum has an inverse variance, and some are masked: cosmic rays, dead columns. `SpectrumDataset`
reads flux, ivar and mask; the transforms keep the three in step; and the loss is weighted by ivar, so that a masked
pixel (ivar 0) teaches nothing. The test is how well pixels are predicted that were hidden from the model.

The spectra are generated: old stars, young stars and gas in different shares, at redshifts up to 0.25.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import torch
import torchfits
from generated_survey import PIXELS, WAVE, write_spectra
from matplotlib import pyplot as plt
from torch import nn
from torchfits.data import DataLoader, SpectrumDataset
from torchfits.data import transforms as T

if TYPE_CHECKING:
    from collections.abc import Sequence

HIDDEN = 0.1  # share of the pixels that the model does not get to see


def loader_of(path: Path, *, shuffle: bool) -> DataLoader:
    """Batches of dicts of "flux", "ivar" and "mask", (n, PIXELS) each."""
    # Bad pixels get ivar 0; then each spectrum gets mean 0 and deviation 1, both weighted by ivar.
    chain = T.Compose(T.ToMask(), T.NormalizeIvar(axes=1))
    spectra = SpectrumDataset(path, layout="rows", flux="FLUX", ivar="IVAR", mask="MASK", transform=chain)
    return DataLoader(spectra, batch_size=50, shuffle=shuffle, seed=1)


class Autoencoder(nn.Module):
    """Spectra through a bottleneck of a few numbers."""

    def __init__(self, latent: int = 10) -> None:
        super().__init__()
        # It gets to know which pixels it sees, beside what they are.
        self.encode = nn.Sequential(nn.Linear(2 * PIXELS, 192), nn.SiLU(), nn.Linear(192, 96), nn.SiLU())
        self.squeeze = nn.Linear(96, latent)
        self.decode = nn.Sequential(
            nn.Linear(latent, 96), nn.SiLU(), nn.Linear(96, 192), nn.SiLU(), nn.Linear(192, PIXELS)
        )

    def forward(self, flux: torch.Tensor, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The whole spectra (n, PIXELS) and their bottleneck (n, latent), from the pixels that are `seen`."""
        known = torch.where(seen, flux, 0).clamp(-10, 10)
        latent = self.squeeze(self.encode(torch.cat([known, seen.float()], dim=1)))
        return self.decode(latent), latent


def chi_squared(flux: torch.Tensor, model: torch.Tensor, ivar: torch.Tensor) -> torch.Tensor:
    """Mean square of the errors in units of the noise, over pixels with ivar above 0; 1 is as good as it gets."""
    return (ivar * (flux - model) ** 2).sum() / (ivar > 0).sum()


def train(model: Autoencoder, loader: DataLoader, epochs: int) -> None:
    """Trains for some epochs, with other hidden pixels each time."""
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=epochs * len(loader))
    for epoch in range(epochs):
        losses = []
        for batch in loader:
            good = ~batch["mask"]
            spectra, _ = model(batch["flux"], good & (torch.rand(good.shape) > HIDDEN))
            loss = chi_squared(batch["flux"], spectra, batch["ivar"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        if epoch % 5 == 4 or epoch == epochs - 1:
            print(f"epoch {epoch}: chi squared {sum(losses) / len(losses):.2f}")


@torch.inference_mode()
def test(model: Autoencoder, loader: DataLoader) -> dict[str, torch.Tensor]:
    """The spectra of `loader` with what the model makes of them, and which pixels were hidden from it."""
    found: dict[str, list[torch.Tensor]] = {}
    for batch in loader:
        hidden = ~batch["mask"] & (torch.rand(batch["mask"].shape) < HIDDEN)
        spectra, latent = model(batch["flux"], ~batch["mask"] & ~hidden)
        for name, part in {**batch, "hidden": hidden, "model": spectra, "latent": latent}.items():
            found.setdefault(name, []).append(part)
    return {name: torch.cat(parts) for name, parts in found.items()}


def draw(found: dict[str, torch.Tensor], redshift: torch.Tensor, path: Path) -> None:
    """Draws some spectra with their models, and all of them by the bottleneck."""
    figure = plt.figure(figsize=(13, 7.5), layout="constrained")
    grid = figure.add_gridspec(4, 3)
    wave = WAVE.numpy()
    for row, number in enumerate(redshift.argsort()[:: -(-len(redshift) // 4)].tolist()):
        axis = figure.add_subplot(grid[row, :2])
        flux, mask = found["flux"][number], found["mask"][number]
        axis.plot(wave, flux.masked_fill(mask, torch.nan).numpy(), color="0.6", linewidth=0.8, label="observed")
        axis.plot(wave, found["model"][number].numpy(), color="crimson", linewidth=1.3, label="model")
        low, high = flux[~mask].quantile(torch.tensor([0.005, 0.995])).tolist()
        room = 0.25 * (high - low)
        axis.set(xlim=(wave[0], wave[-1]), ylim=(low - room, high + room))
        axis.fill_between(
            wave, *axis.get_ylim(), where=mask.tolist(), step="mid", color="gold", alpha=0.5, label="masked"
        )
        axis.set_title(f"z = {redshift[number]:.2f}", loc="right", fontsize=10)
        if row == 0:
            axis.legend(loc="upper left", fontsize=8, ncols=3)
    figure.axes[-1].set_xlabel("wavelength in Angstrom")
    axis = figure.add_subplot(grid[:, 2])
    centred = found["latent"] - found["latent"].mean(0)
    first, second = (centred @ torch.linalg.svd(centred, full_matrices=False)[2][:2].T).T
    points = axis.scatter(first.numpy(), second.numpy(), c=redshift.numpy(), s=12, cmap="viridis")
    axis.set(xlabel="bottleneck, 1st component", ylabel="2nd component")
    figure.colorbar(points, ax=axis, label="redshift, which the model was never told")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> None:
    """The example from beginning to end."""
    parser = argparse.ArgumentParser(description="Learn what spectra of galaxies look like.")
    parser.add_argument("--epochs", type=int, default=25, help="to train for")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the PNG")
    options = parser.parse_args(argv)
    mpl.use("Agg")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # steps as small as these gain little from a second thread
    with tempfile.TemporaryDirectory(prefix="torchfits-spectra-") as temporary:
        folder = Path(temporary)
        write_spectra(folder / "train.fits", 1500, seed=0)
        write_spectra(folder / "test.fits", 300, seed=1)
        model = Autoencoder()
        train(model, loader_of(folder / "train.fits", shuffle=True), options.epochs)
        found = test(model, loader_of(folder / "test.fits", shuffle=False))
        redshift = torch.as_tensor(torchfits.read_columns(folder / "test.fits", "Z")["Z"])

    ivar = found["ivar"] * found["hidden"]
    mean = (found["ivar"] * found["flux"]).sum(0) / found["ivar"].sum(0)
    print(f"chi squared of hidden pixels: {chi_squared(found['flux'], found['model'], ivar):.2f}", end="")
    print(f" (of the mean spectrum: {chi_squared(found['flux'], mean, ivar):.2f}, of the truth: 1)")
    draw(found, redshift, options.out / "spectra.png")
    print(f"picture: {options.out / 'spectra.png'}")


if __name__ == "__main__":
    main()
