from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from qbert_lightning.errors import QbertError
from qbert_lightning.plan import QuantPlan, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.sensitivity import Measurement, Perturbation, Problem


def mean_square(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    return (model(batch["x"]) - batch["y"]).square().mean(1).mean()


@pytest.fixture
def problem() -> Problem:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 2))
    scheme = QuantScheme(weight=AffineSpec(8, granularity=RowGroups(2)))
    x, y = torch.randn(9, 6), torch.randn(9, 2)
    batches = [{"x": x[:6], "y": y[:6]}, {"x": x[6:], "y": y[6:]}]
    return Problem(
        model=model.train(),
        loss=mean_square,
        blocks={"0": model[0], "3": model[3]},
        subsets=[batches, batches[:1]],
        plan=QuantPlan({"0": scheme, "3": scheme}),
        candidate_bits=(2, 4),
    )


def test_rises_are_those_of_the_loss_with_the_block_rounded(problem: Problem) -> None:
    told: list[Measurement] = []
    problem.model[2].eval()  # one module's own mode
    table = Perturbation().score(problem, progress=told.append)
    assert problem.model.training
    assert not problem.model[2].training
    assert {each.bits for each in told} == {2, 4}
    assert len(told) == told[-1].done == told[-1].total == 8

    model = problem.model.eval()
    [[first, second], _] = problem.subsets
    both = {name: torch.cat([first[name], second[name]]) for name in first}
    weight = model[0].weight.detach().clone()
    before = mean_square(model, both).item()
    quantizer = problem.plan["0"].weight.with_bits(2).build(weight.shape, "0")
    model[0].weight.data = quantizer(weight)
    after = mean_square(model, both).item()
    assert table.samples["0"][0] == pytest.approx(after - before, rel=1e-4)

    assert table.importance == {block: table.scores[block][2] for block in table.scores}
    assert table.scores["0"][2] == pytest.approx(sum(table.samples["0"]) / 2)


def test_several_devices_and_known_values(problem: Problem) -> None:
    alone = Perturbation().score(problem)
    assert Perturbation().score(problem, devices=[torch.device("cpu")] * 2) == alone
    told: list[Measurement] = []
    Perturbation().score(problem, progress=told.append)
    known = {each.key: each.value for each in told[:5]}
    again: list[Measurement] = []
    table = Perturbation().score(problem, finished=known, progress=again.append)
    assert table == alone
    assert len(again) == 3


def test_it_needs_widths_and_rows() -> None:
    Perturbation().check(1000, (2, 3))
    with pytest.raises(QbertError, match="more than a subset"):
        Perturbation().check(10, (2, 3))
    with pytest.raises(QbertError, match="no widths to round to") as caught:
        Perturbation().check(1000, ())
    assert caught.value.code == 2


def test_a_loss_that_is_not_finite_names_the_block(problem: Problem) -> None:
    def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        is_rounded = model[3].weight.unique().numel() < 16
        return torch.tensor(float("nan" if is_rounded else 1.0))

    with pytest.raises(QbertError, match="the loss of 3 at 2 bits is nan") as caught:
        Perturbation().score(replace(problem, loss=loss))
    assert caught.value.code == 1
    assert problem.model[3].weight.unique().numel() == 16
