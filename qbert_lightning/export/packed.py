"""A quantized model as it is shipped: codes at their true width, nothing simulated.

Layout of the folder: ``config.json`` and tokenizer (Hugging Face), ``plan.json``, and
``model.safetensors`` with, for every quantized layer ``L``,

* ``L.weight.codes``: uint8, the bit stream of `qbert_lightning.functional.pack`, codes
  in the order of the granularity's groups;
* ``L.weight.scale``, ``L.weight.offset``, …: what decodes them, float32;

and every other parameter and buffer under its own name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.checkpoint import (
    CONFIG_FILE,
    MODEL_FILE,
    PLAN_FILE,
    describe_model,
    load_strictly,
    planned_skeleton,
)
from qbert_lightning.export.container import read_container, write_container
from qbert_lightning.functional import pack, packed_bytes, unpack
from qbert_lightning.layers import QuantizedLayer, quantized_layers
from qbert_lightning.plan import QuantPlan
from qbert_lightning.quantizers import Encoded, Quantizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CODES = "codes"


def save_packed(
    model: PreTrainedModel,
    plan: QuantPlan,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
) -> None:
    """Write a quantized model at its true size.

    Args:
        model: With the plan applied and not frozen.
        plan: Its plan.
        tokenizer: Saved beside it.
        folder: An existing folder.
    """
    describe_model(model, plan, tokenizer, folder)
    tensors = dict(model.state_dict())
    for name, layer in quantized_layers(model).items():
        if isinstance(layer.weight_quantizer, Quantizer):
            weight = tensors.pop(f"{name}.weight")
            encoded = layer.weight_quantizer.encode(weight)
            for part, tensor in _stored(encoded).items():
                tensors[f"{name}.weight.{part}"] = tensor
    write_container(folder / MODEL_FILE, tensors, [CONFIG_FILE, PLAN_FILE])


def load_packed(folder: Path) -> tuple[PreTrainedModel, QuantPlan]:
    """A packed model, its weights decoded; same logits as the fake-quantized model.

    Args:
        folder: One that `save_packed` wrote.

    Returns:
        The model in evaluation mode, weights frozen at their levels, and its plan.

    Raises:
        QbertError: If a file is missing, altered, or does not fit (code 4).
    """
    tensors = read_container(folder / MODEL_FILE)
    model, plan = planned_skeleton(folder)
    for name, layer in quantized_layers(model).items():
        if isinstance(layer.weight_quantizer, Quantizer):
            tensors[f"{name}.weight"] = _decoded(tensors, name, layer)
            layer.weight_quantizer = nn.Identity()
    load_strictly(model, tensors, folder)
    return model, plan


def _stored(encoded: Encoded) -> dict[str, Tensor]:
    return {CODES: pack(encoded.codes, encoded.num_bits), **encoded.tensors}


def _decoded(tensors: dict[str, Tensor], name: str, layer: QuantizedLayer) -> Tensor:
    """Take a layer's stored parts out of ``tensors`` and decode them."""
    prefix = f"{name}.weight."
    parts = {
        key.removeprefix(prefix): tensors.pop(key)
        for key in list(tensors)
        if key.startswith(prefix)
    }
    spec, shape = layer.scheme.weight, tuple(layer.weight.shape)
    assert spec is not None  # the layer has a weight quantizer
    count = layer.weight.numel()
    codes = parts.pop(CODES, torch.empty(0))
    if codes.dtype != torch.uint8 or codes.numel() != packed_bytes(
        count, spec.num_bits
    ):
        raise QbertError(
            f"{name}: {codes.numel()} bytes of codes for {count} weights of "
            f"{spec.num_bits} bits: accepted {packed_bytes(count, spec.num_bits)}",
            DATA,
        )
    quantizer = layer.weight_quantizer
    assert isinstance(quantizer, Quantizer)
    encoded = Encoded(unpack(codes, spec.num_bits, count), spec.num_bits, parts, shape)
    try:
        return quantizer.decode(encoded)
    except (KeyError, RuntimeError) as error:
        raise QbertError(f"{name}: parts do not fit together: {error}", DATA) from error
