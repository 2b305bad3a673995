"""Learning curves."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from qbert_lightning.report import Run
from qbert_lightning.report.curves import Curve, learning_curves
from tests.report.run_folders import record, write_run


def curves(folder: Path, rows: list[dict[str, object]], points: int = 50) -> dict:
    write_run(folder, record(), rows)
    return learning_curves(Run.from_record(folder, record()), points)


def test_loss_and_the_judging_metric_are_taken(tmp_path: Path) -> None:
    found = curves(
        tmp_path / "a",
        [
            {"step": 1, "epoch": 0, "train/loss": 0.7, "lr": 1e-5},
            {"step": 2, "epoch": 0, "train/loss": 0.6},
            {"step": 2, "val/accuracy": 0.8, "val/f1": 0.7},
            {"step": 1, "float/train/loss": 0.9},
            {"step": 2, "test/accuracy": 0.5},
        ],
    )
    assert found == {
        "train/loss": Curve((1, 2), (0.7, 0.6)),
        "val/accuracy": Curve((2,), (0.8,)),
        "float/train/loss": Curve((1,), (0.9,)),
    }


def test_another_validation_metric_stands_in(tmp_path: Path) -> None:
    assert list(curves(tmp_path / "a", [{"step": 1, "val/f1": 0.7}])) == ["val/f1"]


def test_no_history_is_no_curve(tmp_path: Path) -> None:
    assert curves(tmp_path / "a", []) == {}


def test_a_line_cut_short_is_left_out(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", record(), [{"step": 1, "train/loss": 0.5}])
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "train/lo')
    found = learning_curves(Run.from_record(folder, record()), 50)
    assert found["train/loss"] == Curve((1,), (0.5,))


def test_a_diverged_step_stays_visible(tmp_path: Path) -> None:
    rows = [{"step": 1, "train/loss": {"$nonfinite": "nan"}}]
    (curve,) = curves(tmp_path / "a", rows).values()
    assert math.isnan(curve.values[0])


@pytest.mark.parametrize("num_points", [1, 3, 7, 100, 101])
def test_downsampling_keeps_the_mean_of_equal_parts(num_points: int) -> None:
    values = tuple(float(i % 13) for i in range(700))
    curve = Curve(tuple(range(700)), values).downsampled(num_points)
    assert len(curve.steps) == num_points
    assert curve.steps[-1] == 699
    assert list(curve.steps) == sorted(set(curve.steps))
    if 700 % num_points == 0:
        mean = sum(curve.values) / num_points
        assert mean == pytest.approx(sum(values) / 700)


def test_a_short_curve_is_left_alone() -> None:
    curve = Curve((1, 2), (0.1, 0.2))
    assert curve.downsampled(2) is curve
