"""PyTorch on CPU: weights stay packed at their true bits, products are of integers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.export import read_packed, save_packed
from qbert_lightning.export.architecture import load_strictly
from qbert_lightning.layers import QuantizedEmbedding, QuantizedLayer, quantized_layers
from qbert_lightning.plan import PerTensor, PerToken, QuantPlan, QuantSpec
from qbert_lightning.quantizers import AffineQuantizer, AffineSpec
from qbert_lightning.runtimes.activation import Activation
from qbert_lightning.runtimes.base import Runtime
from qbert_lightning.runtimes.first_token import compute_first_token_only
from qbert_lightning.runtimes.freed_memory import give_back_freed_memory
from qbert_lightning.runtimes.packed_embedding import PackedEmbedding
from qbert_lightning.runtimes.packed_linear import IntegerLinear, PackedLinear
from qbert_lightning.runtimes.packed_weight import PackedWeight

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NARROWEST_BLOCK = 32  # inputs; below, a float product takes less time than its blocks


class Integer(Runtime):
    """The packed model of `qbert_lightning.export`, run as integers by PyTorch.

    A layer whose input is quantized multiplies int8 codes (`IntegerLinear`); one with
    weights alone dequantizes them for the time of a product (`PackedLinear`). Softmax,
    LayerNorm and GELU are in floating point, as in Q8BERT. Of a sentence's last layer
    only the first token is computed, all that its classifier looks at.
    """

    file_name = "model.safetensors"

    def check(self, plan: QuantPlan) -> None:  # noqa: D102
        for layer, scheme in plan.items():
            for spec in (scheme.weight, scheme.input, scheme.output):
                if spec is not None and not isinstance(spec, AffineSpec):
                    raise QbertError(
                        f"runtime=integer: {layer} is of {type(spec).__name__}: "
                        "accepted AffineSpec"
                    )
            for spec in (scheme.input, scheme.output):
                _check_activation(spec, layer)

    def write(  # noqa: D102
        self,
        model: PreTrainedModel,
        plan: QuantPlan,
        tokenizer: PreTrainedTokenizerBase,
        folder: Path,
    ) -> None:
        save_packed(model, plan, tokenizer, folder)

    def load(self, folder: Path, num_threads: int | None = None) -> nn.Module:  # noqa: D102
        if num_threads is not None:
            torch.set_num_threads(num_threads)
        return load_integer(folder)


def load_integer(folder: Path) -> PreTrainedModel:
    """A packed model that computes with its codes; see `Integer`.

    Args:
        folder: One that `save_packed` wrote.

    Returns:
        The model in evaluation mode; no weight of the plan is ever held in floats.

    Raises:
        QbertError: (code 4) a file is missing, altered, or does not fit; (code 2) its
            plan is not for this runtime.
    """
    packed = read_packed(folder)
    Integer().check(packed.plan)
    layers = {name: quantized_layers(packed.model)[name] for name in packed.weights}
    for layer in layers.values():
        layer.register_parameter("weight", None)
    load_strictly(packed.model, packed.tensors, str(folder / Integer.file_name))
    for name, layer in layers.items():
        spec = layer.scheme.weight
        assert isinstance(spec, AffineSpec)  # checked
        weight = PackedWeight(packed.weights.pop(name), spec)
        packed.model.set_submodule(name, _in_service(layer, weight))
    compute_first_token_only(packed.model)
    give_back_freed_memory()
    return packed.model.requires_grad_(False)


def _in_service(layer: QuantizedLayer, weight: PackedWeight) -> nn.Module:
    """What computes a layer from now on."""
    before, after = map(_activation, (layer.input_quantizer, layer.output_quantizer))
    if isinstance(layer, QuantizedEmbedding):
        return PackedEmbedding(weight, after)
    bias = None if layer.bias is None else layer.bias.detach()
    blocks = weight.grid[1]
    is_wide = blocks == 1 or weight.columns // blocks >= NARROWEST_BLOCK
    if isinstance(before, Activation) and is_wide:
        return IntegerLinear(weight, bias, before, after)
    return PackedLinear(weight, bias, before, after)


def _activation(quantizer: nn.Module) -> nn.Module:
    is_affine = isinstance(quantizer, AffineQuantizer)
    return Activation(quantizer) if is_affine else nn.Identity()


def _check_activation(spec: QuantSpec | None, layer: str) -> None:
    cut = getattr(spec, "granularity", PerTensor())
    if not isinstance(cut, PerTensor | PerToken):
        raise QbertError(
            f"runtime=integer: activations of {layer} are quantized by {cut}: accepted "
            "PerTensor() and PerToken()"
        )
