"""Layers that do not interact, with Hessians known on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from qbert_lightning.sensitivity import Problem


class Quadratic(nn.Module):
    """½ · scale · Σ dᵢ wᵢ², so that the Hessian is scale · diag(d)."""

    def __init__(self, diagonal: list[float]) -> None:
        super().__init__()
        self.diagonal = torch.tensor(diagonal, dtype=torch.float64)
        self.weight = nn.Parameter(torch.ones(1, len(diagonal), dtype=torch.float64))
        self.bias = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, scale: Tensor) -> Tensor:
        # The bias is the stiffest direction; filters can leave it out.
        curved = (self.diagonal * self.weight.square()).sum()
        return (curved + 100 * self.bias.square().sum()) * scale / 2


@dataclass(frozen=True)
class Stack:
    """A model of quadratics whose scale comes from the data."""

    model: nn.ModuleDict

    def problem(self, *subsets: list[dict[str, Tensor]]) -> Problem:
        blocks = dict(self.model.items())
        return Problem(model=self.model, loss=loss, blocks=blocks, subsets=subsets)


def loss(model: nn.ModuleDict, batch: dict[str, Tensor]) -> Tensor:
    scale = batch["scale"].mean()
    return sum(layer(scale) for layer in model.values())


@pytest.fixture
def stack() -> Stack:
    layers = {"soft": Quadratic([1.0, 0.5]), "stiff": Quadratic([-4.0, 2.0, 1.0])}
    return Stack(nn.ModuleDict(layers))


@pytest.fixture
def subset() -> Callable[..., list[dict[str, Tensor]]]:
    """A subset whose mean scale is the argument, in batches of unequal size."""

    def build(scale: float) -> list[dict[str, Tensor]]:
        values = torch.tensor([scale + 1, scale - 1, scale], dtype=torch.float64)
        return [{"scale": values[:2]}, {"scale": values[2:]}]

    return build
