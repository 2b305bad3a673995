"""The plan as a value: saved, loaded, changed, compared."""

from __future__ import annotations

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import QuantPlan, QuantScheme, describe
from qbert_lightning.quantizers import AffineSpec
from tests.cases import AFFINE_SPECS


def example() -> QuantPlan:
    activation = AffineSpec(8, symmetric=True, observer=MovingAverage(0.9))
    schemes = {
        f"layer.{i}": QuantScheme(weight=spec, input=activation, delay=i)
        for i, spec in enumerate(AFFINE_SPECS)
    }
    return QuantPlan({**schemes, "plain": QuantScheme()})


def test_json_round_trip_keeps_everything() -> None:
    plan = example()
    again = QuantPlan.from_json(plan.to_json())
    assert again == plan
    assert again.to_json() == plan.to_json()
    assert list(again) == list(plan)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"version": 2, "layers": {}}',
        '{"version": 1, "layers": {"a": {"wait": 1}}}',
        '{"version": 1, "layers": {"a": {"weight": {"type": "Unknown"}}}}',
        '{"version": 1, "layers": {"a": {"weight": {"type": "AffineSpec", "x": 1}}}}',
        '{"version": 1, "layers": {"a": {"weight": {"type": "PerTensor"}}}}',
        '{"version": 1, "layers": {"a": {"delay": "soon"}}}',
    ],
)
def test_foreign_json_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(QbertError) as caught:
        QuantPlan.from_json(text)
    assert caught.value.code == 4
    assert "\n" not in str(caught.value)


def test_bits_change_by_block_and_by_layer() -> None:
    scheme = QuantScheme(weight=AffineSpec(8))
    plan = QuantPlan(dict.fromkeys(("a.0.x", "a.0.y", "a.1.x", "a.10.x"), scheme))
    changed = plan.with_weight_bits({"a.1": 2, "a.0.y": 3})
    assert changed.weight_bits() == {"a.0.x": 8, "a.0.y": 3, "a.1.x": 2, "a.10.x": 8}
    assert plan.weight_bits()["a.1.x"] == 8
    with pytest.raises(QbertError, match=r"a\.2"):
        plan.with_weight_bits({"a.2": 4})


def test_diff_names_what_changed() -> None:
    plan = QuantPlan({"a": QuantScheme(weight=AffineSpec(8)), "b": QuantScheme()})
    other = QuantPlan({"a": QuantScheme(weight=AffineSpec(2)), "c": QuantScheme()})
    changes = plan.diff(other)
    assert set(changes) == {"a", "b", "c"}
    assert changes["a"][0].startswith("W8")
    assert changes["a"][1].startswith("W2")
    assert plan.diff(plan) == {}


def test_describe() -> None:
    assert describe(QuantScheme()) == "float"
    text = describe(QuantScheme(weight=AffineSpec(4), input=AffineSpec(8), delay=3))
    assert text == "W4 PerTensor(), A8 PerTensor(), from step 3"
