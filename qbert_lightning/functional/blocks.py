"""Work on large tensors in parts that stay in the cache of a core."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters, unrounded_codes
from qbert_lightning.functional.outside import Outside, Part

# Values of a part; its float32 temporaries take 256 KiB each.
BLOCK = 2**16


def blocks(
    groups: Tensor, parameters: AffineParameters
) -> Iterator[tuple[Part, AffineParameters]]:
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


def codes_by_part(
    groups: Tensor, parameters: AffineParameters, outside: Outside | None = None
) -> Iterator[tuple[Part, AffineParameters, Tensor]]:
    """What `quantize` gives, part by part, and where values were outside on the way.

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.
        outside: Looks at every part while it is in the cache.

    Yields:
        The part, its levels, and its codes as float32 whole numbers, which may be
        written over.
    """
    for part, levels in blocks(groups, parameters):
        values = groups[part]
        clamps = outside is None or outside.look(part, values)
        codes = unrounded_codes(values.float(), levels).round_()
        if clamps:
            codes.clamp_(levels.lowest, levels.highest)
        yield part, levels, codes
