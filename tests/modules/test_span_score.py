from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import (
    SpanEncoded,
    SpanEncoding,
    Split,
    TaskSplits,
)
from qbert_lightning.modules import SpanScore
from tests.datamodules.in_memory import InMemory, question

CONTEXT = "the cat sat on a mat in paris " * 8
ROWS = [
    question(0, "the cat is in paris", "paris"),
    question(1, CONTEXT.strip() + " not london", "london"),
    question(2, "a dog ran", "dog ran"),
]


@pytest.fixture
def data(tokenizer: PreTrainedTokenizerBase) -> InMemory:
    split = Split("toy", ROWS, "memory")
    data = InMemory(TaskSplits(split, {"test": split}), SpanEncoding(32, 8))
    data.use_tokenizer(tokenizer)
    return data


def fill(
    metric: SpanScore,
    data: InMemory,
    logits: Callable[[int, int], tuple[torch.Tensor, torch.Tensor]],
) -> None:
    """Feed every window, padded by two, with the logits of (window, length)."""
    for index, feature in enumerate(data.encoded("test").features):
        start, end = logits(index, len(feature["input_ids"]) + 2)
        metric.update(start[None], end[None], torch.tensor([index]))


def spans(data: InMemory) -> SpanEncoded:
    encoded = data.encoded("test")
    assert isinstance(encoded, SpanEncoded)
    return encoded


def test_logits_of_the_answers_score_one(data: InMemory) -> None:
    def right(index: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        feature = spans(data).features[index]
        both = torch.zeros(2, length)
        for row, side in zip(both, ("start", "end"), strict=True):
            row[feature[f"{side}_positions"]] = 9.0
        return both[0], both[1]

    metric = SpanScore(data, "test", n_best=20, max_answer_length=30)
    fill(metric, data, right)
    assert metric.predictions() == {0: "paris", 1: "london", 2: "dog ran"}
    assert {name: float(x) for name, x in metric.compute().items()} == {
        "exact_match": 1.0,
        "f1": 1.0,
    }


@pytest.mark.parametrize("max_answer_length", [1, 3, 30])
def test_best_span_equals_a_search_over_all_spans(
    data: InMemory, max_answer_length: int
) -> None:
    generator = torch.Generator().manual_seed(max_answer_length)
    drawn: list[tuple[torch.Tensor, torch.Tensor]] = []

    def noise(_: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        drawn.append(tuple(torch.randn(2, length, generator=generator)))
        return drawn[-1]

    metric = SpanScore(data, "test", n_best=50, max_answer_length=max_answer_length)
    fill(metric, data, noise)
    best: dict[int, tuple[float, str]] = {}
    for window, (start, end) in zip(spans(data).windows, drawn, strict=True):
        tokens = np.flatnonzero(window.offsets[:, 0] >= 0)
        for first in tokens:
            for last in tokens[
                (tokens >= first) & (tokens < first + max_answer_length)
            ]:
                score = float(start[first] + end[last])
                text = ROWS[window.row].context[
                    window.offsets[first, 0] : window.offsets[last, 1]
                ]
                if score > best.get(window.row, (-np.inf, ""))[0]:
                    best[window.row] = (score, text)
    assert metric.predictions() == {row: text for row, (_, text) in best.items()}


def test_tokens_outside_the_passage_never_win(data: InMemory) -> None:
    def outside(index: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        logits = torch.full((length,), 50.0)
        inside = spans(data).windows[index].offsets[:, 0] >= 0
        logits[: len(inside)][torch.from_numpy(inside)] = 0.0
        return logits, logits

    metric = SpanScore(data, "test", n_best=20, max_answer_length=30)
    fill(metric, data, outside)
    for row, text in metric.predictions().items():
        assert text
        assert text in ROWS[row].context


def test_no_allowed_span_is_an_empty_answer(data: InMemory) -> None:
    """With one candidate each, an end before the start leaves nothing."""

    def crossed(index: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = np.flatnonzero(spans(data).windows[index].offsets[:, 0] >= 0)
        start, end = torch.zeros(2, length)
        start[tokens[-1]] = end[tokens[0]] = 5.0
        return start, end

    metric = SpanScore(data, "test", n_best=1, max_answer_length=30)
    fill(metric, data, crossed)
    assert metric.predictions() == dict.fromkeys(range(len(ROWS)), "")
    assert float(metric.compute()["f1"]) == 0.0
