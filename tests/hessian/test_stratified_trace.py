"""Estimates against the trace of the explicit Hessian."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from math import nan
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn
from transformers import BertForSequenceClassification

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import stratified_trace
from tests.hessian.conftest import explicit_hessian

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("enough", [0.1, 1000])  # all strata split, or none
def test_unbiased_with_an_honest_error(
    problem: Problem, monkeypatch: pytest.MonkeyPatch, enough: float
) -> None:
    module = import_module("qbert_lightning.hessian.stratified_trace")
    monkeypatch.setattr(module, "_ENOUGH", enough)
    parameters = [*problem.blocks["0"], *problem.blocks["2"]]
    truth = float(problem.explicit(["0", "2"]).trace())
    found = [
        stratified_trace(
            problem.model,
            problem.loss,
            parameters,
            problem.batches,
            most=6,
            generator=generator(seed),
        )
        for seed in range(50)
    ]
    misses = torch.tensor([each.trace - truth for each in found])
    claimed = torch.tensor([each.standard_error for each in found])
    claimed = float(claimed.square().mean().sqrt())
    assert abs(float(misses.mean())) < 3 * claimed / 50**0.5
    # The error is an upper bound: the diagonal's share is counted too, and six samples
    # do not tell it well.
    assert 0.5 < float(misses.std()) / claimed < 1.3


def test_the_error_is_honest_where_one_eigenvalue_is_all_there_is() -> None:
    torch.manual_seed(0)
    net = nn.Linear(40, 1, bias=False).double()
    data = [{"x": torch.randn(1, 40, dtype=torch.float64)}]
    loss = lambda batch: net(batch["x"]).square().mean()  # noqa: E731
    truth = 2 * float(data[0]["x"].square().sum())
    found = [
        stratified_trace(net, loss, [net.weight], data, generator=generator(seed))
        for seed in range(60)
    ]
    scores = torch.tensor([(x.trace - truth) / x.standard_error for x in found])
    assert int((scores.abs() > 3).sum()) <= 2  # 7 from two samples of ‖H z‖² alone
    assert float(scores.square().mean().sqrt()) < 1.5


@pytest.mark.parametrize("most", [1, 2, 6])
def test_few_samples_claim_no_more_than_they_know(most: int) -> None:
    """Of one eigenvalue, twice the error of two samples covered 80 % before."""
    torch.manual_seed(0)
    net = nn.Linear(40, 1, bias=False).double()
    data = [{"x": torch.randn(1, 40, dtype=torch.float64)}]
    [matrix] = [2 * row.outer(row) for row in data[0]["x"]]
    loss = lambda batch: net(batch["x"]).square().mean()  # noqa: E731
    found = [
        stratified_trace(
            net, loss, [net.weight], data, most=most, generator=generator(seed)
        )
        for seed in range(200)
    ]
    truth = float(matrix.trace())
    assert all(each.num_products == most for each in found)
    hits = sum(abs(each.trace - truth) <= 2 * each.standard_error for each in found)
    assert hits >= 0.9 * len(found)


def test_reaches_the_error_asked_for(problem: Problem) -> None:
    for error in (0.1, 0.05):
        found = stratified_trace(
            problem.model,
            problem.loss,
            problem.blocks["2"],
            problem.batches,
            standard_error=error,
            most=400,
            generator=generator(),
        )
        assert found.standard_error < 1.5 * error  # planned, from few samples
        truth = float(problem.explicit(["2"]).trace())
        assert abs(found.trace - truth) < 3 * error


def test_reaches_a_share_of_a_trace_that_one_row_makes() -> None:
    torch.manual_seed(0)
    net = nn.Linear(6, 6).double()
    x = torch.randn(32, 6, dtype=torch.float64) / 10
    x[3] *= 100
    loss = lambda batch: net(batch["x"]).tanh().square().sum(1).mean()  # noqa: E731
    found = stratified_trace(
        net, loss, list(net.parameters()), [{"x": x}], tolerance=0.15, most=200
    )
    assert found.relative_error < 0.18
    assert net.training
    full = explicit_hessian(
        net, list(net.parameters()), lambda call: call(x).tanh().square().sum(1).mean()
    )
    assert abs(found.trace - float(full.trace())) < 3 * found.standard_error


def test_padding_changes_nothing(
    tiny_bert: Callable[[str], BertForSequenceClassification],
    padded_batch: dict[str, Tensor],
) -> None:
    model = tiny_bert("eager").eval()
    parameters = list(model.bert.encoder.layer[1].attention.self.value.parameters())
    truth = explicit_hessian(
        model, parameters, lambda call: call(**padded_batch).loss
    ).trace()
    found = stratified_trace(
        model,
        lambda batch: model(**batch).loss,
        parameters,
        [padded_batch],
        most=60,
        generator=generator(),
    )
    assert abs(found.trace - float(truth)) < 3 * found.standard_error
    assert found.standard_error < abs(float(truth))


def test_keeping_no_graph_changes_nothing(problem: Problem) -> None:
    found = [
        stratified_trace(
            problem.model,
            problem.loss,
            problem.blocks["0"],
            problem.batches,
            cache_mib=cache_mib,
            generator=generator(),
        )
        for cache_mib in (0, 100)
    ]
    assert found[0] == found[1]


def test_a_flat_loss_is_exact() -> None:
    net = nn.Linear(2, 1)
    data = [{"x": torch.ones(3, 2)}]
    found = stratified_trace(
        net, lambda batch: net(batch["x"]).mean(), [net.weight], data
    )
    assert (found.trace, found.standard_error, found.relative_error) == (0.0, 0.0, 0.0)


def test_bad_input_is_one_line() -> None:
    net = nn.Linear(2, 1)
    loss = lambda batch: net(batch["x"]).square().mean()  # noqa: E731
    with pytest.raises(QbertError, match="accepted 1 or more"):
        stratified_trace(net, loss, [net.weight], [{"x": torch.ones(3, 2)}], most=0)
    with pytest.raises(QbertError, match="0 batches, 1 parameters"):
        stratified_trace(net, loss, [net.weight], [])
    with pytest.raises(QbertError, match="1 batches, 0 parameters"):
        stratified_trace(net, loss, [], [{"x": torch.ones(3, 2)}])
    with pytest.raises(QbertError, match="not finite") as caught:
        stratified_trace(net, loss, [net.weight], [{"x": torch.full((3, 2), nan)}])
    assert caught.value.code == 1
