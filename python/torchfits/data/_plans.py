"""What the next batches of a loader need, and how well they are mixed."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from torchfits.data._fusing import of_loader

if TYPE_CHECKING:
    from torchfits.data.loader import DataLoader


def plan(loader: DataLoader, batches: int) -> dict[str, Any]:
    """See `DataLoader.plan`."""
    state = loader.state_dict()
    schedule = loader.schedule(state["epoch"], state["position"])
    wanted = [ids for ids, _ in itertools.islice(schedule, batches)]
    samples = [sample for ids in wanted for sample in ids]
    files = {_file(loader, sample) for sample in samples}
    fusion = of_loader(loader, state["seed"], state["epoch"])
    return {
        "batches": len(wanted),
        "samples": len(samples),
        "files": len(files),
        "samples_per_file": len(samples) / len(files) if files else 0.0,
        "shuffle": _shuffle(loader),
        "while_decoding": [] if fusion is None else [repr(module) for module in fusion.modules],
    }


def _file(loader: DataLoader, sample: int) -> str:
    return loader.dataset.describe(sample).split("[")[0]


def _shuffle(loader: DataLoader) -> str:
    if loader.batch_sampler is not None or loader.sampler is not None:
        return "as the sampler says"
    if not loader.shuffle:
        return "none: the order of the dataset"
    count = len(loader.dataset)
    if loader.shuffle_window is None or loader.shuffle_window >= count:
        return f"a permutation of all {count} samples, each as likely as the others"
    run = max(1, loader.shuffle_window // 32)
    return (
        f"windows of {run * 32} of {count} samples, mixed in themselves, each of 32 runs of {run} neighbours that are"
        f" drawn at random: two neighbours come in one window, others in one of {run * 32 / count:.1%}"
    )
