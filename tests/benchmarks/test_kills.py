from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from qbert_lightning.benchmarks import KillBenchmark, Subject
from qbert_lightning.benchmarks.kills import (
    compared,
    digests,
    finished_records,
    kill_session,
    leftovers,
)
from qbert_lightning.errors import QbertError
from qbert_lightning.tracking import RunRecord

NOBODY = Subject(lambda: Path("none"), lambda count, size: [{"x": torch.ones(1)}])


@pytest.mark.slow
def test_a_killed_sweep_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    outcome = KillBenchmark(kills=1, jobs=1).run(NOBODY, tmp_path, print)
    totals = outcome.facts["totals"]
    assert totals.pop("kills") == 1
    totals.pop("runs")
    assert set(totals.values()) == {0}


def test_what_is_finished_and_what_is_left_over(tmp_path: Path) -> None:
    sweep = tmp_path / "outputs" / "sweeps" / "a"
    for number, status in enumerate(("finished", "failed", "running")):
        RunRecord(name="r", status=status).write(sweep / str(number))
    assert set(finished_records(tmp_path)) == {str(sweep / "0")}
    assert leftovers(tmp_path) == 0
    (sweep / "0" / ".run.json.tmp.x1").touch()
    (tmp_path / "outputs" / "stages" / "finetune" / "ab.making-3").mkdir(parents=True)
    (tmp_path / "outputs" / "stages" / "finetune" / "ab.unfinished").mkdir()
    assert leftovers(tmp_path) == 3


def test_lost_and_repeated_runs_are_told_apart() -> None:
    before = {"0": b"a", "1": b"b", "2": b"c"}
    assert compared(before, {**before, "3": b"d"}) == (0, 0)
    assert compared(before, {"0": b"a", "1": b"later"}) == (1, 1)


def test_digests_see_one_changed_bit(tmp_path: Path) -> None:
    weights = tmp_path / "outputs" / "stages" / "quantize" / "ab" / "model.safetensors"
    weights.parent.mkdir(parents=True)
    tensors = {"a": torch.zeros(3), "b": torch.ones(2, 2)}
    save_file(tensors, weights, metadata={"x": "1"})
    before = digests(tmp_path)
    assert list(before) == ["quantize/ab"]
    save_file(tensors, weights, metadata={"y": "2", "x": "1"})
    assert digests(tmp_path) == before
    for changed in (
        {"a": torch.zeros(3), "b": torch.ones(4)},
        {"a": torch.tensor([0, 0, 1e-45]), "b": torch.ones(2, 2)},
    ):
        save_file(changed, weights)
        assert digests(tmp_path) != before


def test_a_whole_session_is_killed() -> None:
    code = "import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    kill_session(process.pid)
    assert process.wait(30) == -9


def test_a_kill_is_needed() -> None:
    with pytest.raises(QbertError, match=r"bench\.kills=0"):
        KillBenchmark(kills=0)
