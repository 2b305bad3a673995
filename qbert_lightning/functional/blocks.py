"""Work on large tensors in parts that stay in the cache of a core."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters

# Values of a part; its float32 temporaries take 256 KiB each.
BLOCK = 2**16


def blocks(
    groups: Tensor, parameters: AffineParameters
) -> Iterator[tuple[tuple[slice, slice], AffineParameters]]:
    """Parts of ``[groups, elements]`` in the order of memory, with their levels.

    A part is several whole groups or, of a group larger than `BLOCK`, some elements. On
    a GPU a launch costs more than the memory, so there is one part.

    >>> import torch
    >>> levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), 0, 255)
    >>> [columns.start for (_, columns), _ in blocks(torch.zeros(1, 200_000), levels)]
    [0, 65536, 131072, 196608]
    """
    height, width = groups.shape
    if groups.device.type != "cpu" or 0 < groups.numel() <= BLOCK:
        yield (slice(0, height), slice(0, width)), parameters
        return
    across = max(1, min(width, BLOCK))
    down = max(1, BLOCK // across)
    for top in range(0, height, down):
        rows = slice(top, min(top + down, height))
        levels = parameters._replace(
            scale=parameters.scale[rows], offset=parameters.offset[rows]
        )
        for left in range(0, width, across):
            yield (rows, slice(left, min(left + across, width))), levels


def values_outside(groups: Tensor, parameters: AffineParameters) -> Tensor:
    """Which values lie outside of the range that levels span, for `clear`.

    They are few, so on CPU their positions are smaller than a mask and quicker to go
    through. A GPU would be waited for to count them, so that there it is a mask.

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.

    Returns:
        Flat positions, int64 ``[count]``, or a flat mask, bool ``[values]``.

    >>> import torch
    >>> levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), 0, 255)
    >>> values_outside(torch.tensor([[-1.0, 0.0, 255.0, 255.2]]), levels).tolist()
    [0, 3]
    """
    if groups.device.type != "cpu":
        return mask_outside(groups, *_ends(parameters)).reshape(-1)
    found = [
        _positions(groups, part, *_ends(levels))
        for part, levels in blocks(groups, parameters)
        if _leaves(groups[part], *_ends(levels))
    ]
    return torch.cat(found) if found else groups.new_empty(0, dtype=torch.int64)


def mask_outside(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Where values are not between ``low`` and ``high``, or are no numbers; bool."""
    return ((values >= low) & (values <= high)).logical_not_()


def clear(gradient: Tensor, outside: Tensor) -> Tensor:
    """Put zeros, in place, where `values_outside` found something.

    Args:
        gradient: Contiguous, of any shape.
        outside: Positions or a mask.

    >>> import torch
    >>> clear(torch.ones(2, 2), torch.tensor([3])).tolist()
    [[1.0, 1.0], [1.0, 0.0]]
    """
    flat = gradient.view(-1)
    if outside.dtype == torch.bool:
        flat.masked_fill_(outside, 0)
    else:
        flat.index_fill_(0, outside, 0)
    return gradient


def _ends(parameters: AffineParameters) -> tuple[Tensor, Tensor]:
    """Lowest and highest level of each group."""
    scale, offset, lowest, highest = parameters
    return scale * lowest + offset, scale * highest + offset


def _leaves(values: Tensor, low: Tensor, high: Tensor) -> bool:
    """Whether a value may be outside: the extremes are found sooner than where."""
    smallest, largest = torch.aminmax(values)
    return not bool((smallest >= low).all() and (largest <= high).all())


def _positions(
    groups: Tensor, part: tuple[slice, slice], low: Tensor, high: Tensor
) -> Tensor:
    rows, columns = part
    row, column = mask_outside(groups[part], low, high).nonzero(as_tuple=True)
    flat: Tensor = (row + rows.start) * groups.shape[1] + (column + columns.start)
    return flat
