"""The table as a value."""

from __future__ import annotations

import pytest

from qbert_lightning.plan import SensitivityTable


def test_json_round_trip() -> None:
    table = SensitivityTable(
        "x", {"a": 1.5}, {"a": {2: 3.0, 8: 0.1}}, {"a": (1.0, 2.0)}
    )
    assert SensitivityTable.from_json(table.to_json()) == table


def test_scores_are_importance_times_squared_distance() -> None:
    table = SensitivityTable("x", {"a": 2.0, "b": 0.5})
    scored = table.with_perturbations({"a": {2: 3.0}, "b": {2: 4.0}})
    assert scored.scores == {"a": {2: 6.0}, "b": {2: 2.0}}
    assert table.scores == {}


def test_non_finite_values_are_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        SensitivityTable("x", {"a": float("nan")}).to_json()
