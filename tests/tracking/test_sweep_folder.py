from __future__ import annotations

from pathlib import Path

from qbert_lightning.tracking.sweep_folder import SWEEP_FILE, sweep_of


def test_a_job_knows_its_sweep_by_the_folder(tmp_path: Path) -> None:
    assert sweep_of(tmp_path / "0") is None
    assert sweep_of(tmp_path / "0", is_job=True) == tmp_path
    (tmp_path / SWEEP_FILE).write_text("{}")
    assert sweep_of(tmp_path / "0") == tmp_path
