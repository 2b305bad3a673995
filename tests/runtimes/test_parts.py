"""Batches in parts: the same answers, in few questions of bounded size."""

from __future__ import annotations

import numpy as np
import pytest

from qbert_lightning.runtimes.engine_model import Arrays
from qbert_lightning.runtimes.parts import in_parts


class Recorder:
    """Answers with each row's sum and with the ids, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def __call__(self, inputs: Arrays) -> Arrays:
        ids = inputs["input_ids"]
        self.asked.append(ids.shape)
        total = ids + inputs["attention_mask"]
        return {"sums": total.sum(1, keepdims=True), "ids": ids.copy()}


def arrays(batch: int, tokens: int) -> dict[str, np.ndarray]:
    ids = np.arange(batch * tokens).reshape(batch, tokens)
    return {"input_ids": ids, "attention_mask": ids % 2}


@pytest.mark.parametrize(
    ("batch", "tokens", "most_tokens", "rows"),
    [
        (10, 5, 20, [4, 4, 2]),
        (10, 5, 43, [8, 2]),
        (4, 5, 20, [4]),
        (3, 21, 20, [1, 1, 1]),  # a text is never cut
        (0, 7, 20, [0]),
        (7, 0, 20, [7]),
    ],
)
def test_parts_are_bounded_and_answer_as_the_whole_does(
    batch: int, tokens: int, most_tokens: int, rows: list[int]
) -> None:
    whole, recorder, inputs = Recorder(), Recorder(), arrays(batch, tokens)
    found, wanted = in_parts(recorder, most_tokens)(inputs), whole(inputs)
    assert recorder.asked == [(each, tokens) for each in rows]
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
