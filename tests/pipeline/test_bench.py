"""`qbert bench` through the command line, with contestants that are quick."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.cli import run_command

QUICK = [
    "model.num_hidden_layers=2",
    "model.hidden_size=16",
    "model.num_attention_heads=2",
    "model.intermediate_size=32",
    "task.data.num_train=64",
    "task.data.num_validation=16",
    "task.data.num_test=16",
    "quant.groups=4",
    "finetune.max_steps=1",
    "bench.num_examples=4",
    "bench.batch_size=2",
    "bench.layers=1",
    "bench.num_samples=2",
    "bench.top_k_rounds=0",
    "bench.max_iterations=10",
]


def test_a_benchmark_prints_its_table_and_writes_its_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["bench", "hessian", *QUICK]) == 0
    printed = capsys.readouterr().out
    assert "time / ours" in printed
    assert "[least, largest]" in printed
    [file] = tmp_path.glob("outputs/benchmarks/hessian-*/bench.json")
    record = json.loads(file.read_text())
    assert record["benchmark"] == "hessian"
    assert record["environment"]["packages"]["torch"]
    assert record["environment"]["hardware"]["cpu"]
    assert record["settings"]["num_threads"] == 1
    assert {each["who"] for each in record["measurements"]} >= {"ours"}
    assert str(file) in printed.replace("\n", "") or file.name in printed
