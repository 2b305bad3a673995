"""A model's architecture from its configuration, without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoConfig, PretrainedConfig, PreTrainedModel
from transformers.initialization import no_init_weights

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.models.hub import local_or_hub, quiet_transformers
from qbert_lightning.models.pretrained_bert import FAMILY
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
    return build_skeleton(config, path)


def build_skeleton(
    config: PretrainedConfig, source: str, device: str = "cpu"
) -> PreTrainedModel:
    """The network of a configuration.

    Args:
        config: Of a BERT with a task head.
        source: Where it comes from, for messages.
        device: ``meta`` gives names and shapes alone and allocates nothing.

    Returns:
        A float32 model in evaluation mode; its weights are not initialised.

    Raises:
        QbertError: If it has no task head or cannot be built (code 4).
    """
    model_class = head_class(task_head(config, source))
    with quiet_transformers(), no_init_weights(), torch.device(device):
        try:
            return model_class.from_config(config).float().eval()
        except Exception as error:  # whatever layers make of a number they dislike
            raise _unusable(source, error) from error


def config_from(values: Mapping[str, Any], source: str) -> PretrainedConfig:
    """The configuration that the contents of a ``config.json`` stand for.

    Args:
        values: The contents.
        source: Where they come from, for messages.

    Raises:
        QbertError: If it is none of a BERT (code 4).
    """
    model_type = values.get("model_type")
    if model_type not in FAMILY:
        raise QbertError(
            f"{source}: model_type {model_type!r}: accepted {', '.join(FAMILY)}", DATA
        )
    with quiet_transformers():
        try:
            return CONFIG_MAPPING[model_type].from_dict(dict(values))
        except Exception as error:  # each field checks its value in its own way
            raise _unusable(source, error) from error


def task_head(config: PretrainedConfig, source: str) -> str:
    """Which of `HEADS` a configuration's architecture has.

    Raises:
        QbertError: If it has none of them (code 4).
    """
    architecture = str((config.architectures or ["none"])[0])
    for head in HEADS:
        if architecture.lower().endswith(f"for{head.replace('_', '')}"):
            return head
    raise QbertError(
        f"{source}: architecture {architecture[:100]}: accepted BERT with a head for "
        f"{', '.join(HEADS)}",
        DATA,
    )


def _unusable(source: str, error: Exception) -> QbertError:
    reason = f"{type(error).__name__}: {error}"[:150]
    return QbertError(f"{source}: accepted the configuration of a BERT: {reason}", DATA)
