"""A quantized model as it is trained: float weights, quantizer state and plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.container import read_container, write_container
from qbert_lightning.layers import apply_plan
from qbert_lightning.models import load_skeleton
from qbert_lightning.plan import QuantPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MODEL_FILE = "model.safetensors"
PLAN_FILE = "plan.json"
CONFIG_FILE = "config.json"


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
    """
    describe_model(model, plan, tokenizer, folder)
    companions = [CONFIG_FILE, PLAN_FILE]
    write_container(folder / MODEL_FILE, model.state_dict(), companions)


def load_checkpoint(folder: Path) -> tuple[PreTrainedModel, QuantPlan]:
    """The model and plan that `save_checkpoint` wrote, in evaluation mode.

    Raises:
        QbertError: If a file is missing, altered, or does not fit (code 4).
    """
    model, plan = planned_skeleton(folder)
    state = read_container(folder / MODEL_FILE)
    load_strictly(model, state, folder)
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


def planned_skeleton(folder: Path) -> tuple[PreTrainedModel, QuantPlan]:
    """The architecture with its plan applied, weights still to be loaded."""
    plan_file = folder / PLAN_FILE
    if not plan_file.is_file():
        raise QbertError(f"{plan_file}: no such file: accepted a quantized model", DATA)
    plan = QuantPlan.from_json(plan_file.read_text())
    model = load_skeleton(folder)
    apply_plan(model, plan)
    return model.eval(), plan


def load_strictly(
    model: PreTrainedModel, state: dict[str, Tensor], folder: Path
) -> None:
    """Load a state with every name accounted for; raises `QbertError` (code 4)."""
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise QbertError(
            f"{folder}: does not fit its plan: {error}"[:300], DATA
        ) from error
