"""A classifier that leaves out what nobody looks at answers the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.quantizers import AffineSpec
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


def test_a_range_of_all_tokens_needs_all_of_them() -> None:
    model = tiny_bert().eval()
    dynamic = Activation(AffineSpec(8).build())
    model.bert.encoder.layer[-1].intermediate.dense.before = dynamic
    compute_first_token_only(model)
    assert not is_short(model)


def test_other_tasks_look_at_every_token() -> None:
    from transformers import BertForTokenClassification

    model = BertForTokenClassification(tiny_bert().config)
    compute_first_token_only(model)
    assert not is_short(model)
