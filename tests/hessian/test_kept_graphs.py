"""Which graphs are kept, and that they are those of their batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from qbert_lightning.hessian.kept_graphs import KeptGraphs

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def kept_graphs(problem: Problem, cache_mib: float) -> KeptGraphs:
    return KeptGraphs(problem.model, problem.loss, problem.blocks["2"], cache_mib)


def test_graphs_are_kept_while_there_is_room(problem: Problem) -> None:
    first, _ = kept_graphs(problem, 0.0)(problem.batches[0])
    room = first.num_bytes / 2**20
    graphs = kept_graphs(problem, room)
    assert [graphs(batch)[1] for batch in problem.batches] == [True, False, False]
    assert graphs(problem.batches[0])[0] is graphs(problem.batches[0])[0]
    graphs.clear()
    assert graphs(problem.batches[1])[1]


def test_nothing_is_kept_without_room(problem: Problem) -> None:
    graphs = kept_graphs(problem, 0.0)
    assert not any(graphs(batch)[1] for batch in problem.batches)


def test_each_graph_is_of_its_own_batch(problem: Problem) -> None:
    graphs = kept_graphs(problem, 100.0)
    for _ in range(2):
        for batch in problem.batches:
            expected = torch.autograd.grad(problem.loss(batch), problem.blocks["2"])
            found = graphs(batch)[0].gradient()
            flat = torch.cat([each.flatten() for each in expected])
            torch.testing.assert_close(found, flat)


def test_batches_made_on_the_fly_are_not_taken_for_one_another(
    problem: Problem,
) -> None:
    graphs = kept_graphs(problem, 100.0)
    found = [graphs({**batch})[0].gradient() for batch in problem.batches]
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found[1], found[2])
