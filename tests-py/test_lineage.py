"""torchfits.lineage: batches of a training, made anew from what a run file tells of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch_frame
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


def require_same(run: Path, batches: list[Any], **options: Any) -> None:
    for step, expected in enumerate(batches):
        again = lineage.batch(run, step, **options)
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
        "lazy": TableDataset(lazy_table(table), where="MAG < 1.5", target="MAG", stypes={"CLASS": "categorical"}),
        "joined": TableDataset(joined_tables(table), ["NAME", "MAG", "MAG_right"]),
    }


def lazy_table(path: str) -> torchfits.Table:
    """One that took many steps."""
    rows = torchfits.table(path, hdu=1).sort(["CLASS", "MAG"], descending=[False, True]).sample(21, seed=3)[1:]
    return rows[[number != 7 for number in range(20)]][[-1, *range(17)]].select(["MAG", "CLASS", "NAME"])


def joined_tables(path: str) -> torchfits.Table:
    """Rows of a table and of another one, which are put together by names, by groups, and on the sky."""
    table = torchfits.table(f"{path}[1]")
    groups = table.group_by("CLASS").agg({"MAG": ["mean", "max"], "NAME": "count"}).filter("MAG_mean < 100")
    near = torchfits.table(path).join(table, on=torchfits.sky(1e-6, left=("MAG", "MAG")), how="semi")
    return near.join(groups, on="CLASS", how="left").join(table, on={"NAME": "NAME"})


@pytest.mark.parametrize("name", ["cutouts", "bands", "cube", "spectra", "table", "zip", "lazy", "joined"])
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
        "lazy": {"catalog.fits"},
        "joined": {"catalog.fits"},
    }[name]


def in_memory(paths: list[str], folder: Path) -> dict[str, Any]:
    contents = [Path(path).read_bytes() for path in paths]
    catalog = (folder / "catalog.fits").read_bytes()
    return {
        "bytes": ImageDataset([*contents[:9], *paths[9:]], transform=chain()),
        "frame": TableDataset(torchfits.read_table(folder / "catalog.fits"), target="MAG"),
        "table": TableDataset(torchfits.table(catalog).sort("MAG"), ["MAG", "CLASS"]),
    }


@pytest.mark.parametrize("name", ["bytes", "frame", "table"])
def test_batch_ofADatasetInMemory_isTheSameOfTheDatasetThatIsGiven(
    paths: list[str], folder: Path, tmp_path: Path, name: str
) -> None:
    run = tmp_path / "run.jsonl"
    batches = list(lineage.record(DataLoader(in_memory(paths, folder)[name], 5, shuffle=True), run))
    require_same(run, batches, dataset=in_memory(paths, folder)[name])
    assert {Path(line["file"]).name for line in lines_of(run, "file")} == {
        "bytes": {Path(path).name for path in paths[9:]}
    }.get(name, set())
    with pytest.raises(ValueError, match=r"made of a \w+Dataset that is needed again, as dataset=\.\.\.: "):
        lineage.batch(run, 0)


def test_batch_ofAnotherDatasetThatIsGiven_isAnError(paths: list[str], folder: Path, tmp_path: Path) -> None:
    contents = [Path(path).read_bytes() for path in paths]
    list(lineage.record(DataLoader(ImageDataset(contents, transform=half), 5), tmp_path / "images"))
    other = bytearray(contents[8])
    other[2880] ^= 1
    for dataset, name in [
        (ImageDataset(contents[1:], transform=half), "length 20"),
        (ImageDataset([*contents[:8], bytes(other), *contents[9:]], transform=half), "fingerprint"),
        (ImageDataset(contents), "dataset_transform None"),
    ]:
        with pytest.raises(ValueError, match=f"the given dataset has the {name}"):
            lineage.batch(tmp_path / "images", 0, dataset=dataset)
    frame = torchfits.read_table(folder / "catalog.fits", ["MAG"])
    list(lineage.record(DataLoader(TableDataset(frame), 5), tmp_path / "rows"))
    numbers = frame.feat_dict[torch_frame.numerical]
    assert isinstance(numbers, torch.Tensor)
    numbers[7] += 1
    lineage.batch(tmp_path / "rows", 0, dataset=TableDataset(frame))
    with pytest.raises(torchfits.ChangedFileError, match="TableDataset: what is read is not what it was at step 1"):
        lineage.batch(tmp_path / "rows", 1, dataset=TableDataset(frame))


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


# Files that are not what they were


def recorded(paths: list[str], run: Path, **options: Any) -> list[Any]:
    return list(lineage.record(DataLoader(ImageDataset(paths), 4), run, **options))


def rewritten(path: str, pixel: float, times: os.stat_result | None = None) -> None:
    content = bytearray(Path(path).read_bytes())
    content[2880:2884] = np.array(pixel, ">f4").tobytes()
    Path(path).write_bytes(content)
    if times is not None:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("checksums", [True, False])
def test_batch_ofAChangedFile_isAnErrorThatNamesIt(paths: list[str], tmp_path: Path, checksums: bool) -> None:  # noqa: FBT001
    run = tmp_path / "run.jsonl"
    batches = recorded(paths, run, checksums=checksums)
    rewritten(paths[5], 7.5)
    assert same(lineage.batch(run, 0), batches[0])
    with pytest.raises(torchfits.ChangedFileError, match=r"05\.fits: (its SHA-256|it was changed)"):
        lineage.batch(run, 1)
    Path(paths[9]).write_bytes(Path(paths[9]).read_bytes() + bytes(2880))
    with pytest.raises(torchfits.ChangedFileError, match=r"09\.fits: it has 8640 bytes, and had 5760"):
        lineage.batch(run, 2)
    Path(paths[13]).unlink()
    with pytest.raises(torchfits.ChangedFileError, match=r"13\.fits: it has None bytes"):
        lineage.batch(run, 3)


def test_batch_ofAFileWithTheOldTimes_isAnErrorByWhatWasRead(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    recorded(paths, run, checksums=False)
    rewritten(paths[5], 7.5, os.stat(paths[5]))  # noqa: PTH116
    with pytest.raises(torchfits.ChangedFileError, match=r"05\.fits.*: what is read is not what it was at step 1"):
        lineage.batch(run, 1)


def test_batch_ofCopiesWithOtherTimes_isTheSame(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    batches = recorded(paths, run)
    for path in paths:
        content = Path(path).read_bytes()
        Path(path).unlink()
        Path(path).write_bytes(content)
        os.utime(path, (1, 1))
    require_same(run, batches)


def test_record_fileReplacedBetweenEpochs_tellsOfBoth(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    loader = DataLoader(ImageDataset(paths), 4)
    list(lineage.record(loader, run))
    rewritten(paths[5], 7.5)
    second = list(lineage.record(loader, run))
    assert [Path(line["file"]).name for line in lines_of(run, "file")[COUNT:]] == ["05.fits"]
    assert same(lineage.batch(run, 7), second[1])
    with pytest.raises(torchfits.ChangedFileError, match=r"05\.fits: its SHA-256"):
        lineage.batch(run, 1)


def test_record_checksum_isThatOfSha256sum(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    recorded(paths[:2], run)
    (line, _) = lines_of(run, "file")
    told = subprocess.run(["sha256sum", paths[0]], capture_output=True, text=True, check=True).stdout
    assert [line["sha256"], line["file"]] == told.split()
    assert line["hdus"] == [None]


# Runs that end, and go on


def test_record_killedInTheMiddleOfALine_servesTheWholeOnes(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    batches = recorded(paths, run)
    text = run.read_bytes()
    run.write_bytes(text[: text.index(b'{"step": 3') + 40])
    require_same(run, batches[:3])
    loader = DataLoader(ImageDataset(paths), 4)
    iterator = iter(loader)
    for _ in range(3):
        next(iterator)
    rest = list(lineage.record(resumed(loader, paths), run))
    assert len(rest) == 3
    require_same(run, batches)


def resumed(loader: DataLoader, paths: list[str], **options: Any) -> DataLoader:
    again = DataLoader(ImageDataset(paths), 4, **options)
    again.load_state_dict(loader.state_dict())
    return again


def test_record_killedByTheSystem_servesAllThatWasGiven(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    folder = str(Path(paths[0]).parent)
    killed = subprocess.run([sys.executable, PROGRAMS / "record_killed.py", folder, run, "4"], check=False, timeout=120)
    assert killed.returncode == -9
    expected = list(DataLoader(ImageDataset(paths, transform=chain()), 4, shuffle=True, seed=11))
    require_same(run, expected[:5])


def test_record_resumedFromAnEarlierState_replacesTheStepsBehindIt(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    loader = DataLoader(ImageDataset(paths), 4, shuffle=True)
    first = list(lineage.record(loader, run))
    for step, _ in enumerate(lineage.record(loader, run)):
        if step == 1:
            state = loader.state_dict()
        if step == 4:
            break
    again = DataLoader(ImageDataset(paths), 4, shuffle=True)
    again.load_state_dict(state)
    rest = list(lineage.record(again, run))
    assert len(rest) == 4
    whole = DataLoader(ImageDataset(paths), 4, shuffle=True)
    whole.set_epoch(1)
    require_same(run, [*first, *whole])
    assert [line["step"] for line in lines_of(run, "step")] == [*range(6), *range(6, 11), *range(8, 12)]


def test_record_withAnotherNumberOfRanks_goesOn(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    loader = DataLoader(ImageDataset(paths), 2, shuffle=True, rank=0, world_size=2)
    iterator = lineage.record(loader, run)
    batches = [next(iterator) for _ in range(3)]
    iterator.close()  # pyright: ignore[reportAttributeAccessIssue]
    alone = resumed(loader, paths, shuffle=True)
    batches += list(lineage.record(alone, run))
    assert len(batches) == 6
    require_same(run, batches)
    assert [line["loader"]["world_size"] for line in lines_of(run, "run")] == [2, 1]


# What cannot be


def test_record_ofAnotherDatasetOrRank_isAnError(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    recorded(paths, run)
    before = run.read_bytes()
    with pytest.raises(ValueError, match="the run file has the fingerprint"):
        next(lineage.record(DataLoader(ImageDataset(paths[1:]), 4), run))
    with pytest.raises(ValueError, match="the run file has the rank 0, not 1"):
        next(lineage.record(DataLoader(ImageDataset(paths), 4, rank=1, world_size=2), run))
    iterator = lineage.record(DataLoader(ImageDataset(paths), 4), run)
    next(iterator)
    with pytest.raises(ValueError, match="is being written"):
        next(lineage.record(DataLoader(ImageDataset(paths), 4), run))
    assert run.read_bytes().startswith(before)


class OwnDataset(ImageDataset):
    """One that torchfits does not know."""


def test_record_ofWhatCannotBeWrittenDown_isATypeErrorAtOnce(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    for loader, message in [
        (DataLoader(ImageDataset(paths, transform=lambda item: item)), "<lambda>.* cannot be written down"),
        (DataLoader(ImageDataset(paths), transform=chain().apply_one), "cannot be written down"),
        (DataLoader(OwnDataset(paths)), "OwnDataset is no dataset of torchfits.data"),
    ]:
        with pytest.raises(TypeError, match=message):
            lineage.record(loader, run)
    assert not run.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: b"no JSON\n" + text, "line 1 is none of a run file"),
        (lambda text: b"[]\n" + text, "line 1 is none"),
        (lambda text: text.replace(b'"run": 1', b'"run": 2'), "format 2 is not 1"),
        (lambda text: text.replace(b'"step": 1,', b'"step": 3,'), "step 3 follows 1 steps"),
        (lambda text: text.replace(b'"ids": "4-7"', b'"ids": "4-99999999999"'), "are not among 21"),
        (lambda text: text.replace(b'"ids": "4-7"', b'"ids": 4'), "step 1 cannot be understood"),
        (lambda text: text.replace(b'"ImageDataset"', b'"collate"'), "no dataset 'collate'"),
        (lambda text: text.replace(b'"seed"', b'"seat"'), "line 1 is none of a run file: it has no seed"),
        (lambda text: b"".join(line for line in text.splitlines(True) if b'"file"' not in line), "does not tell of"),
    ],
)
def test_batch_ofABrokenRunFile_isAValueError(paths: list[str], tmp_path: Path, change: Any, message: str) -> None:
    run = tmp_path / "run.jsonl"
    recorded(paths, run)
    run.write_bytes(change(run.read_bytes()))
    with pytest.raises(ValueError, match=message):
        lineage.batch(run, 1)


def test_batch_recordedWithAnotherVersion_warns(paths: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    batches = recorded(paths, run)
    run.write_text(run.read_text().replace(f'"torch": "{torch.__version__}"', '"torch": "1.0"'))
    with pytest.warns(UserWarning, match=r"recorded with torch 1\.0 \(here "):
        assert same(lineage.batch(run, 2), batches[2])


def test_batch_withoutSuchAStep_isAnIndexError(paths: list[str], tmp_path: Path) -> None:
    recorded(paths, tmp_path / "run")
    for step in (-1, 6, 2**70):
        with pytest.raises(IndexError, match=f"6 steps, and no step {step}"):
            lineage.batch(tmp_path / "run", step)
