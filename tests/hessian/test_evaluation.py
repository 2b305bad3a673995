from __future__ import annotations

import pytest
from torch import nn

from qbert_lightning.hessian.evaluation import differentiating_only


def test_state_comes_back_after_an_error() -> None:
    model = nn.Sequential(nn.Linear(1, 1), nn.Dropout(), nn.Linear(1, 1))
    model[1].eval()
    model[0].bias.requires_grad_(False)
    before = [module.training for module in model.modules()]
    with differentiating_only(model, model[0].parameters()):
        assert not any(module.training for module in model.modules())
        assert model[0].bias.requires_grad
        assert not model[2].weight.requires_grad
    with (
        pytest.raises(ZeroDivisionError),
        differentiating_only(model, model[0].parameters()),
    ):
        _ = 1 / 0
    assert [module.training for module in model.modules()] == before
    assert not model[0].bias.requires_grad
    assert model[2].weight.requires_grad
