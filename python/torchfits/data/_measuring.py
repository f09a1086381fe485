"""Windows of tables and datasets to summaries."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from torchfits._batching import windows
from torchfits._rows import length
from torchfits._summaries import BandSummary, merged
from torchfits._summarizing import is_summarized, of_column, of_numbers
from torchfits.data._ahead import bytes_of
from torchfits.data._bad import good_part
from torchfits.data._images import usable
from torchfits.data._reading import transformed
from torchfits.data._transform import MAIN
from torchfits.errors import FitsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    from torchfits._columns import ColumnInfo
    from torchfits._rows import Columns
    from torchfits._summaries import Summary
    from torchfits.data._reading import ReadableDataset, Reading, Samples
    from torchfits.lazy import Table

_WINDOW_BYTES = 32 << 20
_WINDOW_SAMPLES = 4096

_PIECE = 1 << 20
"""Values that a thread sorts at a time."""


class Measured(NamedTuple):
    """Summaries, the number of samples that they are of, and the errors of others."""

    summaries: dict[str, Summary]
    samples: int
    bad: Sequence[str]


def of_table(table: Table, categories: Sequence[str]) -> Measured:
    """Summaries of columns.

    Args:
        table: whose rows are read.
        categories: columns of integers that stand for categories.

    Raises:
        KeyError: if `categories` names a column that is not there.
        ValueError: if one has no integers.
    """
    schema = table.schema
    _require_integers(schema, categories)
    names = [name for name, info in schema.items() if is_summarized(info)]
    if not names:
        return Measured({}, table.count(), ())
    read = table.select(names)
    summaries: dict[str, Summary] = {}
    rows = 0

    def with_window(name: str, window: Columns) -> Summary:
        return of_column(window[name], schema[name], summaries.get(name), as_categories=name in categories)

    # Columns are sorted side by side: numpy lets go of Python's lock.
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        # Without a row there are summaries of none.
        for window in itertools.chain([read.head(0).to_dict()], windows(read.plan)):
            found = pool.map(with_window, names, itertools.repeat(window))
            summaries.update(zip(names, found, strict=True))
            rows += length(window)
    return Measured(summaries, rows, ())


def _require_integers(schema: Mapping[str, ColumnInfo], names: Sequence[str]) -> None:
    if isinstance(names, str):
        raise TypeError("categories are a list of names, not one")
    for name in names:
        if name not in schema:
            raise KeyError(f"no column {name!r}: {', '.join(schema)}")
        info = schema[name]
        is_whole = info.dtype is not None and not (info.dtype.is_floating_point or info.dtype.is_complex)
        if not is_whole or info.kind == "STRINGS" or (info.kind == "TENSOR" and info.shape):
            raise ValueError(f"column {name!r} ({info.form}) has no integers to count")


@dataclass(frozen=True)
class Measure:
    """What is asked of samples.

    Attributes:
        axis: of the bands, from the end; None for no bands.
        weighted: whether moments are weighted by inverse variances.
        skips_bad: whether samples that cannot be read are left out.
    """

    axis: int | None
    weighted: bool
    skips_bad: bool

    def of(self, data: Any, pool: Executor) -> dict[str, BandSummary]:  # noqa: ANN401 - see Samples
        """Summaries of the entries of a batch.

        Raises:
            TypeError: if it is neither a tensor nor a dict.
            ValueError: if inverse variances are wanted and not there.
        """
        if isinstance(data, torch.Tensor):
            data = {"image": data}
        if not isinstance(data, Mapping):
            raise TypeError(f"statistics are of tensors and dicts of them, not of {type(data).__name__}")
        batch = cast("Mapping[str, Any]", data)
        entries = {name: _companions(name, batch) for name in batch if _is_measured(name, batch)}
        if self.weighted and all(ivar is None for ivar, _ in entries.values()):
            raise ValueError(f"there are no inverse variances to weight by, only {', '.join(batch)}")
        return {name: self._of_entry(batch[name], *companions, pool) for name, companions in entries.items()}

    def _of_entry(
        self, values: torch.Tensor, ivar: torch.Tensor | None, good: torch.Tensor | None, pool: Executor
    ) -> BandSummary:
        samples = max(1, _PIECE * len(values) // max(1, values.numel()))
        pieces = [slice(first, first + samples) for first in range(0, len(values), samples)]

        weights = ivar if self.weighted else None

        def of_piece(piece: slice) -> BandSummary:
            return self._of_values(values[piece], _part(good, piece), _part(weights, piece))

        first, *rest = pool.map(of_piece, pieces)
        return first.merged(*rest)

    def _of_values(self, values: torch.Tensor, good: torch.Tensor | None, weights: torch.Tensor | None) -> BandSummary:
        if self.axis is None or values.ndim + self.axis < 1:
            return BandSummary((of_numbers(values, good=good, weights=weights),), None)
        count = values.shape[self.axis]
        parts = [_unbound(part, self.axis, count) for part in (values, good, weights)]
        bands = tuple(of_numbers(band, good=kept, weights=heavy) for band, kept, heavy in zip(*parts, strict=True))
        return BandSummary(bands, self.axis)


def _part(of: torch.Tensor | None, samples: slice) -> torch.Tensor | None:
    return None if of is None else of[samples]


def _unbound(part: torch.Tensor | None, axis: int, count: int) -> Sequence[Any]:
    """The bands of a tensor, or None for each."""
    return [None] * count if part is None else part.unbind(axis)


def _is_measured(name: str, batch: Mapping[str, Any]) -> bool:
    """Whether an entry has numbers, and not those that tell how good another one's are."""
    values = batch[name]
    if not isinstance(values, torch.Tensor) or values.dtype == torch.bool or values.is_complex():
        return False
    if name in ("ivar", "mask"):
        return not any(main in batch for main in MAIN)
    return not (name.endswith(("_ivar", "_mask")) and name.rpartition("_")[0] in batch)


def _companions(name: str, batch: Mapping[str, Any]) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Inverse variances of an entry, and where its values are good; both in its shape, None if there are none."""
    prefix = "" if name in MAIN else f"{name}_"
    values, ivar, mask = batch[name], batch.get(f"{prefix}ivar"), batch.get(f"{prefix}mask")
    if ivar is not None and ivar.shape != values.shape:
        raise ValueError(f"inverse variances of shape {tuple(ivar.shape)} for values of {tuple(values.shape)}")
    good = None if mask is None else (mask == 0).expand_as(values)
    if ivar is None:
        return None, good
    return ivar, usable(ivar) if good is None else good & usable(ivar)


def of_dataset(dataset: ReadableDataset, ids: Sequence[int], measure: Measure) -> Measured:
    """Summaries of the entries of samples, after the dataset's transform."""
    summaries: dict[str, Summary] = {}
    samples = 0
    bad: list[FitsError] = []
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        for batch in _batches(dataset, ids, measure, bad):
            found = measure.of(transformed(dataset, batch, seed=0).data, pool)
            if samples and (differing := found.keys() ^ summaries.keys()):
                raise ValueError(f"only some samples have {', '.join(sorted(differing))}")
            for name, summary in found.items():
                summaries[name] = merged(name, [summaries[name], summary]) if name in summaries else summary
            samples += len(batch.ids)
    return Measured(summaries, samples, [str(error) for error in bad])


def _batches(dataset: ReadableDataset, ids: Sequence[int], measure: Measure, bad: list[FitsError]) -> Iterator[Samples]:
    """Samples that could be read, a window at a time; errors of others are put into `bad`."""
    size = done = 0
    # The first one tells how large they are.
    while not size and done < len(ids):
        for samples in _alone(dataset, ids[done : done + 1], measure, bad):
            size = max(1, min(_WINDOW_SAMPLES, _WINDOW_BYTES // max(1, bytes_of(samples.data))))
            yield samples
        done += 1
    for reading, own in _begun(dataset, ids[done:], max(1, size)):
        try:
            (samples,) = reading.result()
        except FitsError:
            failed = own
        else:
            failed = [own[place] for place, _ in samples.bad]
            if len(failed) < len(own):
                yield good_part(samples)
        yield from _alone(dataset, failed, measure, bad)


def _begun(dataset: ReadableDataset, ids: Sequence[int], size: int) -> Iterator[tuple[Reading, list[int]]]:
    """Windows, each begun while the one before is measured."""
    begun: tuple[Reading, list[int]] | None = None
    for first in range(0, len(ids), size):
        own = list(ids[first : first + size])
        following = dataset.begin([own], keep_going=True), own
        if begun is not None:
            yield begun
        begun = following
    if begun is not None:
        yield begun


def _alone(dataset: ReadableDataset, ids: Sequence[int], measure: Measure, bad: list[FitsError]) -> Iterator[Samples]:
    """Samples one by one: they may have shapes that no other has."""
    for number in ids:
        try:
            yield dataset.alone(number)
        except FitsError as error:  # noqa: PERF203 - each may fail
            if not measure.skips_bad:
                raise
            bad.append(error)
