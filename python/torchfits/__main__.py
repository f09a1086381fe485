"""`python -m torchfits doctor`."""

from __future__ import annotations

import argparse

from torchfits._doctor import doctor


def main() -> None:
    """Runs the command that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m torchfits", description="FITS files as torch tensors.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="print versions and paths of everything that torchfits stands on")
    parser.parse_args()
    doctor()


if __name__ == "__main__":
    main()
