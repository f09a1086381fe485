"""Items to batches, frames of tables too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch.utils.data import default_collate  # pyright: ignore[reportUnknownVariableType]

__all__ = ["collate", "is_frame"]


def collate(items: Any) -> Any:  # noqa: ANN401 - items are whatever datasets give
    """A batch of items, as torch's `default_collate` makes it, and of TensorFrames: a `collate_fn` for `DataLoader`.

    Args:
        items: of a dataset, at least one: what `default_collate` takes, `MaterializedFrame`s, or dicts of both; or
            one frame, whose rows the items are.
    """
    if is_frame(items):
        return items
    first = items[0]
    if isinstance(first, Mapping):
        names = list(cast("Mapping[str, Any]", first))
        return {name: collate([item[name] for item in items]) for name in names}
    if is_frame(first):
        from torchfits.frames import concatenated

        return concatenated(list(items))
    return default_collate(items)


def is_frame(data: object) -> bool:
    """Whether it is a TensorFrame; torch_frame is not imported for the question."""
    return hasattr(data, "feat_dict")
