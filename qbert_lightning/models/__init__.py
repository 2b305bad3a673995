"""Float BERT models: where they come from and what they are made of."""

from __future__ import annotations

from qbert_lightning.models.attention import double_differentiable_attention
from qbert_lightning.models.blocks import encoder_blocks, select_blocks
from qbert_lightning.models.hub import quiet_transformers
from qbert_lightning.models.load_float import load_float
from qbert_lightning.models.longest_input import longest_input
from qbert_lightning.models.needed_tokens import needed_tokens_only
from qbert_lightning.models.pretrained_bert import PretrainedBert
from qbert_lightning.models.random_bert import RandomBert
from qbert_lightning.models.skeleton import (
    build_skeleton,
    config_from,
    load_skeleton,
)
from qbert_lightning.models.snapshot import fetch_snapshot
from qbert_lightning.models.source import HEADS, ModelSource
from qbert_lightning.models.tokenizer import check_tokenizer, load_tokenizer

__all__ = [
    "HEADS",
    "ModelSource",
    "PretrainedBert",
    "RandomBert",
    "build_skeleton",
    "check_tokenizer",
    "config_from",
    "double_differentiable_attention",
    "encoder_blocks",
    "fetch_snapshot",
    "load_float",
    "load_skeleton",
    "load_tokenizer",
    "longest_input",
    "needed_tokens_only",
    "quiet_transformers",
    "select_blocks",
]
