"""Loads datasets of each class by worker processes. Arguments: folder, start method. Prints what came, as JSON.

Nothing is read in this process: workers by fork need a parent whose engine does not run.
"""

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from torchfits.data import CubeDataset, CutoutDataset, SpectrumDataset, TableDataset, ZipDataset, collate

BOXES = [(slice(row, row + 2), slice(0, 3)) for row in range(4)]


def datasets(folder: Path) -> dict[str, Any]:
    image, cube, table = (folder / f"{name}.fits" for name in ("image", "cube", "table"))
    cutouts = CutoutDataset([(image, box) for box in BOXES])
    return {
        "cutouts": cutouts,
        "cubes": CubeDataset([(cube, (plane, *box)) for plane, box in enumerate(BOXES)]),
        "spectra": SpectrumDataset(image, layout="images", flux=0),
        "pairs": ZipDataset(image=cutouts, row=TableDataset(table)),
    }


class Several:
    """Datasets in one, whose indices are those of a dataset after its name: a single worker reads them all."""

    def __init__(self, datasets: dict[str, Any]) -> None:
        self.datasets = datasets

    def __getitems__(self, indices: list[tuple[str, int]]) -> Any:
        (name,) = {name for name, _ in indices}
        return self.datasets[name].__getitems__([index for _, index in indices])


def listed(batch: Any) -> Any:
    if isinstance(batch, dict):
        return {name: listed(part) for name, part in batch.items()}
    return batch.tolist() if isinstance(batch, torch.Tensor) else [part.tolist() for part in batch.feat_dict.values()]


def main() -> None:
    folder, method = Path(sys.argv[1]), sys.argv[2]
    multiprocessing.set_forkserver_preload(["torchfits"])
    names = list(datasets(folder))
    batches = [[(name, index), (name, index + 1)] for name in names for index in (0, 2)]
    loader: Any = DataLoader(
        Several(datasets(folder)),  # pyright: ignore[reportArgumentType]
        batch_sampler=batches, num_workers=1, multiprocessing_context=method, collate_fn=collate,
    )  # fmt: skip
    given: dict[str, list[Any]] = {name: [] for name in names}
    for (first, _), batch in zip(batches, loader, strict=True):
        given[first[0]].append(listed(batch))
    print(json.dumps(given))


if __name__ == "__main__":
    main()
