from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.sweeps.job_states import counts, job_state, job_states
from qbert_lightning.sweeps.sweep_record import SweepRecord
from qbert_lightning.tracking import RunRecord
from qbert_lightning.tracking.folder_lock import hold_folder


def write(folder: Path, status: str) -> None:
    folder.mkdir(parents=True)
    RunRecord(name=f"a-{status}", status=status).write(folder)


@pytest.mark.parametrize(
    ("status", "state"),
    [("finished", "finished"), ("failed", "failed"), ("running", "stopped")],
)
def test_state_without_a_process(status: str, state: str, tmp_path: Path) -> None:
    write(tmp_path / "0", status)
    assert job_state(tmp_path / "0").state == state


def test_state_with_a_process(tmp_path: Path) -> None:
    write(tmp_path / "0", "running")
    with hold_folder(tmp_path / "0"):
        assert job_state(tmp_path / "0").state == "running"


def test_record_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "run.json").write_text('{"version": 1')
    assert job_state(tmp_path / "0").state == "stopped"


def test_jobs_are_those_asked_for_and_those_begun(tmp_path: Path) -> None:
    asked = {str(number): [f"seed={number}"] for number in range(11)}
    SweepRecord("run", ["-"], None, "d", jobs=asked).write(tmp_path)
    write(tmp_path / "10", "finished")
    write(tmp_path / "2", "failed")
    states = job_states(tmp_path)
    assert [state.folder.name for state in states] == [str(n) for n in range(11)]
    assert counts(states) == "11 jobs: 1 finished, 1 failed, 9 not started"
    assert states[3].name == "seed=3"
    assert states[2].name == "a-failed"
