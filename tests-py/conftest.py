"""Fixtures that several test modules use."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
import torch
from astropy.io import fits

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nothing is skipped where there is no GPU: the tests of it are not there.
collect_ignore = [] if torch.cuda.is_available() else ["test_gpu.py"]


@pytest.fixture
def quiet_astropy() -> Iterator[None]:
    """astropy says nothing of the odd headers that it reads as an oracle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fits.verify.VerifyWarning)
        warnings.simplefilter("ignore", fits.verify.AstropyUserWarning)
        yield
