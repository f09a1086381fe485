"""Samples that cannot be read, in each dataset and under torch's loader."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import astropy.io.fits
import numpy as np
import pytest
import torch
import torchfits
from _fitsbytes import image
from torch.utils.data import DataLoader, default_collate
from torchfits.data import CutoutDataset, ImageDataset, SpectrumDataset, StreamingDataset, TableDataset, ZipDataset

fits: Any = astropy.io.fits  # whose functions have hardly any types

COUNT = 12


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Images of their numbers, of which 2, 3 and 8 cannot be read."""
    paths = [str(tmp_path / f"{number:02}.fits") for number in range(COUNT)]
    for number, path in enumerate(paths):
        Path(path).write_bytes(b"no FITS file" if number in (2, 3, 8) else image(np.full((3, 4), number, "i2")))
    return paths


@pytest.fixture
def ragged(tmp_path: Path) -> str:
    """A table of vectors, of which that of row 4 is said to lie behind the end of the heap."""
    path = tmp_path / "vectors.fits"
    vectors = [np.full(3, row, "f4") for row in range(COUNT)]
    columns = [fits.Column("F", "PE()", array=vectors), fits.Column("N", "J", array=np.arange(COUNT))]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    with fits.open(path) as hdus:
        first = hdus.fileinfo(1)["datLoc"]
    content = bytearray(path.read_bytes())
    content[first + 4 * 12 + 4 : first + 4 * 12 + 8] = np.array(1 << 30, ">i4").tobytes()
    path.write_bytes(content)
    return str(path)


def numbers(batches: Any) -> list[list[int]]:
    return [batch.flatten(1)[:, 0].int().tolist() for batch in batches]


# Images under torch's loader


def test_imageDataset_skip_leavesThemOut(paths: list[str]) -> None:
    dataset = ImageDataset(paths, on_bad="skip")
    assert numbers(DataLoader(dataset, batch_size=4)) == [[0, 1], [4, 5, 6, 7], [9, 10, 11]]
    assert list(dataset.bad) == [2, 3, 8]
    assert "02.fits" in dataset.bad[2]
    assert numbers([torch.stack(list(StreamingDataset(dataset)))]) == [[0, 1, 4, 5, 6, 7, 9, 10, 11]]
    again = pickle.loads(pickle.dumps(ImageDataset(paths, on_bad="skip")))
    assert numbers([default_collate(again.__getitems__(range(COUNT)))]) == [[0, 1, 4, 5, 6, 7, 9, 10, 11]]
    for ids in ([2], [2, 8]):
        with pytest.raises(torchfits.NotFitsError, match=r"02\.fits"):
            dataset.__getitems__(ids)


def test_imageDataset_substitute_takesTheSameOthers(paths: list[str]) -> None:
    dataset = ImageDataset(paths, on_bad="substitute")
    (batch,) = DataLoader(dataset, batch_size=COUNT)
    (found,) = numbers([batch])
    assert [found[number] for number in (0, 1, 4, 5, 6, 7, 9, 10, 11)] == [0, 1, 4, 5, 6, 7, 9, 10, 11]
    assert not {2, 3, 8} & set(found)
    assert numbers([dataset[2][None], dataset[8][None]]) == [[found[2]], [found[8]]]
    (own,) = torchfits.data.DataLoader(dataset, COUNT)
    assert own.sample_ids.tolist() == numbers([own])[0]
    assert numbers(DataLoader(dataset, batch_size=5, num_workers=1, multiprocessing_context="spawn")) == [
        found[:5],
        found[5:10],
        found[10:],
    ]


def test_imageDataset_badAmongDifferentShapes_isTreatedAlike(paths: list[str]) -> None:
    Path(paths[5]).write_bytes(image(np.full((7, 2), 5, "i2")))
    skipped = ImageDataset(paths, on_bad="skip").__getitems__([1, 2, 5, 6])
    assert [tuple(item.shape) for item in skipped] == [(3, 4), (7, 2), (3, 4)]
    substituted = ImageDataset(paths, on_bad="substitute").__getitems__([1, 2, 5, 6])
    assert len(substituted) == 4
    assert [int(substituted[place][0, 0]) for place in (0, 2, 3)] == [1, 5, 6]
    assert int(substituted[1][0, 0]) not in (2, 3, 8)
    with pytest.raises(torchfits.NotFitsError, match=r"02\.fits"):
        ImageDataset(paths).__getitems__([1, 2, 5, 6])


def test_imageDataset_policy_isTheLoadersUnlessItHasOne(paths: list[str]) -> None:
    dataset = ImageDataset(paths, on_bad="skip")
    assert torchfits.data.DataLoader(dataset).on_bad == "skip"
    assert torchfits.data.DataLoader(dataset, on_bad="raise").on_bad == "raise"
    assert torchfits.data.DataLoader(ImageDataset(paths)).on_bad == "raise"
    assert dataset.fingerprint() == ImageDataset(paths).fingerprint()
    assert ImageDataset.from_spec(dataset.spec()).on_bad == "skip"
    with pytest.raises(ValueError, match="on_bad is"):
        ImageDataset(paths, on_bad="ignore")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="on_bad of image belongs to the loader"):
        ZipDataset(image=dataset)


# Frames and spectra


def test_frames_ofBadRows_areSubstituted(ragged: str) -> None:
    like = torchfits.read_table(ragged, rows=[row for row in range(COUNT) if row != 4])
    dataset = TableDataset(ragged, like=like)
    for on_bad in ("skip", "substitute"):
        loader = torchfits.data.DataLoader(dataset, COUNT, on_bad=on_bad)
        (batch,) = loader
        ids = batch.sample_ids.tolist()
        assert list(loader.bad) == [4]
        assert len(batch) == len(ids) == (COUNT - 1 if on_bad == "skip" else COUNT)
        assert 4 not in ids
        assert batch == like[[row - (row > 4) for row in ids]]


def test_zip_ofBadImagesAndFrames_isSubstitutedInStep(paths: list[str], tmp_path: Path) -> None:
    torchfits.write(tmp_path / "rows.fits", {"N": torch.arange(COUNT), "NAME": [f"n{n}" for n in range(COUNT)]})
    cutouts = CutoutDataset([(path, (slice(0, 2), slice(1, 3))) for path in paths], fill=0)
    dataset = ZipDataset(image=cutouts, row=TableDataset(str(tmp_path / "rows.fits")))
    for on_bad in ("skip", "substitute"):
        for batch in torchfits.data.DataLoader(dataset, 5, on_bad=on_bad, shuffle=True):
            ids = batch.sample_ids.tolist()
            assert numbers([batch["image"]]) == [ids]
            assert _names(batch["row"]) == [f"n{n}" for n in ids]
            assert not {2, 3, 8} & set(ids)


def _names(frame: Any) -> list[str]:
    if "NAME" in frame.others:
        return frame.others["NAME"].to_list()
    (stype,) = [stype for stype, names in frame.col_names_dict.items() if "NAME" in names]
    place = frame.col_names_dict[stype].index("NAME")
    return [frame.vocabulary["NAME"][code] for code in frame.feat_dict[stype][:, place].tolist()]


@pytest.mark.parametrize("length", [None, 5])
def test_spectra_ofBadRows_areTold(ragged: str, length: int | None) -> None:
    dataset = SpectrumDataset(ragged, layout="rows", flux="F", length=length)
    skipping = torchfits.data.DataLoader(dataset, 5, on_bad="skip")
    assert numbers(batch["flux"] for batch in skipping) == [[0, 1, 2, 3], [5, 6, 7, 8, 9], [10, 11]]
    assert list(skipping.bad) == [4]
    assert "vectors.fits" in skipping.bad[4]
    substituting = torchfits.data.DataLoader(dataset, 5, on_bad="substitute")
    for batch in substituting:
        assert numbers([batch["flux"]]) == [batch.sample_ids.tolist()]
        assert 4 not in batch.sample_ids
    raising = iter(torchfits.data.DataLoader(dataset, 2, prefetch_batches=8))
    assert numbers([next(raising)["flux"], next(raising)["flux"]]) == [[0, 1], [2, 3]]
    with pytest.raises(torchfits.FitsError, match=r"vectors\.fits.*not within the heap"):
        next(raising)
    # Rows around a bad one that is not asked for.
    assert numbers([default_collate(dataset.__getitems__([3, 5]))["flux"]]) == [[3, 5]]
