"""Made-up runs are runs like any other."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.benchmarks.page_runs import write_runs
from qbert_lightning.report import aggregate, collect_runs
from qbert_lightning.report.curves import learning_curves


def test_every_run_is_read_and_two_make_a_setting(tmp_path: Path) -> None:
    runs = collect_runs([write_runs(tmp_path, 100)])
    assert len(runs) == 100
    assert {run.status for run in runs} == {"finished"}
    assert [len(setting.runs) for setting in aggregate(runs)] == [2] * 50
    for run in runs[:3]:
        assert set(learning_curves(run, 60)) == {"train/loss", "val/accuracy"}
    more_bits = {run.bits["bert.encoder.layer.0"] for run in runs}
    assert more_bits == {2, 3, 4, 8}
