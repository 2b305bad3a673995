"""A model's architecture from its folder, without its weights."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoConfig, PretrainedConfig, PreTrainedModel

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.models.hub import local_or_hub, quiet_transformers
from qbert_lightning.models.source import HEADS, head_class


def load_skeleton(folder: str | Path) -> PreTrainedModel:
    """The network that ``config.json`` describes, its weights still to be loaded.

    Args:
        folder: Holds a ``config.json`` in Hugging Face layout.

    Returns:
        A float32 model in evaluation mode; its weights are not initialised.

    Raises:
        QbertError: If the folder is missing, broken or has no task head (code 4).
    """
    path = str(Path(folder).resolve())
    with quiet_transformers(), local_or_hub(path):
        config = AutoConfig.from_pretrained(path, local_files_only=True)
    head = task_head(config, path)
    with torch.random.fork_rng(devices=[]):  # leaves the caller's random state alone
        return head_class(head).from_config(config).float().eval()


def task_head(config: PretrainedConfig, source: str) -> str:
    """Which of `HEADS` a configuration's architecture has.

    Raises:
        QbertError: If it has none of them (code 4).
    """
    architecture = (config.architectures or ["none"])[0]
    for head in HEADS:
        if architecture.lower().endswith(f"for{head.replace('_', '')}"):
            return head
    raise QbertError(
        f"{source}: architecture {architecture}: accepted BERT with a head for "
        f"{', '.join(HEADS)}",
        DATA,
    )
