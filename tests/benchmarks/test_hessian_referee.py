from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from qbert_lightning.benchmarks.hessian_contestants import Demand
from qbert_lightning.benchmarks.hessian_referee import carry_out
from tests.benchmarks.problems import LAYER, problem

DEMAND = Demand(LAYER, 1, 1e-2, 50, 50, 3, 0)


def test_eigenvalues_come_with_residuals_and_cost(tmp_path: Path) -> None:
    answer = carry_out(problem(tmp_path), {"contestant": "ours", **asdict(DEMAND)})
    assert len(answer["values"]) == 1
    assert answer["residuals"][0] <= 1.1e-2
    assert answer["num_products"] <= 50
    assert answer["cpu_seconds"] > 0


def test_no_eigenvalue_asks_for_the_trace(tmp_path: Path) -> None:
    task = {"contestant": "ours", **asdict(DEMAND), "k": 0}
    answer = carry_out(problem(tmp_path), task)
    assert answer["standard_error"] > 0
    assert answer["num_products"] >= 3
    assert {"wall_seconds", "peak_mib"} <= set(answer)
