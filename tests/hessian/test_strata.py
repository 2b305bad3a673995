from __future__ import annotations

from itertools import combinations, pairwise
from math import sqrt
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from qbert_lightning.hessian import strata
from qbert_lightning.hessian.strata import stratify

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def test_every_row_is_in_one_stratum(problem: Problem) -> None:
    found = stratify(problem.model, problem.loss, problem.batches)
    assert sum(each.share for each in found) == pytest.approx(1)
    mean = sum(each.share * problem.loss(each.batch) for each in found)
    whole = {
        key: torch.cat([batch[key] for batch in problem.batches])
        for key in ("x", "labels")
    }
    assert mean.item() == pytest.approx(problem.loss(whole).item())
    x = torch.cat([each.batch["x"] for each in found])
    assert sorted(x.tolist()) == sorted(whole["x"].tolist())


def test_rows_that_the_model_gets_wrong_are_set_apart() -> None:
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 0.01)
    x = torch.tensor([[1.0]] * 7 + [[100.0]] + [[1.0]] * 8)
    found = stratify(net, lambda batch: net(batch["x"]).square().mean(), [{"x": x}])
    assert found[0].batch["x"].tolist() == [[100.0]]
    assert found[0].share == pytest.approx(1 / 16)


def test_weights_of_rows_are_those_of_the_mean(problem: Problem) -> None:
    found = stratify(
        problem.model,
        problem.loss,
        problem.batches,
        batch_weight=lambda batch: float(batch["labels"].sum()),
    )
    total = sum(float(batch["labels"].sum()) for batch in problem.batches)
    for each in found:
        assert each.share == pytest.approx(float(each.batch["labels"].sum()) / total)


def test_cuts_are_the_cheapest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strata, "_MOST", 3)
    errors, lengths = [9.0, 5.0, 4.9, 1.0, 0.9, 0.2, 0.1], [3, 40, 2, 9, 9, 30, 1]

    def price(bounds: list[int]) -> float:
        return sum(
            sqrt(sum(error**2 for error in errors[start:end]))
            * sqrt(30 + sum(lengths[start:end]))
            for start, end in pairwise(bounds)
        )

    every = [[0, *inner, 7] for n in range(3) for inner in combinations(range(1, 7), n)]
    found = strata._cuts(errors, lengths)
    assert price([0, *(end for _, end in found)]) == pytest.approx(
        min(price(bounds) for bounds in every)
    )


@pytest.mark.parametrize("loss", [1.0, 0.0, -1.0, float("inf"), float("nan")])
def test_a_loss_that_tells_rows_not_apart_has_strata_too(loss: float) -> None:
    net = nn.Linear(1, 1)
    found = stratify(net, lambda _: torch.tensor(loss), [{"x": torch.ones(4, 1)}])
    assert sum(len(each.batch["x"]) for each in found) == 4


def test_many_rows_are_cut_where_it_matters() -> None:
    bounds = strata._bounds(100_000)
    assert bounds[:65] == list(range(65))
    assert bounds[-1] == 100_000
    assert len(bounds) < 1000
    errors = [100.0] * 3 + [0.1] * 497
    assert strata._cuts(errors, [5] * 500)[0] == (0, 3)


def test_gradients_are_not_needed_and_the_state_is_put_back(problem: Problem) -> None:
    problem.model.train()
    with torch.inference_mode():
        stratify(problem.model, problem.loss, problem.batches)
    assert problem.model.training
    assert all(each.requires_grad for each in problem.model.parameters())


def test_no_stratum_is_larger_than_memory_is_for() -> None:
    net = nn.Linear(1, 1)
    found = stratify(
        net,
        lambda batch: net(batch["x"]).square().mean(),
        [{"x": torch.ones(150, 1)}],
    )
    rows = [len(each.batch["x"]) for each in found]
    assert sum(rows) == 150
    assert max(rows) <= 64
    assert sum(each.share for each in found) == pytest.approx(1)
