from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.gradient_graph import GradientGraph
from qbert_lightning.hessian.strata import Stratum
from qbert_lightning.hessian.trace_cell import TraceCell, _signs_like
from tests.hessian.conftest import explicit_hessian

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_samples_are_of_the_chosen_diagonal_block(problem: Problem) -> None:
    batch = problem.batches[0]
    parameters = [*problem.blocks["0"], *problem.blocks["2"]]
    loss_function = partial(problem.loss, batch)
    for chosen in (slice(0, 4), slice(2, 3)):
        graph = GradientGraph(loss_function, parameters, problem.model)
        cell = TraceCell(Stratum(batch, 1.0, 1.0), parameters, chosen)
        cell.draw(10, lambda _, graph=graph: (graph, True), generator())
        matrix = explicit_hessian(
            problem.model,
            parameters[chosen],
            lambda call: torch.nn.functional.cross_entropy(
                call(batch["x"]), batch["labels"]
            ),
        )
        again = generator()
        signs = [
            torch.cat(
                [_signs_like(each, again).flatten() for each in parameters[chosen]]
            )
            for _ in range(10)
        ]
        products = [matrix @ z for z in signs]
        curvatures = [float(z @ x) for z, x in zip(signs, products, strict=True)]
        assert cell.samples == pytest.approx(curvatures)
        squares = [float(products[i].square().sum()) for i in (0, 1, 2, 3, 8)]
        assert cell.squares == pytest.approx(squares)


def test_a_graph_that_is_not_kept_is_freed_by_the_last_sample() -> None:
    net = torch.nn.Linear(2, 1)
    x = torch.ones(1, 2)
    graph = GradientGraph(lambda: net(x).square().sum(), [net.weight], net)
    cell = TraceCell(Stratum({}, 1.0, 1.0), [net.weight], slice(0, 1))
    cell.draw(3, lambda _: (graph, False), None)
    with pytest.raises(RuntimeError, match="second time"):
        cell.draw(1, lambda _: (graph, False), None)


def test_a_matrix_takes_its_vectors_along(problem: Problem) -> None:
    parameters = [*problem.blocks["0"], *problem.blocks["2"], *problem.blocks["4"]]
    cell = TraceCell(Stratum({}, 1.0, 1.0), parameters, slice(0, 6))
    parts = cell.by_matrix()
    assert [part.chosen for part in parts] == [slice(0, 2), slice(2, 4), slice(4, 6)]
    vectors = TraceCell(cell.stratum, parameters, slice(1, 2))
    assert [part.chosen for part in vectors.by_matrix()] == [slice(1, 2)]


def test_mean_and_variance_are_weighed() -> None:
    cell = TraceCell(Stratum({}, 0.5, 4.0), [], slice(0), [1.0, 3.0], [8.0, 24.0])
    assert cell.mean == 1.0
    assert cell.variance == 8.0


def test_a_product_that_is_not_finite_is_named() -> None:
    net = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(net.weight)
    loss = lambda: net(torch.ones(1)).abs().pow(1.5).sum()  # noqa: E731
    graph = GradientGraph(loss, [net.weight], net)
    cell = TraceCell(Stratum({}, 1.0, 1.0), [net.weight], slice(0, 1))
    with pytest.raises(QbertError, match="a product is not finite") as caught:
        cell.draw(1, lambda _: (graph, True), None)
    assert caught.value.code == 1
