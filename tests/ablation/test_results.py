from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from qbert_lightning.ablation import (
    Job,
    Measured,
    measured_below,
    result_table,
    results,
    write_results,
)
from qbert_lightning.ablation.results import markdown
from tests.report.run_folders import record

OVERRIDES = {"baseline": ("method=qbert",), "half": ("quant.weight_bits=2",)}
JOBS = [Job(change, seed, ()) for change in OVERRIDES for seed in (0, 1, 2)]


def write(folder: Path, change: str, seed: int, score: float, **other: object) -> None:
    folder.mkdir(parents=True)
    metrics = {"test/accuracy": score, "quant/size_mb": 10.0 - 4 * (change == "half")}
    config = {"tags": ["mine", f"change:{change}"]}
    values = record(seed=seed, metrics=metrics, config=config) | other
    (folder / "run.json").write_text(json.dumps(values, allow_nan=False))


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    for seed, (score, changed) in enumerate([(0.80, 0.78), (0.70, 0.69), (0.9, 0.87)]):
        write(tmp_path / str(seed), "baseline", seed, score)
        write(tmp_path / str(seed + 3), "half", seed, changed)
    return tmp_path


def test_effects_are_computed_from_the_records(sweep: Path) -> None:
    baseline, half = results(JOBS, OVERRIDES, measured_below(sweep))
    assert baseline.score is None
    assert half.score is not None
    assert half.size_mb is not None
    assert half.score.mean == pytest.approx(-0.02)
    # 4.302653 standard errors: differences -0.02, -0.01, -0.03, s = 0.01, n = 3
    assert half.score.half_width == pytest.approx(4.302653 * 0.01 / 3**0.5, rel=1e-6)
    assert not half.score.is_clear
    assert (half.size_mb.mean, half.size_mb.half_width) == (-4.0, 0.0)


def test_failed_and_older_runs_do_not_count(sweep: Path) -> None:
    write(sweep / "6", "half", 7, 0.1, status="failed")
    write(sweep / "7", "half", 0, 0.1, started="2020-01-01T00:00:00+00:00")
    write(sweep / "stages" / "8", "half", 1, 0.1)
    (sweep / "9").mkdir()
    (sweep / "9" / "run.json").write_text("{")
    assert measured_below(sweep)["half"].score == {0: 0.78, 1: 0.69, 2: 0.87}


def test_files_and_table_say_the_same(sweep: Path) -> None:
    found = results(JOBS, OVERRIDES, measured_below(sweep))
    write_results(found, sweep)
    data = json.loads((sweep / "ablation.json").read_text())
    assert [row["change"] for row in data["changes"]] == ["baseline", "half"]
    assert data["changes"][1]["score"]["mean"] == pytest.approx(-0.02)
    assert data["changes"][1]["measured"]["score"]["2"] == 0.87
    text = (sweep / "ablation.md").read_text()
    assert "| half | 3 | 0.7800 | -0.0200 ± 0.0248 | 6.000 | -4.000 ± 0.000* |" in text
    console = Console(file=io.StringIO(), width=120)
    console.print(result_table(found))
    assert "-0.0200 ± 0.0248" in console.file.getvalue()  # type: ignore[attr-defined]


def test_what_is_missing_is_said() -> None:
    measured = {
        "baseline": Measured({0: 0.5}, {0: 1.0}),
        "half": Measured({0: 0.6}, {}),
    }
    text = markdown(results(JOBS, OVERRIDES, measured))
    assert "| half | 1 of 3 | 0.6000 | +0.1000 | - | - |" in text
    assert "one seed has no interval" in text
    assert "| half | 0 of 3 | - | - | - | - |" in markdown(results(JOBS, OVERRIDES, {}))
