"""Each job has a W&B run of its own, and no failure of W&B reaches the job."""

from __future__ import annotations

import json
import logging
import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from qbert_lightning.tracking import (
    RunRecord,
    WandbRun,
    WandbSettings,
    open_wandb,
    wandb_settings,
)
from qbert_lightning.tracking import wandb as ours
from qbert_lightning.tracking.wandb_identity import stored_id
from tests.wandb_server import wandb_server

OFFLINE = WandbSettings(mode="offline", project="tests")


def record(name: str = "a-run") -> RunRecord:
    """A record with what W&B is told of it."""
    return RunRecord(
        name=name,
        config={"seed": 3, "tags": ["quick"]},
        kind="run",
        task="sst2",
        method="qbert",
        primary_metric="test/accuracy",
        overrides=["quant.weight_bits=4", "method=qbert"],
    )


def records_of(file: Path) -> list[dict[str, Any]]:
    """What is in a `.wandb` file, read by W&B's own tool."""
    import wandb

    reader = Path(wandb.__file__).parent / "bin" / "wandb-core"
    command = [reader, "leet", "inspect", "--json", "--run-file", file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line]


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that takes connections and never answers."""
    held: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    address = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("WANDB_BASE_URL", address)
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    monkeypatch.setattr(wandb_settings, "_FAILED_SERVERS", set())
    monkeypatch.setattr(ours, "INIT_SECONDS", 1.0)
    yield address
    server.close()
    for connection in held:
        connection.close()


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep of two jobs in this process, the second one failing."""
    folder = tmp_path_factory.mktemp("sweep") / "bits"
    with open_wandb(OFFLINE, record("first"), folder / "0", folder) as run:
        for step in range(3):
            run.log({"step": step, "train/loss": 1.0 / (step + 1)})
        run.log({"step": 0, "val/loss": math.nan})
        run.table("quant/plan", ["layer", "weight_bits"], [["a", 2], ["b", 3]])
        run.histogram("hessian/samples", [1.0, 2.0, 2.5])
        run.figure(
            "hessian/landscape", lambda: go.Figure(go.Surface(z=[[1, 2], [3, 4]]))
        )
        run.summary({"quant/drop": 0.25})
    with pytest.raises(RuntimeError):
        fail_in_a_job(folder)
    return folder


def fail_in_a_job(folder: Path) -> None:
    """The second job of the sweep."""
    with open_wandb(OFFLINE, record("second"), folder / "1", folder) as run:
        run.log({"step": 0, "train/loss": 4.0})
        raise RuntimeError("the job fails")


def runs_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Run's name -> its records."""
    found = [records_of(file) for file in folder.glob("wandb/*/*.wandb")]
    return {
        entry["run"]["display_name"]: entries
        for entries in found
        for entry in entries
        if entry["type"] == "run"
    }


def test_jobs_of_a_sweep_have_runs_of_their_own_in_one_folder(sweep: Path) -> None:
    runs = runs_of(sweep)
    headers = {
        name: next(entry["run"] for entry in entries if entry["type"] == "run")
        for name, entries in runs.items()
    }
    assert headers.keys() == {"first", "second"}
    assert len({header["run_id"] for header in headers.values()}) == 2
    for header in headers.values():
        assert header["run_group"] == "bits"
        assert header["project"] == "tests"
        assert header["tags"] == ["quick", "sst2", "qbert"]
        assert header["job_type"] == "run"
        assert header["config"]["update"]["seed"] == 3
        overrides = {"quant": {"weight_bits": 4}, "method": "qbert"}
        assert header["config"]["update"]["overrides"] == overrides


def test_every_run_is_finished_with_its_exit_code(sweep: Path) -> None:
    codes = {
        name: [
            entry["exit"].get("exit_code", 0) for entry in entries if "exit" in entry
        ]
        for name, entries in runs_of(sweep).items()
    }
    assert codes == {"first": [0], "second": [1]}


def test_rows_are_in_the_file_with_their_steps(sweep: Path) -> None:
    rows = [
        entry["history"]["item"]
        for entry in runs_of(sweep)["first"]
        if entry["type"] == "history"
    ]
    losses = [(row["step"], row["train/loss"]) for row in rows if "train/loss" in row]
    assert losses == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]
    keys = {key.split(".")[0] for row in rows for key in row}
    assert {"val/loss", "quant/plan", "hessian/samples", "hessian/landscape"} <= keys


def test_pictures_are_kept_as_data(sweep: Path) -> None:
    (picture,) = sweep.glob("wandb/offline-run-*/files/media/plotly/**/*.plotly.json")
    assert json.loads(picture.read_text())["data"][0]["type"] == "surface"


def test_a_picture_is_made_only_for_a_run_that_listens() -> None:
    WandbRun().figure("hessian/landscape", lambda: pytest.fail("made for nobody"))


def test_every_key_has_the_step_as_its_axis(sweep: Path) -> None:
    metrics = [
        entry["metric"] for entry in runs_of(sweep)["first"] if "metric" in entry
    ]
    assert {"glob_name": "*", "step_metric": "step"}.items() <= (
        next(metric for metric in metrics if "glob_name" in metric).items()
    )


def test_score_on_the_test_split_and_best_on_validation_are_summarized(
    sweep: Path,
) -> None:
    metrics = {
        entry["metric"]["name"]: entry["metric"]
        for entry in runs_of(sweep)["first"]
        if entry.get("metric", {}).get("name", "step") != "step"
    }
    assert metrics["test/accuracy"]["summary"] == {"last": True}
    assert metrics["val/accuracy"]["summary"]["max"]
    assert {each["step_metric"] for each in metrics.values()} == {"step"}


JOB = """
import sys
from pathlib import Path
from qbert_lightning.tracking import RunRecord, WandbSettings, open_wandb
sweep, number = Path(sys.argv[1]), sys.argv[2]
record = RunRecord(name=f"job-{number}", overrides=[f"seed={number}"])
settings = WandbSettings(mode="offline")
with open_wandb(settings, record, sweep / number, sweep) as run:
    print("ready", flush=True)
    sys.stdin.readline()
    for step in range(50):
        run.log({"step": step, "train/loss": int(number) + step / 100})
"""


def test_processes_at_once_have_runs_of_their_own_in_one_group(tmp_path: Path) -> None:
    sweep = tmp_path / "bits"
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", JOB, str(sweep), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for job in jobs:  # all four runs are open before any of them logs
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
    for job in jobs:
        job.communicate("go\n")
        assert job.returncode == 0
    runs = runs_of(sweep)
    assert runs.keys() == {f"job-{number}" for number in range(4)}
    headers = {
        name: next(entry["run"] for entry in entries if entry["type"] == "run")
        for name, entries in runs.items()
    }
    assert {header["run_group"] for header in headers.values()} == {"bits"}
    ids = {name: header["run_id"] for name, header in headers.items()}
    kept = {f"job-{number}": stored_id(sweep / str(number)) for number in range(4)}
    assert ids == kept
    assert len(set(ids.values())) == 4
    for number in range(4):
        entries = runs[f"job-{number}"]
        rows = [entry["history"]["item"] for entry in entries if "history" in entry]
        losses = [row["train/loss"] for row in rows]
        assert losses == pytest.approx([number + step / 100 for step in range(50)])
        update = headers[f"job-{number}"]["config"]["update"]
        assert update["overrides"] == {"seed": number}


def test_resumed_folder_goes_on_in_the_run_it_began(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        with open_wandb(OFFLINE, record(), tmp_path) as run:
            ids.append(run.id)
    assert ids[0] == ids[1] == stored_id(tmp_path)


def test_artifact_is_in_the_file_with_its_description(tmp_path: Path) -> None:
    folder = tmp_path / "packed"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    with open_wandb(OFFLINE, record(), tmp_path) as run:
        run.artifact("a b/c-packed", "packed", folder, {"bytes": 7})
        assert run.is_active
    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    (found,) = [entry["artifact"] for entry in records_of(file) if "artifact" in entry]
    assert found["name"] == "a-b-c-packed"
    assert found["type"] == "packed"
    assert json.loads(found["metadata"]) == {"bytes": 7}
    (content,) = found["manifest"]["contents"]
    assert content["path"] == "model.safetensors"
    assert content["local_path"] == str(folder / "model.safetensors")


def test_run_alone_keeps_its_files_in_its_own_folder(tmp_path: Path) -> None:
    with open_wandb(OFFLINE, record(), tmp_path) as run:
        assert run.is_active
        assert run.id is not None
    assert not run.is_active
    run.finish()
    assert len(list(tmp_path.glob("wandb/offline-run-*/*.wandb"))) == 1


def test_disabled_imports_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from qbert_lightning.tracking import RunRecord, WandbSettings, open_wandb; "
        "settings, folder = WandbSettings('disabled'), Path(sys.argv[1]); "
        "run = open_wandb(settings, RunRecord('x'), folder); "
        "run.log({'step': 1}); run.table('t', ['a'], [[1]]); run.finish(); "
        "sys.exit(int('wandb' in sys.modules))"
    )
    folder = tmp_path / "nowhere"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert done.returncode == 0
    assert not folder.exists()


def test_helper_processes_have_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert not open_wandb(OFFLINE, record(), tmp_path).is_active


def test_silent_server_leaves_an_offline_run(
    tmp_path: Path, silent_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert silent_server
    online = WandbSettings(mode="online")
    for number in range(2):
        with open_wandb(online, record(), tmp_path / str(number)) as run:
            run.log({"step": 1, "train/loss": 1.0})
        (file,) = tmp_path.glob(f"{number}/wandb/offline-run-*/*.wandb")
        rows = [entry for entry in records_of(file) if "history" in entry]
        assert len(rows) == 1
        assert file.stem == f"run-{stored_id(tmp_path / str(number))}"
    failures = [line for line in caplog.messages if "start online" in line]
    assert len(failures) == 1, caplog.messages


TRAINING = """
import logging, sys
from pathlib import Path
from qbert_lightning.tracking import RunRecord, WandbSettings, open_wandb
from qbert_lightning.tracking import wandb as ours
ours.INIT_SECONDS, ours.FINISH_SECONDS = 2.0, 2.0
logging.basicConfig(level=logging.WARNING)
with open_wandb(WandbSettings(mode="online"), RunRecord("a"), Path(sys.argv[1])) as run:
    run.log({"step": 0, "train/loss": 1.0})
    print("logging", flush=True)
    sys.stdin.readline()
    run.log({"step": 1, "train/loss": 0.5})
"""


@pytest.mark.parametrize("mode", ["fails", "refuses", "slow", "dies"])
def test_server_in_trouble_costs_no_row_and_no_job(tmp_path: Path, mode: str) -> None:
    trouble = {"fails": 500, "refuses": 401, "slow": None, "dies": 500}
    with wandb_server() as server, ExitStack() as at_end:

        def answer(path: str) -> int | None:
            if mode == "slow":
                hold.wait(60)
            return trouble[mode]

        hold = threading.Event()
        at_end.callback(hold.set)
        if mode != "dies":
            server.break_at = answer
        done = subprocess.Popen(
            [sys.executable, "-c", TRAINING, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ
            | {"WANDB_BASE_URL": server.address, "WANDB_API_KEY": "k" * 40},
        )
        assert done.stdout is not None
        assert done.stdout.readline() == "logging\n"
        server.break_at = answer
        _, said = done.communicate("go\n", timeout=120)
    assert done.returncode == 0, said
    assert said.count("WARNING") == 1, said
    pattern = "wandb/run-*/*.wandb" if mode == "dies" else "wandb/offline-run-*/*.wandb"
    (file,) = tmp_path.glob(pattern)
    rows = [
        entry["history"]["item"] for entry in records_of(file) if "history" in entry
    ]
    assert [row["train/loss"] for row in rows] == [1.0, 0.5]


def test_start_that_fails_leaves_a_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("of a kind\nnobody knew")

    monkeypatch.setattr(ours, "_init", fail)
    with open_wandb(OFFLINE, record(), tmp_path) as run:
        run.log({"step": 1})
        assert not run.is_active
    assert caplog.messages == [
        "W&B failed (start offline), going on: RuntimeError: of a kind nobody knew"
    ]


def test_package_that_is_missing_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with open_wandb(OFFLINE, record(), tmp_path) as run:
        run.log({"step": 1})
    assert len(caplog.messages) == 1
    assert "not installed" in caplog.messages[0]


class Broken:
    """A run of W&B's whose every call fails."""

    id = "broken"

    def __init__(self) -> None:
        self.codes: list[int] = []

    def log(self, _: object) -> None:
        """Fail."""
        raise ConnectionError("service is gone")

    def finish(self, exit_code: int) -> None:
        """Fail."""
        self.codes.append(exit_code)
        raise TimeoutError("still uploading")


def test_failing_calls_are_one_warning_each_and_the_run_is_finished(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = Broken()
    with caplog.at_level(logging.WARNING), WandbRun(broken) as run:
        for step in range(5):
            run.log({"step": step})
        run.histogram("h", [1.0])
    run.finish()
    assert broken.codes == [0]
    assert [line.split(":")[0] for line in caplog.messages] == [
        "W&B failed (logging), going on",
        "W&B failed (finish), going on",
    ]
