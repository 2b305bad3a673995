"""Training a tiny model on a tiny task, for tests of the modules."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import Batch, TaskDataModule
from qbert_lightning.models import RandomBert
from qbert_lightning.modules import LinearWarmup, TaskModule


def task_loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """The model's own loss."""
    return {"task": model(**batch).loss}


def make_module(
    module_class: type[TaskModule],
    data: TaskDataModule,
    tokenizer: PreTrainedTokenizerBase,
    metrics: list[str],
    **arguments: Any,  # noqa: ANN401
) -> TaskModule:
    """A module around a tiny random model."""
    torch.manual_seed(0)
    data.use_tokenizer(tokenizer)
    source = RandomBert(
        num_hidden_layers=2,
        hidden_size=32,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        hidden_dropout_prob=0.0,
    )
    model = source.build(data.head, data.labels, tokenizer)
    optimizer = partial(torch.optim.AdamW, lr=arguments.pop("lr", 3e-3))
    objective = arguments.pop("objective", task_loss)
    return module_class(
        model, objective, optimizer, LinearWarmup, metrics, data, **arguments
    )


def make_trainer(**arguments: Any) -> pl.Trainer:  # noqa: ANN401
    """A quiet trainer on the CPU that writes nothing."""
    return pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **arguments,
    )
