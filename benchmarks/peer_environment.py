"""Makes the virtual environment of the C++ package, whose import name is the same as ours."""

from __future__ import annotations

import subprocess
import sys

from harness import CPP_PYTHON, ROOT

PACKAGES = ("torch==2.14.*", "torchfits==1.3.1")


def make_cpp_environment() -> None:
    """Make .venv-cpp when it is not there; without it the package's column shows errors."""
    if CPP_PYTHON.exists():
        return
    folder = ROOT / ".venv-cpp"
    print(f"making {folder} with {', '.join(PACKAGES)} (once)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [CPP_PYTHON, "-m", "pip", "install", "--quiet", *PACKAGES]
    if subprocess.run(install, check=False).returncode != 0:
        print("the C++ package could not be installed; its column stays empty", file=sys.stderr)
