"""A job knows its sweep by Hydra, or by the launcher's file."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.tracking import sweep_of


def test_run_alone_is_of_no_sweep(tmp_path: Path) -> None:
    assert sweep_of(tmp_path / "runs" / "0") is None


def test_multirun_job_is_of_the_folder_above(tmp_path: Path) -> None:
    assert sweep_of(tmp_path / "bits" / "3", is_multirun=True) == tmp_path / "bits"


def test_single_run_of_a_launcher_is_known_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text("{}")
    assert sweep_of(tmp_path / "3") == tmp_path
    assert sweep_of(tmp_path / "3" / "deeper") is None
