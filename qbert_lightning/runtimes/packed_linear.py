r"""Matrix products with weights that stay packed: on integers, or on levels.

With ``x̂ = s_x (c_x + z_x) + o_x`` and, in each block of columns over which a row of
``ŵ`` keeps its scale, ``ŵ = s_w c_w + o_w``, a layer is

    x̂ ŵᵀ + b = Σ_blocks [ s_x s_w · (c_x c_wᵀ + z_x Σ c_w) + s_x o_w · Σ (c_x + z_x) ]
                + o_x · Σ ŵ + b

Q8BERT (section 2.2) has one block and no offsets, and a bias in int32 at the scale of
the sums; here the sums leave the integers first, so that the bias is not rounded. Row
groups are no more than a scale of each output.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.functional import AffineMatrix
from qbert_lightning.functional.affine_matrix import (
    WidenedLevels,
    code_sums,
    level_sums,
)
from qbert_lightning.functional.integer_linear import scaled_product
from qbert_lightning.runtimes.activation import Activation
from qbert_lightning.runtimes.packed_weight import Block, PackedWeight

# So that int8 codes, int32 sums and float results of a product stay in the cache.
TOKENS_AT_ONCE = 512


class PackedLinear(nn.Module):
    """``y = Q_out(Q_in(x) Ŵᵀ + b)`` on levels, which last for the product only.

    Args:
        weight: The matrix.
        bias: Float, or none.
        before: Quantizes what comes in.
        after: Quantizes what goes out.
    """

    bias: Tensor | None

    def __init__(
        self,
        weight: PackedWeight,
        bias: Tensor | None,
        before: nn.Module,
        after: nn.Module,
    ) -> None:
        super().__init__()
        self.weight, self.before, self.after = weight, before, after
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """``x [..., columns]`` → ``[..., rows]``."""
        y = F.linear(self.before(x), self.weight.dequantized(), self.bias)
        result: Tensor = self.after(y)
        return result


class IntegerLinear(nn.Module):
    """The same layer on integers: int8 codes, int32 sums, float afterwards.

    With one block of columns and one range for all tokens, bit by bit what
    `quantized_linear` gives in training.

    Args:
        weight: The matrix.
        bias: Float, or none.
        before: Gives the codes of what comes in.
        after: Quantizes what goes out.
    """

    shift: Tensor | None
    scale: Tensor
    offset: Tensor | None
    known: Tensor
    code_sums: Tensor | None
    row_sums: Tensor | None

    def __init__(
        self,
        weight: PackedWeight,
        bias: Tensor | None,
        before: Activation,
        after: nn.Module,
    ) -> None:
        super().__init__()
        self.weight, self.before, self.after = weight, before, after
        self.factor, *levels = weight.widened()
        for name, values in zip(("shift", "scale", "offset"), levels, strict=True):
            self.register_buffer(name, values)
        known = torch.zeros(weight.rows) if bias is None else bias
        sums = row_sums = None
        if not before.spec.symmetric:
            each = [(block.matrix, code_sums(block.matrix)) for block in self._blocks()]
            sums = torch.cat([of_codes for _, of_codes in each])
            row_sums = torch.cat([level_sums(*pair) for pair in each]).sum(0)
            if before.counted is not None and before.counted.offset is not None:
                # o_x · Σ ŵ is known for good.
                known = known + before.counted.offset[0] * row_sums
                row_sums = None
        self.register_buffer("known", known)
        self.register_buffer("code_sums", sums)
        self.register_buffer("row_sums", row_sums)

    def forward(self, x: Tensor) -> Tensor:
        """``x [..., columns]`` → ``[..., rows]``."""
        tokens, blocks = x.reshape(-1, x.shape[-1]), self._blocks()
        tiles = self.before.codes(tokens, TOKENS_AT_ONCE)
        parts = [self._product(codes, blocks) for codes in tiles]
        y = parts[0] if len(parts) == 1 else torch.cat(parts)
        result: Tensor = self.after(y.reshape(*x.shape[:-1], self.weight.rows))
        return result

    def _blocks(self) -> list[Block]:
        levels = WidenedLevels(self.factor, self.shift, self.scale, self.offset)
        return self.weight.blocks(levels)

    def _product(self, x: AffineMatrix, blocks: Sequence[Block]) -> Tensor:
        """``x [tokens, columns]`` → ``[tokens, rows]``."""
        y = self.known
        if self.row_sums is not None and x.offset is not None:
            y = y + x.offset * self.row_sums  # rounded twice, as in `integer_linear`
        for index, (columns, matrix) in enumerate(blocks):
            part = x._replace(codes=x.codes[:, columns])
            sums = None if self.code_sums is None else self.code_sums[index : index + 1]
            y = scaled_product(part, matrix, sums, y)
        return y
