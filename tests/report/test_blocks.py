"""Block names."""

from __future__ import annotations

import pytest

from qbert_lightning.report.blocks import in_order, short_names


def test_numbers_in_names_are_counted() -> None:
    names = [f"bert.encoder.layer.{i}" for i in (10, 2, 0, 11, 1)]
    ordered = in_order([*names, names[0]])
    assert [name.rpartition(".")[2] for name in ordered] == ["0", "1", "2", "10", "11"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.b.0", "a.b.1"], ["0", "1"]),
        (["a.b.0", "a.c.0"], ["b.0", "c.0"]),
        (["a.b.0"], ["0"]),
        (["a", "a.b"], ["a", "a.b"]),
        ([], []),
    ],
)
def test_what_all_names_share_is_dropped(names: list[str], expected: list[str]) -> None:
    assert short_names(names) == expected


@pytest.mark.parametrize("name", ["", "²", "<b>", "٣", "a..b"])
def test_odd_names_are_no_problem(name: str) -> None:
    assert set(in_order([name, "a.1"])) == {name, "a.1"}
