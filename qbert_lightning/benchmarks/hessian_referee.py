"""A process that holds the Hessian benchmark's problem and lets contestants at it.

``python -m qbert_lightning.benchmarks.hessian_referee MODEL_FOLDER BATCHES THREADS``
reads a task a line from standard input and writes its result as a line of JSON. It only
loads; every task is done by a fork of it, which so starts with the model in memory, no
graph and no history.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from qbert_lightning.benchmarks.hessian_contestants import (
    CONTESTANTS,
    Demand,
    Found,
    FoundTrace,
)
from qbert_lightning.benchmarks.hessian_problem import HessianProblem
from qbert_lightning.benchmarks.isolation import costed, in_a_fork
from qbert_lightning.benchmarks.serving import serve


def carry_out(problem: HessianProblem, task: Mapping[str, Any]) -> dict[str, Any]:
    """Let one contestant do one task, and check what it found.

    Args:
        problem: The model and data.
        task: ``contestant`` and the fields of `Demand`.

    Returns:
        Its cost, and values with their residuals or a trace with its standard
        error.
    """
    contestant = CONTESTANTS[task["contestant"]]
    demand = Demand(**{key: x for key, x in task.items() if key != "contestant"})
    problem.warm_up()
    if demand.k == 0:
        estimate, cost = costed(lambda: contestant.trace(problem, demand))
        assert isinstance(estimate, FoundTrace)
        return {**asdict(estimate), **cost.as_dict()}
    found, cost = costed(lambda: contestant.eigenpairs(problem, demand))
    assert isinstance(found, Found)
    return {
        "values": list(found.values),
        "residuals": problem.residuals(demand.layer, found.values, found.vectors),
        "num_products": found.num_products,
        **cost.as_dict(),
    }


def main(arguments: list[str]) -> None:
    """Serve tasks until standard input ends."""
    folder, batches, threads = arguments
    warnings.filterwarnings("ignore", ".*create_graph=True.*")
    torch.set_num_threads(
        1
    )  # a fork of a process with computing threads cannot compute
    problem = HessianProblem.load(Path(folder), Path(batches))

    def work(task: Mapping[str, Any]) -> dict[str, Any]:
        torch.set_num_threads(int(threads))
        return carry_out(problem, task)

    serve(lambda task: in_a_fork(partial(work, task)))


if __name__ == "__main__":
    main(sys.argv[1:])
