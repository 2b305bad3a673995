"""A model that is deployed, and scored through its runtime, by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from qbert_lightning.cli import run_command
from qbert_lightning.export import load_packed
from qbert_lightning.pipeline import deploy as stage_file
from qbert_lightning.pipeline.deploy import FACTS_FILE, deploy
from qbert_lightning.report import collect_runs
from qbert_lightning.report.markdown import markdown_table
from qbert_lightning.report.table import write_csv
from qbert_lightning.runtimes import Integer
from qbert_lightning.tracking import RunRecord
from tests.pipeline.test_loop import SMALL, outputs, records

__all__ = ["outputs"]
FAST = [
    *(one for one in SMALL if not one.startswith("quant.")),
    *("method=q8bert", "finetune.max_steps=2", "quantize.max_steps=2"),
]
DEPLOYED = [*FAST, "runtime=integer"]


def last(outputs: Path) -> RunRecord:
    return records(outputs)[-1]


def test_deployed_scores_stand_beside_the_others(
    outputs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run_command(["export", *DEPLOYED]) == 0
    exported = last(outputs)
    assert "deployed/test/accuracy" not in exported.metrics
    stage = Path(exported.stages["deploy"]["folder"])
    facts = json.loads((stage / FACTS_FILE).read_text())
    size = (stage / "model.safetensors").stat().st_size
    assert exported.metrics["deployed/bytes_on_disk"] == facts["bytes_on_disk"] == size
    assert facts["checked_examples"] == facts["answers"] == 64
    assert facts["different_answers"] == 0
    # Computed on codes too, but for the order of the last layer's attention.
    assert facts["largest_logit_difference"] < 1e-4
    assert facts["seconds_to_write"] > 0

    capsys.readouterr()
    assert run_command(["run", *DEPLOYED]) == 0
    record, printed = last(outputs), capsys.readouterr().out
    assert record.name == "synthetic-q8bert-w8a8-integer-s0"
    assert record.stages["deploy"]["reused"]
    metrics = record.metrics
    assert metrics["deployed/test/accuracy"] == metrics["test/accuracy"]
    assert metrics["deployed/drop"] == 0
    assert "deployed test/accuracy" in printed
    assert "deployed bytes" in printed

    assert run_command(["run", *FAST]) == 0
    plain = last(outputs)
    assert plain.name == "synthetic-q8bert-w8a8-s0"
    assert plain.stages["quantize"]["reused"]
    runs = collect_runs([outputs])
    table = markdown_table(runs).splitlines()
    assert "deployed %" in table[2]
    assert {row.count("|") for row in table[2:6]} == {11}
    header = write_csv(runs, tmp_path / "t.csv").read_text().splitlines()[0]
    assert "deployed_drop_mean" in header
    assert "deployed %" not in markdown_table([r for r in runs if r.name == plain.name])


def test_an_exported_folder_is_scored_on_its_own(outputs: Path) -> None:
    assert run_command(["run", *DEPLOYED]) == 0
    whole = last(outputs)
    folder = whole.stages["export"]["folder"]
    load_packed(Path(folder))
    assert run_command(["evaluate", *DEPLOYED, f"artifact={folder}"]) == 0
    alone = last(outputs)
    assert set(alone.stages) == {"evaluate_deployed"}
    key = "deployed/test/accuracy"
    assert alone.metrics[key] == whole.metrics[key]


def test_what_is_no_runtime_is_refused(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = "runtime._target_=qbert_lightning.plan.RowGroup"
    assert run_command(["run", *DEPLOYED, target]) == 2
    assert "runtime._target_" in capsys.readouterr().err
    for given in (DEPLOYED, FAST):  # a deployed folder, and a packed one
        assert run_command(["evaluate", *given, f"artifact={outputs.parent}"]) == 4
        assert "no such file: accepted" in capsys.readouterr().err


@pytest.mark.parametrize("on_codes", [True, False])
def test_what_its_answers_are_compared_with_is_in_its_key(
    on_codes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = SimpleNamespace(to_json=dict)
    monkeypatch.setattr(stage_file, "describe_task", lambda bench: task)
    bench: Any = SimpleNamespace(
        config={"runtime": {}, "quantize": {"int8_forward": on_codes}},
        devices=[torch.device("cpu")],
        stage=lambda name, key, make: key,
    )
    quantized: Any = SimpleNamespace(key="quantized")
    key: Any = deploy(bench, Integer(), quantized)
    assert key["compared_on_codes"] is on_codes
