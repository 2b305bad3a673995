"""What NNCF is asked for, and what it makes of a model where it is installed."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from torch import nn

from qbert_lightning.benchmarks.qat_nncf import OTHER_PARTS, nncf_model
from tests.tiny import tiny_bert


def test_one_batch_is_shown_to_a_model_that_is_evaluated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logits = []

    def quantize(model: nn.Module, data: Any, **_: Any) -> nn.Module:  # noqa: ANN401
        assert not model.training
        logits.extend(model(**batch).logits for batch in data)
        return nn.Identity()

    stand_in = SimpleNamespace(
        quantize=quantize,
        Dataset=list,
        IgnoredScope=dict,
        AdvancedQuantizationParameters=dict,
        AdvancedSmoothQuantParameters=dict,
        ModelType=SimpleNamespace(TRANSFORMER="transformer"),
        set_log_level=lambda level: None,
    )
    monkeypatch.setitem(sys.modules, "nncf", stand_in)
    assert isinstance(nncf_model(tiny_bert()), nn.Identity)
    assert [each.shape for each in logits] == [(1, 3)]


def test_every_matrix_but_those_of_the_encoder_is_left_out() -> None:
    for name, module in tiny_bert().named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            path = name.replace(".", "/")
            is_left_out = any(re.fullmatch(each, path) for each in OTHER_PARTS)
            assert is_left_out == ("encoder" not in name), name


def test_each_matrix_gets_a_quantizer_for_weight_and_input() -> None:
    pytest.importorskip("nncf")
    model = nncf_model(tiny_bert())
    kinds = [type(module).__name__ for module in model.modules()]
    assert kinds.count("SymmetricQuantizer") == 12
    # Query, key and value have one each; the others' stand behind what they read.
    assert kinds.count("AsymmetricQuantizer") == 12
