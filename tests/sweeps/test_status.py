from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.sweeps.folders import find
from qbert_lightning.sweeps.status import show_status
from qbert_lightning.sweeps.sweep_record import SweepRecord
from qbert_lightning.sweeps.table import print_sweep
from qbert_lightning.tracking import RunRecord


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """One job finished, one failed, one not begun."""
    folder = tmp_path / "outputs" / "sweeps" / "a"
    jobs = {str(number): [f"seed={number}"] for number in range(3)}
    SweepRecord("run", [], None, "d", jobs=jobs).write(folder)
    metrics = {"test/accuracy": 0.875, "quant/bytes_on_disk": 2**20}
    done = RunRecord(
        name="good", status="finished", metrics=metrics, primary_metric="test/accuracy"
    )
    done.write(folder / "0")
    RunRecord(name="bad", status="failed", error="[red]no[/red] rows").write(
        folder / "1"
    )
    return folder


def test_table_of_finished_failed_and_skipped_jobs(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states = print_sweep(sweep)
    assert [state.state for state in states] == ["finished", "failed", "not started"]
    printed = capsys.readouterr().out
    assert "87.50" in printed
    assert "1.00" in printed
    assert "seed=2" in printed
    assert f"1 failed: [red]no[/red] rows  {sweep / '1'}" in printed
    assert "3 jobs: 1 finished, 1 failed, 1 not started" in printed


def test_status_says_whether_all_is_finished(
    sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sweep.parents[2])
    RunRecord(name="alone", status="finished").write(Path("outputs/runs/b"))
    assert show_status([]) == 1
    printed = capsys.readouterr().out
    assert "alone  outputs/runs/b" in printed
    assert "in all 4 jobs: 2 finished, 1 failed, 1 not started" in printed
    assert show_status(["outputs/runs"]) == 0


def test_stages_are_no_runs(sweep: Path) -> None:
    RunRecord(name="cached").write(sweep.parents[1] / "stages" / "x")
    sweeps, runs = find([str(sweep.parents[1])], "folders")
    assert (sweeps, runs) == ([sweep], [])


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_runs_is_refused(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QbertError, match=f"{folder}: no .*accepted"):
        show_status([folder])
