"""Parameters laid end to end in one vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn

from qbert_lightning.errors import QbertError


class FlatParameters:
    """Named blocks of parameters as one flat vector.

    Args:
        blocks: Name → parameters; no parameter may stand there twice.

    Attributes:
        parameters: All of them in order.
        slices: Block → its part of the vector.
        size: Of the vector.

    Raises:
        QbertError: For no parameters at all, or for one that stands there twice.

    >>> layout = FlatParameters({"a": [nn.Parameter(torch.zeros(2, 3))]})
    >>> layout.slices, [piece.shape for piece in layout.pieces(torch.zeros(6))]
    ({'a': slice(0, 6, None)}, [torch.Size([2, 3])])
    """

    def __init__(self, blocks: Mapping[str, Sequence[nn.Parameter]]) -> None:
        self.parameters = _laid_end_to_end(blocks)
        sizes = [sum(each.numel() for each in block) for block in blocks.values()]
        bounds = pairwise(accumulate(sizes, initial=0))
        self.slices = {
            name: slice(*bound) for name, bound in zip(blocks, bounds, strict=True)
        }
        self.size = sum(sizes)

    def split(self, vector: Tensor) -> dict[str, Tensor]:
        """The part of a flat vector [size] that belongs to each block (views)."""
        return {name: vector[part] for name, part in self.slices.items()}

    def pieces(self, vector: Tensor) -> list[Tensor]:
        """A flat vector [size] cut and shaped like the parameters (views)."""
        cuts = torch.split(vector, [each.numel() for each in self.parameters])
        return [
            cut.view_as(each) for cut, each in zip(cuts, self.parameters, strict=True)
        ]


def _laid_end_to_end(
    blocks: Mapping[str, Sequence[nn.Parameter]],
) -> list[nn.Parameter]:
    """All parameters in order; raises `QbertError` for none or for one twice."""
    owner: dict[nn.Parameter, str] = {}
    for name, parameters in blocks.items():
        for parameter in parameters:
            if parameter in owner:
                raise QbertError(
                    f"hessian: blocks {owner[parameter]} and {name} share a parameter: "
                    "accepted blocks without common parameters"
                )
            owner[parameter] = name
    if not owner:
        raise QbertError(
            f"hessian: no parameters in blocks {sorted(blocks)}: accepted one or more"
        )
    return list(owner)
