"""Reads a folder of compressed images by the cache's second tier. Arguments: cache folder, images, number of batches.

Behind so many batches comes a SIGKILL, unless that is 0. Prints what came, as JSON. The variable LARGEST_FILE is
RLIMIT_FSIZE.
"""

import json
import os
import resource
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
from torchfits import _engine, cache
from torchfits.data import DataLoader, ImageDataset


def main() -> None:
    folder, images, batches = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if limit := int(os.environ.get("LARGEST_FILE", "0")):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    cache.configure(disk=folder, memory_bytes=0)
    paths = sorted(images.glob("*.fits"))
    expected = np.load(images / "expected.npy")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            for number, batch in enumerate(DataLoader(ImageDataset(paths, hdu=1), batch_size=2, prefetch_batches=1)):
                ids = batch.sample_ids.numpy()
                np.testing.assert_array_equal(batch.numpy(), expected[ids])
                if batches and number + 1 == batches:
                    os.kill(os.getpid(), signal.SIGKILL)
    stats = cache.stats()
    print(
        json.dumps(
            {
                "decoded": _engine.stages()["tiles_decoded"],
                "hits": stats.disk_hits,
                "misses": stats.disk_misses,
                "writes": stats.disk_writes,
                "failures": stats.disk_failures,
                "problem": stats.disk_problem,
                "warnings": [str(warning.message) for warning in told if "not kept on disk" in str(warning.message)],
            }
        )
    )


if __name__ == "__main__":
    main()
