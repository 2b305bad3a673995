"""Hutchinson's estimate of a trace, with its standard error."""

from __future__ import annotations

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.operator import HessianOperator
from qbert_lightning.hessian.symmetric_operator import (
    SymmetricOperator,
    curvature_along,
)
from qbert_lightning.hessian.trace_estimate import TraceEstimate


def hutchinson_trace(
    operator: SymmetricOperator,
    *,
    num_samples: int = 50,
    tolerance: float = 0.0,
    min_samples: int = 6,
    generator: torch.Generator | None = None,
) -> TraceEstimate:
    """Tr H = E[zᵀ H z] over random signs z (Hutchinson 1990; HAWQ-V2, section 3.2).

    Args:
        operator: The symmetric matrix [size, size].
        num_samples: Most random vectors to spend.
        tolerance: Stop early once the standard error is this share of the trace.
        min_samples: Fewest of them before stopping early.
        generator: Source of the random signs.

    Raises:
        QbertError: When ``num_samples`` is not positive.

    >>> estimate = hutchinson_trace(torch.diag(torch.tensor([1.0, 2.0])), num_samples=3)
    >>> estimate.trace, estimate.standard_error
    (3.0, 0.0)
    """
    _check(num_samples)
    samples: list[float] = []
    while len(samples) < num_samples:
        signs = _random_signs(operator, generator)
        samples.append(curvature_along(operator, signs))
        estimate = TraceEstimate(tuple(samples), operator.shape[0])
        if len(samples) >= min_samples and estimate.relative_error <= tolerance:
            break
    return estimate


def block_traces(
    hessian: HessianOperator,
    *,
    num_samples: int = 50,
    tolerance: float = 0.0,
    min_samples: int = 6,
    generator: torch.Generator | None = None,
) -> dict[str, TraceEstimate]:
    """Traces of all diagonal blocks at once, one product a sample for all of them.

    With z over all blocks, z_bᵀ (H z)_b = z_bᵀ H_bb z_b + Σ_c z_bᵀ H_bc z_c, and the
    cross terms vanish in expectation because the signs are independent. They do add
    to the spread, which the standard error shows.

    Args:
        hessian: The joint operator of the blocks.
        num_samples: Most random vectors to spend.
        tolerance: Stop early once every block's standard error is this share of its
            trace.
        min_samples: Fewest of them before stopping early.
        generator: Source of the random signs.

    Raises:
        QbertError: When ``num_samples`` is not positive.
    """
    _check(num_samples)
    if len(hessian.slices) == 1:  # the cheaper curvature is all there is to know
        [name] = hessian.slices
        alone = hutchinson_trace(
            hessian,
            num_samples=num_samples,
            tolerance=tolerance,
            min_samples=min_samples,
            generator=generator,
        )
        return {name: alone}
    samples: dict[str, list[float]] = {name: [] for name in hessian.slices}
    for count in range(1, num_samples + 1):
        signs = _random_signs(hessian, generator)
        product = hessian.split(hessian @ signs)
        for name, part in hessian.split(signs).items():
            samples[name].append(float(torch.dot(part, product[name])))
        estimates = {
            name: TraceEstimate(tuple(values), _length(hessian.slices[name]))
            for name, values in samples.items()
        }
        if count >= min_samples and all(
            estimate.relative_error <= tolerance for estimate in estimates.values()
        ):
            break
    return estimates


def _check(num_samples: int) -> None:
    if num_samples < 1:
        raise QbertError(f"hessian: num_samples={num_samples}: accepted 1 or more")


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _random_signs(
    operator: SymmetricOperator, generator: torch.Generator | None
) -> Tensor:
    size = (operator.shape[0],)
    bits = torch.randint(0, 2, size, generator=generator, dtype=torch.int8)
    return bits.to(operator.device, operator.dtype).mul_(2).sub_(1)
