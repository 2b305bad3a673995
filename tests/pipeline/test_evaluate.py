"""How a quantized model is computed while it is scored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from qbert_lightning.export import load_packed
from qbert_lightning.layers import QuantizedLinear
from qbert_lightning.pipeline import evaluate as stage_file
from qbert_lightning.pipeline.evaluate import evaluate_quantized
from qbert_lightning.plan import QuantScheme
from tests.export.models import packed_folder
from tests.runtimes.schemes import PLANS
from tests.tiny import tiny_batch


def scored(
    load: Callable[[], Any], setting: bool, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, str]:
    """The model that is scored, and what identifies its answers."""
    bench: Any = SimpleNamespace(
        config={"quantize": {"int8_forward": setting}}, devices=[torch.device("cpu")]
    )
    monkeypatch.setattr(stage_file, "evaluate", lambda _, load, key: (load(), key))
    found: Any = evaluate_quantized(bench, load, "model")
    model, key = found
    return model, key


def test_it_answers_from_codes_and_that_is_in_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = QuantizedLinear.from_float(nn.Linear(2, 2), QuantScheme(), "layer")
    on_codes, key = scored(lambda: layer, True, monkeypatch)
    assert on_codes is layer
    assert on_codes.last_input is not None
    fake, same_key = scored(lambda: layer, False, monkeypatch)
    assert fake.last_input is None
    assert same_key == "model" != key


@pytest.mark.parametrize("on_codes", [True, False])
def test_the_packed_model_is_scored_by_the_same_logits(
    on_codes: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    live = packed_folder(tmp_path, PLANS["mixed bits in row groups"])
    models = (
        scored(load, on_codes, monkeypatch)[0]
        for load in (lambda: live, lambda: load_packed(tmp_path)[0])
    )
    with torch.inference_mode():
        ours, theirs = (model(**tiny_batch(seed=3)).logits for model in models)
    assert torch.equal(ours, theirs)
