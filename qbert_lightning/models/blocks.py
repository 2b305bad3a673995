"""The encoder layers of a BERT: the blocks that get bits of their own."""

from __future__ import annotations

import re

from torch import nn

_BLOCK = re.compile(r"(?:.+\.)?encoder\.layer\.\d+")


def encoder_blocks(model: nn.Module) -> dict[str, nn.Module]:
    """Encoder layers by module path, in order.

    Args:
        model: a BERT with any head.

    Returns:
        E.g. ``{"bert.encoder.layer.0": BertLayer(...), ...}``.

    Raises:
        ValueError: the model has no encoder layers.
    """
    blocks = {
        name: module for name, module in model.named_modules() if _BLOCK.fullmatch(name)
    }
    if not blocks:
        raise ValueError(
            f"expected a model with modules '...encoder.layer.<n>', got "
            f"{type(model).__name__}"
        )
    return blocks
