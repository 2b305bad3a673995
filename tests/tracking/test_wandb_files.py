"""Offline runs are found, read as far as they go, and joined by their id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qbert_lightning.tracking import RunRecord, WandbSettings, open_wandb
from qbert_lightning.tracking.wandb_files import (
    MARKER,
    read_folder,
    row_key,
    stored_runs,
)
from qbert_lightning.tracking.wandb_identity import stored_id
from tests.wandb_written import wait_until_written

KILLED = """
import sys, time
from pathlib import Path
from qbert_lightning.tracking import RunRecord, WandbSettings, open_wandb
run = open_wandb(WandbSettings(mode="offline"), RunRecord("killed"), Path(sys.argv[1]))
for step in range(40):
    run.log({"step": step, "loss": 1.0})
print("logged", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of a sweep and one alone."""
    folder = tmp_path_factory.mktemp("outputs")
    settings = WandbSettings(mode="offline", project="tests")
    for name, sweep in (("bits/0", "bits"), ("bits/1", "bits"), ("runs/x", None)):
        where = folder / sweep if sweep else None
        with open_wandb(settings, RunRecord(name), folder / name, where) as run:
            for step in range(3):
                run.log({"step": step, "epoch": 0, "train/loss": 0.5})
            run.log({"step": 2, "val/bert.layer": 0.25})
            run.table("quant/plan", ["layer"], [["a"]])
    wait_until_written(folder)
    return folder


def test_each_run_is_found_once_with_its_folder(outputs: Path) -> None:
    runs = stored_runs([outputs, outputs / "bits"])
    homes = {run.name: run.home for run in runs}
    assert homes == {
        name: outputs.resolve() / name for name in ("bits/0", "bits/1", "runs/x")
    }
    assert {run.id for run in runs} == {
        stored_id(outputs / name) for name in ("bits/0", "bits/1", "runs/x")
    }


def test_rows_are_counted_and_known_by_step_and_keys(outputs: Path) -> None:
    (run,) = stored_runs([outputs / "runs"])
    losses = {(step, frozenset({"train/loss"})) for step in range(3)}
    assert run.rows == losses | {(2, frozenset({"val/bert.layer"}))}
    assert run.num_rows == 5  # the table is a row too
    assert run.folders[0].header["project"] == "tests"


def test_mark_stays_with_the_folder(outputs: Path) -> None:
    (run,) = stored_runs([outputs / "runs"])
    (folder,) = run.folders
    assert not folder.is_uploaded
    folder.mark("https://api.wandb.ai")
    assert folder.is_uploaded
    kept = json.loads((folder.path / MARKER).read_text())
    assert kept == {"version": 1, "server": "https://api.wandb.ai", "rows": 5}


@pytest.mark.parametrize("length", [0, 7])
def test_file_that_a_kill_left_empty_has_no_header(tmp_path: Path, length: int) -> None:
    folder = tmp_path / "wandb" / "offline-run-20260101_000000-abc"
    folder.mkdir(parents=True)
    (folder / "run-abc.wandb").write_bytes(b":W&B\xbe\xeb\x00"[:length])
    found = read_folder(folder)
    assert (found.header, found.num_rows) == ({}, 0)
    (run,) = stored_runs([tmp_path])
    assert (run.name, run.readable, run.home) == ("abc", [], None)


def test_file_cut_short_is_read_up_to_there(outputs: Path, tmp_path: Path) -> None:
    (file,) = outputs.glob("runs/x/wandb/offline-run-*/*.wandb")
    folder = tmp_path / file.parent.name
    folder.mkdir()
    content = file.read_bytes()
    (folder / file.name).write_bytes(content[: len(content) // 2])
    found = read_folder(folder)
    assert found.header["project"] == "tests"
    assert found.num_rows < 5


def test_run_is_running_until_its_process_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "logged\n"
        (run,) = stored_runs([tmp_path])
        assert run.is_running
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (run,) = stored_runs([tmp_path])
    assert not run.is_running


def test_row_of_pictures_alone_has_no_key() -> None:
    assert row_key({"step": 1, "_step": 4, "a/b._type": "plotly-file"}) is None
    mixed = {"step": 1, "a._type": "x", "a.path": "y", "ab": 2.0}
    assert row_key(mixed) == (1, frozenset({"ab"}))
