"""Reload a float model that a stage saved."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from qbert_lightning.models.hub import local_or_hub, quiet_transformers
from qbert_lightning.models.pretrained_bert import PretrainedBert
from qbert_lightning.models.skeleton import task_head
from qbert_lightning.models.tokenizer import load_tokenizer


def load_float(
    folder: str | Path,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Reload model and tokenizer from a folder in Hugging Face layout.

    The head and the labels are those that the folder's ``config.json`` names.

    Args:
        folder: holds ``config.json``, ``model.safetensors`` and the tokenizer.

    Returns:
        The model in evaluation mode and its tokenizer.

    Raises:
        QbertError: (code 4) the folder is missing, broken or has no task head.
    """
    path = str(Path(folder).resolve())
    with quiet_transformers(), local_or_hub(path):
        config = AutoConfig.from_pretrained(path, local_files_only=True)
    head = task_head(config, str(folder))
    labels = None
    if head != "question_answering" and config.problem_type != "regression":
        labels = [str(config.id2label[index]) for index in sorted(config.id2label)]
    tokenizer = load_tokenizer(path)
    return PretrainedBert(path).build(head, labels, tokenizer), tokenizer
