"""Reads, and tells where the ahead-of-time cache belongs and whether this JVM has mapped it."""

from pathlib import Path

import samples
from torchfits import _aot, _jvm

samples.read_small()
cache = _aot.Cache.of(_jvm.library_path(), _jvm.class_path(), _jvm.flags())
print(cache.path)
print("mapped" if str(cache.path) in Path("/proc/self/maps").read_text() else "not mapped")
print("done")
