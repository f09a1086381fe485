"""Where batches go: pinned memory, and copies by a stream of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


class Mover:
    """Copies batches to a device, to a GPU while the model still works on the batch before."""

    def __init__(self, device: torch.device) -> None:
        """For one iteration."""
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    def moved(self, data: Any) -> Any:  # noqa: ANN401 - see Samples
        """The batch on the device; what the current stream does with it waits for the copy."""
        if self._stream is None:
            return mapped(data, self._to_device)
        current = torch.cuda.current_stream(self._device)
        moved = mapped(data, self._on_stream)
        current.wait_stream(self._stream)
        return moved

    def _to_device(self, part: Any) -> Any:  # noqa: ANN401
        return part.to(self._device, non_blocking=True)

    def _on_stream(self, part: Any) -> Any:  # noqa: ANN401
        if not isinstance(part, torch.Tensor):
            # Of a frame's many tensors none could be told that another stream uses it.
            return self._to_device(part)
        with torch.cuda.stream(self._stream):
            copy = cast("torch.Tensor", self._to_device(part))
        copy.record_stream(torch.cuda.current_stream(self._device))
        return copy


def pinned(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Memory that a GPU can copy from by itself."""
    return torch.empty(shape, dtype=dtype, pin_memory=True)


def in_pinned_memory(part: Any) -> Any:  # noqa: ANN401
    """A part of a batch in such memory: a copy of what was made elsewhere, as by a transform."""
    if isinstance(part, torch.Tensor) and part.is_pinned():
        return part
    return part.pin_memory() if hasattr(part, "pin_memory") else part


def mapped(data: Any, function: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - see Samples
    """The batch with each of its parts changed."""
    if isinstance(data, dict):
        parts = cast("dict[str, Any]", data)
        return {name: mapped(part, function) for name, part in parts.items()}
    if isinstance(data, list | tuple):
        return [mapped(part, function) for part in cast("list[Any]", data)]
    return function(data)
