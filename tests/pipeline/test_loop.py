"""The whole loop through the command line, on a model small enough to wait for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.cli import run_command
from qbert_lightning.export import load_checkpoint, load_packed
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.digest import file_digest
from qbert_lightning.pipeline.stage_cache import MARKER, key_hash
from qbert_lightning.tracking import Journal, RunRecord, read_metrics
from tests.devices import on_every_device

SMALL = [
    "model.num_hidden_layers=2",
    "model.hidden_size=32",
    "model.num_attention_heads=2",
    "model.intermediate_size=64",
    "task.data.num_train=320",
    "task.data.num_validation=64",
    "task.data.num_test=96",
    "finetune.max_epochs=1",
    "quant.groups=4",
    "analysis.num_subsets=2",
    "analysis.max_examples=16",
    "spectra=none",
    "trainer.log_every_n_steps=5",
    "logger.wandb.mode=disabled",
]
HERE = "hydra/launcher=basic"  # in this process, which has imported everything


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


def records(outputs: Path) -> list[RunRecord]:
    paths = sorted(outputs.glob("*/**/run.json"))
    runs = [path.parent for path in paths if "stages" not in path.parts]
    return sorted((RunRecord.read(run) for run in runs), key=lambda run: run.started)


def only_for_us(outputs: Path) -> list[Path]:
    """Files that not everybody may read whom the system lets read new files."""
    usual = outputs / "usual"
    usual.touch()
    mode = usual.stat().st_mode
    files = [path for path in outputs.rglob("*") if path.is_file()]
    return [path for path in files if mode & ~path.stat().st_mode]


def test_the_loop_ends_in_a_record_an_artifact_and_a_page(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", *SMALL]) == 0
    [record] = records(outputs)
    assert record.status == "finished"
    assert set(record.stages) == {
        *("finetune", "evaluate_float", "analyze", "allocate"),
        *("quantize", "evaluate", "export"),
    }
    metrics = record.metrics
    assert metrics["quant/drop"] == pytest.approx(
        metrics["float/test/accuracy"] - metrics["test/accuracy"]
    )
    assert set(record.bits.values()) <= {2, 3}
    assert metrics["quant/average_bits"] == pytest.approx(
        sum(record.bits.values()) / len(record.bits)
    )
    assert record.sensitivity is not None
    assert {len(row) for row in record.sensitivity["samples"].values()} == {2}
    assert record.data["rows"] == {"train": 320, "val": 64, "test": 96}
    packed = Path(record.stages["export"]["folder"])
    on_disk = (packed / "model.safetensors").stat().st_size
    assert metrics["quant/bytes_on_disk"] == on_disk
    facts = json.loads((packed / "export.json").read_text())
    state = on_disk - facts["header_bytes"] - facts["computed_bytes"]
    assert 0 <= state < 2000  # step counters and observers, nothing hidden
    assert only_for_us(outputs) == []
    load_packed(packed)
    load_checkpoint(Path(record.stages["quantize"]["folder"]))
    page = (outputs / "report" / "index.html").read_text()
    assert record.name in page
    printed = capsys.readouterr().out
    assert f"{on_disk:,}" in printed
    keys = {key for row in read_metrics(next(outputs.glob("runs/*"))) for key in row}
    assert {"float/train/loss", "float/val/accuracy", "train/loss"} <= keys
    assert {"val/accuracy", "quant/size_mb", "test/accuracy"} <= keys
    assert any(key.startswith("hessian/top_eigenvalue/") for key in keys)
    assert any(key.startswith("quant/range_high/") for key in keys)
    assert any(key.startswith("quant/bits/") for key in keys)


def test_nothing_is_done_twice(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", *SMALL, "method=qbert", "quant.weight_bits=4"]) == 0
    capsys.readouterr()
    assert run_command(["run", *SMALL, "method=qbert", "quant.weight_bits=4"]) == 0
    assert "nothing was done twice" in capsys.readouterr().out
    first, second = records(outputs)
    assert all(stage["reused"] for stage in second.stages.values())
    assert first.fingerprint == second.fingerprint
    assert first.metrics == second.metrics


def test_a_sweep_trains_the_float_model_once_and_compares(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = ["run", "-m", HERE, *SMALL, "method=qbert", "quant.weight_bits=2,8"]
    assert run_command(sweep) == 0
    runs = records(outputs)
    assert len(runs) == 2
    assert len({run.stages["finetune"]["key"] for run in runs}) == 1
    assert [run.stages["finetune"]["reused"] for run in runs] == [False, True]
    assert len({run.fingerprint for run in runs}) == 2
    low, high = sorted(runs, key=lambda run: run.metrics["quant/average_bits"])
    assert low.metrics["quant/bytes_on_disk"] < high.metrics["quant/bytes_on_disk"]
    printed = capsys.readouterr().out
    assert all(run.name in printed for run in runs)


@pytest.mark.slow
def test_jobs_side_by_side_share_what_is_cached(tmp_path: Path) -> None:
    sweep = [
        *("run", "-m", *SMALL, "method=qbert", "quant.weight_bits=2,8"),
        "hydra.launcher.slots=2",
    ]
    command = [sys.executable, "-m", "qbert_lightning", *sweep]
    first = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True)
    assert first.returncode == 0, first.stderr
    assert "2 jobs: 2 finished" in first.stdout
    runs = records(tmp_path / "outputs")
    assert sorted(run.stages["finetune"]["reused"] for run in runs) == [False, True]
    assert {run.environment["hardware"]["threads"] for run in runs} == {
        max(1, len(os.sched_getaffinity(0)) // 2)
    }
    (sweep_folder,) = (tmp_path / "outputs" / "sweeps").iterdir()
    page = (sweep_folder / "report" / "index.html").read_text()
    assert all(run.name in page for run in runs)


def test_stages_have_seeds_of_their_own(outputs: Path) -> None:
    sweep = [
        *(
            "quantize",
            "-m",
            HERE,
            *SMALL,
            "finetune.max_steps=2",
            "quantize.max_steps=2",
        ),
        *("method=qbert", "seed=1,2", "finetune.seed=0"),
    ]
    assert run_command(sweep) == 0
    first, second = records(outputs)
    assert {first.seed, second.seed} == {1, 2}
    assert first.stages["finetune"]["key"] == second.stages["finetune"]["key"]
    assert first.stages["quantize"]["key"] != second.stages["quantize"]["key"]


def test_metrics_are_compared_with_the_measured_sensitivity(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        *("analyze", "-m", HERE, *SMALL, "finetune.max_steps=2", "blocks=matrices"),
        "sensitivity=index,hessian_trace,perturbation,random",
    ]
    assert run_command(command) == 0
    runs = {run.sensitivity["metric"]: run for run in records(outputs)}
    assert runs.keys() == {"index", "hessian_trace", "perturbation", "random"}
    for run in runs.values():
        assert len(run.sensitivity["importance"]) == 2 * 6
        assert {len(row) for row in run.sensitivity["scores"].values()} == {2}
    printed = capsys.readouterr().out
    assert "rank correlation with the measured rise" in printed
    assert printed.count("│ hessian_trace") == 2  # at both candidate widths


def test_bits_by_matrix_within_the_budget(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        *("allocate", *SMALL, "finetune.max_steps=2", "blocks=matrices"),
        *("allocator=pareto", "sensitivity=hessian_trace"),
    ]
    assert run_command(command) == 0
    [record] = records(outputs)
    [front] = outputs.glob("runs/*/front.json")
    chosen = [row for row in json.loads(front.read_text()) if row["chosen"]]
    assert len(chosen) == 1
    assert chosen[0]["average_bits"] <= 2.5
    plan = json.loads(
        (Path(record.stages["allocate"]["folder"]) / "plan.json").read_text()
    )
    for matrix, bits in chosen[0]["bits"].items():
        assert plan["layers"][matrix]["weight"]["num_bits"] == bits
    assert "Pareto front" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["analysis.fraction=0.02"], "analysis.batch_size=16: more than a subset"),
        (
            ["sensitivity=perturbation", "allocator=uniform"],
            "sensitivity=perturbation: no widths to round to",
        ),
        (
            ["blocks=[*.layer.0.output.LayerNorm]", "spectra=all", "spectra.top_k=99"],
            "bert.encoder.layer.0.output.LayerNorm has 64 parameters: accepted 1..64",
        ),
    ],
)
def test_what_an_analysis_refuses_is_one_line(
    outputs: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert run_command(["analyze", *SMALL, "finetune.max_steps=2", *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    [record] = records(outputs)
    assert record.status == "failed"
    assert "analyze" not in record.stages


@pytest.mark.parametrize(("stage", "finished"), [("analyze", 3), ("spectra", 1)])
def test_an_analysis_that_was_stopped_goes_on(
    outputs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    finished: int,
) -> None:
    looks = ["spectra=all", "spectra.top_k=2", "spectra.landscape_points=2"]
    command = [
        *("analyze", *SMALL, "finetune.max_steps=2", *looks),
        *("analysis.num_subsets=3", "spectra.density_steps=5"),
    ]
    write = Journal.append

    def stop(journal: Journal, row: dict[str, Any]) -> None:
        write(journal, row)
        if f"/{stage}/" in str(journal.path) and len(journal.rows()) == finished:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", stop)
        assert run_command(command) == 130
    [journal] = outputs.glob(f"stages/{stage}/*.journal.jsonl")
    assert len(Journal(journal).rows()) == finished
    capsys.readouterr()
    assert run_command(command) == 0
    assert f"goes on after {finished} " in capsys.readouterr().out
    assert not journal.exists()
    stopped = next(run for run in records(outputs) if run.status == "finished")
    elsewhere = outputs / "alone"
    assert run_command([*command, f"paths.output_dir={elsewhere}"]) == 0
    [alone] = records(elsewhere)
    assert stopped.sensitivity == alone.sensitivity
    [first, again] = (
        next(folder.glob("runs/*/spectra.json")) for folder in (outputs, elsewhere)
    )
    assert first.read_text() == again.read_text()


@pytest.mark.parametrize(
    ("verb", "last"),
    [
        ("finetune", "evaluate_float"),
        ("analyze", "analyze"),
        ("allocate", "allocate"),
        ("quantize", "quantize"),
        ("evaluate", "evaluate"),
        ("export", "export"),
    ],
)
def test_every_verb_stops_at_its_stage(outputs: Path, verb: str, last: str) -> None:
    assert (
        run_command([verb, *SMALL, "finetune.max_steps=2", "quantize.max_steps=2"]) == 0
    )
    [record] = records(outputs)
    assert record.kind == verb
    assert list(record.stages)[-1] == last


def test_artifacts_stand_in_for_stages(outputs: Path) -> None:
    short = [*SMALL, "finetune.max_steps=2", "quantize.max_steps=2"]
    short += ["quantize.int8_forward=true"]
    assert run_command(["run", *short]) == 0
    [first] = records(outputs)
    folders = {name: stage["folder"] for name, stage in first.stages.items()}
    checkpoint = f"checkpoint={Path(folders['finetune']).resolve()}"
    plan = f"plan={Path(folders['allocate']).resolve() / 'plan.json'}"
    assert run_command(["quantize", *short, checkpoint, plan, "name=again"]) == 0
    again = next(run for run in records(outputs) if run.name == "again")
    assert "analyze" not in again.stages
    assert again.bits == first.bits
    artifact = f"artifact={Path(folders['export']).resolve()}"
    assert run_command(["evaluate", *short, artifact, "name=packed"]) == 0
    packed = next(run for run in records(outputs) if run.name == "packed")
    assert packed.metrics["test/accuracy"] == first.metrics["test/accuracy"]
    # Computed on codes as the run's own model is, and so is its evaluation's key.
    stage = json.loads(Path(packed.stages["evaluate"]["folder"], MARKER).read_text())
    file = Path(folders["export"], MODEL_FILE)
    on_codes = {"model": file_digest(file), "int8_forward": True}
    assert stage["key"]["model"] == key_hash(on_codes)


@pytest.mark.parametrize(
    "task", ["synthetic_pair", "synthetic_tagging", "synthetic_span"]
)
@pytest.mark.parametrize("method", ["q8bert", "dynamic", "float"])
def test_every_shape_and_method(outputs: Path, task: str, method: str) -> None:
    arguments = [f"task={task}", f"method={method}", "finetune.max_steps=3"]
    small: list[Any] = [one for one in SMALL if not one.startswith("quant.")]
    assert run_command(["run", *small, *arguments, "quantize.max_steps=3"]) == 0
    [record] = records(outputs)
    assert record.metrics[record.primary_metric] >= 0
    if method == "float":
        assert record.metrics["quant/drop"] == 0
        assert record.metrics["quant/average_bits"] == 32


def test_selection_on_validation(outputs: Path) -> None:
    arguments = ["finetune", *SMALL, "finetune.select=best", "finetune.max_epochs=2"]
    assert run_command(arguments) == 0
    [record] = records(outputs)
    folder = Path(record.stages["finetune"]["folder"])
    assert not (folder / "selection").exists()


def test_a_failing_run_says_why_and_keeps_what_was_done(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    explode = ["quantize.optimizer.lr=1e30", "quantize.gradient_clip_val=null"]
    assert run_command(["run", *SMALL, "method=qbert", *explode]) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    [record] = records(outputs)
    assert record.status == "failed"
    assert record.error is not None
    assert "finetune" in record.stages
    assert not list((outputs / "stages" / "quantize").glob("*/stage.json"))


@on_every_device
def test_what_any_device_trains_is_deployed_on_the_cpu(
    outputs: Path, device: str
) -> None:
    trainer = {"cpu": "cpu", "cuda": "gpu"}[device]
    chosen = [f"trainer={trainer}", "quantize.int8_forward=true", "runtime=integer"]
    assert run_command(["run", *SMALL, *chosen]) == 0
    [record] = records(outputs)
    assert record.status == "finished"
    deployed = record.metrics["deployed/test/accuracy"]
    assert deployed == pytest.approx(record.metrics["test/accuracy"], abs=0.05)


def test_several_devices_share_one_run(outputs: Path) -> None:
    """Two processes on CPU: one record, every stage made once, the deployed one too."""
    command = Path(sys.executable).with_name("qbert")
    several = ["trainer.devices=2", "trainer.strategy=ddp", "method=q8bert"]
    several.append("runtime=integer")
    small = [one for one in SMALL if not one.startswith("quant.")]
    done = subprocess.run(
        [command, "run", *small, *several],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    [record] = records(outputs)
    assert record.status == "finished"
    assert not any(stage["reused"] for stage in record.stages.values())
    deployed = record.metrics["deployed/test/accuracy"]
    assert deployed == pytest.approx(record.metrics["test/accuracy"], abs=0.02)
