"""The task card: a round trip, and one line for whatever else stands in its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.export.task_card import CARD_HEADS, TASK_FILE, TaskCard
from qbert_lightning.models import HEADS

CARD = TaskCard("question_answering", 384, None, 128, 20, 30)
PAIRS = TaskCard("sequence_classification", 128, pairs=True)


@pytest.mark.parametrize("card", [CARD, PAIRS])
def test_a_card_is_read_as_it_was_written(card: TaskCard, tmp_path: Path) -> None:
    assert TaskCard.read(tmp_path) is None
    card.write(tmp_path)
    assert TaskCard.read(tmp_path) == card


def test_heads_are_those_of_the_models() -> None:
    assert set(CARD_HEADS) == set(HEADS)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"head": "masked_lm"},
        {"head": ["question_answering"]},
        {"max_length": 4},
        {"max_length": "384"},
        {"max_length": True},
        {"max_length": 384.0},
        {"pairs": "yes"},
        {"doc_stride": -1},
        {"n_best": 0},
        {"max_answer_length": None},
        {"more": 1},
    ],
)
def test_a_broken_card_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    content = {**json.loads(CARD.to_json()), **change}
    (tmp_path / TASK_FILE).write_text(json.dumps(content))
    with pytest.raises(QbertError, match=TASK_FILE) as caught:
        TaskCard.read(tmp_path)
    assert caught.value.code == 4
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b"1"])
def test_a_file_that_is_no_card_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / TASK_FILE).write_bytes(content)
    with pytest.raises(QbertError, match=TASK_FILE) as caught:
        TaskCard.read(tmp_path)
    assert caught.value.code == 4
