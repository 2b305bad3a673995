from __future__ import annotations

import torch

from qbert_lightning.benchmarks.allocated import allocated_at_most

MIB = 2**20


def test_the_most_at_once_is_counted_and_not_the_sum() -> None:
    before = torch.empty(8 * MIB, dtype=torch.uint8)

    def work() -> None:
        first = torch.empty(1 * MIB, dtype=torch.uint8)
        second = torch.empty(2 * MIB, dtype=torch.uint8)
        del first
        third = torch.empty(4 * MIB, dtype=torch.uint8)
        del second, third

    assert allocated_at_most(work) == 6 * MIB
    assert before.numel() == 8 * MIB


def test_what_operations_and_gradients_take_is_counted() -> None:
    x = torch.ones(MIB, requires_grad=True)

    def work() -> None:
        # Kept for the backward pass: x; taken: the product, its gradient, that of x.
        (x * x).backward(torch.ones(MIB))

    # The product, the gradient that is handed in, two terms of 2x and their sum.
    assert 3 * 4 * MIB <= allocated_at_most(work) <= 5 * 4 * MIB


def test_nothing_takes_nothing() -> None:
    assert allocated_at_most(lambda: None) == 0
