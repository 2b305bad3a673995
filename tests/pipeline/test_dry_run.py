from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qbert_lightning.cli import run_command
from qbert_lightning.errors import QbertError
from qbert_lightning.past_runs import SIZE, past_runs
from qbert_lightning.pipeline.composition import Command
from qbert_lightning.pipeline.dry_run import dry_run, foretell, refuse_duplicates
from qbert_lightning.pipeline.planned_jobs import planned_sweep
from qbert_lightning.plan.size import BITS_PER_MEGABYTE
from tests.pipeline.test_loop import SMALL

FAST = [
    *(one for one in SMALL if not one.startswith("quant.")),
    *("finetune.max_steps=1", "quantize.max_steps=1"),
]
LAUNCHER = "hydra/launcher=basic"
SIZES = {
    "fixed": ["experiment=float,q8bert,qbert_w4_g4"],
    "given": ["method=qbert", "quant.groups=4", "allocator=given",
              "allocator.bits.0=2", "allocator.bits.1=3"],
    "budget": ["quant.groups=4", "sensitivity=index", "allocator=pareto"],
}  # fmt: skip


def command(*overrides: str, multirun: bool = True, verb: str = "run") -> Command:
    return Command(verb, overrides, None, multirun)


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


@pytest.mark.slow
def test_predicted_sizes_are_those_of_the_finished_runs(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Uniform, given and symmetric widths exactly; a budget is not exceeded."""
    for kind, sweep in SIZES.items():
        before = planned_sweep(command(*FAST, *sweep, verb="quantize")).jobs
        assert run_command(["quantize", "-m", LAUNCHER, *FAST, *sweep]) == 0
        rows, _ = foretell(before)
        newest = max(outputs.glob("sweeps/*"), key=lambda path: path.stat().st_mtime)
        real = {int(run.folder.name): run.metrics[SIZE] for run in past_runs(newest)}
        assert len(real) == len(rows)
        for row in rows:
            assert row.size is not None
            num_bytes = real[row.number] * BITS_PER_MEGABYTE / 8
            if kind == "budget":
                assert str(row.size).startswith("≤ ")
                assert num_bytes <= row.size.num_bytes < 1.1 * num_bytes
            else:
                assert row.size.num_bytes == num_bytes
                assert str(row.size) == f"{row.size.num_bytes:,}"
            assert row.there == "float model"
            assert row.seconds is not None
    capsys.readouterr()
    dry_run(command(*FAST, "method=qbert", "quant.groups=4", "seed=0,1"))
    printed = capsys.readouterr().out
    assert "an estimate from" in printed
    assert "float model" in printed


def test_nothing_is_created_and_the_unknown_is_said(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", "-m", "--dry-run", *FAST, "method=float,directq"]) == 0
    printed = capsys.readouterr().out
    assert "2 jobs, nothing started" in printed
    assert "float model (earlier job)" in printed
    assert "no earlier run of the same task, model and recipe" in printed
    assert "≥ " in printed
    assert not outputs.exists()


def test_torch_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from qbert_lightning.cli import run_command;"
        "code = run_command(['run', '-m', '--dry-run', 'method=qbert', "
        "'quant.weight_bits=2,4']);"
        "heavy = {'torch', 'transformers', 'pandas', 'wandb', 'optuna'};"
        "sys.exit(code or (3 if heavy & set(sys.modules) else 0))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=False, timeout=120,
        capture_output=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_jobs_that_compute_the_same_are_refused(outputs: Path) -> None:
    twice = ["method=qbert", "quant.groups=1,4,1"]
    with pytest.raises(QbertError, match=r"jobs 0 and 2 .*quant\.groups=1") as caught:
        dry_run(command(*twice))
    assert caught.value.code == 2
    with pytest.raises(QbertError, match="jobs 0 and 1"):
        dry_run(command("name=a,b"))
    refuse_duplicates(planned_sweep(command("seed=0,1")).jobs)


def test_an_infeasible_budget_is_refused_with_its_job(outputs: Path) -> None:
    """Each value alone is fine; only their combination is not."""
    sweep = ["allocator.candidate_bits=[2,3],[3,4]", "allocator.average_bits=2.5,3"]
    with pytest.raises(QbertError, match=r"job 2: allocator\.average_bits=2\.5"):
        dry_run(command(*sweep))
    assert not outputs.exists()


def test_verbs_without_stages_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["report", "--dry-run"]) == 2
    assert "accepted with other verbs" in capsys.readouterr().err
