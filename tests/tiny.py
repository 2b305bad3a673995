"""A BERT small enough for every test, a padded batch for it, and a tokenizer."""

from __future__ import annotations

import json
import string
from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerBase,
)

TINY_CONFIG = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 16,
    "num_labels": 3,
}


def tiny_bert(seed: int = 0) -> BertForSequenceClassification:
    """Two layers, hidden size 16, three labels; in training mode."""
    torch.manual_seed(seed)
    return BertForSequenceClassification(BertConfig(**TINY_CONFIG)).train()


def tiny_batch(size: int = 6, length: int = 9, seed: int = 0) -> dict[str, Tensor]:
    """Token ids with padding at the end of every second row, and labels."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 40, (size, length), generator=generator)
    mask = torch.ones_like(ids)
    mask[1::2, length // 2 :] = 0
    labels = torch.randint(0, 3, (size,), generator=generator)
    return {"input_ids": ids * mask, "attention_mask": mask, "labels": labels}


WORDS = "the a cat dog sat ran on mat good bad film not paris london in is where who"


def tiny_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """WordPiece over a few words; other words are spelt letter by letter.

    Args:
        folder: an empty folder for the vocabulary.
    """
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*letters, *(f"##{letter}" for letter in letters)]
    entries = dict.fromkeys([*special, *WORDS.split(), *pieces])
    (folder / "vocab.txt").write_text("\n".join(entries), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    return AutoTokenizer.from_pretrained(folder)
