"""Putting quantized layers in the place of float ones, as a plan says."""

from __future__ import annotations

from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.layers.base import QuantizedLayer
from qbert_lightning.layers.registry import QUANTIZED_LAYERS
from qbert_lightning.plan import QuantPlan, QuantScheme


def layer_shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Name → weight shape of every layer that can be quantized, in model order."""
    return {
        name: tuple(module.weight.shape)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | nn.Embedding)
    }


def apply_plan(model: nn.Module, plan: QuantPlan) -> None:
    """Swap every planned layer of ``model`` for its quantized stand-in, in place.

    Parameters are shared with the float layers and keep their names. A layer that is
    already quantized gets fresh quantizers.

    Args:
        model: The network.
        plan: Layer name → scheme.

    Raises:
        QbertError: If a planned layer does not exist, cannot be quantized, or its
            groups do not fit.
    """
    modules = dict(model.named_modules())
    for name, scheme in plan.items():
        if name not in modules:
            raise QbertError(
                f"plan: layer {name!r} is not in the model: accepted "
                + ", ".join(list(layer_shapes(model))[:3])
                + ", ..."
            )
        parent, _, child = name.rpartition(".")
        quantized = _quantized(modules[name], scheme, name)
        setattr(modules[parent], child, quantized)


def quantized_layers(model: nn.Module) -> dict[str, QuantizedLayer]:
    """Name → quantized layer, in model order."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, QuantizedLayer)
    }


def _quantized(module: nn.Module, scheme: QuantScheme, name: str) -> nn.Module:
    for float_type, quantized_type in QUANTIZED_LAYERS.items():
        if isinstance(module, float_type):
            return quantized_type.from_float(module, scheme, name)  # type: ignore[arg-type]
    accepted = ", ".join(cls.__name__ for cls in QUANTIZED_LAYERS)
    raise QbertError(
        f"plan: layer {name!r} is a {type(module).__name__}: accepted {accepted}"
    )
