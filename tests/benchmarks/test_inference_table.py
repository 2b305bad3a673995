from __future__ import annotations

from typing import Any

from qbert_lightning.benchmarks.inference_peers import UNIT
from qbert_lightning.benchmarks.inference_table import Found, columns, notes, rows


def facts(resident: float, difference: float, same: float) -> dict[str, Any]:
    asked = [
        {
            "batch_size": size,
            "resident_mib": resident * size,
            "largest_difference": difference / size,
            "equal_argmax": same,
        }
        for size in (1, 4)
    ]
    return {"file_bytes": 3 * 2**20, "load_seconds": 1.0, "asked": asked}


UNIT_FOUND = Found(UNIT, None, facts(80, 0, 1), {1: [1.0, 4.0], 4: [8.0, 8.0]})
FAST = Found("fast", None, facts(20.04, 0.5, 0.75), {1: [0.25, 2.0], 4: [2.0, 4.0]})
ABSENT = Found("absent", "not installed")


def test_latency_is_a_ratio_within_each_round() -> None:
    table = rows([UNIT_FOUND, FAST, ABSENT], [1, 4])
    assert table == (
        (UNIT, "1", "1", "80.0", "3.0", "0.0e+00", "100.0 %"),
        ("fast", *["0.38 [0.25, 0.50]"] * 2, "20.0", "3.0", "5.0e-01", "75.0 %"),
        ("absent", "not installed", "", "", "", "", ""),
    )
    assert {len(row) for row in table} == {len(columns([1, 4]))}


def test_the_record_holds_the_ratios_of_every_round() -> None:
    found = FAST.as_dict(UNIT_FOUND)
    assert found["latency_ratios"][1]["rounds"] == [0.25, 0.5]
    assert ABSENT.as_dict(UNIT_FOUND) == {"reason": "not installed"}


def test_a_model_that_was_not_trained_is_told() -> None:
    told = [any("without training" in x for x in notes([1], 8, c)) for c in (0, 1)]
    assert told == [False, True]
