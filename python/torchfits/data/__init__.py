"""Datasets, transforms and a loader for training."""

from torchfits.data import transforms
from torchfits.data.cutouts import CubeDataset, CutoutDataset
from torchfits.data.datasets import ImageDataset
from torchfits.data.loader import Batch, DataLoader
from torchfits.data.streaming import StreamingDataset

__all__ = ["Batch", "CubeDataset", "CutoutDataset", "DataLoader", "ImageDataset", "StreamingDataset", "transforms"]
