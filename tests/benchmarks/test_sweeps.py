from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.benchmarks import Subject, SweepBenchmark
from qbert_lightning.benchmarks import sweeps as benchmark_file
from qbert_lightning.errors import QbertError

NOBODY = Subject(lambda: Path("none"), lambda count, size: [{"x": torch.ones(1)}])


def test_launchers_are_measured_beside_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contestants = {
        name: benchmark_file.CONTESTANTS[name] for name in ("one process", "local")
    }
    contestants["absent"] = (("hydra/launcher=absent",), "hydra_plugins.not_there")
    monkeypatch.setattr(benchmark_file, "CONTESTANTS", contestants)
    told: list[str] = []
    outcome = SweepBenchmark(jobs=1, rounds=1).run(NOBODY, tmp_path, told.append)
    assert [row[0] for row in outcome.rows] == ["one process", "local", "absent"]
    assert outcome.rows[2][1] == "not installed"
    cpu = [found["cpu_s"] for found in outcome.measurements]
    assert outcome.facts["ratios"]["local"]["median"] == pytest.approx(cpu[1] / cpu[0])
    assert len(told) == 2


def test_a_sweep_that_fails_is_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"one process": (("hydra/launcher=basic", "sead=1"), None)}
    monkeypatch.setattr(benchmark_file, "CONTESTANTS", broken)
    with pytest.raises(QbertError, match=r"exit code \d with 0 of 1 runs: .*"):
        SweepBenchmark(jobs=1, rounds=1).run(NOBODY, tmp_path, print)


@pytest.mark.parametrize("key", ["jobs", "rounds", "num_threads"])
def test_counts_are_positive(key: str) -> None:
    with pytest.raises(QbertError, match=f"bench.{key}=0"):
        SweepBenchmark(**{key: 0})
