"""How a quantized model is computed while it is scored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from qbert_lightning.layers import QuantizedLinear
from qbert_lightning.pipeline import evaluate as stage_file
from qbert_lightning.pipeline.evaluate import evaluate_quantized
from qbert_lightning.plan import QuantScheme


def scored(
    setting: bool, monkeypatch: pytest.MonkeyPatch
) -> tuple[QuantizedLinear, str]:
    """The model that is scored, and what identifies its answers."""
    layer = QuantizedLinear.from_float(nn.Linear(2, 2), QuantScheme(), "layer")
    bench: Any = SimpleNamespace(
        config={"quantize": {"int8_forward": setting}}, devices=[torch.device("cpu")]
    )
    monkeypatch.setattr(stage_file, "evaluate", lambda _, load, key: (load(), key))
    found: Any = evaluate_quantized(bench, lambda: layer, "model")  # type: ignore[arg-type,return-value]
    model, key = found
    assert model is layer
    return model, key


def test_it_answers_from_codes_and_that_is_in_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_codes, key = scored(True, monkeypatch)
    assert on_codes.last_input is not None
    fake, same_key = scored(False, monkeypatch)
    assert fake.last_input is None
    assert same_key == "model" != key
