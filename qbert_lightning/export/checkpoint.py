"""A quantized model as it is trained: float weights, quantizer state and plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.export.architecture import load_strictly, read_architecture
from qbert_lightning.export.companions import PLAN_FILE, deciding_files
from qbert_lightning.export.container import read_container, write_container
from qbert_lightning.plan import QuantPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MODEL_FILE = "model.safetensors"


def save_checkpoint(
    model: PreTrainedModel,
    plan: QuantPlan,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
) -> None:
    """Write configuration, tokenizer, plan and state of a quantized model.

    Args:
        model: With the plan applied.
        plan: Its plan.
        tokenizer: Saved beside it.
        folder: An existing folder.

    Raises:
        QbertError: If a weight is not finite (code 1).
    """
    describe_model(model, plan, tokenizer, folder)
    write_container(folder / MODEL_FILE, model.state_dict(), deciding_files(folder))


def load_checkpoint(folder: Path) -> tuple[PreTrainedModel, QuantPlan]:
    """The model and plan that `save_checkpoint` wrote, in evaluation mode.

    Raises:
        QbertError: If a file is missing, altered, or does not fit (code 4).
    """
    container = read_container(folder / MODEL_FILE)
    model, plan = read_architecture(container)
    load_strictly(model, container.tensors, str(container.path))
    return model, plan


def describe_model(
    model: PreTrainedModel,
    plan: QuantPlan,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
) -> None:
    """Write all but the tensors: configuration, tokenizer and plan."""
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / PLAN_FILE).write_text(plan.to_json())
