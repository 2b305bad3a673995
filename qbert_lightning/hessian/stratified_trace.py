"""A trace from few products: where the spread is, there go the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.batch import Batch, LossFunction, num_examples
from qbert_lightning.hessian.evaluation import differentiating_only
from qbert_lightning.hessian.kept_graphs import KeptGraphs
from qbert_lightning.hessian.sample_numbers import sample_numbers
from qbert_lightning.hessian.strata import stratify
from qbert_lightning.hessian.trace_cell import TraceCell
from qbert_lightning.hessian.trace_estimate import StratifiedTrace
from qbert_lightning.hessian.widening import widening

_PLANS = 2  # the later one for a ‖H z‖² that was far off
_MOST_ROOM = 1.5  # as more samples come, an error is widened less
_ENOUGH = 2  # samples for each matrix, from which on a stratum is split


def stratified_trace(
    model: nn.Module,
    loss_function: LossFunction,
    parameters: Sequence[nn.Parameter],
    batches: Sequence[Batch],
    *,
    standard_error: float = 0.0,
    tolerance: float = 0.0,
    most: float = 50.0,
    cache_mib: float = 2048.0,
    batch_weight: Callable[[Batch], float] = num_examples,
    generator: torch.Generator | None = None,
) -> StratifiedTrace:
    """Tr H = Σ_c w_c E[zᵀ H_c z] over cells c: some rows' loss, some parameters.

    Hutchinson's samples with optimum allocation (Neyman 1934; Cochran 1977, section
    5.5). The Hessian of a mean loss is the mean of its rows' Hessians, and few rows,
    those that the model gets wrong, have nearly all of the variance; so rows are
    stratified (`stratify`) and each stratum gets samples of its own. The trace is also
    the sum over parameters' diagonal blocks, and taken apart they are free of the
    blocks between them, which are most of ‖H‖² and nothing of the trace. That costs a
    product for each matrix, so only strata with many samples are split.

    How many samples a cell needs shows from the first, because a sample's variance is
    2 (‖H‖² − Σ Hᵢᵢ²) ≤ 2 ‖H‖² = 2 E ‖H z‖² (‖·‖ Frobenius) and ‖H z‖² hardly varies
    unless an eigenvalue stands out; so it is looked at again as samples come. That
    upper bound is also what the standard error is made of. It is widened by what few
    ‖H z‖² leave open (`widening`), and for that samples come last, because more of them
    leave less open. The number of samples depends on ‖H z‖ and not on zᵀ H z,
    so that choosing it biases next to nothing; but a `tolerance` goes by the estimate,
    so that one which is too high stops sooner.

    Args:
        model: The network that ``loss_function`` runs.
        loss_function: Batch → its mean loss; that of a row must not depend on others.
        parameters: Of the Hessian.
        batches: The data.
        standard_error: Reach this ...
        tolerance: ... or this share of the trace, whichever is larger.
        most: Spend about what so many products with all data cost, not more; at least
            one product is taken with each cell.
        cache_mib: Memory for kept gradient graphs in MiB (2^20 bytes); 0 keeps one.
        batch_weight: Weight of a batch in the average; rows by default.
        generator: Source of the random signs.

    Raises:
        QbertError: Without batches or parameters; when ``most`` is below 1; for rows
            whose loss looks at padding (code 2); for attention without double backward
            (code 2); for a loss or a product that is not finite (code 1).

    >>> net = nn.Linear(2, 1, bias=False)
    >>> data = {"x": torch.tensor([[3.0, 0.0], [0.0, 1.0]])}
    >>> loss = lambda batch: net(batch["x"]).square().mean()
    >>> stratified_trace(net, loss, [net.weight], [data]).trace
    10.0
    """
    if most < 1:
        raise QbertError(f"hessian: {most} products at most: accepted 1 or more")
    if not (batches and parameters):
        raise QbertError(
            f"hessian: {len(batches)} batches, {len(parameters)} parameters: accepted "
            "one or more"
        )
    strata = stratify(model, loss_function, batches, batch_weight=batch_weight)
    budget = most * sum(stratum.cost for stratum in strata)
    graphs = KeptGraphs(model, loss_function, parameters, cache_mib)

    def numbers(cells: Sequence[TraceCell], room: float = 1.0) -> list[int]:
        """Samples of each cell in all, for an error that is smaller by ``room``."""
        target = max(standard_error, tolerance * abs(sum(each.mean for each in cells)))
        return sample_numbers(
            [cell.variance for cell in cells],
            [cell.stratum.cost for cell in cells],
            [len(cell.samples) for cell in cells],
            target=(target / room) ** 2,
            budget=budget,
        )

    def sampled(cells: Sequence[TraceCell], counts: Sequence[int]) -> None:
        for cell, count in zip(cells, counts, strict=True):
            cell.draw(count - len(cell.samples), graphs, generator)

    with differentiating_only(model, parameters):
        whole = slice(0, len(parameters))
        rough = [TraceCell(each, parameters, whole) for each in strata]
        sampled(rough, [1] * len(rough))
        cells = [
            part
            for cell, count in zip(rough, numbers(rough), strict=True)
            for part in _split(cell, count)
        ]
        sampled(cells, [1] * len(cells))
        for _ in range(_PLANS):
            sampled(cells, numbers(cells))
        sampled(cells, numbers(cells, min(_widening(cells), _MOST_ROOM)))
    return StratifiedTrace(
        trace=sum(cell.mean for cell in cells),
        standard_error=_widening(cells) * sqrt(sum(_spreads(cells))),
        size=sum(each.numel() for each in parameters),
        num_products=sum(len(cell.samples) for cell in cells),
    )


def _spreads(cells: Sequence[TraceCell]) -> list[float]:
    """Variance of what each cell adds to the trace."""
    return [cell.variance / len(cell.samples) for cell in cells]


def _widening(cells: Sequence[TraceCell]) -> float:
    return widening(_spreads(cells), [cell.squares for cell in cells])


def _split(cell: TraceCell, count: int) -> Sequence[TraceCell]:
    """The cell, or one for each matrix if ``count`` samples are enough for all."""
    parts = cell.by_matrix()
    return parts if count >= _ENOUGH * len(parts) > _ENOUGH else [cell]
