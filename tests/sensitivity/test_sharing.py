from __future__ import annotations

from threading import Barrier, get_ident
from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.sensitivity import Problem, share

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack

CPU = torch.device("cpu")


def test_every_item_once_on_a_model_of_its_own(stack: Stack) -> None:
    problem, met = stack.problem(), Barrier(3, timeout=30)
    done: list[int] = []
    seen: dict[int, set[int]] = {}

    def work(own: Problem, item: int) -> None:
        if item < 3:
            met.wait()  # passes only if three threads are at work
        seen.setdefault(get_ident(), set()).add(id(own.model))
        done.append(item)

    share(range(8), problem, [CPU] * 3, work)
    assert sorted(done) == list(range(8))
    assert len(seen) == 3
    models = [model for each in seen.values() for model in each]
    assert len(set(models)) == len(models) == 3
    assert id(problem.model) not in models


def test_one_device_needs_no_copy(stack: Stack) -> None:
    problem = stack.problem()
    share([1, 2], problem, [CPU], lambda own, item: _same(own, problem))


@pytest.mark.parametrize("num_devices", [1, 2])
def test_the_first_failure_ends_it(stack: Stack, num_devices: int) -> None:
    begun = []

    def work(own: Problem, item: int) -> None:
        begun.append(item)
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match=r"item [01]"):
        share(range(50), stack.problem(), [CPU] * num_devices, work)
    assert len(begun) <= num_devices


def test_nothing_to_do(stack: Stack) -> None:
    share([], stack.problem(), [CPU] * 2, lambda own, item: pytest.fail("no item"))


def _same(own: Problem, problem: Problem) -> None:
    assert own is problem
