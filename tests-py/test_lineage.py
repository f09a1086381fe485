"""torchfits.lineage: batches of a training, made anew from what a run file tells of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import image
from torchfits import lineage
from torchfits.data import (
    CubeDataset,
    CutoutDataset,
    DataLoader,
    ImageDataset,
    SpectrumDataset,
    TableDataset,
    ZipDataset,
)
from torchfits.data import transforms as T

PROGRAMS = Path(__file__).parent / "programs"
COUNT = 21
ROWS = 23


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Files of noise."""
    random = np.random.default_rng(1)
    paths = [str(tmp_path / f"{number:02}.fits") for number in range(COUNT)]
    for path in paths:
        Path(path).write_bytes(image(random.normal(size=(6, 6)).astype("f4")))
    return paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, an image, a cube and spectra, of random numbers."""
    folder = tmp_path_factory.mktemp("lineage")
    random = np.random.default_rng(2)
    table = {
        "MAG": torch.tensor(random.normal(size=ROWS)),
        "CLASS": [["STAR", "GALAXY", "QSO"][number] for number in random.integers(0, 3, ROWS)],
        "NAME": [f"object {number}" for number in range(ROWS)],
        "FLUX": torch.tensor(random.normal(size=(ROWS, 5)).astype("f4")),
        "IVAR": torch.tensor(random.random(size=(ROWS, 5)).astype("f4")),
        "VISITS": [list(range(number % 4)) for number in range(ROWS)],
    }
    torchfits.write(folder / "catalog.fits", table)
    (folder / "image.fits").write_bytes(image(random.normal(size=(40, 50)).astype("f4")))
    (folder / "cube.fits").write_bytes(image(random.normal(size=(3, 20, 10)).astype("f4")))
    return folder


def half(item: torch.Tensor) -> torch.Tensor:
    return item.mul_(0.5)


def pairs(items: list[torch.Tensor]) -> Any:
    return torch.stack(items), len(items)


def chain() -> T.Compose:
    return T.Compose(T.RandomDihedral(), T.GaussianNoise(0.5), T.Normalize(0.0, 2.0))


def same(first: Any, second: Any) -> bool:
    """Whether two batches have the same bits and sample ids."""
    if isinstance(first, torch.Tensor):
        return (
            first.dtype == second.dtype
            and first.shape == second.shape
            and first.numpy().tobytes() == second.numpy().tobytes()
        )
    if isinstance(first, tuple):
        return all(map(same, first, second))
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[name], second[name]) for name in first)
    if hasattr(first, "feat_dict"):
        others = {name: column.to_list() for name, column in first.others.items()}
        return (
            first == second
            and first.others.keys() == second.others.keys()
            and others == {name: column.to_list() for name, column in second.others.items()}
        )
    return first == second


def require_same(run: Path, batches: list[Any]) -> None:
    for step, expected in enumerate(batches):
        again = lineage.batch(run, step)
        assert type(again) is type(expected)
        assert same(again, expected), step
        if hasattr(expected, "sample_ids"):
            assert again.sample_ids.tolist() == expected.sample_ids.tolist()
    with pytest.raises(IndexError, match=f"{len(batches)} steps"):
        lineage.batch(run, len(batches))


def lines_of(run: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, run.read_text().splitlines()) if kind in line]


# Batches again


def test_batch_ofTwoShuffledEpochsWithRandomTransforms_isTheSameBitForBit(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    loader = DataLoader(
        ImageDataset(paths, section=(slice(1, 6), slice(0, 5)), transform=chain()),
        4,
        shuffle=True,
        seed=5,
        transform=T.Compose(T.GaussianNoise(1.0), T.Asinh()),
    )
    batches = [batch for _ in range(2) for batch in lineage.record(loader, run)]
    assert len(batches) == 2 * 6
    assert not same(batches[0], batches[6])
    require_same(run, batches)
    assert len(lines_of(run, "run")) == 1
    assert len(lines_of(run, "file")) == COUNT  # each once, though it was read twice
    assert [line["step"] for line in lines_of(run, "step")] == list(range(12))


def datasets_of(folder: Path) -> dict[str, Any]:
    image, table = str(folder / "image.fits"), str(folder / "catalog.fits")
    boxes = [(slice(row, row + 6), slice(row - 3, row + 3)) for row in range(ROWS)]
    bands: Any = [[(image, 0, box), None, (str(folder / "gone.fits"), box)] for box in boxes]
    cutouts = CutoutDataset([(image, box) for box in boxes], fill=0)
    return {
        "cutouts": CutoutDataset([(image, box) for box in boxes], transform=T.RandomShift(0.5)),
        "bands": CutoutDataset(bands, missing="fill", fill=-1, transform=T.Flip()),
        "cube": CubeDataset([(str(folder / "cube.fits"), (slice(None), y, slice(0, 4))) for y in range(20)]),
        "spectra": SpectrumDataset(table, layout="rows", flux="FLUX", ivar="IVAR", transform=T.NoiseFromIvar()),
        "table": TableDataset(table, where="MAG < 1", target="MAG", stypes={"CLASS": "categorical"}),
        "zip": ZipDataset(image=cutouts, row=TableDataset(table, ["MAG", "NAME", "VISITS"])),
    }


@pytest.mark.parametrize("name", ["cutouts", "bands", "cube", "spectra", "table", "zip"])
def test_batch_ofEachDataset_isTheSame(folder: Path, tmp_path: Path, name: str) -> None:
    run = tmp_path / "run.jsonl"
    dataset = datasets_of(folder)[name]
    batches = list(lineage.record(DataLoader(dataset, 5, shuffle=True, seed=3), run))
    assert len(batches) > 2
    require_same(run, batches)
    assert {Path(line["file"]).name for line in lines_of(run, "file")} == {
        "cutouts": {"image.fits"},
        "bands": {"image.fits", "gone.fits"},
        "cube": {"cube.fits"},
        "spectra": {"catalog.fits"},
        "table": {"catalog.fits"},
        "zip": {"image.fits", "catalog.fits"},
    }[name]


@pytest.mark.parametrize("on_bad", ["skip", "substitute"])
def test_batch_withBadSamples_isTheSame(paths: list[str], tmp_path: Path, on_bad: Any) -> None:
    for path in paths[3:8]:
        Path(path).write_bytes(b"no FITS file")
    run = tmp_path / "run.jsonl"
    loader = DataLoader(ImageDataset(paths, transform=chain()), 4, shuffle=True, on_bad=on_bad)
    batches = list(lineage.record(loader, run))
    assert sorted(loader.bad) == [3, 4, 5, 6, 7]
    require_same(run, batches)


def test_batch_byFunctionsOfModules_isTheSame(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    loader = DataLoader(ImageDataset(paths, transform=half), 8, collate_fn=pairs)
    batches = list(lineage.record(loader, run))
    assert batches[0][1] == 8
    require_same(run, batches)
    run.write_text(run.read_text().replace('"function": "half"', '"function": "third"'))
    with pytest.raises(ValueError, match=r"third of .*import its module"):
        lineage.batch(run, 0)


def test_batch_ofTransformsThatDoNotTrain_isTheSame(paths: list[str], tmp_path: Path) -> None:
    transform = chain()
    transform.transforms[0].eval()
    loader = DataLoader(ImageDataset(paths, transform=transform), 8)
    require_same(tmp_path / "run", list(lineage.record(loader, tmp_path / "run")))


def test_batch_fromRelativePaths_isTheSameElsewhere(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(paths[0]).parent)
    run = tmp_path / "run.jsonl"
    batches = list(lineage.record(DataLoader(ImageDataset([Path(path).name for path in paths]), 8), run))
    monkeypatch.chdir("/")
    require_same(run, batches)


def test_batch_inAnotherProcess_isTheSame(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    loader = DataLoader(ImageDataset(paths, transform=chain()), 4, shuffle=True)
    expected = list(lineage.record(loader, run))[3]
    code = (
        "import sys, torch, torchfits\n"
        "batch = torchfits.lineage.batch(sys.argv[1], 3)\n"
        "torch.save((batch.clone(), batch.sample_ids), sys.argv[2])\n"
    )
    subprocess.run([sys.executable, "-c", code, run, tmp_path / "batch.pt"], check=True, timeout=120)
    again, ids = torch.load(tmp_path / "batch.pt")
    assert same(again, expected)
    assert ids.tolist() == expected.sample_ids.tolist()
