"""What a packed file holds of a model beside its quantized weights."""

from __future__ import annotations

from copy import deepcopy

from torch import nn

from qbert_lightning.layers import apply_plan
from qbert_lightning.plan import QuantPlan
from qbert_lightning.plan.block_size import BITS_PER_BYTE


def stored_bits(model: nn.Module, plan: QuantPlan) -> dict[str, int]:
    """Bits of biases, LayerNorm, ranges of activations, counters and float weights.

    Args:
        model: In floating point; it is left alone.
        plan: What is to be quantized.

    Returns:
        Name in the model with its plan applied → bits in a packed file.
    """
    shared = {id(parameter): parameter for parameter in model.parameters()}
    twin = deepcopy(model, shared)  # layers of its own around the same numbers
    apply_plan(twin, plan)
    codes = {f"{layer}.weight" for layer, scheme in plan.items() if scheme.weight}
    return {
        name: tensor.nbytes * BITS_PER_BYTE
        for name, tensor in twin.state_dict().items()
        if name not in codes
    }
