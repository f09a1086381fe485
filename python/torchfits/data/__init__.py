"""Datasets for training, for torch's own DataLoader."""

from torchfits.data.datasets import ImageDataset
from torchfits.data.streaming import StreamingDataset

__all__ = ["ImageDataset", "StreamingDataset"]
