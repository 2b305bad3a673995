from __future__ import annotations

from functools import partial
from math import nan
from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.strata import Stratum
from qbert_lightning.hessian.trace_cell import StratumGraph, TraceCell
from tests.hessian.conftest import explicit_hessian

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def test_samples_are_of_the_chosen_diagonal_block(problem: Problem) -> None:
    batch = problem.batches[0]
    parameters = [*problem.blocks["0"], *problem.blocks["2"]]
    graph = StratumGraph(problem.model, partial(problem.loss, batch), parameters)
    for chosen in (slice(0, 4), slice(2, 3)):
        signs = [torch.randn_like(each).sign() for each in parameters[chosen]]
        matrix = explicit_hessian(
            problem.model,
            parameters[chosen],
            lambda call: torch.nn.functional.cross_entropy(
                call(batch["x"]), batch["labels"]
            ),
        )
        z = torch.cat([each.flatten() for each in signs])
        product = matrix @ z
        expected = (float(z @ product), float(product @ product))
        assert graph.product_sample(chosen, signs) == pytest.approx(expected)
        assert graph.sample(chosen, signs) == pytest.approx(expected[0])


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
    assert cell.price == pytest.approx(32**0.5)
    assert cell.wanted(10.0) == pytest.approx(10 * (8 / 4) ** 0.5)


def test_a_product_that_is_not_finite_is_named() -> None:
    weight = torch.nn.Parameter(torch.tensor([0.0]))
    loss = lambda: (weight.abs().sqrt() * 0 + weight).nan_to_num().sum()  # noqa: E731
    cell = TraceCell(Stratum({}, 1.0, 1.0), [weight], slice(0, 1))
    graph = StratumGraph(torch.nn.Identity(), loss, [weight])
    graph._gradients = (weight * nan,)
    with pytest.raises(QbertError, match="a product is not finite") as caught:
        cell.draw(1, lambda _: graph, None)
    assert caught.value.code == 1
