"""What the quantized model's stage depends on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from qbert_lightning.pipeline import quantize as stage_file
from qbert_lightning.pipeline.quantize import quantize
from qbert_lightning.plan import QuantPlan

RECIPE = {"seed": 3, "max_epochs": 1, "select": "last"}


def key_of(
    setting: str | bool, *, trains: bool = True, select: str = "last"
) -> dict[str, Any]:
    recipe = {**RECIPE, "select": select, "int8_forward": setting}
    bench: Any = SimpleNamespace(
        config={"method": {}, "objective": {}, "quantize": recipe},
        method=SimpleNamespace(trains=trains, needs_calibration=False),
        devices=[torch.device("cpu")],
        task_key=dict,
        trainer_key=dict,
        stage=lambda name, key, make, distributed: key,
    )
    float_stage: Any = SimpleNamespace(key="float")
    key: Any = quantize(bench, float_stage, QuantPlan({}), None)
    return key


def test_fake_quantization_has_the_key_it_always_had() -> None:
    key = key_of(False)
    assert "int8_forward" not in key
    assert key["recipe"] == RECIPE
    assert key_of(False, select="best") == {
        **key,
        "recipe": {**RECIPE, "select": "best"},
    }


@pytest.mark.parametrize("fast", [True, False])
def test_what_auto_comes_to_is_in_the_key(
    fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_file, "uses_int8", lambda setting, device: fast)
    assert key_of("auto").get("int8_forward", False) is fast


def test_other_rounding_is_another_stage() -> None:
    assert key_of(True) != key_of(False)
    assert key_of(True)["recipe"] == key_of(False)["recipe"]


def test_a_method_that_does_not_train_does_not_ask() -> None:
    assert key_of(True, trains=False) == key_of(False, trains=False)


def test_weights_chosen_by_scores_on_codes_are_others_than_by_scores_in_floats() -> (
    None
):
    before = {**key_of(True), "recipe": {**RECIPE, "select": "best"}}
    assert key_of(True, select="best") == {**before, "validation": "on codes"}


def test_the_last_weights_do_not_depend_on_how_validation_is_computed() -> None:
    assert key_of(True) == {**key_of(False), "int8_forward": True}
