"""The task card of a run: what a model shipped by it tells about its task."""

from __future__ import annotations

from qbert_lightning.datamodules import SentenceRow
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.pipeline.workbench import Workbench

OF_THE_MODULE = ("n_best", "max_answer_length")


def describe_task(bench: Workbench) -> TaskCard:
    """The settings under which the run's model is scored.

    Args:
        bench: The run's objects.
    """
    module = bench.config["task"]["module"]
    first = bench.data.splits["train"].rows[0]
    return TaskCard(
        **bench.data.encoding.settings(),
        pairs=first.pair is not None if isinstance(first, SentenceRow) else None,
        **{name: module[name] for name in OF_THE_MODULE if name in module},
    )
