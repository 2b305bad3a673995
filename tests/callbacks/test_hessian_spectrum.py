"""Curvature in the log."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.callbacks import HessianSpectrum
from tests.callbacks.run_tiny import fit


def test_logs_mean_spread_and_importance(tmp_path: Path) -> None:
    _, logged = fit(tmp_path, HessianSpectrum())
    block = "bert.encoder.layer.0"
    assert logged[f"hessian/top_eigenvalue/{block}"] == -1.0
    assert logged[f"hessian/top_eigenvalue_std/{block}"] == 2.0
    assert logged[f"sensitivity/hessian_eigenvalue/{block}"] == 3.0


def test_without_an_analysis_nothing_is_logged(tmp_path: Path) -> None:
    _, logged = fit(tmp_path, HessianSpectrum(), sensitivity=None)
    assert not any(key.startswith(("hessian/", "sensitivity/")) for key in logged)
