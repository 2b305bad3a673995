"""Scores stand beside latency and memory, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from qbert_lightning.benchmarks import DeploymentBenchmark, Outcome, Subject
from qbert_lightning.benchmarks.inference import CALIBRATED, InferenceBenchmark
from qbert_lightning.benchmarks.inference_peers import UNIT
from qbert_lightning.errors import DATA, USAGE, QbertError
from tests.benchmarks.fake_runtime import FakeRuntime

KEY = "test/f1"
SCORES = {f"float/{KEY}": 0.9, KEY: 0.8, f"deployed/{KEY}": 0.79}


def outcome_of(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Mapping[str, QbertError] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[Outcome, list[Sequence[str]]]:
    asked: list[Sequence[str]] = []

    def scores(overrides: Sequence[str]) -> Mapping[str, float]:
        asked.append(overrides)
        for override in overrides:
            if refused and override in refused:
                raise refused[override]
        return SCORES

    measured = Outcome("Answers", ("", "latency"), ((UNIT, "1"), ("a, fast", "0.3")))
    monkeypatch.setattr(InferenceBenchmark, "run", lambda *_: measured)
    benchmark = DeploymentBenchmark(
        models={"a": ["method=q8bert"]}, runtimes={"fast": FakeRuntime()}
    )
    subject = Subject(
        lambda: tmp_path, lambda *_: [], deployment_scores=scores, metric=KEY
    )
    return benchmark.run(subject, tmp_path, say), asked


def test_scores_come_before_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, asked = outcome_of(tmp_path, monkeypatch)
    arguments = ["runtime.off_by=0.0", "runtime.is_installed=True"]
    assert asked == [["method=q8bert", "runtime=fast", *arguments]]
    assert outcome.columns == ("", "fake %", "deployed %", "latency")
    assert outcome.rows == (
        (UNIT, "90.00", "", "1"),
        ("a, fast", "80.00", "79.00", "0.3"),
    )
    assert outcome.facts["scores"]["a, fast"] == SCORES


def test_what_a_runtime_does_not_offer_has_no_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"runtime=fast": QbertError("dynamic ranges", USAGE)}
    said: list[str] = []
    outcome, _ = outcome_of(tmp_path, monkeypatch, refused, said.append)
    assert outcome.rows[1] == ("a, fast", "", "", "0.3")
    assert said == ["  a, fast: no score: dynamic ranges"]


def test_a_failure_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(QbertError, match="broken"):
        outcome_of(tmp_path, monkeypatch, {"runtime=fast": QbertError("broken", DATA)})


def test_models_are_scored_as_they_are_measured() -> None:
    models = {"a": ["method=q8bert"]}
    trained = DeploymentBenchmark(models=models)
    assert trained.made() == models
    [calibrated] = DeploymentBenchmark(models=models, train=False).made().values()
    assert calibrated == ["method=q8bert", *CALIBRATED]


def test_overrides_are_checked_before_any_work(tmp_path: Path) -> None:
    def refuse(overrides: Sequence[str]) -> None:
        raise QbertError(f"{overrides}: no such key", USAGE)

    def touch(*_: object) -> Path:
        pytest.fail("work was done")

    subject = Subject(
        touch, touch, check=refuse, quantized=touch, deployment_scores=touch
    )
    for kind in (DeploymentBenchmark, InferenceBenchmark):
        benchmark = kind(
            models={"a": ["metod=q8bert"]}, runtimes={"fast": FakeRuntime()}
        )
        with pytest.raises(QbertError, match="metod=q8bert"):
            benchmark.run(subject, tmp_path, lambda line: None)


def test_nobody_else_takes_part() -> None:
    assert [who for who, _ in DeploymentBenchmark().peers()] == [UNIT]
    assert DeploymentBenchmark().train
