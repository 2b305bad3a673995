"""Work shared among devices."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from qbert_lightning.sensitivity.problem import Problem

Item = TypeVar("Item")


def share(
    items: Sequence[Item],
    problem: Problem,
    devices: Sequence[torch.device],
    work: Callable[[Problem, Item], None],
) -> None:
    """Do every item once, each on whichever device is free next.

    With two devices or more every one has a thread and a model of its own; kernels run
    outside of Python's lock. With fewer, all is done here on the problem itself.

    Args:
        items: What there is to do.
        problem: What it is done on.
        devices: Where; the same device may stand there several times.
        work: Does one item, on the problem it is given. Results do not depend on which
            device that is, but for rounding.

    Raises:
        BaseException: The first one that ``work`` raises; no further item is begun.
    """
    if len(devices) < 2:
        for item in items:
            work(problem, item)
        return
    waiting = deque(items)  # its operations are atomic
    failed: list[BaseException] = []

    def work_off(own: Problem) -> None:
        while waiting and not failed:
            try:
                item = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                work(own, item)
            except BaseException as error:
                failed.append(error)

    copies = [problem.copied(device) for device in devices[: len(items)]]
    with ThreadPoolExecutor(max(1, len(copies))) as pool:
        list(pool.map(work_off, copies))
    if failed:
        raise failed[0]
