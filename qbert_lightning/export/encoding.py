"""Codes of a model's weights: from its quantizers, into tensors of a file, and back."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.architecture import CODES
from qbert_lightning.functional import pack, unpack
from qbert_lightning.layers import QuantizedLayer, quantized_layers
from qbert_lightning.quantizers import Encoded, Quantizer

CODES_SUFFIX = f".weight.{CODES}"


def encoded_weights(model: nn.Module) -> dict[str, Encoded]:
    """Codes and parameters of every quantized weight of a live model.

    Args:
        model: With its plan applied; a weight that was frozen has the codes of its
            levels.

    Returns:
        Layer name → encoded weight, in model order; layers whose weight the plan leaves
        in floating point are left out.
    """
    return {
        name: quantizer.encode(layer.weight)
        for name, layer, quantizer in with_quantized_weights(model)
    }


def with_quantized_weights(
    model: nn.Module,
) -> Iterator[tuple[str, QuantizedLayer, Quantizer]]:
    """Name, layer and weight quantizer of each layer that has one."""
    for name, layer in quantized_layers(model).items():
        if isinstance(layer.weight_quantizer, Quantizer):
            yield name, layer, layer.weight_quantizer


def stored_parts(name: str, encoded: Encoded) -> dict[str, Tensor]:
    """The tensors that a layer's encoded weight becomes in a file."""
    parts = {CODES: pack(encoded.codes, encoded.num_bits), **encoded.tensors}
    return {f"{name}.weight.{part}": tensor for part, tensor in parts.items()}


def take_encoded(model: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Encoded]:
    """Undo `stored_parts` for every layer, and check what comes out.

    Args:
        model: The architecture, plan applied.
        tensors: All that was read; the parts are taken out.

    Raises:
        QbertError: If parts are missing, too many, or no quantizer's (code 4).
    """
    found = {}
    for name, layer, quantizer in with_quantized_weights(model):
        prefix = f"{name}.weight."
        names = [key for key in tensors if key.startswith(prefix)]
        parts = {key.removeprefix(prefix): tensors.pop(key) for key in names}
        spec, shape = layer.scheme.weight, tuple(layer.weight.shape)
        assert spec is not None  # the layer has a weight quantizer
        count = layer.weight.numel()
        packed = parts.pop(CODES, None)
        if packed is None:
            raise QbertError(f"{prefix}{CODES}: missing: accepted a packed model", DATA)
        _check_padding(packed, spec.num_bits * count, prefix)
        codes = unpack(packed, spec.num_bits, count)
        found[name] = Encoded(codes, spec.num_bits, parts, shape)
        quantizer.check(found[name], f"{name}.weight")
    return found


def _check_padding(packed: Tensor, used_bits: int, prefix: str) -> None:
    """The bits of the last byte that no code uses are zero."""
    if used_bits % 8 and int(packed[-1]) >> used_bits % 8:
        raise QbertError(
            f"{prefix}{CODES}: bits beyond the last code: accepted zeros", DATA
        )
