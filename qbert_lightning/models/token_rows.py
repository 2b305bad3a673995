"""Rows of tokens of different length, side by side or in a padded table."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class TokenRows:
    """Where the tokens of a batch stand in its table of rows.

    Taking tokens out of the table and putting them back are each other's transpose, so
    each is the other's derivative and both can be differentiated any number of times.

    Args:
        kept: True for every token that counts [rows, longest].

    >>> rows = TokenRows(torch.tensor([[True, True], [True, False]]))
    >>> side_by_side = rows.taken(torch.tensor([[[1.0], [2.0]], [[3.0], [9.0]]]))
    >>> side_by_side.flatten()
    tensor([1., 2., 3.])
    >>> rows.table(side_by_side).squeeze(-1)
    tensor([[1., 2.],
            [3., 0.]])
    """

    def __init__(self, kept: Tensor) -> None:
        self.shape = kept.shape
        self._places = kept.flatten().nonzero().flatten()

    def taken(self, table: Tensor) -> Tensor:
        """``[rows, longest, width]`` → the tokens that count ``[tokens, width]``."""
        taken: Tensor = _Take.apply(table.flatten(0, 1), self._places)
        return taken

    def table(self, tokens: Tensor) -> Tensor:
        """``[tokens, width]`` → ``[rows, longest, width]`` with zeros elsewhere."""
        put: Tensor = _Put.apply(tokens, self._places, self.shape.numel())
        return put.unflatten(0, self.shape)


class _Take(torch.autograd.Function):
    @staticmethod
    def forward(table: Tensor, places: Tensor) -> Tensor:
        return table.index_select(0, places)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        table, places = inputs
        ctx.save_for_backward(places)
        ctx.size = len(table)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        return _Put.apply(gradient, places, ctx.size), None


class _Put(torch.autograd.Function):
    @staticmethod
    def forward(tokens: Tensor, places: Tensor, size: int) -> Tensor:
        return tokens.new_zeros(size, tokens.shape[1]).index_copy_(0, places, tokens)

    @staticmethod
    def setup_context(
        ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor
    ) -> None:
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (places,) = ctx.saved_tensors
        return _Take.apply(gradient, places), None, None
