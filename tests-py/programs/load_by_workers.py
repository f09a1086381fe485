"""Loads a folder of images by worker processes. Arguments: folder, start method. Prints what came, as JSON.

Nothing is read in this process: workers by fork need a parent whose engine does not run.
"""

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from torchfits.data import ImageDataset, StreamingDataset
from torchfits.errors import TruncatedFileError


def negate(image: torch.Tensor) -> torch.Tensor:
    return -image


def loader(dataset: Any, method: str, **options: Any) -> DataLoader:
    return DataLoader(dataset, batch_size=3, num_workers=2, multiprocessing_context=method, **options)


def epochs(dataset: StreamingDataset, method: str) -> list[list[float]]:
    """The items of three epochs by workers that stay alive between them."""
    persistent = loader(dataset, method, persistent_workers=True)
    orders = []
    for epoch in (0, 1, 0):
        dataset.set_epoch(epoch)
        orders.append([item for batch in persistent for item in batch[:, 0, 0].tolist()])
    return orders


def until_error(dataset: ImageDataset, method: str) -> tuple[list[Any], str]:
    batches = []
    try:
        for batch in loader(dataset, method):
            batches.append(batch.tolist())  # noqa: PERF401 - what came before the error is wanted
    except TruncatedFileError as error:
        return batches, str(error)
    return batches, ""


def main() -> None:
    folder, method = Path(sys.argv[1]), sys.argv[2]
    multiprocessing.set_forkserver_preload(["torchfits"])
    good = sorted(folder.glob("good*.fits"))
    orders = epochs(StreamingDataset(ImageDataset(good), shuffle=True, seed=3), method)
    images, error = until_error(ImageDataset([*good, folder / "broken.fits"], transform=negate), method)
    print(json.dumps({"epochs": orders, "images": images, "error": error}))


if __name__ == "__main__":
    main()
