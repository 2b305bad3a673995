"""Checkpoints on disk for tests."""

from __future__ import annotations

from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from qbert_lightning.models import RandomBert


def save_checkpoint(
    folder: Path,
    tokenizer: PreTrainedTokenizerBase,
    head: str = "sequence_classification",
    labels: list[str] | None = None,
) -> PreTrainedModel:
    """Save a tiny random model with its tokenizer."""
    source = RandomBert(
        num_hidden_layers=2, hidden_size=16, num_attention_heads=2, intermediate_size=24
    )
    model = source.build(head, labels, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model
