from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.gradient_graph import GradientGraph, inner_product

NOTHING = nn.Identity()


def _loss(layer: nn.Module, rows: torch.Tensor) -> torch.Tensor:
    return layer(rows).tanh().sum()


def test_serves_many_products_when_kept() -> None:
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    graph = GradientGraph(lambda: weight.pow(4).sum(), [weight], NOTHING)
    for _ in range(3):
        product = graph.product([torch.ones(2)], keep=True)
        torch.testing.assert_close(product, torch.tensor([12.0, 48.0]))
    graph.product([torch.ones(2)], keep=False)
    with pytest.raises(RuntimeError, match="second time"):
        graph.product([torch.ones(2)], keep=False)


def test_counts_what_it_holds_without_the_parameters() -> None:
    layer = nn.Linear(100, 1, bias=False)
    rows = torch.randn(50, 100)
    small, large = (
        GradientGraph(partial(_loss, layer, part), [layer.weight], layer)
        for part in (rows[:5], rows)
    )
    assert small.num_bytes > 0
    assert large.num_bytes >= rows.numel() * 4
    assert large.num_bytes < 3 * rows.numel() * 4


def test_does_not_count_weights_that_are_there_anyway() -> None:
    layer, head = nn.Linear(3, 200), nn.Linear(200, 50)
    rows = torch.randn(2, 3)

    def loss() -> torch.Tensor:
        return head(layer(rows).tanh()).square().sum()

    head.requires_grad_(False)
    alone = GradientGraph(loss, [*layer.parameters()], NOTHING)
    beside = GradientGraph(loss, [*layer.parameters()], head)
    assert alone.num_bytes - beside.num_bytes == head.weight.numel() * 4


def test_infinite_loss() -> None:
    weight = nn.Parameter(torch.tensor([0.0]))
    with pytest.raises(QbertError, match="loss is not finite: -inf") as caught:
        GradientGraph(lambda: weight.log().sum(), [weight], NOTHING)
    assert caught.value.code == 1


def test_a_block_is_a_diagonal_block_of_the_same_graph() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    rows = torch.randn(4, 2, dtype=torch.float64)
    parameters = list(net.parameters())
    graph = GradientGraph(lambda: net(rows).square().sum(), parameters, net)
    pieces = [torch.randn_like(each) for each in parameters]
    apart = [torch.zeros_like(each) for each in pieces[:2]]
    expected = graph.parts([*apart, *pieces[2:]], keep=True)[2:]
    block = graph.block(slice(2, 4))
    torch.testing.assert_close(block.parts(pieces[2:], keep=True), expected)
    assert block.curvature(pieces[2:], keep=True) == pytest.approx(
        inner_product(pieces[2:], expected)
    )
    whole = inner_product(pieces, graph.parts(pieces, keep=True))
    assert graph.curvature(pieces) == pytest.approx(whole)
