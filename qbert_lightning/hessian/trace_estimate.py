"""Estimated traces, and how far off they may be."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from statistics import fmean, stdev


@dataclass(frozen=True)
class TraceEstimate:
    """An estimated trace.

    Attributes:
        samples: zᵀ H z of each random vector.
        size: Rows of the matrix.
    """

    samples: tuple[float, ...]
    size: int

    @property
    def trace(self) -> float:
        """Mean of the samples."""
        return fmean(self.samples)

    @property
    def mean_eigenvalue(self) -> float:
        """The trace over the size: HAWQ-V2's *average trace*."""
        return self.trace / self.size

    @property
    def standard_error(self) -> float:
        """Standard deviation of `trace` as an estimate; infinite for one sample."""
        if len(self.samples) < 2:
            return inf
        return stdev(self.samples) / sqrt(len(self.samples))

    @property
    def relative_error(self) -> float:
        """The standard error as a share of the trace; infinite for a trace of zero."""
        return _share(self.standard_error, self.trace)


@dataclass(frozen=True)
class StratifiedTrace:
    """An estimated trace.

    Attributes:
        trace: The estimate.
        standard_error: Its standard deviation, or a little more, and much more where
            few samples do not tell it well: twice it covers the trace (`widening`).
        size: Rows of the matrix.
        num_products: Products taken, each with some of the data and parameters.
    """

    trace: float
    standard_error: float
    size: int
    num_products: int

    @property
    def mean_eigenvalue(self) -> float:
        """The trace over the size: HAWQ-V2's *average trace*."""
        return self.trace / self.size

    @property
    def relative_error(self) -> float:
        """The standard error as a share of the trace; infinite for a trace of zero."""
        return _share(self.standard_error, self.trace)


def _share(error: float, trace: float) -> float:
    if error == 0.0:
        return 0.0
    return error / abs(trace) if trace else inf
