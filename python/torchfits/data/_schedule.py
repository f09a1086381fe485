"""Which samples each batch has, and where the next one begins."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchfits.data._order import Order, Share

Schedule: TypeAlias = "Iterator[tuple[list[int], int]]"
"""The ids of each batch, and the position behind it."""

_AT_ONCE = 1 << 14


def ordered(order: Order, share: Share, position: int) -> Schedule:
    """The batches of a process in an epoch, from a position on."""
    steps = share.steps(position)
    while steps > 0:
        # Several batches are computed together, which takes little longer than one.
        together = min(steps, max(1, _AT_ONCE // (share.batch_size * share.world_size)))
        spans: list[tuple[int, int]] = []
        begin = behind = position
        for _ in range(together):
            spans.append(share.span(behind))
            behind = share.behind(behind)
        chosen = order.ids(begin, max(last for _, last in spans))
        ids = cast("list[int]", chosen.tolist())  # pyright: ignore[reportUnknownMemberType]
        for first, last in spans:
            position = share.behind(position)
            yield ids[first - begin : last - begin], position
        steps -= together


def sampled(batches: Iterable[Sequence[int]], position: int) -> Schedule:
    """The batches of a sampler, behind so many of them."""
    for number, batch in enumerate(itertools.islice(batches, position, None), start=position + 1):
        yield [int(sample) for sample in batch], number
