"""A look-up in a table that stays packed."""

from __future__ import annotations

from torch import Tensor, nn

from qbert_lightning.runtimes.packed_weight import PackedWeight


class PackedEmbedding(nn.Module):
    """``y = Q_out(Ŵ[ids])``: only the rows looked up are unpacked and dequantized.

    Args:
        weight: The table.
        output: Quantizes what comes out.
    """

    def __init__(self, weight: PackedWeight, output: nn.Module) -> None:
        super().__init__()
        self.weight, self.output = weight, output

    def forward(self, indices: Tensor) -> Tensor:
        """``indices [...]`` → ``[..., columns]``."""
        result: Tensor = self.output(self.weight.look_up(indices))
        return result
