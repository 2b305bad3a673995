"""From a tensor to its groups, one row per shared range, and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from torch import Tensor

from qbert_lightning.plan.granularity import (
    ColumnGroups,
    Granularity,
    InputColumnBuckets,
    PerChannel,
    PerTensor,
    PerToken,
    RowGroups,
)


@singledispatch
def group(granularity: Granularity, x: Tensor) -> Tensor:
    """Arrange ``x`` as ``[groups, elements]``, one row per shared range.

    Args:
        granularity: How the tensor is cut.
        x: Weight ``[rows, columns]`` or activation ``[..., features]``.

    Returns:
        ``[groups, elements]``, a view where memory order allows it.

    >>> import torch
    >>> group(RowGroups(2), torch.arange(8.0).reshape(4, 2)).tolist()
    [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]
    """
    raise TypeError(f"no grouping for {type(granularity).__name__}")


@group.register
def _(granularity: PerTensor, x: Tensor) -> Tensor:
    return x.reshape(1, -1)


@group.register
def _(granularity: PerChannel, x: Tensor) -> Tensor:
    return x.reshape(x.shape[0], -1)


@group.register
def _(granularity: RowGroups, x: Tensor) -> Tensor:
    return x.reshape(granularity.num_groups, -1)


@group.register
def _(granularity: ColumnGroups, x: Tensor) -> Tensor:
    return x.reshape(-1, granularity.group_size)


@group.register
def _(granularity: PerToken, x: Tensor) -> Tensor:
    return x.reshape(-1, x.shape[-1])


@group.register
def _(granularity: InputColumnBuckets, x: Tensor) -> Tensor:
    return x.T.reshape(granularity.num_groups, -1)


def ungroup(granularity: Granularity, groups: Tensor, shape: Sequence[int]) -> Tensor:
    """Undo `group`: back to a tensor of ``shape``.

    >>> import torch
    >>> x = torch.arange(8.0).reshape(2, 4)
    >>> cut = InputColumnBuckets(2)
    >>> bool((ungroup(cut, group(cut, x), x.shape) == x).all())
    True
    """
    if isinstance(granularity, InputColumnBuckets):
        rows, columns = shape
        # Laid out like any other matrix: products depend on it, in the last digit.
        return groups.reshape(columns, rows).T.contiguous()
    return groups.reshape(*shape)
