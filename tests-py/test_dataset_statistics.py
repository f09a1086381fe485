"""Statistics of images, cutouts and spectra in one pass, against numpy on what astropy reads."""

from pathlib import Path
from typing import Any

import astropy.io.fits
import numpy as np
import pytest
import torch
import torchfits
from torchfits.data import (
    CutoutDataset,
    ImageDataset,
    SpectrumDataset,
    Statistics,
    TableDataset,
    ZipDataset,
    _measuring,
    statistics,
    transforms,
)

fits: Any = astropy.io.fits  # whose functions have hardly any types

COUNT = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of 3 bands, some NaN or infinite, in `bands`, of one in `plain`, integers in `counts`; spectra.fits."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(8)
    for name in ("bands", "plain", "counts"):
        (folder / name).mkdir()
    for number in range(COUNT):
        bands = rng.normal([[[1]], [[20]], [[300]]], [[[1]], [[2]], [[3]]], (3, 20, 30)).astype("f4")
        bands[0, number, :3] = np.nan
        bands[2, 0, number] = np.inf
        fits.PrimaryHDU(bands).writeto(folder / "bands" / f"{number:02}.fits")
        fits.PrimaryHDU(rng.gamma(2, size=(20, 30))).writeto(folder / "plain" / f"{number:02}.fits")
        counts = rng.integers(0, 2**16, (20, 30)).astype("u2")
        fits.PrimaryHDU(counts).writeto(folder / "counts" / f"{number:02}.fits")
    flux = rng.normal(5, 2, (40, 100)).astype("f4")
    ivar = np.where(rng.random((40, 100)) < 0.2, 0, rng.gamma(2, size=(40, 100))).astype("f4")
    mask = (rng.random((40, 100)) < 0.1).astype("i4")
    hdus = [fits.ImageHDU(data, name=name) for name, data in {"FLUX": flux, "IVAR": ivar, "MASK": mask}.items()]
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(folder / "spectra.fits")
    return folder


def paths(folder: Path, name: str) -> list[Path]:
    return sorted((folder / name).glob("*.fits"))


def astropys(files: list[Path]) -> Any:
    return np.stack([fits.getdata(path) for path in files])


def requireNumbers(summary: Any, values: Any) -> None:
    """What numpy finds of the values, of which those that are not finite are told apart."""
    finite = values[np.isfinite(values)].astype("f8")
    assert summary.count == len(finite)
    assert summary.nulls == np.isnan(values).sum()
    assert summary.infinities == np.isinf(values).sum()
    assert (summary.min, summary.max) == (finite.min(), finite.max())
    np.testing.assert_allclose([summary.mean, summary.std], [finite.mean(), finite.std()], rtol=1e-11)
    ordered = np.sort(finite)
    for part in (0.01, 0.25, 0.5, 0.75, 0.99):
        place = np.searchsorted(ordered, summary.quantile(part))
        assert abs(place - part * (len(ordered) - 1)) <= 2 + 1e-3 * len(ordered)


def test_bands_haveEachItsOwn(folder: Path) -> None:
    files = paths(folder, "bands")
    found = statistics(ImageDataset(files))
    assert (list(found), found.samples, found.bad) == (["image"], COUNT, ())
    summary: Any = found["image"]
    assert (summary.axis, len(summary.bands)) == (-3, 3)
    images = astropys(files)
    for band in range(3):
        requireNumbers(summary.bands[band], images[:, band])
    together: Any = statistics(ImageDataset(files), axis=None)["image"]
    assert together.axis is None
    requireNumbers(together.bands[0], images)


@pytest.mark.parametrize("name", ["plain", "counts"])
def test_images_withoutBands_haveOne(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_measuring, "_WINDOW_SAMPLES", 5)
    files = paths(folder, name)
    summary: Any = statistics(ImageDataset(files, dtype=None))["image"]
    (band,) = summary.bands
    requireNumbers(band, astropys(files))
    assert isinstance(band.min, float if name == "plain" else int)


def test_samples_ofParts_areMerged(folder: Path) -> None:
    dataset = ImageDataset(paths(folder, "bands"))
    parts = [statistics(dataset, samples=range(rank, COUNT, 3)) for rank in range(3)]
    found = Statistics.from_json(parts[2].merge(parts[0], parts[1]).to_json())
    whole: Any = statistics(dataset)["image"]
    merged: Any = found["image"]
    assert found.samples == COUNT
    for one, other in zip(merged.bands, whole.bands, strict=True):
        assert (one.count, one.nulls, one.infinities, one.min) == (
            other.count,
            other.nulls,
            other.infinities,
            other.min,
        )
        np.testing.assert_allclose([one.mean, one.std], [other.mean, other.std], rtol=1e-12)
    none = statistics(dataset, samples=[])
    assert (len(none), none.samples) == (0, 0)
    assert none.merge(parts[0]).to_json() == parts[0].to_json()
    with pytest.raises(ValueError, match="image: bands: 3 and 1 do not go together"):
        found.merge(statistics(ImageDataset(paths(folder, "plain"))))


def test_normalize_givesMeanZeroAndDeviationOne(folder: Path) -> None:
    dataset = ImageDataset(paths(folder, "bands"))
    normalize = statistics(dataset).normalize()
    batch: Any = torch.stack([normalize(dataset[i][None])[0] for i in range(COUNT)])
    for band in range(3):
        values = batch[:, band][batch[:, band].isfinite()]
        assert abs(float(values.mean())) < 1e-4
        assert abs(float(values.std(correction=0)) - 1) < 1e-4
    plain = ImageDataset(paths(folder, "plain"), transform=transforms.Asinh(0.5))
    single = statistics(plain).normalize()
    values = single(torch.stack([plain[i] for i in range(COUNT)]))
    assert isinstance(single.mean, float)
    assert abs(float(values.mean())) < 1e-5  # pyright: ignore[reportAttributeAccessIssue]
    assert transforms.from_spec(transforms.to_spec(normalize)).arguments() == normalize.arguments()


def test_normalize_ofConstantsAndNothing(tmp_path: Path) -> None:
    for name, value in {"same": 3.0, "nan": np.nan}.items():
        fits.PrimaryHDU(np.full((4, 5), value, "f4")).writeto(tmp_path / f"{name}.fits")
    same = statistics(ImageDataset([tmp_path / "same.fits"] * 3)).normalize()
    assert (same.mean, same.std) == (3.0, 1.0)
    with pytest.raises(ValueError, match="without values"):
        statistics(ImageDataset([tmp_path / "nan.fits"])).normalize()
    torchfits.write(tmp_path / "table.fits", {"image": torch.ones(3)})
    with pytest.raises(TypeError, match="a column has no bands"):
        statistics(tmp_path / "table.fits").normalize()


def test_transform_isApplied_andOfRandomOnesTheSameIsDrawn(folder: Path) -> None:
    files = paths(folder, "plain")
    noisy = ImageDataset(files, transform=transforms.GaussianNoise(0.5))
    assert statistics(noisy).to_json() == statistics(noisy).to_json()
    doubled = ImageDataset(files, transform=lambda image: {"image": image * 2, "label": len(image)})
    found: Any = statistics(doubled)
    requireNumbers(found["image"].bands[0], astropys(files).astype("f4") * 2)
    assert found["label"].bands[0].mean == 20
    with pytest.raises(TypeError, match="not of list"):
        statistics(ImageDataset(files, transform=lambda image: [image]))


def spectra(folder: Path) -> list[Any]:
    with fits.open(folder / "spectra.fits") as hdus:
        return [np.asarray(hdus[name].data).astype("f8") for name in ("FLUX", "IVAR", "MASK")]


def test_spectra_leaveOutWhatIsMaskedAndUnknown(folder: Path) -> None:
    path = folder / "spectra.fits"
    dataset = SpectrumDataset(path, layout="images", flux="FLUX", ivar="IVAR", mask="MASK")
    flux, ivar, mask = spectra(folder)
    good = (ivar > 0) & (mask == 0)
    plain: Any = statistics(dataset)
    assert list(plain) == ["flux"]
    requireNumbers(plain["flux"].bands[0], np.where(good, flux, np.nan))
    weighted: Any = statistics(dataset, weighted=True)["flux"].bands[0]  # pyright: ignore[reportAttributeAccessIssue]
    mean = np.average(flux[good], weights=ivar[good])
    std = np.sqrt(np.average((flux[good] - mean) ** 2, weights=ivar[good]))
    np.testing.assert_allclose([weighted.mean, weighted.std], [mean, std], rtol=1e-11)
    np.testing.assert_allclose(weighted.weight, ivar[good].sum(), rtol=1e-12)
    halves = [statistics(dataset, weighted=True, samples=part) for part in (range(7), range(7, 40))]
    merged: Any = halves[1].merge(halves[0])["flux"]
    np.testing.assert_allclose([merged.bands[0].mean, merged.bands[0].std], [mean, std], rtol=1e-11)
    assert merged.bands[0].quartiles == pytest.approx(np.quantile(flux[good], [0.25, 0.5, 0.75]))
    assert plain.normalize().key is None
    with_wave = SpectrumDataset(path, layout="images", ivar="IVAR", wave="MASK")
    both: Any = statistics(with_wave, weighted=True)
    assert both["wave"].bands[0].weight == 4000
    assert both["flux"].bands[0].weight == pytest.approx(ivar.sum())
    with pytest.raises(ValueError, match="no inverse variances to weight by, only flux"):
        statistics(SpectrumDataset(path, layout="images"), weighted=True)


def test_cutouts_ofBands_leaveOutMissingOnes(folder: Path) -> None:
    first, second = paths(folder, "plain")[:2]
    box = (slice(2, 10), slice(4, 9))
    rows: list[Any] = [[(first, box), (second, box)], [(second, box), None]]
    summary: Any = statistics(CutoutDataset(rows, fill=0))["image"]
    images = astropys([first, second])[:, 2:10, 4:9].astype("f4")
    requireNumbers(summary.bands[0], images)
    one = summary.bands[1]
    assert (one.count, one.nulls) == (40, 40)
    np.testing.assert_allclose(one.mean, images[1].astype("f8").mean(), rtol=1e-12)


def test_zip_measuresItsImages(folder: Path, tmp_path: Path) -> None:
    torchfits.write(tmp_path / "rows.fits", {"Z": torch.arange(COUNT, dtype=torch.float32)})
    images = ImageDataset(paths(folder, "plain"))
    found = statistics(ZipDataset(image=images, row=TableDataset(tmp_path / "rows.fits")))
    assert list(found) == ["image"]
    assert found.to_json() == statistics(images).to_json()


@pytest.fixture
def mixed(folder: Path, tmp_path: Path) -> list[Path]:
    """Images of two shapes, and two that are none: the first and one in the middle."""
    good = paths(folder, "plain")
    broken = tmp_path / "broken.fits"
    broken.write_bytes(good[0].read_bytes()[:3000])
    other = tmp_path / "other.fits"
    fits.PrimaryHDU(np.arange(15.0).reshape(3, 5)).writeto(other)
    return [broken, *good[:5], other, tmp_path / "missing.fits", other, *good[5:]]


def test_badSamples_areRaisedOrSkipped(folder: Path, mixed: list[Path]) -> None:
    dataset = ImageDataset(mixed, dtype=None)
    with pytest.raises(torchfits.TruncatedFileError, match=r"broken\.fits"):
        statistics(dataset)
    with pytest.raises(torchfits.MissingFileError, match=r"missing\.fits"):
        statistics(dataset, samples=range(1, len(mixed)))
    found = statistics(dataset, on_bad="skip")
    assert found.samples == COUNT + 2
    assert [Path(text.partition("[")[0].partition(":")[0]).name for text in found.bad] == [
        "broken.fits",
        "missing.fits",
    ]
    values = np.concatenate([astropys(paths(folder, "plain")).reshape(-1), np.tile(np.arange(15.0), 2)])
    requireNumbers(found["image"].bands[0], values)  # pyright: ignore[reportAttributeAccessIssue]
    assert Statistics.from_json(found.to_json()).bad == found.bad


def test_arguments_thatDoNotFit_areErrors(folder: Path) -> None:
    dataset = ImageDataset(paths(folder, "plain"))
    with pytest.raises(ValueError, match="of tables, not of datasets"):
        statistics(dataset, where="X > 1")
    with pytest.raises(ValueError, match="counted from the end"):
        statistics(dataset, axis=1)
    with pytest.raises(ValueError, match="on_bad is"):
        statistics(dataset, on_bad="substitute")  # pyright: ignore[reportArgumentType]
    with pytest.raises(IndexError):
        statistics(dataset, samples=[COUNT])
    with pytest.raises(TypeError, match="are not those of columns"):
        statistics(dataset).col_stats()
