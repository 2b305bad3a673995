from __future__ import annotations

import torch

from qbert_lightning.models.token_rows import TokenRows

KEPT = torch.tensor([[True, True, False], [True, False, False], [False, True, True]])


def table() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 3, 2, dtype=torch.float64, generator=generator)


def test_taken_and_back_only_what_does_not_count_is_lost() -> None:
    rows = TokenRows(KEPT)
    assert torch.equal(rows.taken(table()), table()[KEPT])
    assert torch.equal(rows.table(rows.taken(table())), table() * KEPT.unsqueeze(-1))


def test_derivatives_of_any_order_are_those_of_finite_differences() -> None:
    rows = TokenRows(KEPT)

    def curved(x: torch.Tensor) -> torch.Tensor:
        cubes = rows.table(rows.taken(x.sin()) ** 3).cumsum(1)
        return rows.taken(cubes)

    x = table().requires_grad_()
    assert torch.autograd.gradcheck(curved, x)
    assert torch.autograd.gradgradcheck(curved, x)
