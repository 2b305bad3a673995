from __future__ import annotations

import logging
import random

import pytest
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import (
    QuestionRow,
    SpanEncoded,
    SpanEncoding,
    Split,
)
from qbert_lightning.errors import QbertError
from tests import tiny
from tests.datamodules.in_memory import question

WORDS = [*tiny.WORDS.split(), "xyz", "qu"]


def encode(
    encoding: SpanEncoding, rows: list[QuestionRow], tokenizer: PreTrainedTokenizerBase
) -> SpanEncoded:
    return encoding.encode(rows, tokenizer, training=False)


def random_row(generator: random.Random, number: int) -> QuestionRow:
    """A passage and a question of random length and a short answer."""
    context = generator.choices(WORDS, k=generator.randint(1, 120))
    start = generator.randrange(len(context))
    answer = context[start : start + generator.randint(1, 2)]
    before = len(" ".join(context[:start])) + (start > 0)
    return QuestionRow(
        identifier=str(number),
        group="g",
        question=" ".join(generator.choices(WORDS, k=generator.randint(1, 40))),
        context=" ".join(context),
        answers=(" ".join(answer),),
        starts=(before,),
    )


@pytest.mark.parametrize(("max_length", "stride"), [(32, 12), (48, 8), (64, 28)])
def test_random_passages_are_covered_and_answers_found(
    tokenizer: PreTrainedTokenizerBase, max_length: int, stride: int
) -> None:
    generator = random.Random(max_length)
    rows = [random_row(generator, number) for number in range(60)]
    encoded = encode(SpanEncoding(max_length, stride), rows, tokenizer)
    covered: dict[int, set[int]] = {number: set() for number in range(60)}
    answered: set[int] = set()
    for feature, window in zip(encoded.features, encoded.windows, strict=True):
        assert len(feature["input_ids"]) <= max_length
        for begin, end in window.offsets[window.offsets[:, 0] >= 0].tolist():
            covered[window.row].update(range(begin, end))
        start, end = feature["start_positions"], feature["end_positions"]
        if start:
            first, last = window.offsets[start, 0], window.offsets[end, 1]
            row = rows[window.row]
            assert row.context[first:last] == row.answers[0]
            answered.add(window.row)
    assert answered == set(range(60))
    for number, characters in covered.items():
        context = rows[number].context
        assert characters == {i for i, c in enumerate(context) if c != " "}


def test_windows_with_a_part_of_the_answer_have_none(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    context = " ".join(["cat"] * 40 + ["in paris"] + ["dog"] * 40)
    rows = [question(0, context, context)]
    encoded = encode(SpanEncoding(32, 4), rows, tokenizer)
    assert len(encoded.features) > 2
    assert all(feature["start_positions"] == 0 for feature in encoded.features)


def test_training_inputs_have_no_index(tokenizer: PreTrainedTokenizerBase) -> None:
    rows = [question(0, "the cat is in paris", "paris")]
    encoded = SpanEncoding(32, 8).encode(rows, tokenizer, training=True)
    assert "feature_index" not in encoded.features[0]
    tokens = tokenizer.convert_ids_to_tokens(encoded.features[0]["input_ids"].tolist())
    start, end = (encoded.features[0][f"{side}_positions"] for side in ("start", "end"))
    assert tokens[start : end + 1] == ["paris"]


@pytest.mark.parametrize("long_question", ["where " * 500, "x" * 99, "q z " * 90])
def test_long_questions_are_shortened_and_counted(
    tokenizer: PreTrainedTokenizerBase,
    long_question: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = question(0, "the cat is in paris", "paris")._replace(question=long_question)
    with caplog.at_level(logging.WARNING):
        encoded = encode(SpanEncoding(32, 8), [row], tokenizer)
    assert encoded.shortened_questions == 1
    assert "1 of 1 questions were cut to 16 tokens" in caplog.text
    assert len(encoded.features[0]["input_ids"]) <= 32


@pytest.mark.parametrize("stride", [-1, 13, 16, 400])
def test_windows_that_would_not_move_are_refused(stride: int) -> None:
    with pytest.raises(QbertError, match=f"doc_stride={stride}: accepted 0 to 12"):
        SpanEncoding(32, stride)


def test_largest_accepted_stride_works(tokenizer: PreTrainedTokenizerBase) -> None:
    row = question(0, "cat " * 100 + "paris", "paris")
    row = row._replace(question="where " * 100)
    assert encode(SpanEncoding(32, 12), [row], tokenizer).features


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": " "}, "an empty question"),
        ({"context": ""}, "an empty passage"),
        ({"answers": (), "starts": ()}, "0 answers and 0 positions"),
        ({"starts": (3,)}, "answer 'paris' at character 3, where the passage has"),
        ({"starts": (-5,)}, "answer 'paris' at character -5"),
        ({"starts": (900,)}, "answer 'paris' at character 900"),
    ],
)
def test_bad_rows_are_named(change: dict[str, object], message: str) -> None:
    row = question(7, "the cat is in paris", "paris")._replace(**change)
    with pytest.raises(
        QbertError, match=f"question 1 \\(id 7\\) has {message}"
    ) as error:
        SpanEncoding(32, 8).check(Split("dev", [row], "dev.json"), None)
    assert error.value.code == 4


def test_identifiers_are_unique() -> None:
    row = question(7, "the cat is in paris", "paris")
    with pytest.raises(QbertError, match=r"question 2 .* an identifier used before"):
        SpanEncoding(32, 8).check(Split("dev", [row, row], "dev.json"), None)
