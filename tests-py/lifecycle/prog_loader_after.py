"""Forked DataLoader workers of a process whose JVM runs: they work unless they use torchfits, and never hang."""

import samples
from torch.utils.data import DataLoader
from torchfits import EngineForkError
from torchfits.data import ImageDataset

samples.read_large()

numbers = list(range(100))
loader = DataLoader(numbers, batch_size=4, num_workers=2, multiprocessing_context="fork")  # pyright: ignore[reportArgumentType]
for _ in range(2):
    assert [int(number) for batch in loader for number in batch] == numbers

images = ImageDataset([samples.SMALL] * 8)
try:
    list(DataLoader(images, batch_size=4, num_workers=2, multiprocessing_context="fork"))
except EngineForkError as error:
    assert "forkserver" in str(error)
else:
    raise AssertionError("no EngineForkError")

assert len(list(DataLoader(images, batch_size=4))) == 2
print("done")
