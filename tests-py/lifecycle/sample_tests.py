"""What `prog_pytest_sessions.py` lets pytest run."""

import faulthandler

import samples
import torch
import torchfits

kept: list[torch.Tensor] = []


def test_faulthandler_is_on():
    assert faulthandler.is_enabled()


def test_small_images():
    kept.extend(samples.read_small() for _ in range(50))


def test_engine_threads():
    kept.append(torchfits.read_batch([samples.LARGE] * 4))
    assert bool((kept[-1] == 7).all())
