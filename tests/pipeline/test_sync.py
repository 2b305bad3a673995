"""`qbert sync` uploads each finished run once, and says what it could not."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qbert_lightning.errors import ENVIRONMENT, USAGE, QbertError
from qbert_lightning.pipeline.sync import missing_rows, sync
from qbert_lightning.reachable import host_answers
from qbert_lightning.tracking import (
    MetricsFile,
    RunRecord,
    WandbSettings,
    open_wandb,
)
from qbert_lightning.tracking.wandb_files import MARKER, stored_runs
from qbert_lightning.tracking.wandb_identity import RunIdentity, stored_id
from tests.wandb_server import WandbServer, wandb_server
from tests.wandb_written import wait_until_written

OFFLINE = WandbSettings(mode="offline", project="tests")
NUM_ROWS = 4


def run_job(sweep: Path, number: int, num_rows: int = NUM_ROWS) -> None:
    """One job of a sweep, with a stage of its own, one it found, and its record."""
    folder = sweep / str(number)
    stages = {
        "finetune": {"folder": str(sweep.parent / "found"), "reused": True},
        "quantize": {"folder": str(sweep.parent / f"made-{number}"), "reused": False},
    }
    record = RunRecord(name=f"job-{number}", stages=stages)
    with open_wandb(OFFLINE, record, folder, sweep) as run, record.recording(folder):
        log = MetricsFile(sweep.parent / f"made-{number}")
        for step in range(num_rows):
            row = {"step": step, "train/loss": 1.0 / (step + 1 + number)}
            log.append(row)
            run.log(row)
        log.close()
        run.table("quant/plan", ["layer"], [["a"]])
    wait_until_written(sweep)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs with a sweep of two finished offline runs."""
    outputs = tmp_path_factory.mktemp("outputs")
    for number in range(2):
        run_job(outputs / "bits", number)
    found = MetricsFile(outputs / "found")
    found.append({"step": 9, "float/loss": 0.1})
    found.close()
    return outputs


@pytest.fixture
def outputs(finished: Path, tmp_path: Path) -> Path:
    """The same outputs, to change."""
    shutil.copytree(finished, tmp_path / "outputs", symlinks=True)
    return tmp_path / "outputs"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    """A server and a key for it."""
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.address)
        monkeypatch.setenv("WANDB_API_KEY", "canary00" * 5)
        monkeypatch.setenv("COLUMNS", "200")
        host_answers.cache_clear()
        yield server


def ids(outputs: Path) -> list[str]:
    """W&B ids of the two jobs."""
    found = [stored_id(outputs / "bits" / str(number)) for number in range(2)]
    return [run_id for run_id in found if run_id]


def test_runs_are_uploaded_whole_and_once(
    outputs: Path, server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync([str(outputs), str(outputs / "bits")]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("uploaded") == 2
    for number, run_id in enumerate(ids(outputs)):
        rows = [row for row in server.rows[run_id].values() if "train/loss" in row]
        losses = [row["train/loss"] for row in rows]
        assert losses == pytest.approx([1 / (n + 1 + number) for n in range(NUM_ROWS)])
        assert server.runs[run_id]["groupName"] == "bits"
        assert server.runs[run_id]["displayName"] == f"job-{number}"
        assert server.exits[run_id] == 0
        assert any(name.startswith(f"{run_id}/media/table") for name in server.files)
    starts = list(server.starts)
    assert sync([str(outputs)]) == 0
    assert capsys.readouterr().out.count("already there") == 2
    for mark in outputs.rglob(MARKER):  # the process died before its mark was written
        mark.unlink()
    assert sync([str(outputs)]) == 0
    assert capsys.readouterr().out.count("already there") == 2
    assert server.starts == starts
    assert len(list(outputs.rglob(MARKER))) == 2
    for path in outputs.rglob("*"):  # the key is nowhere
        assert not path.is_file() or b"canary00" not in path.read_bytes()
    assert "canary00" not in printed.out + printed.err


def test_refused_rows_are_a_failure_and_come_the_next_time(
    outputs: Path, server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(next(outputs.glob("bits/wandb/offline-run-*")))
    server.break_at = lambda path: 404 if path.endswith("file_stream") else None
    assert sync([str(outputs)]) == 1
    assert f"the server has 0 of {NUM_ROWS + 1} rows" in capsys.readouterr().out
    assert not list(outputs.rglob(MARKER))
    assert not list(outputs.rglob("*.synced"))  # W&B's own mark said that all is well
    server.break_at = lambda path: None
    assert sync([str(outputs)]) == 0
    assert [len(rows) for rows in server.rows.values()] == [NUM_ROWS + 1]


def test_refused_artifact_is_told_each_time_but_rows_are_not_sent_twice(
    outputs: Path, server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(next(outputs.glob("bits/wandb/offline-run-*")))
    server.refuses_artifacts = True
    for _ in range(2):
        assert sync([str(outputs)]) == 1
        assert "1 files or artifacts refused" in capsys.readouterr().out
    assert [len(rows) for rows in server.rows.values()] == [NUM_ROWS + 1]


def test_refused_files_are_a_failure(
    outputs: Path, server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(next(outputs.glob("bits/wandb/offline-run-*")))
    server.break_at = lambda path: 403 if path.startswith("/put") else None
    assert sync([str(outputs)]) == 1
    assert "refused (file transfer: upload" in capsys.readouterr().out


def test_broken_and_running_runs_are_named_and_left(
    outputs: Path, server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = ids(outputs)
    (file,) = outputs.glob(f"bits/wandb/offline-run-*-{first}/*.wandb")
    file.write_bytes(file.read_bytes()[:7])  # what a kill in the first seconds leaves
    with RunIdentity(outputs / "bits" / "1"):
        assert sync([str(outputs)]) == 1
    printed = capsys.readouterr().out
    assert "broken" in printed
    assert "running" in printed
    assert not server.starts


def test_run_that_was_resumed_is_one_run(outputs: Path, server: WandbServer) -> None:
    time.sleep(1)  # W&B names a folder by the second in which its run began
    run_job(outputs / "bits", 1, num_rows=6)
    assert sync([str(outputs / "bits")]) == 0
    _, second = ids(outputs)
    assert len(list(outputs.glob(f"bits/wandb/offline-run-*-{second}"))) == 2
    assert len(server.rows[second]) == NUM_ROWS + 1 + 6 + 1
    assert len(server.runs) == 2


def test_rest_of_a_run_whose_server_went_away_is_uploaded(
    outputs: Path, server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = ids(outputs)
    for path in list(outputs.glob("bits/wandb/offline-run-*")):  # as if online
        path.rename(path.with_name(path.name.removeprefix("offline-")))
    for run_id in (first, second):
        server.runs[run_id] = {}
    server.rows[first] = {number: {} for number in range(NUM_ROWS + 1)}
    assert sync([str(outputs)]) == 0
    printed = capsys.readouterr().out
    assert ("already there" in printed, "uploaded" in printed) == (True, True)
    assert server.starts.count(second) == len(server.starts) > 0
    assert len(server.rows[second]) == NUM_ROWS + 1


def test_lost_rows_are_counted(outputs: Path) -> None:
    log = MetricsFile(outputs.parent / "made")
    record = RunRecord.read(outputs / "bits" / "0")
    shutil.copytree(record.stages["quantize"]["folder"], outputs.parent / "made")
    record.stages["quantize"]["folder"] = str(outputs.parent / "made")
    record.write(outputs / "bits" / "0")
    run = next(run for run in stored_runs([outputs]) if run.name == "job-0")
    assert missing_rows(run) == ""
    log.append({"step": 99, "train/loss": 0.5})
    log.close()
    assert missing_rows(run) == "W&B lacks 1 of 5 rows of its metrics.jsonl"


def test_nothing_to_upload_is_no_error(
    tmp_path: Path, server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync([str(tmp_path)]) == 0
    assert "no runs" in capsys.readouterr().out
    assert not server.starts


@pytest.mark.parametrize("arguments", [[], ["/no/such"], ["--all"]])
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(QbertError, match="accepted") as caught:
        sync(arguments)
    assert caught.value.code == USAGE


def test_no_key_no_server_and_a_refused_key_are_the_environment(
    outputs: Path, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.break_at = lambda path: 401 if path == "/graphql" else None
    with pytest.raises(QbertError, match="refuses the key") as caught:
        sync([str(outputs)])
    assert caught.value.code == ENVIRONMENT
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(QbertError, match="did not answer within 3 s") as caught:
        sync([str(outputs)])
    assert caught.value.code == ENVIRONMENT
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.setenv("NETRC", "/no/such")
    with pytest.raises(QbertError, match="no API key is set") as caught:
        sync([str(outputs)])
    assert caught.value.code == ENVIRONMENT
