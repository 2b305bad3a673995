"""Experiment-tracking research framework for quantizing BERT."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

__version__ = "0.1.0"


def load(path: str | Path, compute: str = "float") -> nn.Module:
    """A model that answers, in evaluation mode: ``load("outputs/runs/...")``.

    Args:
        path: A packed model, a run, a stage of it, a quantized checkpoint or a float
            model, each a folder; or a hub name ``owner/name`` or
            ``owner/name@revision``.
        compute: ``float`` decodes the weights once and has exactly the logits of the
            fake-quantized model; ``integer`` keeps the codes packed in memory and
            multiplies integers (CPU; `qbert_lightning.runtimes.Integer`).

    Returns:
        A Hugging Face model; its label names are in ``config.id2label``.

    Raises:
        QbertError: (code 2) an unknown ``compute``, or one that the model there has
            not; (code 3) the hub does not answer; (code 4) nothing there, or a file
            that is missing, altered or no model's.
    """
    # By name, so that importing the package imports nothing else.
    loading = import_module("qbert_lightning.loading")
    model: nn.Module = loading.load_model(path, compute)
    return model
