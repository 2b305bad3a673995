"""Gradient checkpointing: the same gradients and ranges as without it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from qbert_lightning.layers import apply_plan, layer_shapes, set_int8_forward
from qbert_lightning.observers import MinMax, MovingAverage, Percentile, is_recomputed
from qbert_lightning.plan import ObserverSpec, QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import tiny_batch, tiny_bert

NUM_STEPS = 3


def plan_of(observer: ObserverSpec, delay: int) -> QuantPlan:
    activation = AffineSpec(8, observer=observer)
    scheme = QuantScheme(AffineSpec(4), activation, activation, delay)
    names = [name for name in layer_shapes(tiny_bert()) if ".layer." in name]
    return QuantPlan(dict.fromkeys(names, scheme))


def trained(
    plan: QuantPlan, int8: bool, use_reentrant: bool | None
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Gradients of some steps, and all buffers after them."""
    model = tiny_bert()
    apply_plan(model, plan)
    set_int8_forward(model, int8)
    if use_reentrant is not None:
        model.activation_checkpointing_enable({"use_reentrant": use_reentrant})
    torch.manual_seed(0)  # dropout
    gradients = []
    for step in range(NUM_STEPS):
        model.zero_grad()
        model(**tiny_batch(seed=step)).loss.backward()
        gradients += [parameter.grad.clone() for parameter in model.parameters()]
    return gradients, dict(model.named_buffers())


@pytest.mark.parametrize("use_reentrant", [True, False])
@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize(
    ("observer", "delay"),
    [(MovingAverage(0.5), 0), (MinMax(), 0), (Percentile(95.0), NUM_STEPS - 1)],
)
def test_gradients_and_ranges_are_those_without_checkpointing(
    observer: ObserverSpec, delay: int, int8: bool, use_reentrant: bool
) -> None:
    plan = plan_of(observer, delay)
    expected, expected_buffers = trained(plan, int8, None)
    gradients, buffers = trained(plan, int8, use_reentrant)
    torch.testing.assert_close(gradients, expected, rtol=0, atol=0)
    torch.testing.assert_close(buffers, expected_buffers, rtol=0, atol=0)
    counts = [int(n) for name, n in buffers.items() if name.endswith(".count")]
    assert set(counts) == {NUM_STEPS - delay}


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_only_the_second_pass_is_recomputed(use_reentrant: bool) -> None:
    told = []

    def look(x: Tensor) -> Tensor:
        told.append(is_recomputed())
        return x.sin()

    x = torch.ones(2, requires_grad=True)
    checkpoint(look, x, use_reentrant=use_reentrant).sum().backward()
    assert told == [False, True]
    assert not is_recomputed()


def test_a_compiled_graph_is_not_asked() -> None:
    compiled = torch.compile(
        lambda x: x.cos() if is_recomputed() else x.sin(),
        backend="eager",
        fullgraph=True,
    )
    x = torch.ones(2)
    assert torch.equal(compiled(x), x.sin())
