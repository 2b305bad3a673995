"""The weights of a block as a width would round them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from qbert_lightning.plan import QuantPlan


@torch.no_grad()
def rounded_weights(
    model: nn.Module, plan: QuantPlan, block: str, num_bits: int
) -> dict[str, Tensor]:
    """Q(W) of every planned layer of a block.

    Args:
        model: The float model.
        plan: Gives number format and ranges; layers with float weights are left out.
        block: Name of a layer, or of a module above layers.
        num_bits: The width.

    Returns:
        Layer → weights [as the layer's], on the layer's device.
    """
    rounded = {}
    for layer in plan.layers_of(block):
        spec = plan[layer].weight
        if spec is not None:
            weight: Tensor = model.get_parameter(f"{layer}.weight")
            quantizer = spec.with_bits(num_bits).build(weight.shape, layer)
            rounded[layer] = quantizer.to(weight.device)(weight)
    return rounded


@contextmanager
def block_rounded(
    model: nn.Module, plan: QuantPlan, block: str, num_bits: int
) -> Iterator[None]:
    """A block with rounded weights, for a while; then the float ones are back.

    Args:
        model: The float model.
        plan: See `rounded_weights`.
        block: See `rounded_weights`.
        num_bits: The width.
    """
    rounded = rounded_weights(model, plan, block, num_bits)
    weights = {layer: model.get_parameter(f"{layer}.weight") for layer in rounded}
    before = {layer: weight.data for layer, weight in weights.items()}
    try:
        for layer, weight in weights.items():
            weight.data = rounded[layer]
        yield
    finally:
        for layer, weight in weights.items():
            weight.data = before[layer]


@torch.no_grad()
def perturbations(
    model: nn.Module, plan: QuantPlan, blocks: Sequence[str], candidates: Sequence[int]
) -> dict[str, dict[int, float]]:
    """How far each width moves each block's weights: ``‖Q(W) − W‖²``.

    Args:
        model: The float model.
        plan: See `rounded_weights`.
        blocks: Names of blocks.
        candidates: Widths.

    Returns:
        Block → width → squared distance.
    """

    def moved(block: str, num_bits: int) -> float:
        rounded = rounded_weights(model, plan, block, num_bits)
        return sum(
            float((weight - model.get_parameter(f"{layer}.weight")).square().sum())
            for layer, weight in rounded.items()
        )

    return {
        block: {bits: moved(block, bits) for bits in candidates} for block in blocks
    }
