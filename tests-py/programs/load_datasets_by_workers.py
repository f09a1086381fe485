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


def listed(batch: Any) -> Any:
    if isinstance(batch, dict):
        return {name: listed(part) for name, part in batch.items()}
    return batch.tolist() if isinstance(batch, torch.Tensor) else [part.tolist() for part in batch.feat_dict.values()]


def main() -> None:
    folder, method = Path(sys.argv[1]), sys.argv[2]
    multiprocessing.set_forkserver_preload(["torchfits"])
    given = {}
    for name, dataset in datasets(folder).items():
        batches = torch.arange(4).reshape(2, 2).tolist()
        loader = DataLoader(
            dataset, batch_sampler=batches, num_workers=1, multiprocessing_context=method, collate_fn=collate
        )
        given[name] = [listed(batch) for batch in loader]
    print(json.dumps(given))


if __name__ == "__main__":
    main()
