from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.benchmarks import HessianBenchmark, Subject
from qbert_lightning.benchmarks import hessian as benchmark_file
from qbert_lightning.benchmarks.hessian_table import OURS
from qbert_lightning.errors import QbertError
from qbert_lightning.tracking.json_values import to_text
from tests.benchmarks.problems import saved_problem
from tests.tiny import tiny_batch


class Referee:
    """Answers at once, with residuals that the test chooses."""

    asked: list[dict[str, Any]]
    residuals: dict[str, list[float]]

    def __init__(self, *arguments: object) -> None:
        Referee.asked = []

    def __enter__(self) -> Referee:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def ask(self, task: dict[str, Any]) -> dict[str, Any]:
        Referee.asked.append(task)
        cost = {"wall_seconds": 1.0, "cpu_seconds": 1.0, "peak_mib": 1.0}
        who = task["contestant"]
        if who not in self.residuals:
            return {"error": "TypeError: cannot"}
        if task["k"] == 0:
            return {"trace": 2.0, "standard_error": 1.0, "num_products": 2, **cost}
        residual = self.residuals[who].pop(0)
        return {
            "values": [1.0],
            "residuals": [residual],
            "num_products": 8 if who == OURS else None,
            **cost,
        }


def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    residuals: dict[str, list[float]],
    missing: dict[str, str],
    **settings: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    folder, _ = saved_problem(tmp_path)
    Referee.residuals = residuals
    monkeypatch.setattr(benchmark_file, "RefereeProcess", Referee)
    monkeypatch.setattr(benchmark_file, "missing_peers", lambda: missing)
    subject = Subject(lambda: folder, lambda *sizes: [tiny_batch()])
    return HessianBenchmark(**settings).run(subject, tmp_path, lambda line: None)


TOP_ONLY = {"layers": 1, "rounds": 1, "top_k_rounds": 0}


def test_ours_must_be_as_exact_as_the_peer_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    residuals = {"PyHessian": [1e-4], OURS: [1e-5], "eigenthings": [1e-5]}
    outcome = run(tmp_path, monkeypatch, residuals, {}, **TOP_ONLY)
    asked = {task["contestant"]: task for task in Referee.asked if task["k"] == 1}
    assert asked["PyHessian"]["tolerance"] == 0.01
    assert asked[OURS]["tolerance"] == 1e-4
    assert asked["eigenthings"]["max_products"] == 8
    assert not any("≥" in cell for row in outcome.rows for cell in row)
    json.loads(to_text([outcome.measurements, outcome.facts, outcome.rows]))


def test_ours_is_told_the_standard_error_of_the_peer_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    residuals = {"PyHessian": [1e-4], OURS: [1e-5], "eigenthings": [1e-5]}
    outcome = run(tmp_path, monkeypatch, residuals, {}, **TOP_ONLY)
    asked = {task["contestant"]: task for task in Referee.asked if task["k"] == 0}
    assert asked["PyHessian"]["standard_error"] == 0.0
    assert asked[OURS]["standard_error"] == 1.0
    assert all(each["converged"] for each in outcome.measurements)
    assert any("differ by 0.0 standard errors" in note for note in outcome.notes)


def test_a_trace_less_exact_than_the_peers_is_no_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(self: Referee, task: dict[str, Any]) -> dict[str, Any]:
        answer = answered(self, task)
        if task["contestant"] == OURS and task["k"] == 0:
            answer["standard_error"] = 1.2
        return answer

    answered = Referee.ask
    monkeypatch.setattr(Referee, "ask", ask)
    residuals = {"PyHessian": [1e-4], OURS: [1e-5]}
    outcome = run(tmp_path, monkeypatch, residuals, {"eigenthings": ""}, **TOP_ONLY)
    assert any("no comparison: ours" in note for note in outcome.notes)


def test_a_peer_that_is_less_exact_gives_a_lower_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    residuals = {"PyHessian": [0.5], OURS: [1e-3], "eigenthings": [0.5, 0.1, 0.009]}
    outcome = run(tmp_path, monkeypatch, residuals, {}, **TOP_ONLY)
    products = [
        task["max_products"]
        for task in Referee.asked
        if task["k"] == 1 and task["contestant"] == "eigenthings"
    ]
    assert products == [8, 10, 13]  # only the last counts
    bounded = {row[1] for row in outcome.rows if "≥" in row[-1]}
    assert bounded == {"PyHessian"}
    assert len(outcome.measurements) == 6


def test_peers_that_cannot_run_are_rows_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = {"eigenthings": "not installed"}
    outcome = run(tmp_path, monkeypatch, {OURS: [1e-3]}, missing, **TOP_ONLY)
    reasons = {row[1]: row[2] for row in outcome.rows if row[1] != OURS}
    assert reasons == {
        "PyHessian": "TypeError: cannot",
        "eigenthings": "not installed",
    }


def test_ours_must_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(QbertError, match="TypeError: cannot"):
        run(tmp_path, monkeypatch, {"PyHessian": [1e-4]}, {}, **TOP_ONLY)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"rounds": -1}, "bench.rounds=-1: accepted 0 or more"),
        ({"rounds": 0, "top_k_rounds": 0}, "accepted one above"),
        ({"num_samples": 1}, "bench.num_samples=1: accepted 2 or more"),
        ({"top_k": 1}, "bench.top_k=1: accepted 2 or more"),
        ({"layers": 0}, "bench.layers=0: accepted 1 or more"),
        ({"tolerance": 0.0}, "bench.tolerance=0.0: accepted above 0"),
    ],
)
def test_numbers_out_of_range_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(QbertError, match=named):
        HessianBenchmark(**settings)


def test_missing_peers_are_named_with_the_way_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        benchmark_file, "find_spec", lambda name: name if name[0] == "q" else None
    )
    missing = benchmark_file.missing_peers()
    assert set(missing) == {"PyHessian", "eigenthings"}
    assert "pip install 'qbert-lightning[bench]'" in missing["PyHessian"]
