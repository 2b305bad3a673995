from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.gradient_graph import GradientGraph


def test_serves_many_products_when_kept() -> None:
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    graph = GradientGraph(lambda: weight.pow(4).sum(), [weight])
    for _ in range(3):
        product = graph.product([torch.ones(2)], keep=True)
        torch.testing.assert_close(product, torch.tensor([12.0, 48.0]))
    graph.product([torch.ones(2)], keep=False)
    with pytest.raises(RuntimeError, match="second time"):
        graph.product([torch.ones(2)], keep=False)


def test_counts_what_it_holds_without_the_parameters() -> None:
    layer = nn.Linear(100, 1, bias=False)
    rows = torch.randn(50, 100)
    small = GradientGraph(lambda: layer(rows[:5]).tanh().sum(), [layer.weight])
    large = GradientGraph(lambda: layer(rows).tanh().sum(), [layer.weight])
    assert small.num_bytes > 0
    assert large.num_bytes >= rows.numel() * 4
    assert large.num_bytes < 3 * rows.numel() * 4


def test_does_not_count_weights_that_are_there_anyway() -> None:
    layer, head = nn.Linear(3, 200), nn.Linear(200, 50)
    rows = torch.randn(2, 3)

    def loss() -> torch.Tensor:
        return head(layer(rows).tanh()).square().sum()

    head.requires_grad_(False)
    alone = GradientGraph(loss, [*layer.parameters()])
    beside = GradientGraph(loss, [*layer.parameters()], head.parameters())
    assert alone.num_bytes - beside.num_bytes == head.weight.numel() * 4


def test_infinite_loss() -> None:
    weight = nn.Parameter(torch.tensor([0.0]))
    with pytest.raises(QbertError, match="loss is not finite: -inf") as caught:
        GradientGraph(lambda: weight.log().sum(), [weight])
    assert caught.value.code == 1
