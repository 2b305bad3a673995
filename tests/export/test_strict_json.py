from __future__ import annotations

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.export.strict_json import strict_json


def test_plain_json_is_read() -> None:
    text = '{"a": [1, -2.5, null, true], "é": {"b": "\\ud83d\\ude00"}}'.encode()
    assert strict_json(text, "x") == {"a": [1, -2.5, None, True], "é": {"b": "😀"}}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b'{"a": 1, "a": 1}', "'a' stands there twice"),
        (b'{"b": {"a": 1, "a": 2}}', "'a' stands there twice"),
        (b"[NaN]", "NaN is not a finite number"),
        (b"[-Infinity]", "-Infinity is not a finite number"),
        (b"[1e999]", "1e999 is not a finite number"),
        (b'["\xff"]', "utf-8"),
        (b"\xef\xbb\xbf[]", "BOM"),
        (b'["\\ud800"]', "surrogates"),
        (b"[" * 100_000, "recursion"),
        (b"[" * 101 + b"]" * 101, "more than 100 deep"),
        (b"9" * 10_000, "integer string"),
        (b"{} {}", "Extra data"),
        (b"", "Expecting value"),
    ],
)
def test_what_readers_could_disagree_on_is_refused(text: bytes, complaint: str) -> None:
    with pytest.raises(QbertError, match=complaint) as caught:
        strict_json(text, "some file")
    assert caught.value.code == 4
    assert str(caught.value).startswith("some file: accepted strict JSON")


def test_a_hundred_levels_are_read() -> None:
    assert strict_json(b"[" * 100 + b"]" * 100, "x") is not None
