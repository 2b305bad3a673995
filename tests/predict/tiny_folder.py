"""Packed folders of random models, small enough to make one in every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import BertConfig, PreTrainedTokenizerBase

from qbert_lightning.export import save_packed
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.layers import apply_plan, layer_shapes
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import TINY_CONFIG

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def tiny_folder(
    folder: Path,
    architecture: str,
    tokenizer: PreTrainedTokenizerBase,
    card: TaskCard | None = None,
    save: Callable[..., None] = save_packed,
    **config: Any,  # noqa: ANN401
) -> Path:
    """Write a random model of 8-bit weights, whose outputs differ between inputs.

    Args:
        folder: an existing, empty folder.
        architecture: such as ``BertForSequenceClassification``.
        tokenizer: its tokenizer.
        card: written beside it, if given.
        save: `save_packed` or `save_checkpoint`.
        config: further entries of the model's configuration.

    Returns:
        The folder.
    """
    torch.manual_seed(1)
    settings = {
        **TINY_CONFIG,
        "max_position_embeddings": 64,
        "num_labels": 2,
        "vocab_size": len(tokenizer),
        "initializer_range": 0.1,
        **config,
    }
    model = getattr(transformers, architecture)(BertConfig(**settings)).eval()
    scheme = QuantScheme(weight=AffineSpec(8))
    plan = QuantPlan(dict.fromkeys(layer_shapes(model), scheme))
    apply_plan(model, plan)
    if card is not None:
        card.write(folder)
    save(model, plan, tokenizer, folder)
    return folder


def named(*labels: str) -> dict[str, Any]:
    """Configuration entries of some label names."""
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }
