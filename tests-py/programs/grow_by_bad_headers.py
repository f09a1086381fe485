"""Reads files whose headers claim much, by both paths, and prints by how many KiB the process grew. Arguments: files."""

import json
import re
import sys
import warnings
from pathlib import Path

import torchfits
from _fitsbytes import image_header, padded


def sizes() -> dict[str, int]:
    """Peaks of the address space and of the resident memory, in KiB."""
    status = Path("/proc/self/status").read_text()
    return {name: int(re.findall(rf"{name}:\s+(\d+) kB", status)[0]) for name in ("VmPeak", "VmHWM")}


def read(path: Path) -> list[str]:
    """The class of the error of each path; "" where there was none."""
    outcomes = []
    for backend in ("auto", "cfitsio"):
        try:
            torchfits.read_image(path, backend=backend)
            outcomes.append("")
        except torchfits.FitsError as error:
            outcomes.append(type(error).__name__)
    return outcomes


def main() -> None:
    warnings.simplefilter("ignore", torchfits.FitsWarning)
    good = Path(sys.argv[1]).with_name("warm up.fits")
    good.write_bytes(image_header(8, (1000,)) + padded(bytes(1000)))
    for _ in range(50):
        read(good)
    before = sizes()
    outcomes = [read(Path(path)) for path in sys.argv[1:]]
    grown = {name: peak - before[name] for name, peak in sizes().items()}
    print(json.dumps({"outcomes": outcomes, "grown_kib": grown}))


if __name__ == "__main__":
    main()
