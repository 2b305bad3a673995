from __future__ import annotations

import pytest

from qbert_lightning.pipeline.schema import (
    SECTIONS,
    AnyArgument,
    Report,
    Run,
    Training,
    hints_of,
)
from qbert_lightning.pipeline.value_types import accepts, describe


@pytest.mark.parametrize("section", [Run, Report, AnyArgument, *SECTIONS.values()])
def test_every_field_can_be_said_in_words(section: type) -> None:
    for name, hint in hints_of(section).items():
        assert describe(hint) not in ("", "anything"), name


def test_sections_are_keys_of_a_run() -> None:
    assert {address.partition(".")[0] for address in SECTIONS} <= set(hints_of(Run))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("seed", [0, 2**32 - 1], [-1, 2**32, 1.5, "a", None]),
        ("name", [None, "sst2 w4-g128"], ["", "a/b", "a\\b", "\x1b[31m", "x" * 121, 3]),
        ("tags", [[], ["a"]], ["a", [1], ["\n"], None]),
        ("plan", [None, "plan.json"], [3, []]),
    ],
)
def test_run(name: str, good: list[object], bad: list[object]) -> None:
    hint = hints_of(Run)[name]
    assert [value for value in good if not accepts(hint, value)] == []
    assert [value for value in bad if accepts(hint, value)] == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("max_epochs", [0, 3], [-1, 2.5, True]),
        ("max_steps", [-1, 0, 10], [-2, 1.0]),
        ("gradient_clip_val", [None, 0, 1.0], [-1, "a"]),
        ("select", ["last", "best"], ["first", None]),
    ],
)
def test_training(name: str, good: list[object], bad: list[object]) -> None:
    hint = hints_of(Training)[name]
    assert [value for value in good if not accepts(hint, value)] == []
    assert [value for value in bad if accepts(hint, value)] == []
