"""Who trains beside float: ours on floats and on codes, torch.ao, and composed ops."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.layers import apply_plan, layer_shapes, set_int8_forward
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import RowGroups, SchemeRule, expand_rules
from qbert_lightning.quantizers import AffineSpec

FLOAT = "float"
ENCODER, EMBEDDINGS = "*.encoder.layer.*", "*_embeddings"
Prepare = Callable[[nn.Module], None]


def contestants(groups: int) -> dict[str, Prepare]:
    """Name → what turns a float model into the contestant, in place.

    Args:
        groups: Of each matrix, for Q-BERT.
    """
    schemes = {
        "q8bert": q8bert(),
        "qbert w4": qbert(4, groups),
        "qbert w2": qbert(2, groups),
    }
    ours = {
        f"ours, {scheme}, {way}": _ours(rules, int8_forward)
        for scheme, rules in schemes.items()
        for way, int8_forward in (("fake", False), ("int8", True))
    }
    return {
        FLOAT: lambda model: None,
        **ours,
        "torch.ao FakeQuantize, w8": lambda model: _replace(model, _TorchAo),
        "composed operations, w8": lambda model: _replace(model, _Composed),
    }


def q8bert() -> dict[str, SchemeRule]:
    """Q8BERT: symmetric 8 bits; query, key and value are quantized on their way out."""
    weight = AffineSpec(8, symmetric=True, clip_gradient=False)
    activation = AffineSpec(
        8, symmetric=True, clip_gradient=False, observer=MovingAverage(0.9999)
    )
    return {
        "encoder": SchemeRule(ENCODER, weight, activation),
        "attention": SchemeRule("*.attention.self.*", weight, activation, activation),
        "embeddings": SchemeRule(EMBEDDINGS, weight),
    }


def qbert(bits: int, groups: int) -> dict[str, SchemeRule]:
    """Q-BERT: asymmetric weights in row groups, 8-bit embeddings and activations."""
    activation = AffineSpec(8, observer=MovingAverage(0.99))
    return {
        "encoder": SchemeRule(ENCODER, AffineSpec(bits, RowGroups(groups)), activation),
        "embeddings": SchemeRule(EMBEDDINGS, AffineSpec(8)),
    }


def _ours(rules: dict[str, SchemeRule], int8_forward: bool) -> Prepare:
    def prepare(model: nn.Module) -> None:
        apply_plan(model, expand_rules(rules, layer_shapes(model)))
        set_int8_forward(model, int8_forward)

    return prepare


def _replace(model: nn.Module, kind: type[_TorchAo | _Composed]) -> None:
    """Put a peer's layer in the place of every matrix of the encoder."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and ".encoder.layer." in name:
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, kind(module))


class _TorchAo(nn.Module):
    """PyTorch's own quantizers around the product: 8 bits, observed activations."""

    def __init__(self, linear: nn.Linear) -> None:
        from torch.ao.quantization import FakeQuantize
        from torch.ao.quantization.observer import (
            MinMaxObserver,
            MovingAverageMinMaxObserver,
        )

        super().__init__()
        self.linear = linear
        self.of_weight = FakeQuantize(
            MinMaxObserver,
            quant_min=-127,
            quant_max=127,
            dtype=torch.qint8,
            qscheme=torch.per_tensor_symmetric,
        )
        self.of_input = FakeQuantize(
            MovingAverageMinMaxObserver, quant_min=0, quant_max=255, dtype=torch.quint8
        )

    def forward(self, x: Tensor) -> Tensor:
        weight = self.of_weight(self.linear.weight)
        return F.linear(self.of_input(x), weight, self.linear.bias)


class _Composed(nn.Module):
    """Straight-through estimation spelt out in tensor operations: 8 bits, symmetric."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        linear = self.linear
        return F.linear(_composed(x), _composed(linear.weight), linear.bias)


def _composed(x: Tensor) -> Tensor:
    scale = x.detach().abs().amax() / 127
    levels = torch.clamp(torch.round(x / scale), -127, 127) * scale
    return x + (levels - x).detach()
