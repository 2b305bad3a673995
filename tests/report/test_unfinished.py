"""Runs without a result, beside the settings that they belong to."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.report.aggregate import Setting, aggregate
from qbert_lightning.report.run import Run
from qbert_lightning.report.unfinished import with_unfinished
from tests.report.run_folders import record


def run(**changes: object) -> Run:
    return Run.from_record(Path("x"), record(**changes))


def gathered(*runs: Run) -> list[Setting]:
    return with_unfinished(aggregate(runs), runs)


def test_a_run_joins_the_setting_it_differs_from_by_its_seed() -> None:
    done, failed = run(seed=0), run(seed=1, status="failed", metrics={})
    assert gathered(done, failed) == [Setting((done,), (failed,))]


def test_a_setting_may_have_no_finished_run() -> None:
    done = run()
    waiting = [
        run(seed=seed, status="waiting", metrics={}, config={"groups": 1})
        for seed in (0, 1)
    ]
    assert gathered(done, *waiting) == [Setting((done,)), Setting((), tuple(waiting))]


def test_numbers_are_those_of_the_finished_runs() -> None:
    done = run(seed=0, metrics={"test/accuracy": 0.5})
    failed = run(seed=1, status="failed", metrics={"test/accuracy": 0.9})
    (setting,) = gathered(done, failed)
    summary = setting.summary("test/accuracy")
    assert summary is not None
    assert (summary.mean, summary.n) == (0.5, 1)


def test_unreadable_records_and_analyses_belong_to_no_setting() -> None:
    torn = Run.unreadable(Path("x"), "torn")
    assert gathered(torn, run(kind="analyze", status="failed")) == []
