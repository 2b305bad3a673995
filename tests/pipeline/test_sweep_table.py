"""A sweep's summary run holds one row for each job, whatever became of it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from qbert_lightning.pipeline.sweep_table import (
    differing_overrides,
    log_sweep_summary,
    size_figure,
    sweep_records,
    sweep_table,
)
from qbert_lightning.tracking import RunRecord, WandbSettings
from qbert_lightning.tracking.wandb_identity import stored_id

OFFLINE = WandbSettings(mode="offline", project="tests")


def record(number: int, bits: object = 4, **values: object) -> RunRecord:
    """A finished run of a sweep over bits."""
    settings = {
        "name": f"run-{number}",
        "task": "sst2",
        "method": "qbert",
        "status": "finished",
        "duration_s": 2.5,
        "overrides": ["task=sst2", f"quant.weight_bits={bits}"],
        "primary_metric": "test/accuracy",
        "metrics": {
            "test/accuracy": 0.9,
            "quant/drop": 0.01,
            "quant/size_mb": 10.0 + number,
            "quant/average_bits": 4.0,
        },
    }
    return RunRecord(**(settings | values))  # type: ignore[arg-type]


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep of eleven runs, a failed one and one that left nothing."""
    folder = tmp_path / "bits"
    wandb = {"_target_": "os.system", "mode": "offline", "project": "tests"}
    for number in range(11):
        config = {"tags": ["mine"], "logger": {"wandb": wandb}}
        record(number, number, config=config).write(folder / str(number))
    record(11, status="failed", metrics={}).write(folder / "11")
    (folder / "12" / ".hydra").mkdir(parents=True)
    (folder / "report").mkdir()
    return folder


def test_rows_are_in_the_order_of_the_jobs(sweep: Path) -> None:
    records = sweep_records(sweep)
    assert [each.name for each in records] == [*(f"run-{n}" for n in range(12)), "12"]
    columns, rows = sweep_table(records)
    assert columns[:2] == ["run", "task"]  # the last job is not known to have a task
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    assert named[3] == {
        "run": "run-3",
        "task": "sst2",
        "quant.weight_bits": 3.0,
        "score": 0.9,
        "drop": 0.01,
        "MB": 13.0,
        "bits": 4.0,
        "status": "finished",
        "duration_s": 2.5,
    }
    assert (named[11]["status"], named[11]["score"]) == ("failed", None)
    assert named[12]["status"] == "no record"


def test_only_what_differs_is_a_column() -> None:
    columns, _ = sweep_table([record(0, 2), record(1, 3)])
    assert columns[1] == "quant.weight_bits"
    assert "task" not in columns
    assert differing_overrides([{"a": 1}, {}]) == ["a"]
    assert differing_overrides([]) == []


def test_column_of_several_types_is_text() -> None:
    columns, rows = sweep_table([record(0, 2), record(1, "null"), record(2, "auto")])
    cells = [row[columns.index("quant.weight_bits")] for row in rows]
    assert cells == ["2", None, "auto"]


def test_runs_without_a_score_have_no_mark() -> None:
    marks = size_figure([record(0), record(1, metrics={}), record(2, method="<b>")])
    traces = {trace["name"]: trace for trace in marks["data"]}
    assert traces.keys() == {"qbert", "&lt;b&gt;"}
    assert (traces["qbert"]["x"], traces["qbert"]["y"]) == ([10.0], [0.9])


def test_summary_is_one_run_of_the_group_also_the_second_time(sweep: Path) -> None:
    for _ in range(2):
        log_sweep_summary(sweep)  # as the sweep's own runs were tracked
    # W&B counts on in the name of a run that begins again in the same second.
    folders = [path.name for path in sweep.glob("wandb/offline-run-*")]
    assert len(folders) == 2
    assert all(f"-{stored_id(sweep)}" in name for name in folders)
    tables = list(sweep.glob("wandb/offline-run-*/files/media/table/**/*.table.json"))
    table = json.loads(tables[0].read_text())
    assert len(table["data"]) == 13
    assert table["columns"][0] == "run"
    pictures = list(sweep.glob("wandb/offline-run-*/files/media/plotly/**/*.json"))
    assert len(json.loads(pictures[0].read_text())["data"][0]["x"]) == 11


def test_nothing_is_sent_of_nothing_or_when_disabled(
    sweep: Path, tmp_path: Path
) -> None:
    log_sweep_summary(sweep, WandbSettings(mode="disabled"))
    assert not (sweep / "wandb").exists()
    (tmp_path / "empty").mkdir()
    log_sweep_summary(tmp_path / "empty")
    log_sweep_summary(tmp_path / "empty", OFFLINE)
    assert not list((tmp_path / "empty").iterdir())


def test_unreachable_server_is_a_warning(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    with caplog.at_level(logging.WARNING):
        log_sweep_summary(sweep, WandbSettings(mode="auto"))
    warnings = [entry for entry in caplog.records if "W&B is offline" in entry.message]
    assert len(warnings) == 1
    assert len(list(sweep.glob("wandb/offline-run-*"))) == 1
