"""Trains with lineage and kills itself. Arguments: folder, run file, the step at which it does."""

import os
import signal
import sys
from pathlib import Path

from torchfits import lineage
from torchfits.data import DataLoader, ImageDataset
from torchfits.data import transforms as T


def main() -> None:
    folder, run, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    chain = T.Compose(T.RandomDihedral(), T.GaussianNoise(0.5), T.Normalize(0.0, 2.0))
    dataset = ImageDataset(sorted(map(str, folder.glob("*.fits"))), transform=chain)
    loader = DataLoader(dataset, 4, shuffle=True, seed=11)
    for step, _ in enumerate(lineage.record(loader, run)):
        if step == last:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
