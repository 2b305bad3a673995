"""Attention that can be differentiated twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from transformers import PreTrainedModel


@contextmanager
def double_differentiable_attention(model: PreTrainedModel) -> Iterator[None]:
    """Use plain matrix products for attention within the context.

    Hessian-vector products need a second derivative, which torch's fused attention
    lacks on CPU and on GPU. The implementation in use before is restored after,
    also when the body raises.

    Args:
        model: a BERT; its results change only by rounding.
    """
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)
