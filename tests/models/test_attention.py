from __future__ import annotations

import pytest
import torch

from qbert_lightning.hessian import HessianOperator, random_direction
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


def test_padding_has_no_curvature() -> None:
    """A padded batch has the mean Hessian of its rows, each cut to its length."""
    model = tiny_bert().eval().double()
    whole = tiny_batch(4, 9)
    lengths = whole["attention_mask"].sum(1).tolist()
    assert min(lengths) < max(lengths)
    rows = [
        {
            name: x[i : i + 1] if name == "labels" else x[i : i + 1, :length]
            for name, x in whole.items()
        }
        for i, length in enumerate(lengths)
    ]
    blocks = {"layer": list(model.bert.encoder.layer[0].parameters())}

    def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return model(**batch).loss

    with double_differentiable_attention(model):
        with HessianOperator(model, loss, blocks, [whole]) as padded:
            vector = random_direction(padded, torch.Generator().manual_seed(0))
            together = padded @ vector
        with HessianOperator(model, loss, blocks, rows) as cut:
            apart = cut @ vector
    assert together.norm() > 0
    torch.testing.assert_close(together, apart, rtol=1e-9, atol=1e-14)
