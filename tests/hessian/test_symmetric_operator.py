"""Curvature along a direction, of matrices and of Hessians."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.hessian import HessianOperator
from qbert_lightning.hessian.symmetric_operator import curvature_along

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def test_any_operator_has_a_curvature_along_a_direction(problem: Problem) -> None:
    matrix = problem.explicit(["2"])
    vector = torch.randn(len(matrix), dtype=torch.float64)
    expected = float(vector @ matrix @ vector)
    assert curvature_along(matrix, vector) == pytest.approx(expected)
    blocks = {"2": problem.blocks["2"]}
    with HessianOperator(
        problem.model, problem.loss, blocks, problem.batches
    ) as hessian:
        assert curvature_along(hessian, vector) == pytest.approx(expected)
