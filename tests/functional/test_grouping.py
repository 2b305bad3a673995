"""Groups: which values stand together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from qbert_lightning.functional import group, ungroup
from qbert_lightning.plan import (
    ColumnGroups,
    Granularity,
    InputColumnBuckets,
    PerChannel,
    PerTensor,
    RowGroups,
)
from tests.cases import GRANULARITIES, SHAPES


@pytest.mark.parametrize("granularity", GRANULARITIES, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_ungroup_undoes_group(granularity: Granularity, shape: tuple[int, int]) -> None:
    x = torch.arange(float(shape[0] * shape[1])).reshape(shape)
    groups = group(granularity, x)
    assert groups.shape[0] == granularity.num_ranges(shape)
    assert torch.equal(ungroup(granularity, groups, shape), x)


def test_row_groups_are_consecutive_output_neurons() -> None:
    x = torch.arange(24.0).reshape(6, 4)
    assert torch.equal(group(RowGroups(3), x)[1], x[2:4].flatten())
    assert torch.equal(group(RowGroups(1), x), group(PerTensor(), x))
    assert torch.equal(group(RowGroups(6), x), group(PerChannel(), x))


def test_input_column_buckets_are_consecutive_columns() -> None:
    x = torch.arange(24.0).reshape(6, 4)
    assert set(group(InputColumnBuckets(2), x)[0].tolist()) == set(
        x[:, :2].flatten().tolist()
    )


def test_column_groups_cut_each_row() -> None:
    x = torch.arange(24.0).reshape(3, 8)
    assert torch.equal(group(ColumnGroups(4), x)[3], x[1, 4:])


def test_unknown_granularity_is_a_type_error() -> None:
    class Strange(Granularity):
        def num_ranges(self, shape: Sequence[int]) -> int:
            return 1

    with pytest.raises(TypeError, match="Strange"):
        group(Strange(), torch.zeros(2, 2))
