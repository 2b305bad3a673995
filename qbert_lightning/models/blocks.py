"""The parts of a BERT that get a sensitivity, and bits, of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from torch import nn
from transformers import PreTrainedModel

from qbert_lightning.plan import BLOCK_WORDS, matching_names

_LAYER = re.compile(r"(?:.+\.)?encoder\.layer\.\d+")


def select_blocks(
    model: PreTrainedModel, choice: str | Sequence[str]
) -> dict[str, nn.Module]:
    """Blocks by name, in the model's order; no two share a parameter.

    Args:
        model: a BERT with any head.
        choice: ``layers`` (of the encoder), ``matrices`` (of the encoder),
            ``embeddings`` (every table), ``backbone`` (all but the task's head, as one
            block), or shell-style patterns over module names.

    Raises:
        QbertError: (code 2) a pattern that matches nothing, or nested blocks.
    """
    if isinstance(choice, str) and choice in BLOCK_WORDS:
        return _SELECTIONS[choice](model)
    patterns = [choice] if isinstance(choice, str) else choice
    names = [
        name
        for name, module in model.named_modules()
        if name and next(module.parameters(), None) is not None
    ]
    return {name: model.get_submodule(name) for name in matching_names(patterns, names)}


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
        name: module for name, module in model.named_modules() if _LAYER.fullmatch(name)
    }
    if not blocks:
        raise ValueError(
            f"expected a model with modules '...encoder.layer.<n>', got "
            f"{type(model).__name__}"
        )
    return blocks


def _matrices(model: nn.Module) -> dict[str, nn.Module]:
    return {
        f"{block}.{name}": module
        for block, layer in encoder_blocks(model).items()
        for name, module in layer.named_modules()
        if isinstance(module, nn.Linear)
    }


def _embeddings(model: nn.Module) -> dict[str, nn.Module]:
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Embedding)
    }


_SELECTIONS: dict[str, Callable[[PreTrainedModel], dict[str, nn.Module]]] = {
    "layers": encoder_blocks,
    "matrices": _matrices,
    "embeddings": _embeddings,
    "backbone": lambda model: {model.base_model_prefix: model.base_model},
}
