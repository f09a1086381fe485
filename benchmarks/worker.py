"""A process that holds one library, obeys JSON lines on stdin and answers with JSON lines on stdout.

``worker.py serve LIBRARY`` serves until stdin ends. ``worker.py start LIBRARY PATH`` measures one
start: seconds of ``import torch``, then seconds from there to the library's first tensor. ``worker.py first_batch
LIBRARY FILE`` measures the import of a library and the first batch of its loader, of the paths in a JSON file.
``worker.py queries LIBRARY SMALL PATH LIMIT`` reads a small table, then twice the rows of a large one whose C0 is below
a limit: seconds of both.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import sys
import time
import zlib
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch

RESET_PEAK = "5"
BATCH_ROWS = 1 << 16
FITS_BLOCK = 2880


class Worker:
    """One library, and the case that was prepared last."""

    def __init__(self, name: str) -> None:
        """Import torch and the library."""
        from libraries import LIBRARIES

        self.library = LIBRARIES[name]()
        self.work: Callable[[], Iterable[Any]] = tuple

    def prepare(self, operation: str, paths: list[str], warm_up: float, **options: int) -> dict[str, Any]:
        """Set the case up, run it once, and answer with a digest of its results."""
        self.work = getattr(self, f"_{operation}")(paths, **options)
        digest = Digest()
        for result in self.work():
            digest.add(result)
        self._warm_up(warm_up)
        return digest.summary()

    def _warm_up(self, seconds: float) -> None:
        """Run the case until caches, pools and just-in-time compilers have settled, as in a training run."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._seconds()

    def time(self, repeats: int) -> list[float]:
        """Run the prepared case; seconds of each run. Results are dropped inside the time."""
        return [self._seconds() for _ in range(repeats)]

    def _seconds(self) -> float:
        begin = time.perf_counter_ns()
        for _ in self.work():
            pass
        return (time.perf_counter_ns() - begin) / 1e9

    def _read_image(self, paths: list[str]) -> Callable[[], Iterable[Any]]:
        return lambda: map(self.library.read_image, paths)

    def _read_as(self, paths: list[str], bits: int) -> Callable[[], Iterable[Any]]:
        import torch

        dtype = {32: torch.float32, 16: torch.float16}[bits]
        return lambda: (self.library.read_as(path, dtype) for path in paths)

    def _read_calibrated(self, paths: list[str], side: int) -> Callable[[], Iterable[Any]]:
        import torch

        generator = torch.Generator().manual_seed(side)
        dark = torch.rand(side, side, generator=generator) * 100
        gain = torch.rand(side, side, generator=generator) + 0.5
        return lambda: (self.library.read_calibrated(path, dark, gain) for path in paths)

    def _read_extension(self, paths: list[str], hdu: int) -> Callable[[], Iterable[Any]]:
        return lambda: (self.library.read_extension(path, hdu) for path in paths)

    def _read_extensions(self, paths: list[str], first: int, count: int) -> Callable[[], Iterable[Any]]:
        hdus = list(range(first, first + count))
        return lambda: (self.library.read_extensions(path, hdus) for path in paths)

    def _read_cutouts(
        self, paths: list[str], hdu: int, count: int, side: int, image_side: int
    ) -> Callable[[], Iterable[Any]]:
        random = Random(count)
        corners = [[random.randrange(image_side - side) for _ in range(2)] for _ in range(count)]
        return lambda: (self.library.read_cutouts(path, corners, side, hdu) for path in paths)

    def _read_header(self, paths: list[str]) -> Callable[[], Iterable[Any]]:
        return lambda: map(self.library.read_header, paths)

    def _read_batch(self, paths: list[str]) -> Callable[[], Iterable[Any]]:
        return lambda: (self.library.read_batch(paths) for _ in range(1))

    def _write_table(self, paths: list[str], rows: int) -> Callable[[], Iterable[Any]]:
        columns = table_columns(rows)
        row_bytes = sum(column.element_size() for column in columns.values())
        path = f"{paths[0]}-{os.getpid()}.fits"

        def write() -> Iterable[Any]:
            self.library.write_table(path, columns)
            yield Rows(path, rows * row_bytes)

        return write

    def _read_columns(self, paths: list[str], first: int, count: int) -> Callable[[], Iterable[Any]]:
        """Columns C<first> and on; all for a count of 0."""
        names = [f"C{index}" for index in range(first, first + count)] or None
        return lambda: (column for path in paths for column in self.library.read_columns(path, names))

    def _stream(self, paths: list[str]) -> Callable[[], Iterable[Any]]:
        """All columns of a table in batches of rows."""
        return lambda: (column for path in paths for batch in self.library.stream(path, BATCH_ROWS) for column in batch)

    def _stream_cached(self, paths: list[str]) -> Callable[[], Iterable[Any]]:
        """The same, but for the limit, which reads into memory that stays in a core's cache."""
        limit = getattr(self.library, "stream_into_one_buffer", None)
        if limit is None:
            return self._stream(paths)
        return lambda: (column for path in paths for batch in limit(path) for column in batch)

    def _read_where(self, paths: list[str], percent: int) -> Callable[[], Iterable[Any]]:
        """Rows in which C1, evenly spread from 0 to 1, is small."""
        return lambda: (column for path in paths for column in self.library.read_where(path, "C1", percent / 100))

    def _read_frame(self, paths: list[str]) -> Callable[[], Iterable[Any]]:
        from torch_frame import stype

        return lambda: (self.library.module.read_table(path).feat_dict[stype.numerical] for path in paths)

    def _statistics(self, paths: list[str]) -> Callable[[], Iterable[Any]]:
        """What there is in all columns: by the library itself, or by pandas of what it reads."""
        own = getattr(self.library, "statistics", None)
        return lambda: (rounded(self._described(path) if own is None else own(path)) for path in paths)

    def _described(self, path: str) -> dict[str, list[float]]:
        import pandas as pd

        columns = self.library.read_columns(path, None)
        described = pd.DataFrame({number: column.numpy() for number, column in enumerate(columns)}).describe()
        described.loc["std"] *= ((described.loc["count"] - 1) / described.loc["count"]) ** 0.5
        return {
            f"C{number}": list(described.loc[["count", "mean", "std", "min", "max"], number]) for number in described
        }

    def _loader(self, paths: list[str], batch_size: int, workers: int) -> Callable[[], Iterable[Any]]:
        loader = self.library.loader(paths, batch_size, workers)
        return lambda: (first_part(batch) for batch in loader)

    def _loader_after(self, paths: list[str], batch_size: int, workers: int) -> Callable[[], Iterable[Any]]:
        """Likewise, with workers that are forked from a process that has read."""
        self.library.read_image(paths[0])
        return self._loader(paths, batch_size, workers)

    def _training(self, paths: list[str], batch_size: int, workers: int, hdu: int) -> Callable[[], Iterable[Any]]:
        """Epochs as a training script runs them: our own loader, which has no workers, or that of a peer."""
        loader = self._training_loader(paths, batch_size, workers, hdu)
        return lambda: (first_part(batch) for batch in loader)

    def _training_loader(self, paths: list[str], batch_size: int, workers: int, hdu: int) -> Iterable[Any]:
        own = getattr(self.library, "own_loader", None)
        return own(paths, batch_size, hdu) if own is not None else self.library.loader(paths, batch_size, workers, hdu)

    def _training_augmented(
        self, paths: list[str], batch_size: int, workers: int, fused: int
    ) -> Callable[[], Iterable[Any]]:
        """Epochs of images that are cut, flipped and scaled."""
        from libraries import augmented_loader

        own = getattr(self.library, "own_augmented_loader", None)
        if own is None:
            loader = augmented_loader(self.library, paths, batch_size, workers)
        else:
            loader = own(paths, batch_size, fused=bool(fused))
        return lambda: (first_part(batch) for batch in loader)

    def _training_cutouts(
        self, paths: list[str], count: int, side: int, image_side: int, batch_size: int, workers: int
    ) -> Callable[[], Iterable[Any]]:
        """Epochs of random squares of images in HDU 1, the same for all libraries."""
        random = Random(count)
        boxes = [
            (random.choice(paths), random.randrange(image_side - side), random.randrange(image_side - side))
            for _ in range(count)
        ]
        loader = self.library.cutout_loader(boxes, side, batch_size, workers)
        return lambda: (first_part(batch) for batch in loader)

    def peak(self, path: str, warm_path: str) -> dict[str, int]:
        """Bytes of the result, and of peak resident memory beyond it, while ``path`` is read.

        The level before is taken after one small read and a collection, so that neither the
        library's own code nor its standing buffers count.
        """
        self.library.read_image(warm_path)
        gc.collect()
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
        before = peak_resident_bytes()
        result = self.library.read_image(path)
        return {"result": result.nbytes, "extra": peak_resident_bytes() - before - result.nbytes}

    def peak_of_stream(self, path: str) -> int:
        """Bytes by which peak resident memory grows while a table is streamed, beyond the start of a stream."""
        for _ in self.library.stream(path, BATCH_ROWS):
            break
        gc.collect()
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
        before = peak_resident_bytes()
        for _ in self.library.stream(path, BATCH_ROWS):
            pass
        return peak_resident_bytes() - before

    def epochs(self, paths: list[str], batch_size: int, rounds: int) -> dict[str, list[float]]:
        """Seconds of epochs that find the cache empty, and of those after them."""
        self.work = self._training(paths, batch_size, 0, 1)
        cache = self.library.module.cache
        cache.configure(memory_bytes=1 << 30)
        cold: list[float] = []
        warm: list[float] = []
        for turn in range(2 * rounds):  # the first half lets pools and compilers settle
            cache.clear()
            first, second = self._seconds(), self._seconds()
            if turn >= rounds:
                cold.append(first)
                warm.append(second)
        return {"first": cold, "second": warm}

    def peak_of_epochs(self, paths: list[str], batch_size: int, budget: int, epochs: int) -> dict[str, int]:
        """Bytes by which epochs exceed a few files and the cache's budget, and the last epoch the second."""
        self.work = self._training(paths[: 4 * batch_size], batch_size, 0, 1)
        self.library.module.cache.configure(memory_bytes=budget)
        self._seconds()
        self.library.module.cache.clear()
        gc.collect()
        before = resident_bytes("VmRSS")
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
        self.work = self._training(paths, batch_size, 0, 1)
        self.library.module.cache.configure(memory_bytes=budget)
        after: list[int] = []
        for _ in range(epochs):
            self._seconds()
            after.append(resident_bytes("VmRSS"))
        return {"beyond": peak_resident_bytes() - before - budget, "growth": after[-1] - after[1]}

    def versions(self) -> dict[str, str]:
        """Versions of what takes part, Java's too once it runs."""
        found = {"Python": platform.python_version(), **self.library.versions()}
        jpype = sys.modules.get("jpype")
        if jpype is not None and jpype.isJVMStarted():
            found["Java"] = str(jpype.java.lang.System.getProperty("java.vm.version"))
        return found


def table_columns(rows: int) -> dict[str, torch.Tensor]:
    """Seven columns of numbers, the same in every process."""
    import torch

    random = torch.Generator().manual_seed(1)
    return {
        "ID": torch.arange(rows),
        "RA": torch.rand(rows, generator=random, dtype=torch.float64) * 360,
        "DEC": torch.rand(rows, generator=random, dtype=torch.float64) * 180 - 90,
        "MAG": torch.rand(rows, generator=random) * 10 + 15,
        "MAG_ERR": torch.rand(rows, generator=random),
        "FLAGS": torch.randint(0, 1 << 20, (rows,), generator=random, dtype=torch.int32),
        "FIELD": torch.randint(0, 1000, (rows,), generator=random, dtype=torch.int16),
    }


class Rows:
    """The rows of a table that was written, which end its file but for padding; read for a digest alone."""

    def __init__(self, path: str, size: int) -> None:
        """Keep where they are."""
        self.path = path
        self.shape = (size,)
        self.dtype = "bytes"

    def numpy(self) -> Any:  # noqa: ANN401
        """Read them."""
        import numpy as np

        padded = -(-self.shape[0] // FITS_BLOCK) * FITS_BLOCK
        place = Path(self.path).stat().st_size - padded
        return np.fromfile(self.path, np.uint8, count=self.shape[0], offset=place)


class Digest:
    """Shape, dtype and checksum of everything a case gives, to hold libraries against each other."""

    def __init__(self) -> None:
        """Start empty."""
        self.checksum = 0
        self.kinds: set[str] = set()

    def add(self, result: Any) -> None:  # noqa: ANN401
        """Take in a tensor, or a header as its keywords and values."""
        if hasattr(result, "numpy"):
            self._add_tensor(result)
        else:
            self._add_header(result)

    def _add_tensor(self, tensor: torch.Tensor) -> None:
        self.kinds.add(f"{tuple(tensor.shape)} {tensor.dtype}")
        self.checksum = zlib.crc32(tensor.numpy().data, self.checksum)

    def _add_header(self, header: Any) -> None:  # noqa: ANN401
        values = {key: plain_value(header[key]) for key in header.keys() if is_valued(key)}  # noqa: SIM118
        self.kinds.add(f"header of {len(values)}")
        text = json.dumps(values, sort_keys=True)
        self.checksum = zlib.crc32(text.encode(), self.checksum)

    def summary(self) -> dict[str, Any]:
        """Comparable form."""
        return {"kinds": sorted(self.kinds), "checksum": self.checksum}


def rounded(statistics: dict[str, list[float]]) -> torch.Tensor:
    """Numbers of each column with the six digits that do not depend on the order of summation."""
    import torch

    rows = [[float(f"{number:.6g}") for number in numbers] for numbers in statistics.values()]
    return torch.tensor(rows, dtype=torch.float64)


def is_valued(keyword: str) -> bool:
    """Tell keywords that have a value from commentary."""
    return keyword not in ("COMMENT", "HISTORY", "", "END")


def plain_value(value: Any) -> bool | float | str:  # noqa: ANN401
    """Give a header value in one form for all libraries: strings without trailing blanks."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    return str(value).rstrip()


def first_part(batch: Any) -> Any:  # noqa: ANN401
    """Images of a batch, with or without labels beside them."""
    return batch[0] if isinstance(batch, (list, tuple)) else batch


def peak_resident_bytes() -> int:
    """Peak resident memory since it was last reset."""
    return resident_bytes("VmHWM")


def resident_bytes(kind: str) -> int:
    """Resident memory, now (VmRSS) or at most (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(kind))
    return int(line.split()[1]) * 1024


def serve(name: str) -> None:
    """Answer requests until stdin ends; what the library prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    made = attempt(Worker, name)
    for line in sys.stdin:
        request = json.loads(line)
        verb = request.pop("verb")
        answer = attempt(getattr(made["ok"], verb), **request) if "ok" in made else made
        print(json.dumps(answer), file=answers, flush=True)


def attempt(act: Callable[..., Any], *arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give what the act gives, or the error it ends with."""
    try:
        return {"ok": act(*arguments, **options)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def start(name: str, path: str) -> None:
    """Measure one start in this fresh process and print it."""
    begin = time.perf_counter()
    import torch  # noqa: F401
    from libraries import LIBRARIES

    imported = time.perf_counter()
    LIBRARIES[name]().read_image(path)
    ready = time.perf_counter()
    print(json.dumps({"torch": imported - begin, "first": ready - imported}))


def first_batch(name: str, listed: str) -> None:
    """Measure the first batch of a loader in this fresh process, and print it with the import before it."""
    import torch  # noqa: F401 - everybody needs it

    paths = json.loads(Path(listed).read_text())
    begin = time.perf_counter()
    from libraries import LIBRARIES

    library = LIBRARIES[name]()
    own = getattr(library, "own_loader", None)
    if own is not None:
        library.import_loader()
    imported = time.perf_counter()
    loader = own(paths, len(paths)) if own is not None else library.loader(paths, len(paths), 0)
    batch = first_part(next(iter(loader)))
    ready = time.perf_counter()
    if len(batch) != len(paths):
        raise ValueError(f"{len(batch)} images, not {len(paths)}")
    print(json.dumps({"import": imported - begin, "first": ready - imported}))


def queries(name: str, small: str, path: str, limit: str) -> None:
    """Measure the first and the second read of some rows in this fresh process and print them."""
    from libraries import LIBRARIES

    library = LIBRARIES[name]()
    list(library.read_where(small, "C0", float(limit)))
    moments = [time.perf_counter()]
    for _ in range(2):
        counts = [len(column) for column in library.read_where(path, "C0", float(limit))]
        moments.append(time.perf_counter())
        if set(counts) != {int(limit)}:
            raise ValueError(f"{counts} rows, not {limit}")
    print(json.dumps([moments[1] - moments[0], moments[2] - moments[1]]))


if __name__ == "__main__":
    programs = {"serve": serve, "start": start, "first_batch": first_batch, "queries": queries}
    programs[sys.argv[1]](*sys.argv[2:])
