"""Rows of data that bend the loss about equally, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, isfinite, sqrt
from operator import itemgetter

import torch
from torch import Tensor, nn

from qbert_lightning.hessian.batch import Batch, LossFunction, num_examples, on_device
from qbert_lightning.hessian.batch_rows import num_tokens, rows_of, together
from qbert_lightning.hessian.evaluation import differentiating_only

# What a product costs whatever its size, in tokens: reading the weights, drawing signs.
# Measured with BERT layers of width 384 on one processor core.
_FIXED_COST = 30
_MOST = 6  # strata; more of them gained next to nothing
_LARGEST = 64  # rows of a stratum, whose graph must fit into memory at once
_FINE = 64  # rows of which every cut is tried; further down, steps of rank / _FINE

_Cut = tuple[float, tuple[tuple[int, int], ...]]  # price and bounds


@dataclass(frozen=True)
class Stratum:
    """Some rows of the data, as one batch.

    Attributes:
        batch: The rows.
        share: Their weight in the mean loss.
        cost: Of a product, in tokens.
    """

    batch: Batch
    share: float
    cost: float


def stratify(
    model: nn.Module,
    loss_function: LossFunction,
    batches: Sequence[Batch],
    *,
    batch_weight: Callable[[Batch], float] = num_examples,
) -> list[Stratum]:
    """Cut the data into the strata in which a trace is cheapest to estimate.

    A row's Hessian grows with the error its output makes. Of a cross-entropy ℓ that is
    1 − e^−ℓ, the probability of all wrong answers, and it sets rows apart as well as
    the norm of their gradients does, for a forward pass each. So rows are sorted by
    error and cut where Σ_b √(V_b C_b) is smallest (V: summed squares in a stratum, C:
    its cost), which is what optimum allocation pays (Cochran 1977, section 5.5). The
    cut does not look at random signs, so it biases nothing.

    Args:
        model: The network that ``loss_function`` runs.
        loss_function: Batch → its mean loss; that of a row must not depend on others.
        batches: The data.
        batch_weight: Weight of a batch in the average; rows by default.
    """
    rows = rows_of(batches)
    weights = [batch_weight(row) for row in rows]
    device = next(model.parameters()).device
    with differentiating_only(model, ()), torch.no_grad():
        errors = [
            weight * _error(loss_function(on_device(row, device)))
            for row, weight in zip(rows, weights, strict=True)
        ]
    order = sorted(range(len(rows)), key=lambda i: -errors[i])
    lengths = [num_tokens(rows[i]) for i in order]
    strata = []
    for start, end in _no_larger(_cuts([errors[i] for i in order], lengths)):
        chosen = order[start:end]
        share = sum(weights[i] for i in chosen) / sum(weights)
        cost = _cost(sum(lengths[start:end]))
        strata.append(Stratum(together([rows[i] for i in chosen]), share, cost))
    return [stratum for stratum in strata if stratum.share]


def _error(loss: Tensor) -> float:
    """What a row gets wrong; a loss that is not finite is left to the products."""
    error = 1 - exp(-float(loss.clamp(min=0)))
    return error if isfinite(error) else 1.0


def _cuts(errors: Sequence[float], lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Bounds of the strata of sorted rows, by dynamic programming."""
    squares = list(accumulate((error**2 for error in errors), initial=0.0))
    tokens = list(accumulate(lengths, initial=0))

    def price(start: int, end: int) -> float:
        spread = max(squares[end] - squares[start], 0.0)
        return sqrt(spread * _cost(tokens[end] - tokens[start]))

    best: dict[int, _Cut] = {0: (0.0, ())}
    for _ in range(_MOST):
        best = {
            end: min(_extended(best, price, end), key=itemgetter(0))
            for end in _bounds(len(errors))
        }
    return list(best[len(errors)][1])


def _no_larger(cuts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same cuts with more between them where a stratum is too large."""
    for first, last in cuts:
        for start in range(first, last, _LARGEST):
            yield start, min(start + _LARGEST, last)


def _bounds(num_rows: int) -> list[int]:
    """Where a stratum may end: anywhere among the first rows, then more rarely."""
    bounds = [0]
    while bounds[-1] < num_rows:
        bounds.append(min(bounds[-1] + 1 + bounds[-1] // _FINE, num_rows))
    return bounds


def _extended(
    best: Mapping[int, _Cut], price: Callable[[int, int], float], end: int
) -> Iterator[_Cut]:
    """Every cut of all rows up to ``end``, or of fewer with one stratum more."""
    if end in best:
        yield best[end]
    for start, (total, cuts) in best.items():
        if start < end:
            yield total + price(start, end), (*cuts, (start, end))


def _cost(num_tokens: int) -> float:
    """In tokens; padding is next to free, the models do without most of it."""
    return _FIXED_COST + num_tokens
