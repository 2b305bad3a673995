from __future__ import annotations

import time

import pytest

from qbert_lightning.sweeps import LauncherSettings
from qbert_lightning.sweeps.watch import Watch


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_job_that_computes_is_left_alone(clock: list[float]) -> None:
    watch = Watch(LauncherSettings(idle_minutes=1), clock[0], clock[0])
    for ticks in range(10):
        clock[0] += 59
        assert watch.complaint(ticks) is None


def test_a_job_that_stands_still_is_complained_of(clock: list[float]) -> None:
    watch = Watch(LauncherSettings(idle_minutes=1), clock[0], clock[0])
    assert watch.complaint(5) is None
    clock[0] += 59
    assert watch.complaint(5) is None
    clock[0] += 2
    assert "idle_minutes=1" in (watch.complaint(5) or "")


def test_unknown_progress_is_no_complaint(clock: list[float]) -> None:
    watch = Watch(LauncherSettings(idle_minutes=1), clock[0], clock[0])
    for _ in range(5):
        clock[0] += 1000
        assert watch.complaint(None) is None


def test_time_is_up_for_a_busy_job_too(clock: list[float]) -> None:
    settings = LauncherSettings(timeout_minutes=2, idle_minutes=None)
    watch = Watch(settings, clock[0], clock[0])
    clock[0] += 119
    assert watch.complaint(1) is None
    clock[0] += 2
    assert "timeout_minutes=2" in (watch.complaint(2) or "")
