"""The record is written whole, however the run ends, and read back the same."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.tracking import RunRecord

SCHEMA = {
    "version", "kind", "name", "status", "fingerprint", "started", "duration_s",
    "seed", "config", "overrides", "metrics", "primary_metric", "splits", "task",
    "method", "bits", "sensitivity", "stages", "environment", "data", "error",
    "config_dir", "retries",
}  # fmt: skip


def example() -> RunRecord:
    """A record with something in every field that matters."""
    return RunRecord(
        name="synthetic-qbert-w4-g12-s0",
        task="synthetic",
        method="qbert",
        config={"quant": {"weight_bits": 4}},
        overrides=["seed=0"],
        metrics={"test/accuracy": 0.5, "train/loss": math.inf},
        bits={"bert.encoder.layer.0": 4},
    )


def test_finished_run(tmp_path: Path) -> None:
    record = example()
    with record.recording(tmp_path) as same:
        assert same is record
        assert RunRecord.read(tmp_path).status == "running"
        record.metrics["quant/drop"] = 0.1
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    values = json.loads(text)
    assert values.keys() == SCHEMA
    assert (values["version"], values["status"], values["error"]) == (
        1, "finished", None,
    )  # fmt: skip
    assert "NaN" not in text
    assert "Infinity" not in text
    assert values["metrics"]["train/loss"] == {"$nonfinite": "inf"}
    assert datetime.fromisoformat(values["started"]).utcoffset() == timedelta(0)
    assert values["duration_s"] >= 0
    assert RunRecord.read(tmp_path) == record
    assert not (tmp_path / "error.txt").exists()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (QbertError("quant.weight_bits=1: accepted 2..8"), "quant.weight_bits=1: acc"),
        (RuntimeError("two\nlines"), "RuntimeError: two lines"),
        (KeyboardInterrupt(), "interrupted (SIGINT)"),
        (SystemExit(143), "terminated (SIGTERM)"),
    ],
)
def test_failed_run(tmp_path: Path, error: BaseException, line: str) -> None:
    with pytest.raises(type(error)), example().recording(tmp_path):
        raise error
    record = RunRecord.read(tmp_path)
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.startswith(line)
    assert "Traceback" in (tmp_path / "error.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON"),
        ("[]", "expected a JSON object"),
        ("{}", "version=None: accepted 1"),
        ('{"version": 2}', "version=2: accepted 1"),
        ('{"version": 1, "name": "x"}', "missing key 'bits'"),
        ('{"version": NaN}', "expected JSON"),
    ],
)
def test_what_is_no_record_is_rejected(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(QbertError, match=message) as caught:
        RunRecord.read(tmp_path)
    assert caught.value.code == DATA
    assert "run.json" in str(caught.value)


def test_missing_record_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match="cannot be read"):
        RunRecord.read(tmp_path)
