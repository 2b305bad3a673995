"""JSON objects as input."""

from __future__ import annotations

import pytest

from qbert_lightning.predict.fields import first_given, read_object, text_of


def test_an_object_keeps_all_it_has() -> None:
    line = '{"text": "a", "id": 7, "more": [1.5, null, {"ä": true}]}'
    assert read_object(line) == {
        "text": "a",
        "id": 7,
        "more": [1.5, None, {"ä": True}],
    }


@pytest.mark.parametrize(
    "line",
    [
        "text",
        "[]",
        '"text"',
        "null",
        "{",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"a": ' + "1" * 5000 + "}",
        "[" * 100_000,
        '{"a": 1} {"a": 2}',
    ],
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="accepted a JSON object"):
        read_object(line)


def test_a_key_must_be_there_and_hold_text() -> None:
    assert text_of({"a": ""}, "a") == ""
    with pytest.raises(ValueError, match="'a' is missing"):
        text_of({}, "a")
    with pytest.raises(ValueError, match="'a' is int"):
        text_of({"a": 1}, "a")


def test_the_first_choice_that_is_there_is_taken() -> None:
    choices = [("premise", "hypothesis"), ("text",)]
    assert first_given({"text": 1, "premise": 2}, choices) == ("text",)
    assert first_given(dict.fromkeys(["text", *choices[0]]), choices) == choices[0]
    with pytest.raises(ValueError, match="accepted premise and hypothesis, or text"):
        first_given({"premise": 1}, choices)
