"""Normalise and augment: torch modules over whole batches, on any device.

A transform takes a tensor (B, ..., H, W) or a dict of tensors such as "image", "ivar" and "mask" ("flux" for
spectra), and keeps what belongs together in step: a flip turns all three, a division by s multiplies "ivar" by s².
Chains are made by `Compose`, written down by `to_spec` and rebuilt by `from_spec`. `apply_one` transforms a sample
without the axis of the batch. `train()` and `eval()`, as for all modules, switch what is random on and off.

Random transforms draw counted numbers. Within `draws(seed, epoch, ids)` those of a sample depend on seed, epoch, its
id and the place of the transform among the random ones of the chain, and on nothing else: not on the rest of the
batch, nor on its order, the device or the number of threads. Outside, torch's global generator gives the seed.

A `DataLoader` of torchfits leaves the first transforms of a chain to the engine, which does them while it decodes, with
the same elements: crops, flips, `Rot90`, `RandomDihedral`, one `Normalize`, a `ToDtype` that changes nothing. So put
them first; `loader.plan()["while_decoding"]` tells which are done.
"""

from torchfits.data._geometry import CenterCrop, Flip, Pad, RandomCrop, RandomDihedral, Rot90
from torchfits.data._intervals import MinMax, Percentile, ZScale
from torchfits.data._noise import GaussianNoise, NoiseFromIvar, RandomApply
from torchfits.data._random import draws, normal, uniform
from torchfits.data._resampling import RandomRotate, RandomShift
from torchfits.data._transform import Compose, Transform, from_spec, to_spec
from torchfits.data._values import Asinh, Clip, Log, Normalize, NormalizeIvar, ToDtype, ToMask, Whiten

__all__ = [
    "Asinh",
    "CenterCrop",
    "Clip",
    "Compose",
    "Flip",
    "GaussianNoise",
    "Log",
    "MinMax",
    "NoiseFromIvar",
    "Normalize",
    "NormalizeIvar",
    "Pad",
    "Percentile",
    "RandomApply",
    "RandomCrop",
    "RandomDihedral",
    "RandomRotate",
    "RandomShift",
    "Rot90",
    "ToDtype",
    "ToMask",
    "Transform",
    "Whiten",
    "ZScale",
    "draws",
    "from_spec",
    "normal",
    "to_spec",
    "uniform",
]
