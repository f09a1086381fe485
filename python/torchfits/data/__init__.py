"""Datasets, transforms and a loader for training.

As in `torchfits` itself, what has a name here is imported when it is asked for.
"""

import typing as _typing

from torchfits._lazily import named as _named

if _typing.TYPE_CHECKING:
    from torchfits._flight import flight_recording
    from torchfits.data import transforms
    from torchfits.data._collating import collate
    from torchfits.data._statistics import Statistics, statistics
    from torchfits.data._verifying import Failure, Verification
    from torchfits.data._zip import ZipDataset
    from torchfits.data.cutouts import CubeDataset, CutoutDataset
    from torchfits.data.datasets import ImageDataset
    from torchfits.data.loader import Batch, DataLoader
    from torchfits.data.spectra import SpectrumDataset
    from torchfits.data.streaming import StreamingDataset
    from torchfits.data.tables import TableDataset

__all__ = [
    "Batch",
    "CubeDataset",
    "CutoutDataset",
    "DataLoader",
    "Failure",
    "ImageDataset",
    "SpectrumDataset",
    "Statistics",
    "StreamingDataset",
    "TableDataset",
    "Verification",
    "ZipDataset",
    "collate",
    "flight_recording",
    "statistics",
    "transforms",
]

__getattr__, __dir__ = _named(
    __name__,
    {
        "Batch": "torchfits.data.loader",
        "CubeDataset": "torchfits.data.cutouts",
        "CutoutDataset": "torchfits.data.cutouts",
        "DataLoader": "torchfits.data.loader",
        "Failure": "torchfits.data._verifying",
        "ImageDataset": "torchfits.data.datasets",
        "SpectrumDataset": "torchfits.data.spectra",
        "Statistics": "torchfits.data._statistics",
        "StreamingDataset": "torchfits.data.streaming",
        "TableDataset": "torchfits.data.tables",
        "Verification": "torchfits.data._verifying",
        "ZipDataset": "torchfits.data._zip",
        "collate": "torchfits.data._collating",
        "flight_recording": "torchfits._flight",
        "statistics": "torchfits.data._statistics",
        "transforms": "torchfits.data.transforms",
    },
)
