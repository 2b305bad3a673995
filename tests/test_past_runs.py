from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.past_runs import past_runs, read_run
from tests.report.run_folders import record


def test_a_record_is_read_with_its_outcome(tmp_path: Path) -> None:
    values = record(kind="run", overrides=["seed=0"])
    (tmp_path / "run.json").write_text(json.dumps(values, allow_nan=False))
    run = read_run(tmp_path)
    assert run is not None
    assert run.outcome == (0.9, 63.4)
    assert run.overrides == ("seed=0",)
    assert run.config["quant"]["groups"] == 12


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "failed"},
        {"metrics": {"test/accuracy": 0.9}},
        {"metrics": {"quant/size_mb": 1.0}},
        {"metrics": {"test/accuracy": {"$nonfinite": "nan"}, "quant/size_mb": 1.0}},
    ],
)
def test_only_a_whole_run_has_an_outcome(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    (tmp_path / "run.json").write_text(json.dumps(record(**changes)))
    run = read_run(tmp_path)
    assert run is not None
    assert run.outcome is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"metrics": []}'])
def test_what_is_no_record_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert read_run(tmp_path) is None
    assert list(past_runs(tmp_path)) == []


def test_the_stage_cache_is_not_searched(tmp_path: Path) -> None:
    for place in ("runs/a", "sweeps/b/0", "stages/quantize/c"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "run.json").write_text(json.dumps(record()))
    found = [run.folder.relative_to(tmp_path) for run in past_runs(tmp_path)]
    assert found == [Path("runs/a"), Path("sweeps/b/0")]
