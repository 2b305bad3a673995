from __future__ import annotations

import pytest
from hydra.errors import ConfigCompositionException, MissingConfigException
from omegaconf.errors import ValidationError

from qbert_lightning.pipeline.composition_errors import explain

KNOWN = ["seed", "quant.weight_bits", "quant.groups", "model", "task"]


def not_overridden(key: str) -> ConfigCompositionException:
    return ConfigCompositionException(f"Could not override '{key}'.\nTo append ...")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (
            "quant.weight_bitz",
            "quant.weight_bitz=3: no such key: nearest quant.weight_bits: "
            "accepted below quant: groups, weight_bits",
        ),
        (
            "quant.bits",
            "quant.bits=3: no such key: nearest quant.weight_bits: "
            "accepted below quant: groups, weight_bits",
        ),
        ("modle", "modle=3: no such key: nearest model"),
        ("zzzz", "zzzz=3: no such key: accepted model, seed, task"),
    ],
)
def test_unknown_key(key: str, line: str) -> None:
    error = explain(not_overridden(key), [f"{key}=3"], KNOWN)
    assert str(error) == line
    assert error.code == 2


def test_unknown_choice() -> None:
    cause = MissingConfigException("...", "model/bert_bas", ["local", "bert_base"])
    assert str(explain(cause, ["model=bert_bas"], KNOWN)) == (
        "model=bert_bas: no such choice: nearest bert_base: accepted bert_base, local"
    )


def test_value_that_hydra_refuses() -> None:
    error = ConfigCompositionException("Error merging override hydra.mode=FAST")
    cause = ValidationError("Invalid value 'FAST', expected one of [RUN, MULTIRUN]")
    cause.full_key = "hydra.mode"
    error.__cause__ = cause
    line = str(explain(error, ["hydra.mode=FAST"], KNOWN))
    assert line.startswith("hydra.mode=FAST: Invalid value")


@pytest.mark.parametrize("error", [TypeError(), ValueError("first\nsecond")])
def test_anything_else_is_one_line(error: Exception) -> None:
    line = str(explain(error, ["a=1"], []))
    assert line.startswith("a=1: ")
    assert "second" not in line
