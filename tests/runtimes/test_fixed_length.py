"""Texts padded to one length: cut off again, and too long ones refused."""

from __future__ import annotations

import numpy as np
import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.runtimes.engine_model import Arrays
from qbert_lightning.runtimes.fixed_length import at_length

TOKENS = 6


class Network:
    """Takes one text of `TOKENS`; answers for the text and for each of its tokens."""

    def __init__(self) -> None:
        self.asked: list[Arrays] = []

    def __call__(self, inputs: Arrays) -> Arrays:
        assert {ids.shape for ids in inputs.values()} == {(1, TOKENS)}
        self.asked.append(inputs)
        counted = inputs["input_ids"] * inputs["attention_mask"]
        return {
            "text": np.repeat(counted.sum(1, keepdims=True), TOKENS, axis=1),
            "ends": 2 * counted,
            "tags": np.stack([counted, -counted], axis=2),
        }


def asked(texts: int, length: int) -> dict[str, np.ndarray]:
    ids = 1 + np.arange(texts * length).reshape(texts, length)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


@pytest.mark.parametrize("length", [0, 1, TOKENS - 1, TOKENS])
@pytest.mark.parametrize("texts", [0, 1])
def test_what_was_padded_is_masked_and_cut_off(texts: int, length: int) -> None:
    network, inputs = Network(), asked(texts, length)
    found = at_length(network, TOKENS, {"ends", "tags"})(inputs)
    ids = inputs["input_ids"]
    total = np.repeat(ids.sum(1, keepdims=True), TOKENS, axis=1)  # as many labels
    np.testing.assert_array_equal(found["text"], total)
    np.testing.assert_array_equal(found["ends"], 2 * ids)
    np.testing.assert_array_equal(found["tags"], np.stack([ids, -ids], axis=2))


def test_a_text_of_that_length_is_not_copied() -> None:
    network, inputs = Network(), asked(1, TOKENS)
    at_length(network, TOKENS, ())(inputs)
    assert network.asked == [inputs]
    assert network.asked[0]["input_ids"] is inputs["input_ids"]


def test_a_longer_text_is_refused() -> None:
    with pytest.raises(QbertError, match=r"^input_ids: 7 tokens: accepted up to 6"):
        at_length(Network(), TOKENS, ())(asked(1, TOKENS + 1))
