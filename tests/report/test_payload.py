"""The content of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.report import collect_runs
from qbert_lightning.report.payload import page_data
from tests.report.run_folders import record, write_run, write_sweep


def content(root: Path) -> dict[str, Any]:
    return page_data(collect_runs([root]), "title", root / "report")


def test_runs_that_did_not_finish_are_told_not_compared(tmp_path: Path) -> None:
    write_run(tmp_path / "good", record())
    failed = write_run(tmp_path / "bad", record(status="failed", error="no disk"))
    (failed / "error.txt").write_text("Traceback: where it was")
    write_run(tmp_path / "open", record(status="running"))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "run.json").write_text("{")

    data = content(tmp_path)

    counts = {"finished": 1, "failed": 1, "running": 1, "unreadable": 1}
    assert {key: n for key, n in data["counts"].items() if n} == counts
    assert len(data["views"][0]["settings"]) == 1
    failures = {failure["status"]: failure for failure in data["failures"]}
    assert failures["failed"]["error"] == "no disk"
    assert failures["failed"]["traceback"] == "Traceback: where it was"
    assert failures["failed"]["file"] == "./../bad/error.txt"
    assert failures["running"]["file"] is None
    assert "still running" in failures["running"]["error"]
    assert "JSONDecodeError" in failures["unreadable"]["error"]


def test_settings_without_a_result_join_those_of_their_task(tmp_path: Path) -> None:
    write_run(tmp_path / "done", record())
    other = {"config": {"part": 2}, "metrics": {}, "bits": {}, "primary_metric": ""}
    write_run(tmp_path / "a", record(status="running", seed=1, **other))
    write_run(tmp_path / "b", record(status="waiting", seed=2, **other))
    write_run(tmp_path / "c", record(status="failed", task="cola", **other))

    (view,) = content(tmp_path)["views"]

    done, pending = view["settings"]
    assert (len(done["runs"]), done["unfinished"]) == (1, [])
    assert pending["runs"] == []
    assert pending["scores"] == [None]
    assert sorted(run["status"] for run in pending["unfinished"]) == [
        "running",
        "waiting",
    ]


def test_many_long_tracebacks_leave_the_page_small(tmp_path: Path) -> None:
    for i in range(50):
        failed = write_run(tmp_path / str(i), record(status="failed", seed=i))
        (failed / "error.txt").write_text("x" * 19_990 + "the reason")
    failures = content(tmp_path)["failures"]
    assert sum(len(failure["traceback"]) for failure in failures) <= 200_000
    assert all(failure["traceback"].endswith("the reason") for failure in failures)


def test_what_cannot_be_compared_is_kept_apart(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"task": "cola"},
        {"splits": {"test": "another set"}},
        {"data": {"rows": {"test": 100}}},
    ]
    for i, change in enumerate(changes):
        write_run(tmp_path / str(i), record(**change))
    assert len(content(tmp_path)["views"]) == 4


def test_the_comparison_with_most_settings_comes_first(tmp_path: Path) -> None:
    write_run(tmp_path / "a", record(task="a"))
    for i in range(2):
        write_run(tmp_path / f"b{i}", record(task="b", config={"part": i}))
    assert [view["task"] for view in content(tmp_path)["views"]] == ["b", "a"]


def test_stages_tell_what_was_reused(tmp_path: Path) -> None:
    for i in range(3):
        stage = {"key": "k", "reused": i > 0, "seconds": 60.0 if i == 0 else 0.1}
        write_run(tmp_path / str(i), record(stages={"finetune": stage}))
    assert content(tmp_path)["stages"] == [
        {"stage": "finetune", "made": 1, "reused": 2, "artifacts": 1, "seconds": 60.0}
    ]


def test_a_shared_curve_is_written_once(tmp_path: Path) -> None:
    rows = [{"step": 1, "float/train/loss": 0.5}]
    for i in range(3):
        write_run(tmp_path / str(i), record(seed=i), rows)
    data = content(tmp_path)
    assert data["curves"] == [((1,), [0.5])]
    runs = data["views"][0]["settings"][0]["runs"]
    assert [run["curves"] for run in runs] == [{"float/train/loss": 0}] * 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", "./../plain/"),
        ("javascript:alert(1)", "./../javascript%3Aalert%281%29/"),
        ("a b#c?d", "./../a%20b%23c%3Fd/"),
        ("ü", "./../%C3%BC/"),
    ],
)
def test_links_are_relative_and_encoded(
    tmp_path: Path, name: str, expected: str
) -> None:
    write_run(tmp_path / name, record())
    (run,) = content(tmp_path)["views"][0]["settings"][0]["runs"]
    assert run["folder"] == expected


def test_numbers_are_those_of_the_records(tmp_path: Path) -> None:
    runs = collect_runs([write_sweep(tmp_path, 40)])
    data = page_data(runs, "title", tmp_path)
    shown = {
        run["name"]: run["score"]
        for view in data["views"]
        for setting in view["settings"]
        for run in setting["runs"]
    }
    assert shown == {run.name: run.metrics["test/accuracy"] for run in runs}


def test_analyses_alone_are_counted_and_not_compared(tmp_path: Path) -> None:
    samples = {"l.0": [1.0, 2.0]}
    table = {"metric": "m", "importance": {"l.0": 1.0}, "samples": samples}
    write_run(tmp_path / "a", record(kind="analyze", metrics={}, sensitivity=table))
    write_run(tmp_path / "b", record(kind="analyze", status="failed"))
    data = content(tmp_path)
    assert data["views"] == []
    assert data["analyses"] == 1
    assert data["counts"]["finished"] == 0
    assert data["counts"]["failed"] == len(data["failures"]) == 1
    assert len(data["curvature"]["analyses"]) == 1
