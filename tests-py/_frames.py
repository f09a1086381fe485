"""Frames that must be the same."""

# What torch_frame gives is annotated as a union of everything.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false, reportIndexIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalSubscript=false

import pytest
import torch
import torch_frame
from torch_frame.data.stats import StatType
from torchfits.frames import MaterializedFrame


def assert_same_frames(frame: MaterializedFrame, other: MaterializedFrame) -> None:
    """The same columns, numbers and statistics, but for the last digits of means and deviations."""
    assert frame.col_names_dict == other.col_names_dict
    assert frame.others.keys() == other.others.keys()
    assert frame.units == other.units
    assert list(frame.schema) == list(other.schema)
    for kind, block in frame.feat_dict.items():
        if isinstance(block, torch.Tensor):
            torch.testing.assert_close(block, other.feat_dict[kind], rtol=0, atol=0, equal_nan=True)
            assert block.is_contiguous()
    for name in frame.col_names_dict.get(torch_frame.stype.numerical, []):
        found, expected = frame.col_stats[name], other.col_stats[name]
        assert found[StatType.QUANTILES] == pytest.approx(expected[StatType.QUANTILES], rel=0, abs=0, nan_ok=True)
        assert found[StatType.MEAN] == pytest.approx(expected[StatType.MEAN], rel=1e-12, abs=1e-12, nan_ok=True)
        assert found[StatType.STD] == pytest.approx(expected[StatType.STD], rel=1e-10, nan_ok=True)
    for name, column in frame.others.items():
        if isinstance(column, torch.Tensor):
            torch.testing.assert_close(column, other.others[name], rtol=0, atol=0, equal_nan=True)
