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

# The modules of the longest tests are run first, so that in the end no process is left alone with one of them.
LONGEST = ("test_lifecycle.py", "test_hostile.py", "test_examples.py", "test_tables.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture
def quiet_astropy() -> Iterator[None]:
    """astropy says nothing of the odd headers that it reads as an oracle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fits.verify.VerifyWarning)
        warnings.simplefilter("ignore", fits.verify.AstropyUserWarning)
        yield
