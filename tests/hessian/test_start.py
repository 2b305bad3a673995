from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.hessian import HessianOperator, leaning_direction

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def test_half_of_it_is_the_gradient_and_half_is_chance(problem: Problem) -> None:
    blocks = {"2": problem.blocks["2"]}
    with HessianOperator(
        problem.model, problem.loss, blocks, problem.batches
    ) as hessian:
        gradient = hessian.gradient()
        starts = [
            leaning_direction(hessian, torch.Generator().manual_seed(seed))
            for seed in (0, 0, 1)
        ]
    assert torch.equal(starts[0], starts[1])
    unit = gradient / gradient.norm()
    for start in starts:
        rest = start - unit
        assert float(rest.norm()) == pytest.approx(1, rel=1e-4)
    assert not torch.allclose(starts[0], starts[2])
