"""Datasets under torch's DataLoader: in the process, by workers of each start method, sharded and shuffled."""

import itertools
import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import card, image
from _programs import loaded_python
from torch.utils.data import DataLoader
from torchfits.data import ImageDataset, StreamingDataset

PROGRAM = Path(__file__).parent / "programs" / "load_by_workers.py"
COUNT = 11


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """good00.fits ... whose pixels are their number, unsigned 16 bits; a broken one; one of another shape."""
    folder = tmp_path_factory.mktemp("images")
    for number in range(COUNT):
        stored = np.full((3, 4), number - 32768, "i2")
        (folder / f"good{number:02}.fits").write_bytes(image(stored, card("BZERO", 32768)))
    (folder / "broken.fits").write_bytes(image(np.zeros((3, 4), "i2"), card("BZERO", 32768))[:2890])
    (folder / "wide.fits").write_bytes(image(np.zeros((3, 5), "i2")))
    return folder


@pytest.fixture(scope="module")
def paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("good*.fits"))


def numbers(items: Any) -> list[int]:
    """Which image each item is."""
    return [int(item.flatten()[0]) for item in items]


# ImageDataset


def test_imageDataset_item_isTheImageAsFloat32(paths: list[Path]) -> None:
    dataset = ImageDataset(paths)
    assert len(dataset) == COUNT
    item = dataset[7]
    assert (item.dtype, tuple(item.shape)) == (torch.float32, (3, 4))
    assert torch.all(item == 7)
    assert numbers([dataset[-1]]) == [COUNT - 1]
    with pytest.raises(IndexError):
        dataset[COUNT]


def test_imageDataset_items_areThoseOfSingleReads(paths: list[Path]) -> None:
    dataset = ImageDataset(paths)
    items = dataset.__getitems__([3, 1, 3])
    assert len(items) == 3
    assert all(torch.equal(item, dataset[i]) for item, i in zip(items, [3, 1, 3], strict=True))


def test_imageDataset_options_areThoseOfReadImage(paths: list[Path]) -> None:
    options: Any = {"hdu": "PRIMARY", "section": (0, slice(1, 3)), "dtype": None}
    dataset = ImageDataset(iter(paths), transform=lambda image: {"image": image}, **options)
    expected = torchfits.read_image(paths[2], **options)
    assert expected.dtype == torch.uint16
    for item in (dataset[2], dataset.__getitems__([0, 2])[1]):
        assert torch.equal(item["image"].int(), expected.int())
        assert item["image"].dtype == torch.uint16


def test_imageDataset_onePath_isRefused() -> None:
    with pytest.raises(TypeError, match="several paths"):
        ImageDataset("a.fits")


def test_imageDataset_pickled_readsTheSame(paths: list[Path]) -> None:
    dataset = ImageDataset(paths, section=(slice(0, 2), ...), dtype=torch.float64, transform=torch.neg)
    restored = pickle.loads(pickle.dumps(dataset))
    assert restored.paths == dataset.paths
    assert torch.equal(restored[5], dataset[5])
    assert torch.equal(restored[5], torch.full((2, 4), -5.0, dtype=torch.float64))


def test_imageDataset_made_touchesNoFile() -> None:
    dataset = ImageDataset(["no such file.fits"])
    assert len(dataset) == 1
    with pytest.raises(torchfits.MissingFileError, match=r"no such file\.fits"):
        dataset[0]
    with pytest.raises(torchfits.MissingFileError, match=r"no such file\.fits"):
        dataset.__getitems__([0])


def test_imageDataset_shapesThatDiffer_areForACollateFunction(folder: Path, paths: list[Path]) -> None:
    dataset = ImageDataset([paths[1], folder / "wide.fits"])
    (batch,) = DataLoader(dataset, batch_size=2, collate_fn=list)
    assert [tuple(item.shape) for item in batch] == [(3, 4), (3, 5)]
    with pytest.raises(RuntimeError, match="equal size"):
        next(iter(DataLoader(dataset, batch_size=2)))


@pytest.mark.parametrize("batch_size", [1, 4, COUNT, None])
def test_dataLoader_withoutWorkers_givesAllImages(paths: list[Path], batch_size: int | None) -> None:
    loader = DataLoader(ImageDataset(paths), batch_size=batch_size)
    items = [item for batch in loader for item in (batch if batch_size else [batch])]
    assert numbers(items) == list(range(COUNT))


def test_dataLoader_brokenFile_raisesItsError(folder: Path, paths: list[Path]) -> None:
    loader = DataLoader(ImageDataset([*paths, folder / "broken.fits"]), batch_size=4)
    with pytest.raises(torchfits.TruncatedFileError, match=r"broken\.fits\[0\]"):
        list(loader)


# StreamingDataset


def test_streamingDataset_inOrder_givesAllItems(paths: list[Path]) -> None:
    stream = StreamingDataset(ImageDataset(paths))
    assert len(stream) == COUNT
    assert numbers(stream) == list(range(COUNT))
    assert numbers(stream) == list(range(COUNT))


def test_streamingDataset_longerThanItsLookAhead_givesAllItems(paths: list[Path]) -> None:
    stream = StreamingDataset(ImageDataset(paths * 13))
    assert numbers(stream) == list(range(COUNT)) * 13


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("world_size", [1, 2, 3, 4, COUNT, COUNT + 1])
def test_streamingDataset_ranks_shareTheItems(paths: list[Path], world_size: int, shuffle: bool) -> None:  # noqa: FBT001
    dataset = ImageDataset(paths)
    streams = [
        StreamingDataset(dataset, shuffle=shuffle, seed=5, rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]
    shares = [numbers(stream) for stream in streams]

    assert [len(share) for share in shares] == [COUNT // world_size] * world_size
    assert [len(stream) for stream in streams] == [COUNT // world_size] * world_size
    given = list(itertools.chain(*shares))
    assert len(set(given)) == len(given)
    if not shuffle:
        assert sorted(given) == list(range(COUNT // world_size * world_size))


def test_streamingDataset_shuffled_dependsOnSeedAndEpochAlone(paths: list[Path]) -> None:
    def order(seed: int, epoch: int) -> tuple[int, ...]:
        stream = StreamingDataset(ImageDataset(paths), shuffle=True, seed=seed)
        stream.set_epoch(epoch)
        torch.manual_seed(torch.seed())
        return tuple(numbers(stream))

    orders = {(seed, epoch): order(seed, epoch) for seed in (0, 1, -1, 12345) for epoch in (0, 1, 2)}
    assert all(sorted(made) == list(range(COUNT)) for made in orders.values())
    assert len(set(orders.values())) == len(orders)
    assert all(order(*key) == made for key, made in orders.items())


def test_streamingDataset_shuffledRanks_leaveOutOtherItemsEachEpoch(paths: list[Path]) -> None:
    left_out = set()
    for epoch in range(20):
        streams = [StreamingDataset(ImageDataset(paths), shuffle=True, rank=rank, world_size=2) for rank in range(2)]
        for stream in streams:
            stream.set_epoch(epoch)
        left_out |= set(range(COUNT)) - set(itertools.chain(*map(numbers, streams)))
    assert len(left_out) > 3


def test_streamingDataset_pickled_givesTheSame(paths: list[Path]) -> None:
    stream = StreamingDataset(ImageDataset(paths), shuffle=True, seed=2, rank=1, world_size=2)
    stream.set_epoch(4)
    assert numbers(pickle.loads(pickle.dumps(stream))) == numbers(stream)


@pytest.mark.parametrize(
    "arguments", [{"rank": 0}, {"world_size": 2}, {"rank": 2, "world_size": 2}, {"rank": -1, "world_size": 2}]
)
def test_streamingDataset_ranksThatMakeNoSense_areRefused(paths: list[Path], arguments: Any) -> None:
    with pytest.raises(ValueError, match="rank"):
        StreamingDataset(ImageDataset(paths), **arguments)


def test_streamingDataset_distributed_asksForItsRank(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    assert numbers(StreamingDataset(ImageDataset(paths))) == [1, 4, 7]


# Workers


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_dataLoader_workers_giveWhatTheProcessWouldRead(folder: Path, method: str) -> None:
    command = [*loaded_python(), PROGRAM, folder, method]
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)

    first, second, again = result["epochs"]
    assert sorted(first) == sorted(second) == list(range(COUNT))
    assert first == again != second
    # The last batch has the broken file.
    assert result["images"] == [[[[-float(n)] * 4] * 3 for n in range(i, i + 3)] for i in (0, 3, 6)]
    assert "broken.fits[0]: " in result["error"]
    assert "the file ends at byte 2890" in result["error"]
