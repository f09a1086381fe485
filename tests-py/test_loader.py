"""torchfits.data.DataLoader: what torch's would give, resumed exactly, with bad files, ranks, and faults on the way."""

from __future__ import annotations

import copy
import gc
import itertools
import json
import os
import pickle
import signal
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import image
from _programs import loaded_python
from torch.utils.data import BatchSampler, DistributedSampler, SequentialSampler
from torchfits.data import Batch, CutoutDataset, DataLoader, ImageDataset
from torchfits.data import transforms as T
from torchfits.data._reading import ReadableDataset, Samples

PROGRAMS = Path(__file__).parent / "programs"
COUNT = 37


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Files whose pixels are their number."""
    paths = [tmp_path / f"{number:02}.fits" for number in range(COUNT)]
    for number, path in enumerate(paths):
        path.write_bytes(image(np.full((3, 4), number, "i2")))
    return [str(path) for path in paths]


def numbers(batches: Any) -> list[list[int]]:
    """Which images each batch has, by their pixels; they are those that its ids tell."""
    found = []
    for batch in batches:
        pixels = batch.flatten(1)[:, 0].int().tolist()
        assert pixels == batch.sample_ids.tolist()
        found.append(pixels)
    return found


def spoil(*paths: str) -> None:
    for path in paths:
        Path(path).write_bytes(b"no FITS file")


class Parts(ReadableDataset):
    """Of each file the image, its number as uint16, and a text, read by the dataset it is made of."""

    def __init__(self, images: ImageDataset, transform: Any = None) -> None:
        super().__init__(transform)
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def begin(self, batches: Any, *, keep_going: bool = False, empty: Any = None) -> Any:
        return _PartsReading(self.images.begin(batches, keep_going=keep_going, empty=empty))

    def describe(self, index: int) -> str:
        return self.images.describe(index)

    def spec(self) -> dict[str, Any]:
        return {"images": self.images.spec()}


class _PartsReading:
    def __init__(self, reading: Any) -> None:
        self.reading = reading

    def result(self) -> list[Samples]:
        return [
            Samples({"image": read.data, "n": {"id": read.ids.to(torch.uint16)}}, read.ids, read.bad)
            for read in self.reading.result()
        ]

    def cancel(self) -> None:
        self.reading.cancel()


# What comes


@pytest.mark.parametrize("batch_size", [1, 5, COUNT, 100])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("prefetch", [0, 1, 2, 3, 8])
def test_loader_inOrder_givesTheBatchesOfTorch(
    paths: list[str],
    batch_size: int,
    drop_last: bool,  # noqa: FBT001
    prefetch: int,
) -> None:
    dataset = ImageDataset(paths)
    loader = DataLoader(dataset, batch_size, drop_last=drop_last, prefetch_batches=prefetch)
    expected = torch.utils.data.DataLoader(dataset, batch_size, drop_last=drop_last)
    batches = list(loader)
    assert len(batches) == len(loader) == len(expected)
    assert all(torch.equal(own, theirs) for own, theirs in zip(batches, expected, strict=True))
    assert numbers(batches) == [batch.flatten(1)[:, 0].int().tolist() for batch in expected]


def test_loader_ofDicts_givesTheBatchesOfTorch(paths: list[str]) -> None:
    dataset = Parts(ImageDataset(paths))
    for own, theirs in zip(DataLoader(dataset, 8), torch.utils.data.DataLoader(dataset, 8), strict=True):
        assert isinstance(own, Batch)
        assert list(own) == list(theirs) == ["image", "n"]
        assert torch.equal(own["image"], theirs["image"])
        assert own["n"]["id"].dtype == theirs["n"]["id"].dtype == torch.uint16
        assert own["n"]["id"].tolist() == theirs["n"]["id"].tolist() == own.sample_ids.tolist()


def test_loader_ofCutouts_givesThoseOfSingleReads(tmp_path: Path) -> None:
    pixels = np.arange(1200, dtype="i2").reshape(3, 20, 20)
    for number in range(3):
        (tmp_path / f"{number}.fits").write_bytes(image(pixels[number]))
    corners = np.random.default_rng(1).integers(0, 12, (60, 2)).tolist()
    rows = [(str(tmp_path / f"{i % 3}.fits"), (slice(y, y + 8), slice(x, x + 8))) for i, (y, x) in enumerate(corners)]
    loader = DataLoader(CutoutDataset(rows), 7, shuffle=True, on_bad="skip")
    seen = []
    for batch in loader:
        for number, cutout in zip(batch.sample_ids.tolist(), batch, strict=True):
            y, x = corners[number]
            assert np.array_equal(cutout.numpy(), pixels[number % 3, y : y + 8, x : x + 8])
            seen.append(number)
    assert sorted(seen) == list(range(60))
    plan = loader.plan(100)
    assert (plan["samples"], plan["files"], plan["samples_per_file"]) == (60, 3, 20)
    spoil(str(tmp_path / "1.fits"))
    assert sum(len(batch) for batch in loader) == 40
    assert sorted(loader.bad) == list(range(1, 60, 3))


def test_loader_shuffled_dependsOnSeedAndEpochAlone(paths: list[str]) -> None:
    def epochs(seed: int, **options: Any) -> list[list[list[int]]]:
        loader = DataLoader(ImageDataset(paths), 5, shuffle=True, seed=seed, **options)
        return [numbers(loader) for _ in range(3)]

    first = epochs(1)
    assert first == epochs(1, prefetch_batches=0) == epochs(1, prefetch_batches=5, prefetch_bytes=1)
    assert all(sorted(itertools.chain(*epoch)) == list(range(COUNT)) for epoch in first)
    assert len({str(epoch) for epoch in [*first, *epochs(2)]}) == 6
    loader = DataLoader(ImageDataset(paths), 5, shuffle=True, seed=1)
    loader.set_epoch(2)
    assert numbers(loader) == first[2]
    loader.set_epoch(0)
    assert numbers(loader) == first[0]


def test_loader_shuffledInWindows_givesEachSampleOnce(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 5, shuffle=True, shuffle_window=32)
    assert sorted(itertools.chain(*numbers(loader))) == list(range(COUNT))


def test_loader_withGenerator_drawsItsSeedOnce(paths: list[str]) -> None:
    loaders = [
        DataLoader(ImageDataset(paths), 5, shuffle=True, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    first, again, other = (numbers(loader) for loader in loaders)
    assert first == again != other


def test_loader_twoIterators_areApart(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 5)
    first, second = iter(loader), iter(loader)
    both = [*zip(first, second, strict=True)]
    assert [numbers([a]) for a, _ in both] == [numbers([b]) for _, b in both]
    assert len(both) == 8


def test_loader_withSamplers_givesWhatTheySay(paths: list[str]) -> None:
    dataset = ImageDataset(paths)
    chosen = [3, 3, 0, 36, 7]
    loader = DataLoader(dataset, 2, sampler=chosen)
    assert numbers(loader) == [[3, 3], [0, 36], [7]]
    assert len(loader) == 3
    loader = DataLoader(dataset, 2, sampler=chosen, drop_last=True)
    assert numbers(loader) == [[3, 3], [0, 36]]
    assert len(loader) == 2
    sampler = BatchSampler(SequentialSampler(range(7)), 3, drop_last=False)
    loader = DataLoader(dataset, batch_sampler=sampler)
    assert numbers(loader) == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(loader) == 3


def test_loader_withADistributedSampler_tellsItTheEpoch(paths: list[str]) -> None:
    dataset = ImageDataset(paths)
    loader = DataLoader(dataset, 4, sampler=DistributedSampler(dataset, 2, 1, seed=3))
    first, second = numbers(loader), numbers(loader)
    assert first != second
    expected = DistributedSampler(dataset, 2, 1, seed=3)
    expected.set_epoch(1)
    assert [*itertools.chain(*second)] == list(expected)


def test_loader_withCollateFunction_callsItWithItems(paths: list[str]) -> None:
    def label(item: torch.Tensor) -> tuple[str, torch.Tensor]:
        return f"image {int(item[0, 0])}", item

    loader = DataLoader(ImageDataset(paths, transform=label), 2, collate_fn=lambda items: [name for name, _ in items])
    assert next(iter(loader)) == ["image 0", "image 1"]
    named = DataLoader(ImageDataset(paths, transform=lambda item: {"a": item, "b": "c"}), 2)
    batch = next(iter(named))
    assert batch["b"] == ["c", "c"]
    assert batch["a"][:, 0, 0].tolist() == batch.sample_ids.tolist() == [0, 1]


def test_loader_ofNoSamples_isEmpty() -> None:
    loader = DataLoader(ImageDataset([]), 4, shuffle=True)
    assert list(loader) == []
    assert len(loader) == 0


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"num_workers": 2}, ValueError, "num_workers"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"batch_size": 2.5}, TypeError, "integer"),
        ({"sampler": [1], "shuffle": True}, ValueError, "sampler"),
        ({"batch_sampler": [[1]], "batch_size": 2}, ValueError, "batch_sampler"),
        ({"batch_sampler": [[1]], "drop_last": True}, ValueError, "batch_sampler"),
        ({"on_bad": "ignore"}, ValueError, "on_bad"),
        ({"prefetch_batches": -1}, ValueError, "prefetch"),
        ({"prefetch_bytes": 0}, ValueError, "prefetch"),
        ({"shuffle_window": 0}, ValueError, "shuffle_window"),
        ({"rank": 1}, ValueError, "rank"),
        ({"rank": 2, "world_size": 2}, ValueError, "rank"),
    ],
)
def test_loader_argumentsThatMakeNoSense_areRefused(options: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        DataLoader(ImageDataset(["a.fits"]), **options)


def test_loader_ofAnotherDataset_isATypeError() -> None:
    with pytest.raises(TypeError, match=r"torch\.utils\.data\.DataLoader"):
        DataLoader([1, 2, 3])  # type: ignore[arg-type]


# What is read ahead


class Counted(ImageDataset):
    """Counts the batches that were begun and not yet asked for."""

    begun = 0
    most = 0

    def begin(self, batches: Any, **options: Any) -> Any:
        self.begun += len(batches)
        self.most = max(self.most, self.begun)
        return super().begin(batches, **options)


@pytest.mark.parametrize(
    ("prefetch", "most_bytes", "most"), [(0, 1 << 30, 1), (1, 1 << 30, 2), (6, 1 << 30, 7), (6, 1, 2), (6, 3 * 48, 4)]
)
def test_loader_readsAhead_withinBounds(paths: list[str], prefetch: int, most_bytes: int, most: int) -> None:
    dataset = Counted(paths)
    for _ in DataLoader(dataset, 1, prefetch_batches=prefetch, prefetch_bytes=most_bytes):
        dataset.begun -= 1
    assert dataset.begun == 0
    assert dataset.most == most  # the one in use among them


def test_loader_stoppedEarly_stopsItsReads(paths: list[str]) -> None:
    iterator: Any = iter(DataLoader(ImageDataset(paths), 2, prefetch_batches=8))
    next(iterator)
    pending = [window.reading._pending for window in iterator.gi_yieldfrom.gi_frame.f_locals["self"]._ahead._begun]
    assert pending
    assert all(each._finalizer.alive for each in pending)
    del iterator
    gc.collect()
    assert not any(each._finalizer.alive for each in pending)


def test_loader_iteratorThatIsNotUsed_isNoEpoch(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 5, shuffle=True)
    iter(loader)
    assert numbers(loader) == numbers(DataLoader(ImageDataset(paths), 5, shuffle=True))


# Resume


def random_chain() -> Any:
    return T.Compose(T.Flip(), T.GaussianNoise(0.1))


def bits(batches: Any) -> list[bytes]:
    return [batch.numpy().tobytes() for batch in batches]


@pytest.mark.parametrize("after", [0, 1, 5, 9, 10])
@pytest.mark.parametrize("options", [{}, {"prefetch_batches": 0}, {"prefetch_batches": 3}, {"shuffle_window": 32}])
def test_resume_givesTheSameBits(paths: list[str], after: int, options: Any) -> None:
    def loader(**options: Any) -> DataLoader:
        dataset = ImageDataset(paths, transform=random_chain())
        return DataLoader(dataset, 4, shuffle=True, seed=7, transform=random_chain(), **options)

    window = {"shuffle_window": options.get("shuffle_window")}
    through = loader(**window)
    through.set_epoch(2)
    iterator = iter(through)
    before = bits(itertools.islice(iterator, after))
    state = json.loads(json.dumps(through.state_dict()))
    assert all(isinstance(number, int) for number in state.values())
    rest, following = bits(iterator), bits(through)
    assert len(before) + len(rest) == 10

    resumed = loader(**options)
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    resumed.set_epoch(2)
    assert bits(resumed) == rest
    assert bits(resumed) == following


@pytest.mark.parametrize("fused", [False, True])
def test_resume_stateLoadedDuringAnEpoch_isForTheNextOne(paths: list[str], *, fused: bool) -> None:
    def loader(seed: int) -> DataLoader:
        chain = T.RandomCrop(3) if fused else random_chain()
        return DataLoader(ImageDataset(paths, transform=chain), 4, shuffle=True, seed=seed, transform=random_chain())

    expected, others = bits(loader(7)), bits(loader(8))
    running = loader(7)
    iterator = iter(running)
    before = bits(itertools.islice(iterator, 2))
    running.load_state_dict(loader(8).state_dict())
    assert before + bits(iterator) == expected
    running.load_state_dict(loader(8).state_dict())
    assert bits(running) == others != expected


def test_resume_atTheEnd_goesOnWithTheNextEpoch(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 4, shuffle=True)
    list(loader)
    state = loader.state_dict()
    assert (state["epoch"], state["position"]) == (1, 0)
    resumed = DataLoader(ImageDataset(paths), 4, shuffle=True)
    resumed.load_state_dict(state)
    assert numbers(resumed) == numbers(loader)


def test_resume_withAnotherWorldSize_givesWhatWasLeft(paths: list[str]) -> None:
    def ranks(world_size: int) -> list[DataLoader]:
        return [
            DataLoader(ImageDataset(paths), 8 // world_size, shuffle=True, rank=rank, world_size=world_size)
            for rank in range(world_size)
        ]

    def together(loaders: list[DataLoader]) -> list[list[int]]:
        return [[*itertools.chain(*step)] for step in zip(*map(numbers, loaders), strict=True)]

    (alone,) = ranks(1)
    iterator = iter(alone)
    numbers(itertools.islice(iterator, 2))
    state = alone.state_dict()
    rest = numbers(iterator)
    for world_size in (1, 2, 4):
        loaders = ranks(world_size)
        for loader in loaders:
            loader.load_state_dict(state)
        assert together(loaders) == rest


def test_resume_withSamplers_skipsWhatWasGiven(paths: list[str]) -> None:
    def loader() -> DataLoader:
        dataset = ImageDataset(paths)
        return DataLoader(dataset, 4, sampler=DistributedSampler(dataset, 2, 0))

    first = loader()
    list(first)
    iterator = iter(first)
    numbers(itertools.islice(iterator, 2))
    state = first.state_dict()
    resumed = loader()
    resumed.load_state_dict(state)
    assert numbers(resumed) == numbers(iterator)


def test_resume_ofAnotherDataset_isRefused(paths: list[str]) -> None:
    state = DataLoader(ImageDataset(paths), 4).state_dict()
    with pytest.raises(ValueError, match=r"another dataset.* 37 samples, here 36"):
        DataLoader(ImageDataset(paths[1:]), 4).load_state_dict(state)
    with pytest.raises(ValueError, match=r"another dataset.* fingerprint"):
        DataLoader(ImageDataset(paths, section=(0,)), 4).load_state_dict(state)
    with pytest.raises(ValueError, match="no epoch, position"):
        DataLoader(ImageDataset(paths), 4).load_state_dict({"seed": 1, "length": 2, "fingerprint": 3})


def test_resume_afterAKill_givesTheSameBits(paths: list[str], tmp_path: Path) -> None:
    def run(*arguments: Any, threads: int) -> subprocess.CompletedProcess[str]:
        command = [*loaded_python(), PROGRAMS / "train_killed.py", Path(paths[0]).parent, *map(str, arguments)]
        environment = {**os.environ, "JAVA_TOOL_OPTIONS": f"-XX:ActiveProcessorCount={threads}"}
        return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=environment)

    whole = run(tmp_path / "a.json", 1000, 8, threads=1)
    assert whole.returncode == 0, whole.stderr
    steps = whole.stdout.split()
    assert len(steps) == 2 * 10
    killed = run(tmp_path / "b.json", 13, 4, threads=4)
    assert killed.returncode == 9, killed.stderr
    resumed = run(tmp_path / "b.json", 1000, 0, threads=2)
    assert resumed.returncode == 0, resumed.stderr
    assert killed.stdout.split() + resumed.stdout.split() == steps


def test_loader_pickled_goesOnWhereItWas(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 4, shuffle=True)
    numbers(loader)
    for other in (pickle.loads(pickle.dumps(loader)), copy.deepcopy(loader)):
        assert other.state_dict() == loader.state_dict()
    assert numbers(pickle.loads(pickle.dumps(loader))) == numbers(loader)


# Bad samples


def test_badSample_raised_comesWithItsBatch(paths: list[str]) -> None:
    spoil(paths[6])
    loader = DataLoader(ImageDataset(paths), 4)
    iterator = iter(loader)
    assert numbers([next(iterator)]) == [[0, 1, 2, 3]]
    with pytest.raises(torchfits.NotFitsError, match=r"06\.fits"):
        next(iterator)
    assert list(loader.bad) == [6]
    assert loader.state_dict()["position"] == 4


@pytest.mark.parametrize("batch_size", [1, 4, COUNT])
@pytest.mark.parametrize("dtype", [torch.float32, torch.uint16, None])
@pytest.mark.parametrize("prefetch", [0, 8])
def test_badSamples_skipped_leaveTheOthers(paths: list[str], batch_size: int, dtype: Any, prefetch: int) -> None:
    bad = {0, 1, 6, 20, 36}
    spoil(*(paths[number] for number in bad))
    loader = DataLoader(
        ImageDataset(paths, dtype=dtype), batch_size, on_bad="skip", shuffle=True, prefetch_batches=prefetch
    )
    given = numbers(loader)
    assert sorted(itertools.chain(*given)) == sorted(set(range(COUNT)) - bad)
    assert set(loader.bad) == bad
    assert all("not a FITS file" in reason and f"{number:02}.fits" in reason for number, reason in loader.bad.items())
    report = loader.report()
    assert (report.samples, report.bad, report.batches) == (COUNT - 5, 5, len(given))


def test_badSamples_substituted_areReplacedByOthersThatCanBeRead(paths: list[str]) -> None:
    bad = set(range(0, COUNT, 2))
    spoil(*(paths[number] for number in bad))

    def epochs(dataset: Any, **options: Any) -> list[list[list[int]]]:
        loader = DataLoader(dataset, 5, on_bad="substitute", seed=3, **options)
        made = [[batch.sample_ids.tolist() for batch in loader] for _ in range(2)]
        assert set(loader.bad) == bad
        return made

    first, second = made = epochs(ImageDataset(paths))
    assert [len(batch) for batch in first] == [5] * 7 + [2]
    assert not bad & set(itertools.chain(*first, *second))
    places = [*itertools.chain(*first)]
    assert all(places[number] == number for number in range(1, COUNT, 2))
    assert first != second
    assert made == epochs(ImageDataset(paths), prefetch_batches=0) == epochs(Parts(ImageDataset(paths)))


def test_badSamples_substitutedInParts_bringAllParts(paths: list[str]) -> None:
    spoil(paths[2])
    batch = next(iter(DataLoader(Parts(ImageDataset(paths)), 4, on_bad="substitute")))
    ids = batch.sample_ids.tolist()
    assert ids[2] != 2
    assert batch["image"][:, 0, 0].int().tolist() == batch["n"]["id"].tolist() == ids
    skipped = next(iter(DataLoader(Parts(ImageDataset(paths)), 4, on_bad="skip")))
    assert skipped["n"]["id"].dtype == torch.uint16
    assert skipped["n"]["id"].tolist() == skipped.sample_ids.tolist() == [0, 1, 3]


@pytest.mark.parametrize("on_bad", ["skip", "substitute"])
def test_badSamples_only_areAnErrorOrNothing(paths: list[str], on_bad: Any) -> None:
    spoil(*paths)
    loader = DataLoader(ImageDataset(paths), 4, on_bad=on_bad)
    if on_bad == "skip":
        assert list(loader) == []
        assert len(loader.bad) == COUNT
    else:
        with pytest.raises(torchfits.NotFitsError):
            list(loader)


def test_badSamples_emptyBatchOfARank_isAnError(paths: list[str]) -> None:
    spoil(paths[1])
    loader = DataLoader(ImageDataset(paths), 1, on_bad="skip", rank=1, world_size=2)
    with pytest.raises(torchfits.NotFitsError, match=r"01\.fits"):
        list(loader)


def test_badFiles_thatChangeDuringAnEpoch_areSkipped(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 3, on_bad="skip", prefetch_batches=1)
    iterator = iter(loader)
    given = numbers(itertools.islice(iterator, 2))
    Path(paths[20]).unlink()
    Path(paths[25]).write_bytes(Path(paths[25]).read_bytes()[:2890])
    Path(paths[30]).write_bytes(image(np.zeros((4, 4), "i2")))
    replacement = Path(paths[0]).with_name("new.fits")
    replacement.write_bytes(image(np.full((3, 4), 35, "i2")))
    replacement.replace(paths[35])
    given += numbers(iterator)
    assert [*itertools.chain(*given)] == [number for number in range(COUNT) if number not in (20, 25, 30)]
    assert set(loader.bad) == {20, 25, 30}
    assert "no such file" in loader.bad[20]
    assert "the file ends at" in loader.bad[25]
    assert "does not fit" in loader.bad[30]


# Ranks


def two_ranks(paths: list[str], tmp_path: Path, on_bad: str) -> tuple[list[Any], list[tuple[str, str]]]:
    """Two processes that train together, which have ended, and what they printed."""
    command = [*loaded_python(), PROGRAMS / "train_ranks.py", Path(paths[0]).parent, tmp_path / "meet"]
    ranks = [
        subprocess.Popen([*command, str(rank), on_bad], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    return ranks, [rank.communicate(timeout=240) for rank in ranks]


def test_ranks_withACorruptFile_loseNothingElse(paths: list[str], tmp_path: Path) -> None:
    spoil(paths[11])
    ranks, outputs = two_ranks(paths, tmp_path, "skip")
    assert [rank.returncode for rank in ranks] == [0, 0], outputs
    first, second = (json.loads(output) for output, _ in outputs)
    assert len(first["batches"]) == len(second["batches"]) == 2 * 5
    for epoch in (slice(0, 5), slice(5, 10)):
        given = Counter(itertools.chain(*first["batches"][epoch], *second["batches"][epoch]))
        assert given == Counter(set(range(COUNT)) - {11})
    # All ranks' losses were summed in each step, and the bad ones of all are known by their sum.
    assert first["sums"] == second["sums"]
    assert first["bad"] == second["bad"] == 1


def test_ranks_ofWhichOneRaises_allEnd(paths: list[str], tmp_path: Path) -> None:
    spoil(paths[11])
    ranks, outputs = two_ranks(paths, tmp_path, "raise")
    raised = ["NotFitsError" in errors and "11.fits" in errors for _, errors in outputs]
    assert sorted(raised) == [False, True], outputs
    # The other one learns from torch.distributed that its peer is gone.
    other = raised.index(False)
    assert [rank.returncode for rank in ranks] == [1, 1]
    assert "all_reduce" in outputs[other][1]
    assert "Connection" in outputs[other][1] or "gloo" in outputs[other][1]


# Faults


def test_transformThatRaises_namesTheSample(paths: list[str]) -> None:
    def broken(item: torch.Tensor) -> torch.Tensor:
        if item[0, 0] == 6:
            raise RuntimeError("that number")
        return item

    def notes(error: BaseException) -> str:
        return "; ".join([*getattr(error, "__notes__", []), *map(str, error.args)])

    iterator = iter(DataLoader(ImageDataset(paths, transform=broken), 4))
    next(iterator)
    with pytest.raises(RuntimeError, match="that number") as raised:
        next(iterator)
    assert "sample 6" in notes(raised.value)
    assert "06.fits" in notes(raised.value)

    def broken_batch(batch: torch.Tensor) -> torch.Tensor:
        raise RuntimeError(f"always {len(batch)}")

    with pytest.raises(RuntimeError, match="always 4") as raised:
        list(DataLoader(ImageDataset(paths), 4, transform=broken_batch))
    assert "sample 0" in notes(raised.value)
    assert "00.fits) and 3 more" in notes(raised.value)


def test_interruptDuringAnEpoch_endsItAndItCanGoOn(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 2, shuffle=True)
    expected = numbers(DataLoader(ImageDataset(paths), 2, shuffle=True))
    given: list[list[int]] = []

    def train() -> None:
        for batch in loader:
            given.extend(numbers([batch]))
            if len(given) == 5:
                signal.raise_signal(signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        train()
    resumed = DataLoader(ImageDataset(paths), 2, shuffle=True)
    resumed.load_state_dict(loader.state_dict())
    assert given + numbers(resumed) == expected


# What is told


def test_report_tellsWhatWasWaitedFor(paths: list[str]) -> None:
    loader = DataLoader(ImageDataset(paths), 4)
    assert loader.report().advice == "nothing was loaded yet"
    list(loader)
    report = loader.report()
    assert (report.batches, report.samples, report.bad) == (10, COUNT, 0)
    assert report.fetched_bytes >= COUNT * 24
    assert report.decoded_bytes == COUNT * 48
    assert report.wait_seconds > 0
    assert f"10 batches, {COUNT} samples, 0 bad" in str(report)
    assert report.advice in str(report)


def test_plan_tellsFilesAndMixing(paths: list[str]) -> None:
    dataset = ImageDataset(paths)
    plan = DataLoader(dataset, 4).plan(3)
    assert plan == {
        "batches": 3, "samples": 12, "files": 12, "samples_per_file": 1.0, "shuffle": "none: the order of the dataset",
        "while_decoding": [],
    }  # fmt: skip
    assert DataLoader(dataset, 4).plan(100)["batches"] == 10
    assert "permutation of all 37" in DataLoader(dataset, 4, shuffle=True).plan()["shuffle"]
    assert "windows of 32 of 37" in DataLoader(dataset, 4, shuffle=True, shuffle_window=33).plan()["shuffle"]
    assert DataLoader(dataset, sampler=[1, 2]).plan()["shuffle"] == "as the sampler says"


def test_progress_countsBatchesAndBadOnes(paths: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    spoil(paths[5])
    list(DataLoader(ImageDataset(paths), 4, on_bad="skip", progress=True))
    shown = capsys.readouterr().err
    assert "epoch 0" in shown
    assert "10/10" in shown
    assert "bad=1" in shown


def test_device_movesBatches(paths: list[str]) -> None:
    loader = DataLoader(Parts(ImageDataset(paths)), 4, device="meta", pin_memory=True)
    batch = next(iter(loader))
    assert batch["image"].device.type == "meta"
    assert batch["n"]["id"].device.type == "meta"
    assert batch.sample_ids.tolist() == [0, 1, 2, 3]
    assert loader.pin_memory == torch.cuda.is_available()


# Other libraries


def test_torchdata_takesItForStateful(paths: list[str]) -> None:
    stateful = pytest.importorskip("torchdata.stateful_dataloader.stateful")
    assert isinstance(DataLoader(ImageDataset(paths)), stateful.Stateful)


def test_accelerate_leavesItAsItIs(paths: list[str]) -> None:
    accelerate = pytest.importorskip("accelerate")
    loader = DataLoader(ImageDataset(paths), 4, shuffle=True)
    model = torch.nn.Linear(12, 1)
    accelerator = accelerate.Accelerator(cpu=True)
    prepared, model, optimizer = accelerator.prepare(loader, model, torch.optim.SGD(model.parameters(), 1e-4))
    seen = []
    for batch in prepared:
        loss = model(batch.flatten(1)).square().mean()
        accelerator.backward(loss)
        optimizer.step()
        seen += batch.sample_ids.tolist()
    assert sorted(seen) == list(range(COUNT))


def test_lightning_trainsAndGoesOn(paths: list[str], tmp_path: Path) -> None:
    lightning = pytest.importorskip("pytorch_lightning")

    class Model(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(12, 1)
            self.seen: list[list[int]] = []

        def training_step(self, batch: torch.Tensor, _: int) -> torch.Tensor:
            self.seen += numbers([batch])
            return self.layer(batch.flatten(1)).square().mean()

        def validation_step(self, batch: torch.Tensor, _: int) -> None:
            assert len(batch)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 1e-4)

    def trainer(**options: Any) -> Any:
        return lightning.Trainer(
            accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
            enable_checkpointing=False, default_root_dir=tmp_path, **options,
        )  # fmt: skip

    def loader() -> DataLoader:
        return DataLoader(ImageDataset(paths), 4, shuffle=True)

    model = Model()
    trainer(max_epochs=2).fit(model, loader(), DataLoader(ImageDataset(paths), 8))
    expected = loader()
    assert model.seen == numbers(expected) + numbers(expected)

    class Saving(Model):
        def on_train_batch_end(self, *_: Any) -> None:
            if self.global_step == 3:
                self.trainer.save_checkpoint(tmp_path / "x.ckpt")

    model, resumed = Saving(), Model()
    trainer(max_steps=5).fit(model, loader())
    trainer(max_epochs=2).fit(resumed, loader(), ckpt_path=tmp_path / "x.ckpt")
    expected = loader()
    assert model.seen[:3] + resumed.seen == numbers(expected) + numbers(expected)
