from __future__ import annotations

import os
import signal

from qbert_lightning.benchmarks.isolation import costed, in_a_fork


def filled(mebibytes: int) -> int:
    # No tensors here: a fork of a process with computing threads must not compute.
    return len(b"x" * (mebibytes * 2**20))


def peak_of(mebibytes: int) -> float:
    def work() -> float:
        _, cost = costed(lambda: filled(mebibytes))
        return cost.peak_mib

    return float(in_a_fork(work))


def test_the_peak_is_that_of_the_work_alone() -> None:
    filled(256)  # the parent's own peak does not count
    small, large = peak_of(8), peak_of(96)
    assert 80 <= large - small <= 112


def test_processor_time_is_counted() -> None:
    result, cost = costed(lambda: sum(range(200_000)))
    assert result == sum(range(200_000))
    assert cost.cpu_seconds > 0
    assert set(cost.as_dict()) == {"wall_seconds", "cpu_seconds", "peak_mib"}


def test_work_is_done_in_another_process_and_leaves_nothing_behind() -> None:
    seen: list[int] = []

    def work() -> list[float]:
        seen.append(1)
        return [os.getpid(), float("inf")]

    process, infinity = in_a_fork(work)
    assert process != os.getpid()
    assert infinity == float("inf")
    assert seen == []


def test_an_error_becomes_a_reason() -> None:
    assert in_a_fork(lambda: 1 // 0)["error"].startswith("ZeroDivisionError: ")


def test_a_killed_process_is_told() -> None:
    answer = in_a_fork(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert answer == {"error": "the process ended with SIGKILL"}
