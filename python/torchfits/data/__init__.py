"""Datasets, transforms and a loader for training."""

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
