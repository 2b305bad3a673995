"""Errors of estimates, counted by hand."""

from __future__ import annotations

from math import inf, sqrt

import pytest

from qbert_lightning.hessian.trace_estimate import StratifiedTrace, TraceEstimate


def test_samples_tell_their_error() -> None:
    found = TraceEstimate((1.0, 3.0, 5.0), size=6)
    assert (found.trace, found.mean_eigenvalue) == (3.0, 0.5)
    assert found.standard_error == pytest.approx(2 / sqrt(3))
    assert found.relative_error == pytest.approx(2 / sqrt(3) / 3)
    assert TraceEstimate((1.0,), size=6).standard_error == inf


def test_shares_of_a_trace_of_zero() -> None:
    assert StratifiedTrace(0.0, 1.0, 2, 1).relative_error == inf
    assert StratifiedTrace(0.0, 0.0, 2, 1).relative_error == 0.0
    assert StratifiedTrace(-4.0, 1.0, 2, 1).relative_error == 0.25
    assert StratifiedTrace(4.0, 1.0, 2, 1).mean_eigenvalue == 2.0
