"""A quantized model as it is shipped: codes at their true width, nothing simulated.

Layout of the folder: ``config.json`` and tokenizer (Hugging Face), ``plan.json``, and
``model.safetensors`` with, for every quantized layer ``L``,

* ``L.weight.codes``: uint8, the bit stream of `qbert_lightning.functional.pack`, codes
  in the order of the granularity's groups;
* ``L.weight.scale``, ``L.weight.offset``, …: what decodes them, float32;

and every other parameter and buffer under its own name. ``FORMAT.md`` has all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor, nn

from qbert_lightning.errors import DATA, FAILED, QbertError
from qbert_lightning.export.architecture import load_strictly, read_architecture
from qbert_lightning.export.checkpoint import MODEL_FILE, describe_model
from qbert_lightning.export.companions import deciding_files
from qbert_lightning.export.container import read_container, write_container
from qbert_lightning.export.encoding import (
    encoded_weights,
    stored_parts,
    take_encoded,
    with_quantized_weights,
)
from qbert_lightning.export.model_card import CARD_FILE, model_card
from qbert_lightning.layers import quantized_layers
from qbert_lightning.plan import QuantPlan
from qbert_lightning.quantizers import Encoded, settled

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Packed:
    """A packed folder, read and checked, nothing decoded.

    Attributes:
        model: The architecture in evaluation mode, plan applied; its weights hold
            nothing yet.
        plan: Its plan.
        weights: Layer name → codes of its weight and what decodes them.
        tensors: Every other parameter and buffer by its name in the model.
    """

    model: PreTrainedModel
    plan: QuantPlan
    weights: dict[str, Encoded]
    tensors: dict[str, Tensor]


def save_packed(
    model: PreTrainedModel,
    plan: QuantPlan,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
) -> None:
    """Write a quantized model at its true size.

    Args:
        model: With the plan applied; one that `load_packed` gave is written as it was.
        plan: Its plan.
        tokenizer: Saved beside it.
        folder: An existing folder.

    Raises:
        QbertError: If a weight is not finite, or a layer still waits for the end of its
            delay and computes in floating point (code 1).
    """
    _check_delays(model)
    describe_model(model, plan, tokenizer, folder)
    (folder / CARD_FILE).write_text(model_card(model, plan), encoding="utf-8")
    tensors = dict(model.state_dict())
    for name, encoded in encoded_weights(model).items():
        del tensors[f"{name}.weight"]
        tensors |= stored_parts(name, encoded)
    write_container(folder / MODEL_FILE, tensors, deciding_files(folder))


def load_packed(folder: Path) -> tuple[PreTrainedModel, QuantPlan]:
    """A packed model, its weights decoded; same logits as the fake-quantized model.

    Its layers still know the levels of their weights, so that it also has that model's
    logits on codes (`qbert_lightning.layers.set_int8_forward`), bit by bit.

    Args:
        folder: One that `save_packed` wrote.

    Returns:
        The model in evaluation mode, weights frozen at their levels, and its plan.

    Raises:
        QbertError: If a file is missing, altered, or does not fit (code 4).
    """
    packed = read_packed(folder)
    tensors = dict(packed.tensors)
    for name, layer, quantizer in with_quantized_weights(packed.model):
        encoded = packed.weights[name]
        tensors[f"{name}.weight"] = quantizer.decode(encoded)
        layer.weight_quantizer = settled(quantizer, encoded)
    load_strictly(packed.model, tensors, str(folder / MODEL_FILE))
    return packed.model, packed.plan


def read_packed(folder: Path) -> Packed:
    """Read and check a packed folder.

    Args:
        folder: One that `save_packed` wrote.

    Raises:
        QbertError: If a file is missing, altered, or does not fit (code 4).
    """
    container = read_container(folder / MODEL_FILE)
    model, plan = read_architecture(container)
    tensors = container.tensors
    try:
        weights = take_encoded(model, tensors)
    except QbertError as error:
        raise QbertError(f"{container.path}: {error}", DATA) from error
    return Packed(model, plan, weights, tensors)


def _check_delays(model: nn.Module) -> None:
    """What computes in floating point to the end has no codes to be shipped as."""
    for name, layer in quantized_layers(model).items():
        steps, delay = int(layer.step), layer.scheme.delay
        if steps < delay:
            raise QbertError(
                f"plan: {name}: delay={delay} after {steps} training steps: accepted a "
                "model trained for longer than its delay",
                FAILED,
            )
