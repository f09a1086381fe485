"""Tensors that live when the interpreter ends: in modules, cycles, thread-locals, and with a thread that has ended."""

import sys
import threading
from typing import Any

import samples
import torchfits.data

small = samples.read_small()
large = samples.read_large()
batch = torchfits.read_batch([samples.LARGE] * 3)
view = batch[1, ::2]
cycle: list[Any] = [samples.read_large()]
cycle.append(cycle)
local = threading.local()
local.tensor = samples.read_large()
sys.modules["kept"] = samples.read_large()  # pyright: ignore[reportArgumentType]
dataset = torchfits.data.ImageDataset([samples.SMALL] * 4)
items = iter(torchfits.data.StreamingDataset(dataset))
first = next(items)


def leave() -> None:
    local.tensor = samples.read_large()
    sys.exit(5)  # ends the thread alone


thread = threading.Thread(target=leave)
thread.start()
thread.join()
threading.Thread(target=lambda: [samples.read_large() for _ in range(20)]).start()  # the interpreter waits for it
print("done")
sys.exit(0)
