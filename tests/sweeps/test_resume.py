from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.sweeps.resume import commands_to_resume
from qbert_lightning.sweeps.sweep_record import SweepRecord
from qbert_lightning.tracking import RunRecord
from qbert_lightning.tracking.folder_lock import hold_folder


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A sweep with a job left to do, one that is done, and a run that was stopped."""
    overrides = ["seed=0,1", "hydra.launcher.slots=1", "hydra.sweep.dir=elsewhere"]
    left, done = tmp_path / "sweeps" / "left", tmp_path / "sweeps" / "done"
    jobs = {"0": ["seed=0"], "1": ["seed=1"]}
    SweepRecord("analyze", overrides, "/my/conf", "a", jobs=jobs).write(left)
    RunRecord(name="r", status="finished").write(left / "0")
    SweepRecord("run", overrides, None, "b", jobs={"0": []}).write(done)
    RunRecord(name="r", status="finished").write(done / "0")
    alone = RunRecord(name="r", kind="quantize", overrides=["seed=3"])
    alone.write(tmp_path / "runs" / "it's")
    return tmp_path


def test_commands_are_for_their_own_folders(outputs: Path) -> None:
    commands = commands_to_resume([str(outputs), "hydra.launcher.slots=4"])
    left = outputs / "sweeps" / "left"
    alone = str(outputs / "runs" / "it's").replace("'", "\\'")
    assert commands == [
        [
            *("analyze", "-m", "--config-dir=/my/conf", "seed=0,1"),
            *("hydra.launcher.slots=4", f"hydra.sweep.dir='{left}'"),
        ],
        ["quantize", "seed=3", f"hydra.run.dir='{alone}'"],
    ]


def test_what_is_finished_is_left(outputs: Path) -> None:
    assert commands_to_resume([str(outputs / "sweeps" / "done")]) == []


def test_what_is_at_work_is_refused(outputs: Path) -> None:
    left = outputs / "sweeps" / "left"
    with hold_folder(left), pytest.raises(QbertError, match="another process"):
        commands_to_resume([str(left)])


@pytest.mark.parametrize(
    "arguments", [[], ["nowhere"], ["{here}", "seed=3"], ["{here}/sweeps/done/0/x"]]
)
def test_bad_arguments_are_refused(arguments: list[str], outputs: Path) -> None:
    given = [one.format(here=outputs) for one in arguments]
    with pytest.raises(QbertError, match="accepted"):
        commands_to_resume(given)
