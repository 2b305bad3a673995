"""Other ways of quantization-aware training, on the same model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.benchmarks.qat_nncf import nncf_model

ENCODER = ".encoder.layer."


@dataclass(frozen=True)
class Peer:
    """Another library, or way, of quantization-aware training.

    Attributes:
        prepare: Float model → the peer's, which may be the same object.
        needs: Package to import → project to install.
    """

    prepare: Callable[[nn.Module], nn.Module]
    needs: Mapping[str, str] = field(default_factory=dict)


def by_layer(layer: Callable[[nn.Linear], nn.Module]) -> Callable[..., nn.Module]:
    """What puts a peer's layer in the place of every matrix of the encoder.

    Args:
        layer: Makes it from the float layer, whose parameters it takes over.
    """

    def prepare(model: nn.Module) -> nn.Module:
        for name, module in list(model.named_modules()):
            if isinstance(module, nn.Linear) and ENCODER in name:
                model.set_submodule(name, layer(module))
        return model

    return prepare


class TorchAo(nn.Module):
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
        """``x [..., k]`` → ``[..., n]``."""
        weight = self.of_weight(self.linear.weight)
        return F.linear(self.of_input(x), weight, self.linear.bias)


class Composed(nn.Module):
    """Straight-through estimation spelt out in tensor operations: 8 bits, symmetric."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """``x [..., k]`` → ``[..., n]``."""
        linear = self.linear
        return F.linear(_composed(x), _composed(linear.weight), linear.bias)


def _composed(x: Tensor) -> Tensor:
    scale = x.detach().abs().amax() / 127
    levels = torch.clamp(torch.round(x / scale), -127, 127) * scale
    return x + (levels - x).detach()


def torchao(linear: nn.Linear) -> nn.Module:
    """The layer of torchao: a range for each token, and for each row of the weight."""
    from torchao.quantization import quantize_
    from torchao.quantization.qat import IntxFakeQuantizeConfig, QATConfig

    activation = IntxFakeQuantizeConfig(torch.int8, "per_token", is_symmetric=False)
    weight = IntxFakeQuantizeConfig(torch.int8, "per_channel")
    around = nn.Sequential(linear)
    config = QATConfig(
        activation_config=activation, weight_config=weight, step="prepare"
    )
    quantize_(around, config)
    return around[0]


def brevitas(linear: nn.Linear) -> nn.Module:
    """The layer of Brevitas: one range for a tensor, that of activations is learnt."""
    from brevitas.nn import QuantLinear
    from brevitas.quant import Int8ActPerTensorFloat, Int8WeightPerTensorFloat

    quantizers: dict[str, Any] = {
        "weight_quant": Int8WeightPerTensorFloat,
        "input_quant": Int8ActPerTensorFloat,
    }
    sizes = linear.in_features, linear.out_features
    layer: nn.Module = QuantLinear(*sizes, bias=linear.bias is not None, **quantizers)
    layer.weight, layer.bias = linear.weight, linear.bias
    return layer


PEERS: Mapping[str, Peer] = {
    "torch.ao FakeQuantize, w8": Peer(by_layer(TorchAo)),
    "torchao, w8": Peer(by_layer(torchao), {"torchao": "torchao"}),
    "Brevitas, w8": Peer(
        by_layer(brevitas), {"brevitas": "brevitas", "_dependencies": "dependencies"}
    ),
    "NNCF, w8": Peer(nncf_model, {"nncf": "nncf"}),
    "composed operations, w8": Peer(by_layer(Composed)),
}
