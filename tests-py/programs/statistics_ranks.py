"""A rank of two of torch.distributed. Arguments: table, file where they meet, rank. Prints statistics of all rows."""

import sys
from datetime import timedelta

import torchfits
from torch import distributed
from torchfits.data import statistics


def main() -> None:
    path, meet, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
    distributed.init_process_group(
        "gloo", init_method=f"file://{meet}", rank=rank, world_size=2, timeout=timedelta(seconds=120)
    )
    table = torchfits.table(path)
    rows = slice(0, 7001) if rank == 0 else slice(7001, None)
    print(statistics(table[rows]).all_reduce().to_json())
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
