"""From which files, by which steps, each batch of a training was made; and the batch again.

A run file is lines of JSON. `record` writes one while a loader is iterated, `batch` makes a batch anew from it.
"""

from __future__ import annotations

import hashlib
import json
import operator
import os
import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import torch

from torchfits import _engine
from torchfits._run_file import FORMAT, RunWriter, Step, find, ids_of, ids_to_text
from torchfits.data import DataLoader
from torchfits.data._epoch import Epoch
from torchfits.data._places import distinct
from torchfits.data._specs import InMemoryError, written
from torchfits.data._written import dataset_of, dataset_to_spec, function_of, function_to_spec
from torchfits.errors import ChangedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typing_extensions import Buffer

    from torchfits._run_file import Line
    from torchfits.data._places import Place
    from torchfits.data._reading import ReadableDataset, Samples

__all__ = ["batch", "record"]

_CHUNK = 1 << 20

_SHOWN = ("batch_size", "shuffle", "shuffle_window", "drop_last", "on_bad", "world_size")


def record(loader: DataLoader, run_file: str | os.PathLike[str], *, checksums: bool = True) -> Iterator[Any]:
    """The batches of a loader, each of which is written down before it is given.

    Steps are counted from 0 over all epochs that one file holds. A run that goes on after it was killed writes on where
    the loader's state was taken: steps that are done anew replace those of before. Each rank has a file of its own.

    Args:
        loader: as it is iterated, from where its state says on.
        run_file: is made, or added to; a line that a killed process left unfinished is cut off.
        checksums: whether each file is read as a whole when it is used first, for its SHA-256. Else only its size and
            time of change are kept: for files that are too large for that. What batches were read as has a SHA-256
            in either case.

    Raises:
        TypeError: now, if dataset, transforms or collate_fn cannot be written down: datasets of other classes than
            those of torchfits, lambdas and methods. Of datasets of bytes and of frames it is written down that `batch`
            needs them.
        ValueError: with the first batch, if the file is another one, or of another dataset or rank, or being written.
        OSError: if it cannot be written.
    """
    return _recorded(loader, os.fspath(run_file), _making(loader), checksums=checksums)


def _recorded(loader: DataLoader, run_file: str, making: Line, *, checksums: bool) -> Iterator[Any]:
    with RunWriter(run_file) as writer:
        recorder = _Recorder(loader, writer, making, checksums=checksums)
        yield from loader.watched(recorder.step)


def _making(loader: DataLoader) -> Line:
    """All that batches are made by, but for their samples."""
    making = {
        "run": FORMAT,
        "dataset": _dataset_to_spec(loader.dataset),
        "dataset_transform": function_to_spec(loader.dataset.transform),
        "collate_fn": function_to_spec(loader.collate_fn),
        "transform": function_to_spec(loader.transform),
        "length": len(loader.dataset),
        "fingerprint": loader.dataset.fingerprint(),
        "seed": loader.seed,
        "rank": loader.rank,
        "device": None if loader.device is None else str(loader.device),
        "loader": {name: getattr(loader, name) for name in _SHOWN},
        "sampler": None if loader.sampler is None else type(loader.sampler).__qualname__,
        "batch_sampler": None if loader.batch_sampler is None else type(loader.batch_sampler).__qualname__,
    }
    return json.loads(json.dumps(making))  # as it will be read


def _dataset_to_spec(dataset: ReadableDataset) -> dict[str, Any]:
    """A dataset; or, if it is in memory, its class and why it is not written down."""
    try:
        return dataset_to_spec(dataset)
    except InMemoryError as error:
        return {"dataset": type(dataset).__name__, "in_memory": str(error)}


class _Recorder:
    """Writes the steps of an iteration."""

    def __init__(self, loader: DataLoader, writer: RunWriter, making: Line, *, checksums: bool) -> None:
        self._loader = loader
        self._writer = writer
        self._making = making
        self._checksums = checksums
        self._number: int | None = None
        before = writer.contents.run
        for name in ("fingerprint", "length", "rank"):
            if before is not None and before.get(name) != making[name]:
                raise ValueError(f"the run file has the {name} {before.get(name)}, not {making[name]}")

    def step(self, epoch: int, position: int, samples: Samples) -> None:
        """Writes a step, and before it what is new."""
        lines: list[Line] = []
        if self._number is None:
            self._number = self._writer.number_of(epoch, position)
            lines.extend(self._new_making())
        ids = cast("list[int]", samples.ids.tolist())  # pyright: ignore[reportUnknownMemberType]
        lines.extend(self._new_files(_places(self._loader.dataset, ids)))
        told = {"step": self._number, "epoch": epoch, "position": position}
        lines.append({**told, "ids": ids_to_text(ids), "sha256": _digest(samples.data)})
        self._writer.write(lines)
        self._number += 1

    def _new_making(self) -> list[Line]:
        making = {**self._making, "seed": self._loader.seed, "versions": _versions()}
        return [] if making == self._writer.contents.run else [making]

    def _new_files(self, places: list[Place]) -> Iterator[Line]:
        """Lines for files that are used first, or again after a change, or another HDU of them."""
        wanted: dict[str, list[Any]] = {}
        for place in places:
            wanted.setdefault(place.source, []).append(place.hdu)
        for source, hdus in wanted.items():
            path = written(source)
            identity = _identity(path)
            known = self._writer.contents.files.get(path)
            same = known is not None and all(known[name] == value for name, value in identity.items())
            if known is not None and same and all(_as_json(hdu) in known["hdus"] for hdu in hdus):
                continue
            checksum = known["sha256"] if known is not None and same else None
            if checksum is None and self._checksums and identity["size"] is not None:
                checksum = checksum_of(path)
            before: list[Any] = known["hdus"] if known is not None and same else []
            more = [hdu for hdu in map(_as_json, hdus) if hdu not in before]
            yield {"file": path, "hdus": [*before, *more], **identity, "sha256": checksum}


def _as_json(hdu: Any) -> Any:  # noqa: ANN401
    return list(hdu) if isinstance(hdu, tuple) else hdu  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _places(dataset: ReadableDataset, ids: list[int]) -> list[Place]:
    """Files and HDUs; of bytes the fingerprint of the dataset tells."""
    places = (place for sample in ids for place in dataset.places(sample))
    return distinct(place for place in places if isinstance(place.source, str))


def _identity(path: str) -> dict[str, int | None]:
    """What is different of a file that is another one; None for each if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return {"size": None, "modified": None, "inode": None}
    return {"size": status.st_size, "modified": status.st_mtime_ns, "inode": status.st_ino}


def checksum_of(path: str) -> str:
    """The SHA-256 of a file, as `sha256sum` tells it."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _digest(data: Any) -> str:  # noqa: ANN401 - see Samples
    """The SHA-256 of the tensors that a batch is made of: their names, dtypes, shapes and elements."""
    digest = hashlib.sha256()
    for name, tensor in _tensors("", data):
        digest.update(f"{name}:{tensor.dtype}{list(tensor.shape)};".encode())
        elements = tensor.contiguous().flatten().view(torch.uint8)
        digest.update(cast("Buffer", elements.numpy()))
    return digest.hexdigest()


def _tensors(name: str, data: Any) -> Iterator[tuple[str, torch.Tensor]]:  # noqa: ANN401
    if isinstance(data, torch.Tensor):
        yield name, data
        return
    parts = cast("Mapping[Any, Any]", data if isinstance(data, dict) else getattr(data, "__dict__", {}))
    for key, part in parts.items():
        yield from _tensors(f"{name}.{key}", part)


def _versions() -> dict[str, str]:
    lines = (line.split("\t") for line in _engine.describe().splitlines())
    engine = {name: text.partition(" (")[0] for name, text in lines if name in ("java", "engine", "cfitsio")}
    return {"torchfits": version("torchfits"), "torch": torch.__version__, **engine}


def batch(
    run_file: str | os.PathLike[str],
    step: int,
    *,
    device: str | int | torch.device | None = None,
    dataset: ReadableDataset | None = None,
) -> Any:  # noqa: ANN401
    """A batch as a training got it, bit for bit, transforms included.

    That holds for random transforms of torchfits, whose numbers are counted; what else draws random numbers gives
    others. On another kind of device transforms may round differently.

    Args:
        run_file: that `record` wrote.
        step: which one, from 0.
        device: of the batch; None for that of the training.
        dataset: of the training, which is needed if it was made of bytes or of frames in memory; None for the one that
            was written down.

    Returns:
        The batch as the loader gave it, with its `sample_ids`.

    Raises:
        ChangedFileError: naming the file, if one is not what it was, or does not hold what was read.
        FitsError: if one cannot be read.
        IndexError: if the run has no such step.
        ValueError: if it is no run file; or needs a transform or function whose module was not imported; or a dataset
            that is not given, or another one.
    """
    path = os.fspath(run_file)
    found = find(path, operator.index(step))
    try:
        loader, ids = _rebuilt(found, device, dataset)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: step {step} cannot be understood: {error!r}") from error
    _tell_of_versions(found)
    files = [written(place.source) for place in _places(loader.dataset, ids)]
    _require_unchanged(found, files)
    (samples,) = loader.dataset.begin([ids]).result()
    if _digest(samples.data) != found.line["sha256"]:
        told = ", ".join(dict.fromkeys(files)) or type(loader.dataset).__name__
        raise ChangedFileError(f"{told}: what is read is not what it was at step {step}")
    return Epoch(loader, found.line["epoch"], 0).finished(samples)


def _rebuilt(
    step: Step, device: str | int | torch.device | None, dataset: ReadableDataset | None
) -> tuple[DataLoader, list[int]]:
    """A loader that makes the batch, and the ids of its samples."""
    run = step.run
    loader = DataLoader(
        _dataset_of(run) if dataset is None else _same(dataset, run),
        collate_fn=function_of(run["collate_fn"]),
        transform=function_of(run["transform"]),
        device=run["device"] if device is None else device,
        seed=run["seed"],
        rank=0,
        world_size=1,
    )
    return loader, ids_of(step.line["ids"], run["length"])


def _dataset_of(run: Line) -> ReadableDataset:
    """The dataset that was written down."""
    if "in_memory" in run["dataset"]:
        name, reason = run["dataset"]["dataset"], run["dataset"]["in_memory"]
        raise ValueError(f"the step was made of a {name} that is needed again, as dataset=...: {reason}")
    return dataset_of(run["dataset"], function_of(run["dataset_transform"]))


def _same(dataset: ReadableDataset, run: Line) -> ReadableDataset:
    """A dataset that is given, which must be that of the run."""
    transform = json.loads(json.dumps(function_to_spec(dataset.transform)))
    told = {"length": len(dataset), "fingerprint": dataset.fingerprint(), "dataset_transform": transform}
    for name, value in told.items():
        if value != run[name]:
            raise ValueError(f"the given dataset has the {name} {value}, and that of the step had {run[name]}")
    return dataset


def _tell_of_versions(step: Step) -> None:
    now = _versions()
    other = [
        f"{name} {text} (here {now.get(name)})" for name, text in step.run["versions"].items() if text != now.get(name)
    ]
    if other:
        warnings.warn(f"the step was recorded with {', '.join(other)}", UserWarning, stacklevel=3)


def _require_unchanged(step: Step, files: list[str]) -> None:
    for path in dict.fromkeys(files):
        known = step.files.get(path)
        if known is None:
            raise ValueError(f"the run file does not tell of {path}")
        now = _identity(path)
        if now["size"] != known["size"]:
            raise ChangedFileError(f"{path}: it has {now['size']} bytes, and had {known['size']} when it was used")
        if known["sha256"] is None:
            if now["modified"] != known["modified"]:
                raise ChangedFileError(f"{path}: it was changed since it was used, and has no checksum")
        elif checksum_of(path) != known["sha256"]:
            raise ChangedFileError(f"{path}: its SHA-256 is not {known['sha256']} any more")
