"""What there is in the columns of a table and the bands of images, in one pass."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from torch import distributed

from torchfits._summaries import BandSummary, Summary, merged
from torchfits._summary_records import from_record, to_record
from torchfits.data._measuring import Measure, of_dataset, of_table
from torchfits.data._reading import ReadableDataset
from torchfits.data._transform import main_entry
from torchfits.data._values import Normalize
from torchfits.data.tables import TableDataset
from torchfits.lazy import Table, table

if TYPE_CHECKING:
    from torchfits._location import Hdu
    from torchfits._memory import Source

__all__ = ["Statistics", "statistics"]

_FORMAT = 1


class Statistics(Mapping[str, Summary]):
    """Summaries by the names of columns, or of entries of samples ("image", "flux", ...), as `statistics` finds them.

    Those of parts of the data (files, shards, ranks) are merged to those of all. Counts, extremes and categories are
    exact then too, means and deviations to rounding, quantiles within 0.1% of the values.

    Attributes:
        samples: rows or samples that were looked at.
        bad: of samples that could not be read, which are not among these, the errors.
    """

    def __init__(self, summaries: Mapping[str, Summary], samples: int, bad: Sequence[str] = ()) -> None:
        """Takes what was found."""
        self._summaries = dict(summaries)
        self.samples = samples
        self.bad = tuple(bad)

    def __getitem__(self, name: str) -> Summary:
        return self._summaries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._summaries)

    def __len__(self) -> int:
        """Number of columns or entries."""
        return len(self._summaries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statistics) and self.to_json() == other.to_json()

    __hash__ = None  # pyright: ignore[reportAssignmentType] - as of all mappings

    def __repr__(self) -> str:
        return f"Statistics({self.samples} samples of {', '.join(self)})"

    def merge(self, *others: Statistics) -> Statistics:
        """Those of the samples of all of them.

        Raises:
            ValueError: if they are of other columns, units or bands. Those of no samples go with all.
        """
        every = [self, *others]
        known = [one for one in every if one.samples or len(one)]
        for one in known:
            if differing := one.keys() ^ known[0].keys():
                raise ValueError(f"statistics of other columns: only some have {', '.join(sorted(differing))}")
        summaries = {name: merged(name, [one[name] for one in known]) for name in (known[0] if known else ())}
        bad = [error for one in every for error in one.bad]
        return Statistics(summaries, sum(one.samples for one in every), bad)

    def all_reduce(self, group: Any = None) -> Statistics:  # noqa: ANN401 - a ProcessGroup
        """Those of the samples of all ranks of `torch.distributed`, the same on each of them.

        Args:
            group: the ranks; None for all.

        Raises:
            ValueError: if ranks have statistics of other columns, units or bands.
        """
        told: list[Any] = [None] * distributed.get_world_size(group)
        distributed.all_gather_object(told, self.to_json(), group)
        first, *rest = map(self.from_json, told)
        return first.merge(*rest)

    def col_stats(self) -> dict[str, dict[Any, Any]]:
        """The columns' statistics as the models of torch_frame take them.

        They are those of a frame that `read_table` makes of the same rows, but for rounding and, of more than 4,096
        values, quantiles. What would be in `others` of the frame is left out; a column that was counted by categories
        is categorical.
        """
        from torchfits._fitting import stats_of

        return stats_of(self.columns(), self.samples)

    def columns(self) -> dict[str, Summary]:
        """The summaries of columns, for frames.

        Raises:
            TypeError: for statistics of bands.
        """
        if any(isinstance(summary, BandSummary) for summary in self.values()):
            raise TypeError("statistics of bands are not those of columns")
        return dict(self)

    def normalize(self, key: str | None = None) -> Normalize:
        """The transform to mean 0 and deviation 1, of each band its own; of constant ones only the mean is changed.

        Args:
            key: the entry; see `Normalize`.

        Raises:
            KeyError: if there is no such entry.
            TypeError: if it is a column.
            ValueError: if a band has no values.
        """
        summary = self[main_entry(self) if key is None else key]
        if not isinstance(summary, BandSummary):
            raise TypeError("a column has no bands to normalise")
        if not all(band.count for band in summary.bands):
            raise ValueError("a band without values cannot be normalised")
        std = [deviation or 1.0 for deviation in summary.std]
        if summary.axis is None:
            return Normalize(summary.mean[0], std[0], key=key)
        return Normalize(summary.mean, std, axis=summary.axis, key=key)

    def to_json(self) -> str:
        """All of it as text, all digits."""
        summaries = {name: to_record(summary) for name, summary in self.items()}
        return json.dumps({"format": _FORMAT, "samples": self.samples, "bad": self.bad, "summaries": summaries})

    @classmethod
    def from_json(cls, text: str) -> Statistics:
        """The statistics of `to_json`.

        Raises:
            ValueError: if the text is none.
        """
        told: Any = json.loads(text)
        if not isinstance(told, dict) or cast("dict[str, Any]", told).get("format") != _FORMAT:
            raise ValueError("not the statistics of this version of torchfits")
        record = cast("dict[str, Any]", told)
        try:
            summaries = {name: from_record(summary) for name, summary in record["summaries"].items()}
            return cls(summaries, int(record["samples"]), [str(error) for error in record["bad"]])
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"no statistics: {error!r}") from error


def statistics(
    source: Source | Table | ReadableDataset,
    columns: Sequence[str] | None = None,
    *,
    hdu: Hdu | None = None,
    where: str | None = None,
    categories: Sequence[str] = (),
    samples: Sequence[int] | torch.Tensor | None = None,
    axis: int | None = -3,
    weighted: bool = False,
    on_bad: Literal["raise", "skip"] = "raise",
) -> Statistics:
    """What there is in the columns of a table, or in the samples of a dataset: read once, a window at a time.

    Of a table each column of numbers has a `NumberSummary` (arrays are taken number by number), each column of strings,
    logical values or bits a `CategorySummary`; columns of complex numbers and of arrays of strings are left out. Of a
    dataset each entry of numbers ("image" if samples are tensors) has a `BandSummary` of the samples as they are after
    the dataset's transform; values that are masked ("mask") or of which nothing is known ("ivar" is 0) are missing.

    It holds some windows (of a table three of 64 MiB, of a dataset two of 32 MiB or one sample, if that is larger) and
    the summaries, whatever the size of the source.

    Args:
        source: a path, or bytes, as for `torchfits.table`; a lazy `Table`; a `TableDataset`, of which the rows are
            taken as they are in the table; or a dataset of images, cutouts, cubes or spectra.
        columns: of a table: names; None for all.
        hdu: of a file with a table: as for `torchfits.table`.
        where: of a table: a condition for the rows, as for `read_columns`.
        categories: of a table: columns of integers that stand for categories, and are counted as these.
        samples: rows or samples by their numbers from 0 (of a table after the condition), such as those of a split or
            of a rank; None for all.
        axis: of a dataset: that of the bands in a batch, counted from the end, as for `Normalize`: -3 for images
            (B, bands, H, W), -2 for spectra (B, bands, N). Entries with fewer axes, and with None all, have one
            summary of all values.
        weighted: of a dataset: whether means and deviations are weighted by the inverse variances ("ivar"), of the
            entries that have them.
        on_bad: of a dataset: "raise" the error of a sample that cannot be read, or "skip" it.

    Raises:
        FitsError: one of its subclasses, as reading does.
        KeyError: if `categories` names a column that is not read.
        TypeError: for a source that is none, `samples` that are no numbers, and samples of a dataset that are neither
            tensors nor dicts of them.
        ValueError: for arguments that do not go with the source, or inverse variances that are not there.
    """
    if on_bad not in ("raise", "skip"):
        raise ValueError(f"on_bad is 'raise' or 'skip', not {on_bad!r}")
    if axis is not None and axis >= 0:
        raise ValueError(f"the axis of bands is counted from the end, not {axis}")
    if not isinstance(source, ReadableDataset) or isinstance(source, TableDataset):
        if weighted or on_bad != "raise" or axis != -3:
            raise ValueError("axis, weighted and on_bad are of datasets, not of tables")
        return Statistics(*of_table(_chosen(source, columns, hdu, where, samples), categories))
    if columns is not None or hdu is not None or where is not None or categories:
        raise ValueError("columns, hdu, where and categories are of tables, not of datasets")
    ids = range(len(source)) if samples is None else [source.checked(int(number)) for number in _numbers(samples)]
    return Statistics(*of_dataset(source, ids, Measure(axis, weighted, skips_bad=on_bad == "skip")))


def _chosen(
    source: Source | Table | TableDataset,
    columns: Sequence[str] | None,
    hdu: Hdu | None,
    where: str | None,
    samples: Sequence[int] | torch.Tensor | None,
) -> Table:
    """The table with the rows and columns that are wanted."""
    if isinstance(source, TableDataset):
        if source.table is None:
            raise TypeError("a frame in memory has its statistics: col_stats")
        source = source.table
    if isinstance(source, Table):
        if hdu is not None:
            raise ValueError("a lazy table has its HDU")
    else:
        source = table(source, hdu=hdu)
    if where is not None:
        source = source.filter(where)
    if columns is not None:
        source = source.select(list(columns))
    return source if samples is None else cast("Table", source[_numbers(samples)])


def _numbers(samples: Sequence[int] | torch.Tensor) -> torch.Tensor:
    """Numbers of samples, int64."""
    numbers = torch.as_tensor(samples)
    if numbers.numel() and (numbers.dtype == torch.bool or numbers.is_floating_point() or numbers.ndim != 1):
        raise TypeError(f"samples are numbers of one axis, not {numbers.dtype} of {tuple(numbers.shape)}")
    return numbers.to("cpu", torch.int64)
