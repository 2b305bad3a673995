"""Answers as text."""

from __future__ import annotations

import json

import pytest

from qbert_lightning.predict.writing import json_line, printable


def test_fields_of_the_input_are_kept() -> None:
    line = json_line({"id": 3, "label": "gold", "text": "é\n"}, {"label": "x", "y": 1})
    assert "\n" not in line
    assert "é" in line
    assert json.loads(line) == {
        "id": 3,
        "input_label": "gold",
        "text": "é\n",
        "label": "x",
        "y": 1,
    }


def test_what_is_no_number_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_line({}, {"score": float("nan")})


def test_a_line_steers_no_terminal() -> None:
    assert printable("a\tb\x1b[31m\u2028é東") == "a b [31m é東"
