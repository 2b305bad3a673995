from __future__ import annotations

from pathlib import Path

from qbert_lightning.benchmarks.tiny_sweep import tail, tiny_sweep


def test_what_it_prints_is_kept(tmp_path: Path) -> None:
    process = tiny_sweep(tmp_path / "a", ["sead=1"], num_threads=1)
    assert process.wait(60) == 2
    assert "sead=1: no such key: nearest seed" in tail(tmp_path / "a")
