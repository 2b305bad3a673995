"""The card of a run has the settings under which its model is scored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from qbert_lightning.datamodules import SyntheticDataModule
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.pipeline.describe_task import describe_task

SPAN = {"_target_": "x", "metrics": ["f1"], "n_best": 7, "max_answer_length": 9}


@pytest.mark.parametrize(
    ("shape", "module", "expected"),
    [
        ("sentence", {}, TaskCard("sequence_classification", 32, pairs=False)),
        ("pair", {}, TaskCard("sequence_classification", 32, pairs=True)),
        ("tagging", {}, TaskCard("token_classification", 32)),
        ("span", SPAN, TaskCard("question_answering", 32, None, 6, 7, 9)),
    ],
)
def test_it_is_what_data_and_module_are_made_with(
    shape: str, module: dict[str, Any], expected: TaskCard
) -> None:
    data = SyntheticDataModule(
        shape, num_train=2, num_validation=2, num_test=2, max_length=32
    )
    bench: Any = SimpleNamespace(config={"task": {"module": module}}, data=data)
    assert describe_task(bench) == expected
