from __future__ import annotations

from typing import Any

from qbert_lightning.benchmarks.hessian_table import COLUMNS, notes, ratios, rows


def measurement(who: str, layer: str, turn: int, seconds: float, **more: Any) -> Any:  # noqa: ANN401
    return {
        "contest": "top 1",
        "who": who,
        "layer": layer,
        "round": turn,
        "wall_seconds": seconds,
        "cpu_seconds": seconds / 2,
        "peak_mib": 10.0 * seconds,
        "worst_error": 0.001,
        "converged": True,
        **more,
    }


MEASUREMENTS = [
    measurement("ours", "a", 0, 1.0),
    measurement("ours", "b", 0, 3.0),
    measurement("ours", "a", 1, 1.0),
    measurement("ours", "b", 1, 1.0),
    measurement("PyHessian", "a", 0, 8.0),
    measurement("PyHessian", "b", 0, 12.0),
    measurement("PyHessian", "a", 1, 10.0),
    measurement("PyHessian", "b", 1, 10.0),
]
LATE = [{**each, "converged": each["who"] == "ours"} for each in MEASUREMENTS]


def test_layers_are_summed_and_rounds_compared() -> None:
    found = ratios(MEASUREMENTS)["top 1"]["PyHessian"]
    assert found["wall_seconds"]["rounds"] == [5.0, 10.0]
    assert found["layers"]["a"]["rounds"] == [8.0, 10.0]
    assert found["peak_mib"] == 4.0


def test_the_table_has_a_row_for_everybody() -> None:
    table = rows(MEASUREMENTS, {"eigenthings": "not installed"})
    assert [row[:2] for row in table] == [
        ("top 1", "ours"),
        ("top 1", "PyHessian"),
        ("top 1", "eigenthings"),
    ]
    assert {len(row) for row in table} == {len(COLUMNS)}
    assert table[1][3] == "20.00"
    assert table[1][-2] == "7.5 [5.0, 10]"
    assert table[2][2] == "not installed"


def test_a_peer_that_did_not_converge_makes_lower_bounds_and_a_note() -> None:
    assert rows(LATE, {})[1][-1].startswith("≥ ")
    assert any("PyHessian had not converged on 4 of 4" in note for note in notes(LATE))
    assert not any("≥" in note for note in notes(MEASUREMENTS))


def test_ours_that_did_not_converge_is_no_comparison() -> None:
    unfinished = [{**each, "converged": False} for each in MEASUREMENTS]
    assert "no comparison: ours had not converged on 4 of 4 turns of top 1" in notes(
        unfinished
    )


def test_a_peer_that_failed_is_a_row_with_its_reason() -> None:
    broken = {
        "contest": "top 1",
        "who": "eigenthings",
        "layer": "a",
        "round": 0,
        "error": "TypeError: no",
    }
    table = rows([*MEASUREMENTS, broken], {})
    assert table[-1][2] == "TypeError: no"
    assert "eigenthings" not in ratios([*MEASUREMENTS, broken])["top 1"]


def test_traces_that_disagree_are_told() -> None:
    trace = {"contest": "trace", "standard_error": 3.0}
    found = notes(
        [
            measurement("PyHessian", "a", 0, 1.0, **trace, trace=10.0),
            measurement(
                "ours", "a", 0, 1.0, **{**trace, "standard_error": 4.0}, trace=20.0
            ),
        ]
    )
    assert any("PyHessian and ours differ by 2.0 standard errors" in x for x in found)
