"""Jobs that have not begun, and processes that are gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.report import collect_runs
from qbert_lightning.report.jobs import is_under_way
from qbert_lightning.tracking.folder_lock import hold_folder
from tests.report.run_folders import record, write_run


def write_jobs(sweep: Path, jobs: object) -> None:
    sweep.mkdir(exist_ok=True)
    (sweep / "sweep.json").write_text(json.dumps({"version": 1, "jobs": jobs}))


def statuses(root: Path) -> dict[str, str]:
    return {run.folder.name: run.status for run in collect_runs([root])}


def test_jobs_without_a_record_are_waiting_or_just_begun(tmp_path: Path) -> None:
    write_run(tmp_path / "0", record())
    jobs = {"0": ["seed=0"], "1": ["seed=1"], "2": ["seed=2", "quant.groups=1"]}
    write_jobs(tmp_path, jobs)
    with hold_folder(tmp_path / "1"):
        assert statuses(tmp_path) == {
            "0": "finished",
            "1": "running",
            "2": "waiting",
        }
    names = {run.name for run in collect_runs([tmp_path]) if run.status == "waiting"}
    assert names == {"seed=1", "seed=2 quant.groups=1"}


def test_a_running_record_without_its_process_has_stopped(tmp_path: Path) -> None:
    for name in ("alive", "dead", "copied"):
        write_run(tmp_path / name, record(status="running"))
    with hold_folder(tmp_path / "dead"):
        pass
    with hold_folder(tmp_path / "alive"):
        assert statuses(tmp_path) == {
            "alive": "running",
            "dead": "stopped",
            "copied": "running",
        }


def test_waiting_jobs_are_under_way_while_their_sweep_lives(tmp_path: Path) -> None:
    write_jobs(tmp_path, {"0": ["seed=0"]})
    with hold_folder(tmp_path):
        assert is_under_way(collect_runs([tmp_path]))
    assert not is_under_way(collect_runs([tmp_path]))
    write_run(tmp_path / "0", record(status="running"))
    assert is_under_way(collect_runs([tmp_path]))


@pytest.mark.parametrize("jobs", [None, 3, {"../x": []}, {"a/b": []}, [1], "text"])
def test_a_strange_record_of_a_sweep_adds_no_run(tmp_path: Path, jobs: object) -> None:
    write_jobs(tmp_path / "sweep", jobs)
    assert collect_runs([tmp_path]) == []


def test_jobs_of_another_verb_are_not_compared(tmp_path: Path) -> None:
    sweep = {"version": 1, "verb": "finetune", "jobs": {"0": ["seed=0"]}}
    (tmp_path / "sweep.json").write_text(json.dumps(sweep))
    assert collect_runs([tmp_path]) == []
    (tmp_path / "sweep.json").write_text(json.dumps(sweep | {"verb": "run"}))
    assert [run.status for run in collect_runs([tmp_path])] == ["waiting"]
