from __future__ import annotations

import ast
from typing import Annotated, Any, Literal

import pytest

from qbert_lightning.pipeline.value_types import (
    Matching,
    Range,
    accepts,
    describe,
    hint_of,
    shown,
)

INF = float("inf")
NAN = float("nan")
BITS = Annotated[int, Range(2, 8)]
POSITIVE = Annotated[float, Range(0, above=True)]

CASES: list[tuple[Any, list[Any], list[Any]]] = [
    (int, [0, -3], [True, 1.0, "1", None, [1]]),
    (float, [0, 1.5, -2], [True, NAN, INF, -INF, "1", None]),
    (bool, [True, False], [0, 1, "true", None]),
    (str, ["", "a"], [1, None, ["a"]]),
    (int | None, [None, 3], ["null", 3.5]),
    (BITS, [2, 8], [1, 9, 4.0, True, None]),
    (BITS | None, [None, 2], [1]),
    (POSITIVE, [1e-9, 3], [0, -1, NAN, INF]),
    (Literal["last", "best"], ["last"], ["first", None, 1]),
    (list[int], [[], [1, 2]], [["a"], 1, (1,), {"a": 1}]),
    (list[BITS], [[2, 3]], [[2, 9]]),
    (list, [[1, "a"]], ["a"]),
    (dict[str, Any], [{}, {"a": 1}], [[], None, "a"]),
    (Annotated[str, Matching("[a-z]+", "letters")], ["ab"], ["", "a\n", "A", 3]),
    (object, [1, None, {}], []),
]


@pytest.mark.parametrize(("hint", "good", "bad"), CASES, ids=lambda x: str(x)[:40])
def test_accepts(hint: Any, good: list[Any], bad: list[Any]) -> None:  # noqa: ANN401
    assert [value for value in good if not accepts(hint, value)] == []
    assert [value for value in bad if accepts(hint, value)] == []


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (BITS, "2..8 (int)"),
        (BITS | None, "2..8 (int) | null"),
        (POSITIVE, "more than 0 (number)"),
        (Annotated[int, Range(1)], "at least 1 (int)"),
        (list[BITS], "list of 2..8 (int)"),
        (dict[str, Any], "mapping"),
        (Literal["a", "b"], "a | b"),
        (object, "anything"),
    ],
)
def test_describe(hint: Any, words: str) -> None:  # noqa: ANN401
    assert describe(hint) == words


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("int", int),
        ("int | None", int | None),
        ("float | int | None", float | int | None),
        ("Optional[str]", str | None),
        ("Union[int, str]", int | str),
        ("Literal['a', 'b']", Literal["a", "b"]),
        ("typing.Literal['a']", Literal["a"]),
        ("Sequence[int]", list[int]),
        ("list[int | str]", list[int | str]),
        ("tuple[float, float]", list),
        ("str | Sequence[str]", str | list[str]),
        ("Mapping[str, int]", dict),
        ("torch.Tensor", object),
        ("'QuantSpec'", object),
        ("Callable[[int], str]", object),
    ],
)
def test_hint_of_an_annotation(text: str, hint: Any) -> None:  # noqa: ANN401
    assert hint_of(ast.parse(text, mode="eval").body) == hint


def test_no_annotation_accepts_everything() -> None:
    assert accepts(hint_of(None), {"a": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("abc", "abc"),
        ("", ""),
        ("4", "'4'"),
        ("null", "'null'"),
        ([1, None, "2"], "[1, null, '2']"),
        ({"a": False}, "{a: false}"),
        ("x" * 61, "x" * 60 + "..."),
    ],
)
def test_value_is_shown_much_as_it_is_typed(value: Any, text: str) -> None:  # noqa: ANN401
    assert shown(value) == text
