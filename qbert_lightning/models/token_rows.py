"""Rows of tokens of different length, side by side or in a padded table."""

from __future__ import annotations

from torch import Tensor


class TokenRows:
    """Where the tokens of a batch stand in its table of rows.

    Both ways can be differentiated any number of times.

    Args:
        kept: True for every token that counts [rows, longest].

    >>> import torch
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
        return table.flatten(0, 1).index_select(0, self._places)

    def table(self, tokens: Tensor) -> Tensor:
        """``[tokens, width]`` → ``[rows, longest, width]`` with zeros elsewhere."""
        empty = tokens.new_zeros(self.shape.numel(), tokens.shape[1])
        return empty.index_copy_(0, self._places, tokens).unflatten(0, self.shape)
