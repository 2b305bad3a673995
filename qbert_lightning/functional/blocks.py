"""Work on large tensors in parts that stay in the cache of a core."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters

# Values of a part; its float32 temporaries take 256 KiB each.
BLOCK = 2**16


def blocks(groups: Tensor) -> Iterator[slice]:
    """Parts of the second dimension of ``[groups, elements]``.

    On a GPU a launch costs more than the memory, so there is one part.

    >>> import torch
    >>> [part.start for part in blocks(torch.zeros(1, 200_000))]
    [0, 65536, 131072, 196608]
    """
    whole = groups.shape[1]
    size = max(1, BLOCK // max(1, groups.shape[0]))
    if groups.device.type != "cpu":
        size = max(1, whole)
    for start in range(0, whole, size):
        yield slice(start, min(start + size, whole))


def positions_outside(groups: Tensor, parameters: AffineParameters) -> Tensor:
    """Where values lie outside of the range that levels span.

    They are few, so their positions are smaller than a mask and quicker to go through.

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.

    Returns:
        Flat positions, int64 ``[count]``.

    >>> import torch
    >>> levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), 0, 255)
    >>> positions_outside(torch.tensor([[-1.0, 0.0, 255.0, 255.2]]), levels).tolist()
    [0, 3]
    """
    scale, offset, lowest, highest = parameters
    low, high = scale * lowest + offset, scale * highest + offset
    found = [
        _positions(groups, block, low, high)
        for block in blocks(groups)
        if _may_leave(groups[:, block], low, high)
    ]
    return torch.cat(found) if found else groups.new_empty(0, dtype=torch.int64)


def _may_leave(values: Tensor, low: Tensor, high: Tensor) -> bool:
    """Whether a look at the values is worth it: the extremes are found much sooner."""
    if values.device.type != "cpu":
        return True  # reading the extremes would wait for the GPU
    smallest, largest = torch.aminmax(values)
    return not bool((smallest >= low).all() and (largest <= high).all())


def _positions(groups: Tensor, block: slice, low: Tensor, high: Tensor) -> Tensor:
    values = groups[:, block]
    inside = (values >= low) & (values <= high)
    row, column = inside.logical_not_().nonzero(as_tuple=True)
    flat: Tensor = row * groups.shape[1] + (column + block.start)
    return flat
