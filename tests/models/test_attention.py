from __future__ import annotations

import pytest
import torch

from qbert_lightning.models import double_differentiable_attention
from tests.tiny import tiny_batch, tiny_bert


def hessian_product_norm(model: torch.nn.Module) -> float:
    """Norm of the Hessian of the loss times ones, for one weight."""
    weight = model.bert.encoder.layer[0].attention.self.query.weight
    loss = model(**tiny_batch()).loss
    (gradient,) = torch.autograd.grad(loss, weight, create_graph=True)
    (product,) = torch.autograd.grad(gradient.sum(), weight)
    return float(product.norm())


def test_loss_can_be_differentiated_twice() -> None:
    model = tiny_bert().eval()
    model.set_attn_implementation("sdpa")
    with double_differentiable_attention(model):
        assert hessian_product_norm(model) > 0


def test_results_are_the_same_with_padding() -> None:
    model = tiny_bert().eval()
    model.set_attn_implementation("sdpa")
    before = model(**tiny_batch()).logits
    with double_differentiable_attention(model):
        torch.testing.assert_close(model(**tiny_batch()).logits, before)


def test_attention_is_restored_also_after_an_error() -> None:
    model = tiny_bert()
    model.set_attn_implementation("sdpa")
    with (
        pytest.raises(ValueError, match="input_ids"),
        double_differentiable_attention(model),
    ):
        model(input_ids=None)
    assert model.config._attn_implementation == "sdpa"
    assert model.bert.encoder.config._attn_implementation == "sdpa"
