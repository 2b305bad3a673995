from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import HessianOperator, loss_landscape


def bowl() -> tuple[nn.Linear, HessianOperator]:
    """L = mean of (x · w)², with Hessian diag(2, 8) over the two examples' mean."""
    net = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[1.0, 0.5]]))
    x = torch.tensor([[2.0**0.5, 0.0], [0.0, 8.0**0.5]], dtype=torch.float64)

    def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return net(batch["x"]).square().sum() / len(batch["x"])

    batches = [{"x": x[:1]}, {"x": x[1:]}]
    return net, HessianOperator(net, loss, {"net": [net.weight]}, batches)


def test_the_surface_is_the_loss_itself() -> None:
    net, hessian = bowl()
    before = net.weight.detach().clone()
    axis = [-1.0, 0.0, 0.5]
    with hessian:
        surface = loss_landscape(hessian, torch.eye(2, dtype=torch.float64), axis)
        assert hessian.loss() == pytest.approx(float(surface[1, 1]))
    for i, a in enumerate(axis):
        for j, b in enumerate(axis):
            expected = (1.0 + a) ** 2 + 4 * (0.5 + b) ** 2
            assert float(surface[i, j]) == pytest.approx(expected)
    assert torch.equal(net.weight, before)


def test_far_away_may_be_infinite() -> None:
    _, hessian = bowl()
    with hessian:
        directions = 1e300 * torch.eye(2, dtype=torch.float64)
        surface = loss_landscape(hessian, directions, [1.0])
    assert surface.isinf().all()


def test_two_directions_of_the_right_size() -> None:
    _, hessian = bowl()
    with hessian, pytest.raises(QbertError, match=r"\[1, 2\]: accepted \[2, 2\]"):
        loss_landscape(hessian, torch.ones(1, 2), [0.0])
