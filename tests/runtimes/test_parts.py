"""Batches in parts: the same answers, in few questions of bounded size."""

from __future__ import annotations

import numpy as np
import pytest

from qbert_lightning.runtimes.engine_model import Arrays
from qbert_lightning.runtimes.parts import TOKENS_PER_THREAD, in_parts


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
    ("batch", "tokens", "threads", "rows"),
    [
        (10, TOKENS_PER_THREAD // 4, 1, [4, 4, 2]),
        (10, TOKENS_PER_THREAD // 4, 2, [8, 2]),
        (4, TOKENS_PER_THREAD // 4, 1, [4]),
        (3, TOKENS_PER_THREAD + 1, 1, [1, 1, 1]),  # a text is never cut
        (0, 7, 1, [0]),
        (7, 0, 1, [7]),
    ],
)
def test_parts_are_bounded_and_answer_as_the_whole_does(
    batch: int, tokens: int, threads: int, rows: list[int]
) -> None:
    whole, recorder, inputs = Recorder(), Recorder(), arrays(batch, tokens)
    found, wanted = in_parts(recorder, threads)(inputs), whole(inputs)
    assert recorder.asked == [(each, tokens) for each in rows]
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
