"""Reads files whose headers claim much, by both paths; prints by how many KiB the process grew. Arguments: files."""

import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import torchfits
from _fitsbytes import image_header, padded


def sizes() -> dict[str, int]:
    """Peaks of the address space and of the resident memory, in KiB."""
    status = Path("/proc/self/status").read_text()
    return {name: int(re.findall(rf"{name}:\s+(\d+) kB", status)[0]) for name in ("VmPeak", "VmHWM")}


def read(path: Path, backend: Any) -> str:
    """The class of the error; "" if there was none."""
    try:
        torchfits.read_image(path, backend=backend)
    except torchfits.FitsError as error:
        return type(error).__name__
    return ""


def read_both(path: Path) -> list[str]:
    return [read(path, "auto"), read(path, "cfitsio")]


def main() -> None:
    warnings.simplefilter("ignore", torchfits.FitsWarning)
    good = Path(sys.argv[1]).with_name("warm up.fits")
    good.write_bytes(image_header(8, (1000,)) + padded(bytes(1000)))
    for _ in range(50):
        read_both(good)
    before = sizes()
    outcomes = [read_both(Path(path)) for path in sys.argv[1:]]
    grown = {name: peak - before[name] for name, peak in sizes().items()}
    print(json.dumps({"outcomes": outcomes, "grown_kib": grown}))


if __name__ == "__main__":
    main()
