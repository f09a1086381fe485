"""A rank of two of torch.distributed. Arguments: folder, file where they meet, rank, on_bad.

Prints what came, as JSON; a rank that cannot go on ends with its error.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torchfits.data import DataLoader, ImageDataset


def main() -> None:
    folder, meet, rank = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    on_bad: Any = sys.argv[4]
    distributed.init_process_group(
        "gloo", init_method=f"file://{meet}", rank=rank, world_size=2, timeout=timedelta(seconds=120)
    )
    loader = DataLoader(ImageDataset(sorted(map(str, folder.glob("*.fits")))), 4, shuffle=True, on_bad=on_bad)
    batches, sums = [], []
    for _ in range(2):
        for batch in loader:
            loss = batch.mean()
            distributed.all_reduce(loss)
            sums.append(float(loss))
            batches.append(batch.sample_ids.tolist())
    bad = torch.tensor(len(loader.bad))
    known = torch.zeros(64)
    known[list(loader.bad)] = 1
    distributed.all_reduce(known, distributed.ReduceOp.MAX)
    assert int(bad) <= int(known.sum())
    print(json.dumps({"batches": batches, "sums": sums, "bad": int(known.sum())}))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
