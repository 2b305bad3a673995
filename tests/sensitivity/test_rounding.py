from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.plan import PerTensor, QuantPlan, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.sensitivity import block_rounded, perturbations, rounded_weights


def model_and_plan() -> tuple[nn.ModuleDict, QuantPlan]:
    torch.manual_seed(0)
    layers = {"a": nn.Linear(6, 4), "b": nn.Linear(4, 4), "head": nn.Linear(4, 2)}
    spec = AffineSpec(8, granularity=RowGroups(2))
    plan = QuantPlan(
        {
            "block.a": QuantScheme(weight=spec),
            "block.b": QuantScheme(weight=AffineSpec(8, granularity=PerTensor())),
            "block.head": QuantScheme(),
        }
    )
    return nn.ModuleDict({"block": nn.ModuleDict(layers)}), plan


def by_hand(rows: torch.Tensor, num_bits: int) -> torch.Tensor:
    """Asymmetric min-max rounding of one range, in float64, a level at a time."""
    low, high = float(rows.min()), float(rows.max())
    levels = torch.linspace(low, high, 2**num_bits, dtype=torch.float64)
    nearest = (rows.double()[..., None] - levels).abs().argmin(-1)
    return levels[nearest]


def test_weights_are_rounded_as_the_plan_says() -> None:
    model, plan = model_and_plan()
    rounded = rounded_weights(model, plan, "block", 3)
    assert list(rounded) == ["block.a", "block.b"]  # the head's weight stays in float
    weight = model["block"]["a"].weight.detach()
    expected = torch.cat([by_hand(weight[:2], 3), by_hand(weight[2:], 3)])
    torch.testing.assert_close(rounded["block.a"].double(), expected, atol=0.05, rtol=0)
    assert rounded["block.b"].unique().numel() <= 8


def test_perturbations_are_squared_distances() -> None:
    model, plan = model_and_plan()
    moved = perturbations(model, plan, ["block.a", "block.b", "block"], [2, 8])
    rounded = rounded_weights(model, plan, "block.a", 2)["block.a"]
    distance = (rounded - model["block"]["a"].weight).double().square().sum()
    assert moved["block.a"][2] == pytest.approx(float(distance))
    assert moved["block"][8] == pytest.approx(moved["block.a"][8] + moved["block.b"][8])
    assert all(row[8] < row[2] / 100 for row in moved.values())


def test_the_float_weights_are_back_to_the_bit() -> None:
    model, plan = model_and_plan()
    weight = model["block"]["a"].weight
    before = weight.detach().clone()
    with block_rounded(model, plan, "block.a", 2):
        assert weight.unique().numel() <= 8
        assert weight is model["block"]["a"].weight
    assert torch.equal(weight, before)
    with pytest.raises(KeyError), block_rounded(model, plan, "block.a", 2):
        raise KeyError
    assert torch.equal(weight, before)
