from __future__ import annotations

import os
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.sweeps import LauncherSettings, slots
from qbert_lightning.sweeps.slots import make_slots, visible_gpus


@pytest.fixture
def four_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,2,GPU-a,GPU-b")


def test_one_slot_has_what_a_single_run_has() -> None:
    (slot,) = make_slots(LauncherSettings(), 0)
    assert slot.environment() == {}


def test_cores_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(7)))
    made = make_slots(LauncherSettings(slots=3), 0)
    assert [slot.threads for slot in made] == [2, 2, 2]
    assert made[0].environment()["OMP_NUM_THREADS"] == "2"
    (crowded, *_) = make_slots(LauncherSettings(slots=20), 0)
    assert crowded.threads == 1


@pytest.mark.usefixtures("four_gpus")
def test_every_slot_has_gpus_of_its_own() -> None:
    shares = [slot.gpus for slot in make_slots(LauncherSettings(), 1)]
    assert shares == [("0",), ("2",), ("GPU-a",), ("GPU-b",)]
    wide = make_slots(LauncherSettings(gpus_per_job=2), 1)
    assert [slot.environment()["CUDA_VISIBLE_DEVICES"] for slot in wide] == [
        "0,2",
        "GPU-a,GPU-b",
    ]
    assert len(make_slots(LauncherSettings(slots=1), 4)) == 1


@pytest.mark.usefixtures("four_gpus")
def test_more_gpus_than_there_are_is_refused() -> None:
    with pytest.raises(QbertError, match="this machine shows 4") as refused:
        make_slots(LauncherSettings(slots=3), 2)
    assert refused.value.code == 3
    with pytest.raises(QbertError, match="1 jobs at once with 8 GPUs each"):
        make_slots(LauncherSettings(), 8)


def test_gpus_are_found_by_the_driver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(slots, "DRIVER", tmp_path / "gpus")
    assert visible_gpus() == []
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / "gpus" / name).mkdir(parents=True)
    assert visible_gpus() == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_gpus() == []
