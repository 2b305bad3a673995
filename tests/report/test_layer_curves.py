"""Curvature over the steps of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbert_lightning.report import Run
from qbert_lightning.report.curves import Curve
from qbert_lightning.report.layer_curves import layer_curves
from tests.report.run_folders import record, write_run


def curves(folder: Path, rows: list[dict[str, Any]], points: int = 50) -> dict:
    write_run(folder, record(), rows)
    return layer_curves(Run.from_record(folder, record()), points)


def test_each_block_has_its_curves_from_the_input_up(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "step": step,
            "hessian/mean_eigenvalue/l.10": 10.0 + step,
            "hessian/mean_eigenvalue/l.9": 9.0 + step,
            "float/hessian/top_eigenvalue/l.9": 1.0 + step,
            "hessian/importance/l.9": 5.0,
            "train/loss": 0.5,
        }
        for step in (0, 50)
    ]
    found = curves(tmp_path / "a", rows)
    assert found == {
        "mean_eigenvalue": {
            "l.9": Curve((0, 50), (9.0, 59.0)),
            "l.10": Curve((0, 50), (10.0, 60.0)),
        },
        "float/top_eigenvalue": {"l.9": Curve((0, 50), (1.0, 51.0))},
    }
    assert list(found["mean_eigenvalue"]) == ["l.9", "l.10"]


def test_a_single_look_is_no_curve(tmp_path: Path) -> None:
    assert (
        curves(tmp_path / "a", [{"step": 0, "hessian/mean_eigenvalue/l.0": 1.0}]) == {}
    )
    assert curves(tmp_path / "b", []) == {}


def test_what_a_later_stage_says_again_is_left_out(tmp_path: Path) -> None:
    rows = [
        {"step": s, "hessian/mean_eigenvalue/l.0": x}
        for s, x in ((0, 1.0), (9, 2.0), (0, 7.0))
    ]
    assert curves(tmp_path / "a", rows) == {
        "mean_eigenvalue": {"l.0": Curve((0, 9), (1.0, 2.0))}
    }


def test_long_curves_are_averaged_down(tmp_path: Path) -> None:
    rows = [{"step": step, "hessian/mean_eigenvalue/l.0": 1.0} for step in range(100)]
    (found,) = curves(tmp_path / "a", rows, 10)["mean_eigenvalue"].values()
    assert len(found.steps) == 10
