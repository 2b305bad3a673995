"""The mean loss, against the loss of all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.mean_loss import MeanLoss

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def all_rows(problem: Problem) -> dict[str, torch.Tensor]:
    return {
        key: torch.cat([batch[key] for batch in problem.batches])
        for key in ("x", "labels")
    }


def test_parameters_are_moved_and_put_back_to_the_bit(problem: Problem) -> None:
    blocks = {name: problem.blocks[name] for name in ("0", "4")}
    before = [each.detach().clone() for each in problem.model.parameters()]
    here = float(problem.loss(all_rows(problem)).detach())
    with MeanLoss(problem.model, problem.loss, blocks, problem.batches) as mean:
        assert mean.loss() == pytest.approx(here)
        moved = mean.loss(torch.ones(mean.size, dtype=mean.dtype))
    for now, then in zip(problem.model.parameters(), before, strict=True):
        assert torch.equal(now, then)
    with torch.no_grad():
        for parameter in [*blocks["0"], *blocks["4"]]:
            parameter.add_(1.0)
    there = float(problem.loss(all_rows(problem)).detach())
    assert moved == pytest.approx(there)
    assert there != pytest.approx(here)


def test_batches_are_weighed(problem: Problem) -> None:
    own = [float(problem.loss(batch).detach()) for batch in problem.batches]
    with MeanLoss(
        problem.model,
        problem.loss,
        problem.blocks,
        problem.batches,
        batch_weight=lambda batch: 1.0,
    ) as mean:
        assert mean.loss() == pytest.approx(sum(own) / len(own))


def test_bad_use_is_refused(problem: Problem) -> None:
    with pytest.raises(QbertError, match="no batch"):
        MeanLoss(problem.model, problem.loss, problem.blocks, [])
    mean = MeanLoss(problem.model, problem.loss, problem.blocks, problem.batches)
    with pytest.raises(RuntimeError, match="inside its `with`"):
        mean.loss()
