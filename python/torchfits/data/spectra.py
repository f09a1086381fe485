"""Spectra with inverse variances and masks as datasets."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import torch

from torchfits import files
from torchfits._memory import is_source
from torchfits._results import engine_dtype
from torchfits.data._places import Place, distinct, image_selector, table_selector
from torchfits.data._reading import ReadableDataset, Samples
from torchfits.data._specs import dtype_of, dtype_to_spec, hdu_of, identity_of, named, written
from torchfits.data._windows import Images, PartsReading, place
from torchfits.errors import FitsError, MismatchError
from torchfits.lazy import table
from torchfits.tables import read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from torchfits._columns import RaggedColumn
    from torchfits._location import Hdu
    from torchfits._memory import Source
    from torchfits._rows import Columns
    from torchfits.data._reading import Empty, Reading
    from torchfits.data._transform import Transform

__all__ = ["SpectrumDataset"]

Layout = Literal["files", "rows", "images"]

_ALL = slice(None)
_FROM_FIRST, _TO_LAST = -(2**63), 2**63 - 1
_FILLS = {"flux": math.nan, "ivar": 0.0, "wave": math.nan, "mask": 1}


class SpectrumDataset(ReadableDataset):
    """Spectra: an item is a dict of "flux", and of "ivar", "mask" and "wave" if they are asked for, each (length,).

    "mask" is bool, True where the stored one is not 0. Where a spectrum is shorter than `length`, flux and wave are
    NaN, ivar is 0 and mask True; what is longer is cut off at its end.
    """

    def __init__(
        self,
        source: Source | Iterable[Source],
        *,
        layout: Layout,
        flux: Hdu = "FLUX",
        ivar: Hdu | None = None,
        mask: Hdu | None = None,
        wave: Hdu | None = None,
        hdu: Hdu | None = None,
        length: int | None = None,
        dtype: torch.dtype | None = torch.float32,
        transform: Transform | Callable[[Any], Any] | None = None,
    ) -> None:
        """Remembers what to read; no file is touched.

        Args:
            source: files; of "rows" one.
            layout: where spectra are. "files": one in each, whose entries are columns of a table, a value a row (the
                spectra of SDSS). "rows": one in each row of a table, whose entries are vector columns, also of variable
                length. "images": one in each row of images, whose entries are the HDUs of each file (the spectra of
                DESI); an image of one axis holds for all spectra of its file.
            flux: the column, or the HDU.
            ivar: likewise, inverse variances; None for none.
            mask: likewise.
            wave: likewise, wavelengths or their logarithms.
            hdu: of the table; None for the first one.
            length: of all items; None for that of the spectra, which must be the same then.
            dtype: of flux, ivar and wave; None for the exact one.
            transform: a `Transform` of whole batches, or anything that is called with one item.

        Raises:
            TypeError: for several files of "rows", one file of "files".
            ValueError: for arguments that make no sense.
        """
        super().__init__(transform)
        if layout not in ("files", "rows", "images"):
            raise ValueError(f"layout is 'files', 'rows' or 'images', not {layout!r}")
        if length is not None and length < 1:
            raise ValueError(f"length is from 1, not {length}")
        if is_source(source) != (layout == "rows") and layout != "images":
            raise TypeError(f"layout {layout!r} takes {'one file' if layout == 'rows' else 'several files'}")
        sources = [source] if is_source(source) else list(cast("Iterable[Source]", source))
        self.paths = [named(cast("Source", path)) for path in sources]
        self._layout: Layout = layout
        entries = {"flux": flux, "ivar": ivar, "mask": mask, "wave": wave}
        self._entries = {name: entry for name, entry in entries.items() if entry is not None}
        self._hdu = hdu
        self._form = _Form(length, dtype)
        self._rows: _Rows = _OF_LAYOUT[layout](self.paths, self._entries, hdu, self._form)

    def __len__(self) -> int:
        """Number of spectra; the first call reads headers unless each has a file of its own."""
        return self._rows.count()

    def begin(
        self, batches: Sequence[Sequence[int]], *, keep_going: bool = False, empty: Empty | None = None
    ) -> Reading:
        """Begins to read batches, before transforms."""
        ids = [torch.as_tensor(batch, dtype=torch.int64) for batch in batches]
        return self._rows.begin(ids, keep_going=keep_going, empty=empty)

    def describe(self, index: int) -> str:
        """The file, and the row of its table or images."""
        return self._rows.describe(index)

    def places(self, index: int) -> list[Place]:
        """The file, and the HDUs of it."""
        return self._places([self.paths[self._rows.file(self.checked(index))]])

    def all_places(self) -> list[Place]:
        """All files, and the HDUs of them."""
        return self._places(self.paths)

    def _places(self, paths: Iterable[Any]) -> list[Place]:
        if self._layout == "images":
            selectors = [image_selector(hdu) for hdu in self._entries.values()]
        else:
            selectors = [table_selector(self._hdu)]
        return distinct(Place(path, selector) for path in paths for selector in selectors)

    def spec(self) -> dict[str, Any]:
        """What it was made of."""
        paths = [written(path) for path in self.paths]
        return {"source": paths[0] if self._layout == "rows" else paths, **self._options()}

    def _options(self) -> dict[str, Any]:
        own = {"length": self._form.length, "dtype": dtype_to_spec(self._form.dtype)}
        return {"layout": self._layout, **self._entries, "hdu": self._hdu, **own}

    def _identity(self) -> Iterator[bytes]:
        yield json.dumps(self._options(), sort_keys=True).encode()
        yield from map(identity_of, self.paths)

    @classmethod
    def _arguments(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        hdus = {name: hdu_of(spec[name]) for name in (*_FILLS, "hdu") if name in spec}
        return {**spec, **hdus, "dtype": dtype_of(spec["dtype"])}


@dataclass(frozen=True)
class _Form:
    """What items are like."""

    length: int | None
    dtype: torch.dtype | None

    def stacked(self, name: str, vectors: Sequence[torch.Tensor | None]) -> torch.Tensor:
        """Vectors as a batch; None for one that could not be read.

        Raises:
            MismatchError: if they differ in length and none was asked for.
        """
        known = [vector.reshape(-1) for vector in vectors if vector is not None]
        length = self.length if self.length is not None else (len(known[0]) if known else 0)
        if self.length is None and any(len(vector) != length for vector in known):
            lengths = sorted({len(vector) for vector in known})
            raise MismatchError(f"{name} of spectra with {lengths[0]} to {lengths[-1]} values: give a length")
        dtype = torch.bool if name == "mask" else self.dtype or (known[0].dtype if known else torch.float32)
        block = torch.full((len(vectors), length), _FILLS[name], dtype=dtype)
        for row, vector in zip(block, vectors, strict=True):
            if vector is not None:
                values = vector.reshape(-1)[:length]
                row[: len(values)] = is_set(values) if name == "mask" else values
        return block

    def batch_of(self, name: str, column: torch.Tensor | RaggedColumn) -> torch.Tensor:
        """Rows of a column as a batch."""
        if not isinstance(column, torch.Tensor):
            return self.stacked(name, list(column))
        rows = column.reshape(len(column), -1)
        length = rows.shape[1] if self.length is None else self.length
        dtype = torch.bool if name == "mask" else self.dtype or rows.dtype
        block = torch.full((len(rows), length), _FILLS[name], dtype=dtype)
        given = rows[:, :length]
        block[:, : given.shape[1]] = is_set(given) if name == "mask" else given
        return block


def is_set(mask: torch.Tensor) -> torch.Tensor:
    """Where a stored mask is not 0; torch does not compare all unsigned integers."""
    return torch.from_numpy(mask.numpy() != 0)  # pyright: ignore[reportUnknownMemberType]


class _Rows(Protocol):
    """Spectra of one layout."""

    def count(self) -> int: ...

    def begin(self, ids: list[torch.Tensor], *, keep_going: bool, empty: Empty | None) -> Reading: ...

    def describe(self, index: int) -> str: ...

    def file(self, index: int) -> int: ...


@dataclass
class _Files:
    """A spectrum a file."""

    paths: list[Any]
    entries: dict[str, Any]
    hdu: Hdu | None
    form: _Form

    def count(self) -> int:
        return len(self.paths)

    def begin(self, ids: list[torch.Tensor], *, keep_going: bool, empty: Empty | None) -> Reading:  # noqa: ARG002
        reads = [self._begin(int(number)) for batch in ids for number in batch]
        return _SpectraReading(reads, ids, list(self.entries), self.form, keep_going)

    def _begin(self, number: int) -> Callable[[], dict[str, torch.Tensor]]:
        names = list(dict.fromkeys(self.entries.values()))
        read = read_ahead(self.paths[number], names, hdu=self.hdu, rows=_ALL, where=None, content=None)
        return lambda: _by_entry(dict(zip(names, read().values(), strict=True)), self.entries)

    def describe(self, index: int) -> str:
        return place(self.paths[index], self.hdu)

    def file(self, index: int) -> int:
        return index


def _by_entry(columns: Mapping[str, Any], entries: Mapping[str, str]) -> dict[str, Any]:
    return {entry: columns[name] for entry, name in entries.items()}


@dataclass
class _TableRows:
    """A spectrum a row of a table."""

    paths: list[Any]
    entries: dict[str, Any]
    hdu: Hdu | None
    form: _Form
    _source: Any = field(default=None, init=False)

    def _rows(self) -> Any:  # noqa: ANN401 - a Source
        if self._source is None:
            self._source = table(self.paths[0], hdu=self.hdu).select(self._names()).plan.source
        return self._source

    def _names(self) -> list[str]:
        return list(dict.fromkeys(self.entries.values()))

    def count(self) -> int:
        return self._rows().count()

    def begin(self, ids: list[torch.Tensor], *, keep_going: bool, empty: Empty | None) -> Reading:  # noqa: ARG002
        rows = self._rows()
        names = list(rows.schema)
        # The names of the schema are those of the file, in the order of `_names`.
        of_entry = dict(zip(self._names(), names, strict=True))
        entries = {entry: of_entry[name] for entry, name in self.entries.items()}
        return _TableReading(rows, ids, entries, self.form, keep_going=keep_going)

    def describe(self, index: int) -> str:
        return f"{place(self.paths[0], self.hdu)}[row {index}]"

    def file(self, index: int) -> int:  # noqa: ARG002 - any row
        return 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_source": None}


class _TableReading:
    """Rows of a table on their way into batches."""

    def __init__(
        self,
        rows: Any,  # noqa: ANN401 - a Source
        ids: list[torch.Tensor],
        entries: dict[str, str],
        form: _Form,
        *,
        keep_going: bool,
    ) -> None:
        self._rows = rows
        self._read: Callable[[], Columns] | None = rows.take(torch.cat(ids)).begin(list(rows.schema))
        self._ids = ids
        self._entries = entries
        self._form = form
        self._keep_going = keep_going

    def result(self) -> list[Samples]:
        assert self._read is not None
        try:
            columns = cast("dict[str, torch.Tensor | RaggedColumn]", self._read())
        except FitsError:
            # A row that is bad fails all, also if it only lies between those that are wanted.
            return self._one_by_one()
        made: list[Samples] = []
        first = 0
        for ids in self._ids:
            rows = slice(first, first + len(ids))
            data = {entry: self._form.batch_of(entry, columns[name][rows]) for entry, name in self._entries.items()}
            made.append(Samples(data, ids))
            first += len(ids)
        return made

    def _one_by_one(self) -> list[Samples]:
        numbers = cast("list[int]", torch.cat(self._ids).tolist())  # pyright: ignore[reportUnknownMemberType]
        reads = [functools.partial(self._spectrum, number) for number in numbers]
        return _SpectraReading(reads, self._ids, list(self._entries), self._form, self._keep_going).result()

    def _spectrum(self, number: int) -> dict[str, torch.Tensor]:
        columns = self._rows.take(slice(number, number + 1)).read(list(self._rows.schema))
        return {entry: columns[name][0] for entry, name in self._entries.items()}

    def cancel(self) -> None:
        self._read = None  # dropping what was begun stops it


@dataclass
class _SpectraReading:
    """Spectra on their way into batches."""

    reads: list[Callable[[], dict[str, torch.Tensor]]]
    ids: list[torch.Tensor]
    names: list[str]
    form: _Form
    keep_going: bool

    def result(self) -> list[Samples]:
        reads = iter(self.reads)
        return [self._batch(ids, [next(reads) for _ in range(len(ids))]) for ids in self.ids]

    def _batch(self, ids: torch.Tensor, reads: list[Callable[[], dict[str, torch.Tensor]]]) -> Samples:
        spectra: list[dict[str, torch.Tensor] | None] = []
        bad: list[tuple[int, FitsError]] = []
        for number, read in enumerate(reads):
            try:
                spectra.append(read())
            except FitsError as error:  # noqa: PERF203 - each file may fail
                if not self.keep_going:
                    raise
                spectra.append(None)
                bad.append((number, error))
        if len(bad) == len(reads) and self.form.length is None:
            raise bad[0][1]
        data = {
            name: self.form.stacked(name, [None if one is None else one[name] for one in spectra])
            for name in self.names
        }
        return Samples(data, ids, bad)

    def cancel(self) -> None:
        self.reads.clear()  # dropping what was begun stops it


@dataclass
class _ImageRows:
    """A spectrum a row of images."""

    paths: list[Any]
    entries: dict[str, Any]
    hdu: Hdu | None
    form: _Form
    _starts: list[int] | None = field(default=None, init=False)
    _images: dict[str, Images] = field(default_factory=dict[str, Images], init=False)

    def _first_rows(self) -> list[int]:
        """Of each file the number of its first spectrum, and how many there are of all."""
        if self._starts is None:
            starts = [0]
            for path in self.paths:
                with files.open(path) as hdus:
                    shape = hdus[cast("Hdu", self.entries["flux"])].shape
                if len(shape) != 2:
                    raise MismatchError(f"{place(path, self.entries['flux'])}: spectra are rows of 2 axes, not {shape}")
                starts.append(starts[-1] + shape[0])
            self._starts = starts
        return self._starts

    def count(self) -> int:
        return self._first_rows()[-1]

    def _parts(self) -> dict[str, Images]:
        if not self._images:
            starts = torch.tensor(self._first_rows())
            file = torch.repeat_interleave(torch.arange(len(self.paths)), starts.diff())
            row = torch.arange(len(file)) - starts[file]
            self._images = {name: self._part(name, hdu, file, row) for name, hdu in self.entries.items()}
        return self._images

    def _part(self, name: str, hdu: Hdu, file: torch.Tensor, row: torch.Tensor) -> Images:
        with files.open(self.paths[0]) as hdus:
            axes = len(hdus[hdu].shape)
        bounds = [file, torch.zeros_like(file)]
        bounds += [row, row + 1] if axes == 2 else []
        length = self.form.length
        first, last = (_FROM_FIRST, _TO_LAST) if length is None else (0, length)
        bounds += [torch.full_like(file, first), torch.full_like(file, last)]
        dtype = torch.int64 if name == "mask" else self.form.dtype
        fill = {"flux": "NaN", "wave": "NaN", "ivar": "0", "mask": "1"}[name]
        return Images(self.paths, [image_selector(hdu)], torch.stack(bounds, 1), engine_dtype(dtype), fill=fill)

    def begin(self, ids: list[torch.Tensor], *, keep_going: bool, empty: Empty | None) -> Reading:
        batches = cast("Any", ids)
        parts = self._parts()
        return _Flat(
            PartsReading(
                {name: part.begin(batches, keep_going=keep_going, empty=empty) for name, part in parts.items()}
            )
        )

    def describe(self, index: int) -> str:
        file, row = self._found(index)
        return f"{place(self.paths[file], self.entries['flux'])}[row {row}]"

    def file(self, index: int) -> int:
        return self._found(index)[0]

    def _found(self, index: int) -> tuple[int, int]:
        """File and row of a spectrum."""
        starts = torch.tensor(self._first_rows())
        file = int(torch.searchsorted(starts, index, right=True)) - 1
        return file, index - int(starts[file])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_images": {}}


@dataclass
class _Flat:
    """Rows of images without the axis of rows."""

    begun: PartsReading

    def result(self) -> list[Samples]:
        return [
            Samples({name: _flat(name, part) for name, part in read.data.items()}, read.ids, read.bad, read.counts)
            for read in self.begun.result()
        ]

    def cancel(self) -> None:
        self.begun.cancel()


def _flat(name: str, part: torch.Tensor) -> torch.Tensor:
    vectors = part.flatten(1)
    return vectors != 0 if name == "mask" else vectors


_OF_LAYOUT: dict[str, Any] = {
    "files": _Files,
    "rows": _TableRows,
    "images": _ImageRows,
}
