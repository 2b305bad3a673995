"""Grouping over seeds."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import pytest

from qbert_lightning.report import Run, aggregate
from qbert_lightning.report.aggregate import split_of, summarize
from tests.report.run_folders import record


def run(**changes: object) -> Run:
    return Run.from_record(Path("x"), record(**changes))


def seeded(seed: int, score: float, **config: object) -> Run:
    return run(
        name=f"sst2-qbert-s{seed}",
        seed=seed,
        config={"seed": seed, "task": {"data": {"seed": seed}}, **config},
        metrics={"test/accuracy": score},
    )


def test_seeds_of_one_configuration_are_one_setting() -> None:
    scores = [0.90, 0.91, 0.95]
    (setting,) = aggregate([seeded(s, score) for s, score in enumerate(scores)])

    summary = setting.summary("test/accuracy")

    assert setting.name == "sst2-qbert"
    assert summary is not None
    assert summary.n == 3
    assert summary.mean == pytest.approx(statistics.fmean(scores))
    assert summary.std == pytest.approx(statistics.stdev(scores))


def test_any_other_difference_makes_another_setting() -> None:
    base = {"lr": 1e-5, "paths": {"output_dir": "a"}, "name": "x"}
    same = seeded(1, 0.9, **(base | {"paths": {"output_dir": "b"}, "name": "y"}))
    other = seeded(1, 0.9, **(base | {"lr": 2e-5}))
    assert len(aggregate([seeded(0, 0.9, **base), same])) == 1
    assert len(aggregate([seeded(0, 0.9, **base), other])) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"task": "cola"},
        {"method": "directq"},
        {"primary_metric": "test/f1"},
        {"splits": {"test": "another set"}},
    ],
)
def test_task_method_metric_and_data_keep_runs_apart(change: dict[str, object]) -> None:
    assert len(aggregate([run(), run(**change)])) == 2


def test_only_finished_runs_count() -> None:
    assert aggregate([run(status="failed"), Run.unreadable(Path("x"), "why")]) == []


def test_a_single_run_has_no_deviation() -> None:
    assert summarize([0.5]).std is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_diverged_run_shows_in_the_mean(value: float) -> None:
    summary = summarize([0.5, value])
    assert not math.isfinite(summary.mean)
    assert summary.std is not None
    assert math.isnan(summary.std)


def test_a_metric_nobody_has_is_no_number() -> None:
    (setting,) = aggregate([run()])
    assert setting.summary("test/f1") is None


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("test/accuracy", "dev"),
        ("float/test/accuracy", "dev"),
        ("test_mismatched/accuracy", "dev mismatched"),
        ("test_unknown/accuracy", "test_unknown"),
    ],
)
def test_a_number_knows_its_data(metric: str, expected: str) -> None:
    splits = {"test": "dev", "mismatched": "dev mismatched"}
    assert split_of(run(splits=splits), metric) == expected


def test_an_analysis_alone_is_no_setting() -> None:
    assert aggregate([run(kind="analyze")]) == []
