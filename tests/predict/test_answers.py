"""Answers: those that evaluation scores, at their places in the passage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import QuestionRow, SyntheticDataModule
from qbert_lightning.export import load_packed
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.modules import SpanScore
from qbert_lightning.predict.answers import AnswerPredictor
from qbert_lightning.predict.base import Loaded
from tests.predict.tiny_folder import tiny_folder

ARCHITECTURE = "BertForQuestionAnswering"
PASSAGE = "  The cat sat on the mat in London. A dog ran, not in Paris! " * 4


def load(
    folder: Path, tokenizer: PreTrainedTokenizerBase, max_length: int = 24
) -> Loaded:
    card = TaskCard("question_answering", max_length, doc_stride=4, max_answer_length=6)
    return Loaded(load_packed(folder)[0], tokenizer, card, 3)


@pytest.fixture(scope="module")
def predictor(
    tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory
) -> AnswerPredictor:
    folder = tmp_path_factory.mktemp("answers")
    return AnswerPredictor(
        load(tiny_folder(folder, ARCHITECTURE, tokenizer), tokenizer)
    )


def test_answers_are_those_that_evaluation_scores(tmp_path: Path) -> None:
    data = SyntheticDataModule(
        "span", num_train=4, num_validation=4, num_test=30, max_length=24
    )
    tokenizer = data.own_tokenizer()
    data.use_tokenizer(tokenizer)
    model = load_packed(tiny_folder(tmp_path, ARCHITECTURE, tokenizer))[0]
    metric = SpanScore(data, "test", n_best=20, max_answer_length=30)
    with torch.no_grad():
        for batch in data.test_dataloader():
            index = batch.pop("feature_index")
            outputs = model(**batch)
            metric.update(outputs.start_logits, outputs.end_logits, index)
    expected = metric.predictions()
    assert len(data.encoded("test").features) > len(expected)  # windows

    settings = data.encoding.settings()
    card = TaskCard("question_answering", 24, doc_stride=settings["doc_stride"])
    predictor = AnswerPredictor(Loaded(model, tokenizer, card, 3))
    rows = [row for row in data.splits["test"].rows if isinstance(row, QuestionRow)]
    fields = [{"question": row.question, "context": row.context} for row in rows]
    answers = predictor.answers([predictor.from_fields(one) for one in fields])
    texts = {row: one["answer"]["text"] for row, one in enumerate(answers)}
    assert texts == expected
    assert len(set(texts.values())) > 10


def test_answers_stand_where_they_say(predictor: AnswerPredictor) -> None:
    contexts = [PASSAGE, "London", "", " \x00 ", "東京 is Tokyo", PASSAGE * 3]
    fields = [{"question": "where is the cat", "context": text} for text in contexts]
    answers = predictor.answers([predictor.from_fields(one) for one in fields])
    for text, answer in zip(contexts, answers, strict=True):
        found = answer["answer"]
        assert text[found["start"] : found["end"]] == found["text"]
        assert 0 <= found["score"] <= 1
        assert bool(found["text"]) == bool(text.strip("\x00 "))


def test_the_score_is_the_probability_of_the_span(
    tokenizer: PreTrainedTokenizerBase, predictor: AnswerPredictor
) -> None:
    question, context = "where", "the cat sat on the mat"
    (answer,) = predictor.answers(predictor.from_arguments([question, context]))
    inputs = tokenizer(question, context, return_tensors="pt")
    with torch.no_grad():
        outputs = predictor.loaded.model(**inputs)
    joint = torch.outer(
        torch.softmax(outputs.start_logits[0], 0),
        torch.softmax(outputs.end_logits[0], 0),
    )
    first, last = 3, len(inputs["input_ids"][0]) - 1  # the passage's tokens
    allowed = joint[first:last, first:last].triu().tril(5)
    expected = float(allowed.max())
    assert answer["answer"]["score"] == pytest.approx(expected, abs=2e-6)


def test_a_question_may_be_asked_of_every_passage(predictor: AnswerPredictor) -> None:
    common = AnswerPredictor(predictor.loaded, question="who ran")
    asked = common.from_arguments(["a dog ran\tin london", "a cat sat"])
    expected = [
        {"question": "who ran", "context": "a dog ran\tin london"},
        {"question": "who ran", "context": "a cat sat"},
    ]
    assert [one.fields for one in asked] == expected
    assert common.from_fields(expected[1] | {"question": "own"}).row[2] == "own"
    assert common.from_fields({"context": "a"}).fields["question"] == "who ran"


def test_question_and_passage_come_in_one_line(predictor: AnswerPredictor) -> None:
    asked = predictor.from_text("who ran\ta dog\tran")
    assert asked.fields == {"question": "who ran", "context": "a dog\tran"}
    assert predictor.answers([predictor.from_text("")])[0]["answer"]["text"] == ""
    with pytest.raises(ValueError, match="--question"):
        predictor.from_text("a dog ran")


@pytest.mark.parametrize(
    "fields", [{}, {"question": "who"}, {"question": "who", "context": 1}]
)
def test_objects_have_question_and_context(
    fields: dict[str, Any], predictor: AnswerPredictor
) -> None:
    with pytest.raises(ValueError, match="accepted a text"):
        predictor.from_fields(fields)


def test_a_line_is_the_answer(predictor: AnswerPredictor) -> None:
    answer = {"text": "Denver Broncos", "score": 0.987}
    assert predictor.line({"answer": answer}) == "Denver Broncos 0.99"
    assert predictor.line({"answer": {"text": "", "score": 0.0}}) == "-"
