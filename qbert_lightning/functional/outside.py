"""Values that a range leaves out: straight-through estimation stops at them."""

from __future__ import annotations

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters

Part = tuple[slice, slice]


class Outside:
    """Collects, part by part, which values lie outside of the range of their levels.

    They are few, so on CPU their positions are smaller than a mask and quicker to go
    through. A GPU would be waited for to count them, so that there it is a mask.

    Args:
        shape: ``(groups, elements)`` of what is gone through.
        parameters: Levels of each group.

    >>> levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), 0, 255)
    >>> outside = Outside((1, 4), levels)
    >>> values = torch.tensor([[-1.0, 0.0, 255.0, 255.2]])
    >>> outside.look((slice(0, 1), slice(0, 4)), values)
    True
    >>> outside.found().tolist()
    [0, 3]
    """

    def __init__(self, shape: tuple[int, ...], parameters: AffineParameters) -> None:
        scale, offset, lowest, highest = parameters
        self._width = shape[-1]
        self._low, self._high = scale * lowest + offset, scale * highest + offset
        self._found = [torch.empty(0, dtype=torch.int64, device=scale.device)]
        self._counts = scale.device.type == "cpu"
        if self._counts:  # what lies between these lies within the range of any group
            self._floor = max(self._low.flatten().tolist(), default=0.0)
            self._ceiling = min(self._high.flatten().tolist(), default=0.0)

    def look(self, part: Part, values: Tensor) -> bool:
        """Remember what is outside in a part; whether anything may be.

        Args:
            part: Rows and columns of the part.
            values: Of the part, any floating type; what is no number is outside.
        """
        # The extremes are found sooner than where they are.
        if self._counts and self._within(*torch.aminmax(values)):
            return False
        rows, columns = part
        low, high = self._low[rows], self._high[rows]
        mask = ((values >= low) & (values <= high)).logical_not_()
        if self._counts:
            row, column = mask.nonzero(as_tuple=True)
            row, column = row + rows.start, column + columns.start
            self._found.append(row.mul_(self._width).add_(column))
        else:
            self._found = [mask.reshape(-1)]  # a GPU sees all in one part
        return True

    def found(self) -> Tensor:
        """Flat positions, int64 ``[count]``, or a flat mask, bool ``[values]``."""
        return torch.cat(self._found)

    def _within(self, smallest: Tensor, largest: Tensor) -> bool:
        return self._floor <= float(smallest) and float(largest) <= self._ceiling


def clear(gradient: Tensor, outside: Tensor) -> Tensor:
    """Put zeros, in place, where `Outside` found something.

    Args:
        gradient: Contiguous, of any shape.
        outside: Positions or a mask.

    >>> clear(torch.ones(2, 2), torch.tensor([3])).tolist()
    [[1.0, 1.0], [1.0, 0.0]]
    """
    flat = gradient.view(-1)
    if outside.dtype == torch.bool:
        flat.masked_fill_(outside, 0)
    else:
        flat.index_fill_(0, outside, 0)
    return gradient
