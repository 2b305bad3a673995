from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import OmegaConf

from qbert_lightning.cli import run_command
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline import search
from qbert_lightning.search.study import Trial
from tests.pipeline.test_loop import SMALL
from tests.report.run_folders import record

SETTINGS = {
    "n_trials": 6,
    "trials_at_once": 2,
    "sampler": "random",
    "seed": 0,
    "directions": {"score": "maximize", "size_mb": "minimize"},
    "warm_start": True,
    "sensitivity_table": None,
}
PARAMS = ["allocator.bits.0=2,3,4", "allocator.bits.1=2,3,4"]
Job = dict[str, str]


class Launcher:
    """Scores a job by its bits and records it; ``dies`` may raise first."""

    def __init__(self, folder: Path, dies: Callable[[int], None] | None = None) -> None:
        self.folder, self.dies = folder, dies or (lambda number: None)
        self.launched: list[int] = []

    def launch(
        self, job_overrides: list[list[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        returns = []
        for number, job in enumerate(job_overrides, initial_job_idx):
            self.launched.append(number)
            try:
                self.dies(number)
            except ValueError as error:
                returns.append(JobReturn(status=JobStatus.FAILED, _return_value=error))
                continue
            values = dict(one.split("=", 1) for one in job)
            bits = [int(values[f"allocator.bits.{place}"]) for place in (0, 1)]
            score, size = 0.1 * bits[0] + 0.01 * bits[1], float(sum(bits))
            made = record(
                overrides=job,
                metrics={"test/accuracy": score, "quant/size_mb": size},
            )
            folder = self.folder / str(number)
            folder.mkdir(exist_ok=True)
            (folder / "run.json").write_text(json.dumps(made, allow_nan=False))
            done = score, size
            returns.append(JobReturn(status=JobStatus.COMPLETED, _return_value=done))
        return returns


@pytest.fixture(autouse=True)
def _plain_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        search,
        "parse_overrides",
        lambda lines, _: OverridesParser.create().parse_overrides(list(lines)),
    )


def run(folder: Path, launcher: Launcher, **changes: object) -> list[Trial]:
    config = OmegaConf.create(
        {
            "hydra": {
                "sweep": {"dir": str(folder), "subdir": "${hydra.job.num}"},
                "job": {"num": None, "config_name": "run"},
            },
            "task": {"name": "sst2"},
            "model": {"num_hidden_layers": 2},
            "blocks": "layers",
            "paths": {"output_dir": str(folder.parent / "outputs")},
        }
    )
    context = HydraContext(config_loader=None, callbacks=None)  # type: ignore[arg-type]
    overrides = (PARAMS, ["seed=3"])
    return search.run_search(
        {**SETTINGS, **changes},
        overrides,
        config,
        context,
        launcher,  # type: ignore[arg-type]
    )


def test_trials_are_jobs_and_the_front_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    launcher = Launcher(tmp_path)
    trials = run(tmp_path, launcher)
    assert len(trials) == 6
    points = [tuple(one.point.values()) for one in trials]
    assert points[:3] == [("4", "4"), ("3", "3"), ("2", "2")]
    assert len(launcher.launched) == len(set(points))  # a point is run once
    data = json.loads((tmp_path / "search.json").read_text())
    values = {one["number"]: one["values"] for one in data["trials"]}
    front = [values[number] for number in data["front"]]
    assert front == sorted(front)  # dearer and better together
    for score, size in values.values():
        assert any(best >= score and least <= size for best, least in front)
    run_json = json.loads((tmp_path / "0" / "run.json").read_text())
    assert run_json["overrides"] == [
        "seed=3",
        "allocator.bits.0=4",
        "allocator.bits.1=4",
    ]
    printed = capsys.readouterr().out
    assert "Pareto front" in printed
    assert "search.json" in printed


def test_a_killed_search_goes_on_and_runs_no_finished_job_again(tmp_path: Path) -> None:
    """It dies with job 3 finished on disk and untold, and job 2 begun."""

    def dies(number: int) -> None:
        if number == 3:
            raise KeyboardInterrupt

    first = Launcher(tmp_path, dies)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, first)
    assert first.launched == [0, 1, 2, 3]
    assert (tmp_path / "2" / "run.json").is_file()
    again = Launcher(tmp_path)
    trials = run(tmp_path, again)
    assert again.launched[0] == 3
    assert not set(again.launched) & {0, 1, 2}
    assert [one.state for one in trials] == ["finished"] * 6
    assert run(tmp_path, Launcher(tmp_path)) == trials
    more = Launcher(tmp_path)
    assert len(run(tmp_path, more, n_trials=8)) == 8
    assert all(number >= 6 for number in more.launched)


def test_a_record_of_other_overrides_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    stray = record(overrides=["seed=4"], metrics={"test/accuracy": 9.0})
    (tmp_path / "0" / "run.json").write_text(json.dumps(stray))
    launcher = Launcher(tmp_path)
    run(tmp_path, launcher)
    assert launcher.launched[0] == 0


def test_a_failed_job_is_told_at_the_end(tmp_path: Path) -> None:
    def dies(number: int) -> None:
        if number == 1:
            raise ValueError

    with pytest.raises(QbertError, match="of 6 jobs failed") as caught:
        run(tmp_path, Launcher(tmp_path, dies))
    assert caught.value.code == 1
    data = json.loads((tmp_path / "search.json").read_text())
    assert data["trials"][1]["state"] == "failed"
    assert len(data["trials"]) == 6


def test_a_launcher_that_raises_at_the_end_loses_no_result(tmp_path: Path) -> None:
    class Raising(Launcher):
        def launch(self, *arguments: object, **named: object) -> list[JobReturn]:
            super().launch(*arguments, **named)  # type: ignore[arg-type]
            raise QbertError("1 of 2 jobs failed", 1)

    trials = run(tmp_path, Raising(tmp_path))
    assert all(one.values for one in trials)


def test_a_table_of_this_task_and_model_leads_the_search(tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "runs" / "a"
    folder.mkdir(parents=True)
    table = {
        "metric": "m",
        "importance": {"layer.0": 100.0, "layer.1": 1.0},
        "scores": {},
        "samples": {},
        "quantity": "q",
    }
    config = {
        "task": {"name": "sst2"},
        "model": {"num_hidden_layers": 2},
        "blocks": "layers",
    }
    made = record(kind="analyze", sensitivity=table, config=config)
    (folder / "run.json").write_text(json.dumps(made, allow_nan=False))
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    trials = run(sweep, Launcher(sweep))
    points = [tuple(one.point.values()) for one in trials if one.is_warm]
    assert ("3", "2") in points
    assert ("2", "3") not in points
    bare = tmp_path / "bare"
    bare.mkdir()
    cold = run(bare, Launcher(bare), warm_start=False)
    assert not any(one.is_warm for one in cold)


@pytest.mark.slow
def test_a_search_on_the_command_line_ends_with_its_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    steps = ["finetune.max_steps=1", "quantize.max_steps=1", "hydra/launcher=basic"]
    optuna = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweep.dir=s"]
    chosen = ["method=qbert", "quant.groups=1,4", "quant.weight_bits=2,8"]
    small = [one for one in SMALL if not one.startswith("quant.")]
    command = ["run", "-m", *small, *steps, *optuna, *chosen]
    assert run_command(command) == 0
    data = json.loads(Path("s/search.json").read_text())
    assert [one["point"]["quant.weight_bits"] for one in data["trials"]] == ["8", "2"]
    for trial in data["trials"]:
        made = json.loads(Path(f"s/{trial['number']}/run.json").read_text())
        metrics = made["metrics"]
        measured = [metrics[made["primary_metric"]], metrics["quant/size_mb"]]
        assert trial["values"] == measured
    assert "Pareto front" in capsys.readouterr().out
    records = [path.stat().st_mtime_ns for path in sorted(Path("s").glob("*/run.json"))]
    assert run_command(command) == 0
    again = [path.stat().st_mtime_ns for path in sorted(Path("s").glob("*/run.json"))]
    assert again == records
    assert run_command([*command, "quant.embedding_bits=4"]) == 2
    assert "holds another sweep" in capsys.readouterr().err
