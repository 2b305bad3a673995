"""Distinct sensitivity analyses."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.report import Run
from qbert_lightning.report.spectra import spectra
from tests.report.run_folders import record


def run(*samples: float) -> Run:
    table = {
        "metric": "hessian_eigenvalue",
        "importance": {"layer.0": 1.0},
        "scores": {},
        "samples": {"layer.0": list(samples)},
    }
    return Run.from_record(Path("x"), record(sensitivity=table))


def test_a_shared_analysis_is_listed_once_and_the_most_used_first() -> None:
    found = spectra([run(1.0, -2.0), run(3.0), run(3.0)])
    assert [len(spectrum.runs) for spectrum in found] == [2, 1]
    assert found[1].samples == {"layer.0": (1.0, -2.0)}
    assert found[1].metric == "hessian_eigenvalue"


def test_runs_without_samples_have_none() -> None:
    without = Run.from_record(Path("x"), record(sensitivity=None))
    assert spectra([without, run()]) == []
