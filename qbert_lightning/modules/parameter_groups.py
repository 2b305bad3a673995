"""Which parameters decay."""

from __future__ import annotations

from typing import Any

from torch import nn


def parameter_groups(model: nn.Module) -> list[dict[str, Any]]:
    """Trainable parameters in two groups: matrices, and the rest without weight decay.

    Biases, LayerNorm parameters and scales are not decayed (Devlin et al. 2019).

    Args:
        model: the model to train.

    Returns:
        Optimizer groups; the first takes the optimizer's own weight decay.

    Example:
        >>> groups = parameter_groups(nn.Linear(3, 2))
        >>> [group.get("weight_decay") for group in groups]
        [None, 0.0]
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim >= 2]},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
