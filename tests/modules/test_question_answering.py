from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import QuestionRow, SpanEncoding, Split, TaskSplits
from qbert_lightning.errors import QbertError
from qbert_lightning.modules import QuestionAnswering
from tests.datamodules.in_memory import InMemory, question
from tests.modules.training import make_module, make_trainer


def rows(count: int) -> list[QuestionRow]:
    """The answer is the word after the only "in", sometimes in a later window."""
    places = ["paris", "london", "mat"]
    made = []
    for number in range(count):
        before, after = number % 23, (number * 7) % 19
        words = ["cat"] * before + ["in", places[number % 3]] + ["dog"] * after
        made.append(question(number, " ".join(words), places[number % 3]))
    return made


def splits(train: int, test: int) -> TaskSplits:
    return TaskSplits(
        Split("train", rows(train), "memory"),
        {"test": Split("dev", rows(test), "memory")},
    )


def test_a_model_learns_spans(tokenizer: PreTrainedTokenizerBase) -> None:
    data = InMemory(splits(240, 40), SpanEncoding(32, 8), batch_size=16)
    module = make_module(
        QuestionAnswering, data, tokenizer, ["f1", "exact_match"], n_best=10
    )
    trainer = make_trainer(max_epochs=8)
    trainer.fit(module, datamodule=data)
    assert "val/f1" in trainer.callback_metrics
    (scores,) = trainer.test(module, datamodule=data, verbose=False)
    assert set(scores) == {"test/f1", "test/exact_match"}
    assert scores["test/f1"] > 0.9


@pytest.mark.parametrize("key", ["n_best", "max_answer_length"])
def test_counts_below_one_are_refused(
    tokenizer: PreTrainedTokenizerBase, key: str
) -> None:
    data = InMemory(splits(8, 4), SpanEncoding(32, 8))
    with pytest.raises(QbertError, match=f"task.module.{key}=0: accepted 1 or more"):
        make_module(QuestionAnswering, data, tokenizer, ["f1"], **{key: 0})
