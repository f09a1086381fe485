"""The public names: what they are called, what they take, and what `doctor` tells."""

import inspect
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
import torchfits

SIGNATURES = {
    "read_image": "(path, *, hdu=None, section=None, scale=True, dtype=None, device=None, backend='auto', "
    "offset=None, gain=None)",
    "read_batch": "(paths, *, hdu=None, section=None, dtype=None, device=None, out=None, ragged='error', fill=nan)",
    "read_cutouts": "(path, boxes, *, hdu=None, fill=nan, dtype=None, device=None, out=None)",
    "memmap": "(path, *, hdu=None)",
    "table": "(path, *, hdu=None)",
    "sky": "(radius, *, left=('RA', 'DEC'), right=None, nearest=False)",
    "read_header": "(path, *, hdu=0)",
    "open": "(path, mode='r')",
    "read": "(path, *, hdu=None, header=False, **options)",
    "read_table": "(path, columns=None, *, hdu=None, rows=None, where=None, stypes=None)",
    "write": "(path, data, header=None, *, columns=None, format='binary', overwrite=False)",
    "doctor": "()",
    "data.ImageDataset": "(paths, *, hdu=None, section=None, dtype=torch.float32, transform=None, on_bad='raise')",
    "lineage.record": "(loader, run_file, *, checksums=True)",
    "lineage.batch": "(run_file, step, *, device=None, dataset=None)",
    "data.flight_recording": "(path)",
    "cache.stats": "()",
    "cache.clear": "(*, disk=False)",
    "cache.resize": "(memory_bytes)",
    "cache.configure": "(*, policy=None, memory_bytes=None, disk=None, disk_bytes=None)",
    "data.StreamingDataset": "(dataset, *, shuffle=False, seed=0, window=None, rank=None, world_size=None)",
}

MEMBERS = {
    "HDUList": ["filename", "info", "__len__", "__iter__", "__getitem__", "__contains__", "__enter__", "__exit__"],
    "HDU": ["index", "kind", "name", "ver", "bitpix", "shape", "header", "data", "__getitem__"],
}


def public(name: str) -> Any:
    value: Any = torchfits
    for part in name.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_ofFunction_isAsPromised(name: str) -> None:
    signature = inspect.signature(public(name))
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == SIGNATURES[name]


@pytest.mark.parametrize("name", MEMBERS)
def test_members_ofClass_areThere(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.fits"
    cards = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
        "END",
    ]
    path.write_text("".join(card.ljust(80) for card in cards).ljust(2880))
    hdus = torchfits.open(path)
    made = {"HDUList": hdus, "HDU": hdus[0]}[name]
    assert type(made) is getattr(torchfits, name)
    missing = [member for member in MEMBERS[name] if not hasattr(made, member)]
    assert missing == []


def test_all_ofModules_isSortedCompleteAndDocumented() -> None:
    for module in (torchfits, torchfits.data):
        names = module.__all__
        assert sorted(set(names)) == sorted(names)
        undocumented = [name for name in names if not inspect.getdoc(getattr(module, name))]
        assert undocumented == []
        assert {*names, "__all__"} <= {*dir(module)}
        others = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and name not in names and not inspect.ismodule(value)
        ]
        assert others == []


def test_methods_ofPublicClasses_areDocumented() -> None:
    classes = [value for value in map(public, torchfits.__all__) if inspect.isclass(value)]
    classes += [torchfits.data.ImageDataset, torchfits.data.StreamingDataset]
    undocumented = [
        f"{cls.__name__}.{name}"
        for cls in classes
        for name, member in vars(cls).items()
        if not name.startswith("_") and callable(member) and not inspect.getdoc(member)
    ]
    assert undocumented == []


def test_version_isThatOfThePackage() -> None:
    assert torchfits.__version__ == version("torchfits")


# doctor

LINES = {
    "torchfits": rf"{re.escape(torchfits.__version__)} \(/.*\)",
    "python": r"3\.\d+\.\d+ \(/.*\)",
    "platform": r"Linux.*",
    "torch": rf"{re.escape(torch.__version__)} \(/.*torch\)",
    "jpype": r"\d+\.\d+.*",
    "java": r"\d+.* \(/.*\)",
    "engine": r".* \(/.*torchfits-engine\.jar\)",
    "threads": r"\d+",
    "cfitsio": r"\d\.\d+.* \(.*libcfitsio.*\)",
    "wcslib": r"\d\.\d+.* \(.*libwcs.*\)",
}


def assert_told(output: str) -> None:
    told = dict(line.split(maxsplit=1) for line in output.splitlines())
    assert list(told) == list(LINES)
    for name, pattern in LINES.items():
        assert re.fullmatch(pattern, told[name]), f"{name}: {told[name]}"


def test_doctor_tellsVersionsAndPaths(capsys: pytest.CaptureFixture[str]) -> None:
    torchfits.doctor()
    assert_told(capsys.readouterr().out)


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torchfits", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ), check=False)


def test_module_doctor_tellsVersionsAndPaths() -> None:
    done = run_module("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert_told(done.stdout)


@pytest.mark.parametrize("arguments", [(), ("nurse",)])
def test_module_otherCommand_saysWhatThereIs(arguments: tuple[str, ...]) -> None:
    done = run_module(*arguments)
    assert done.returncode == 2
    assert "doctor" in done.stderr
