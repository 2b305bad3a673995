from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.benchmarks.hessian_problem import HessianProblem
from tests.benchmarks.problems import LAYER, problem, saved_problem


def test_a_saved_problem_is_the_model_and_its_batches(tmp_path: Path) -> None:
    folder, batches = saved_problem(tmp_path)
    loaded = HessianProblem.load(folder, batches)
    assert not loaded.model.training
    assert [batch["input_ids"].shape for batch in loaded.batches] == [(6, 9), (6, 9)]
    assert HessianProblem.layer_names(folder)[1] == LAYER
    loaded.warm_up()
    assert loaded.loss(loaded.batches[0]).ndim == 0


def test_residuals_of_claimed_pairs(tmp_path: Path) -> None:
    """Against the length that the difference of two gradients has."""
    given = problem(tmp_path)
    parameters = given.parameters(LAYER)
    size = sum(each.numel() for each in parameters)
    vector = torch.randn(size, generator=torch.Generator().manual_seed(0))
    unit = vector / vector.norm()

    def gradient(step: float) -> torch.Tensor:
        cuts = torch.split(unit, [each.numel() for each in parameters])
        with torch.no_grad():
            for each, cut in zip(parameters, cuts, strict=True):
                each.add_(cut.view_as(each), alpha=step)
        loss = sum(given.loss(batch) for batch in given.batches) / len(given.batches)
        pieces = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for each, cut in zip(parameters, cuts, strict=True):
                each.sub_(cut.view_as(each), alpha=step)
        return torch.cat([piece.flatten() for piece in pieces])

    product = (gradient(0.02) - gradient(-0.02)) / 0.04
    expected = float((product - 2.0 * unit).norm()) / 2.0
    [residual] = given.residuals(LAYER, [2.0], [7.0 * vector])
    assert residual == pytest.approx(expected, rel=0.02)


def test_a_value_of_zero_has_no_relative_residual(tmp_path: Path) -> None:
    given = problem(tmp_path)
    size = sum(each.numel() for each in given.parameters(LAYER))
    assert given.residuals(LAYER, [0.0], [torch.ones(size)]) == [float("inf")]


def test_what_is_analysed_is_the_whole_models_hessian(tmp_path: Path) -> None:
    given = problem(tmp_path)
    with given.operator(LAYER) as hessian:
        vector = torch.randn(hessian.size, generator=torch.Generator().manual_seed(0))
        expected = hessian @ vector
    encoder = given.model.bert.encoder
    with given.analysed(LAYER) as hessian:
        assert given.model.bert.encoder is not encoder
        torch.testing.assert_close(hessian @ vector, expected, rtol=1e-3, atol=1e-4)
    assert given.model.bert.encoder is encoder
