"""Datasets for training, for torch's own DataLoader, and transforms of their batches."""

from torchfits.data import transforms
from torchfits.data.datasets import ImageDataset
from torchfits.data.streaming import StreamingDataset

__all__ = ["ImageDataset", "StreamingDataset", "transforms"]
