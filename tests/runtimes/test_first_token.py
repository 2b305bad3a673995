"""A classifier that leaves out what nobody looks at answers the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import PerToken
from qbert_lightning.quantizers import AffineQuantizer, AffineSpec
from qbert_lightning.runtimes.activation import Activation
from qbert_lightning.runtimes.first_token import (
    FirstTokenLayer,
    compute_first_token_only,
)
from tests.tiny import tiny_batch, tiny_bert


def is_short(model: nn.Module) -> bool:
    return any(isinstance(module, FirstTokenLayer) for module in model.modules())


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_logits_do_not_change(attention: str) -> None:
    model = tiny_bert().eval()
    model.set_attn_implementation(attention)
    batches = [tiny_batch(), tiny_batch(3, 5, seed=2)]
    batches[1]["attention_mask"][:] = 1  # nothing is masked
    expected = [model(**batch).logits for batch in batches]
    compute_first_token_only(model)
    assert is_short(model)
    assert isinstance(model.bert.encoder.layer[-1], FirstTokenLayer)
    for batch, logits in zip(batches, expected, strict=True):
        torch.testing.assert_close(model(**batch).logits, logits)


@pytest.mark.parametrize(
    ("spec", "short"),
    [
        (AffineSpec(8), False),
        (AffineSpec(8, PerToken()), True),
        (AffineSpec(8, observer=MovingAverage()), True),
    ],
    ids=str,
)
@pytest.mark.parametrize("in_service", [True, False])
def test_a_range_of_all_tokens_needs_all_of_them(
    spec: AffineSpec, short: bool, in_service: bool
) -> None:
    model = tiny_bert().eval()
    quantizer = spec.build()
    quantizer(torch.randn(3, 4))
    assert isinstance(quantizer, AffineQuantizer)
    dense = model.bert.encoder.layer[-1].intermediate.dense
    dense.before = Activation(quantizer) if in_service else quantizer
    compute_first_token_only(model)
    assert is_short(model) is short


@pytest.mark.parametrize("key", ["output_hidden_states", "output_attentions"])
def test_hidden_values_need_every_token(key: str) -> None:
    model = tiny_bert().eval()
    model.set_attn_implementation("eager")
    setattr(model.config, key, True)
    compute_first_token_only(model)
    assert not is_short(model)
    setattr(model.config, key, False)
    compute_first_token_only(model)
    assert is_short(model)
    with pytest.raises(QbertError, match=f"{key}=True: accepted False") as caught:
        model(**tiny_batch(), **{key: True})
    assert caught.value.code == 2


def test_a_decoder_does_not_look_ahead() -> None:
    model = tiny_bert().eval()
    model.config.is_decoder = True
    compute_first_token_only(model)
    assert not is_short(model)


def test_other_tasks_look_at_every_token() -> None:
    from transformers import BertForTokenClassification

    model = BertForTokenClassification(tiny_bert().config)
    compute_first_token_only(model)
    assert not is_short(model)
