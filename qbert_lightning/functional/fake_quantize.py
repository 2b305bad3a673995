"""Quantize and dequantize at once, with a gradient to train by."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters
from qbert_lightning.functional.blocks import codes_by_part
from qbert_lightning.functional.outside import Outside, clear


def fake_quantize(
    groups: Tensor, parameters: AffineParameters, *, clip_gradient: bool = True
) -> Tensor:
    """Quantize and dequantize, with a straight-through gradient.

    The gradient is one inside the range and, with ``clip_gradient``, zero outside it
    (Q-BERT section 3); without, it is one everywhere (Q8BERT).

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.
        clip_gradient: Whether values outside the range get no gradient.

    Returns:
        ``[groups, elements]`` in the type of ``groups``.

    >>> import torch
    >>> from qbert_lightning.functional import choose_parameters
    >>> x = torch.tensor([[-1.0, 0.4, 2.0]])
    >>> levels = choose_parameters(x.amin(1, True), x.amax(1, True), 2, symmetric=False)
    >>> fake_quantize(x, levels).tolist()
    [[-1.0, 0.0, 2.0]]
    """
    result: Tensor = _FakeQuantize.apply(  # type: ignore[no-untyped-call]
        groups, *parameters, clip_gradient
    )
    return result


class _FakeQuantize(torch.autograd.Function):
    """Goes part by part; keeps no more for the backward pass than what is outside."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        groups: Tensor,
        scale: Tensor,
        offset: Tensor,
        lowest: int,
        highest: int,
        clip_gradient: bool,
    ) -> Tensor:
        parameters = AffineParameters(scale, offset, lowest, highest)
        outside = Outside(groups.shape, parameters) if clip_gradient else None
        result = torch.empty_like(groups)
        for part, levels, codes in codes_by_part(groups, parameters, outside):
            result[part] = codes.mul_(levels.scale).add_(levels.offset)
        ctx.save_for_backward(None if outside is None else outside.found())
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        (outside,) = ctx.saved_tensors
        if outside is not None and outside.numel():
            own = gradient.clone(memory_format=torch.contiguous_format)
            gradient = clear(own, outside)
        return gradient, None, None, None, None, None
