from __future__ import annotations

import pytest

from qbert_lightning.benchmarks.rounds import Ratio


def test_rounds_are_compared_one_by_one() -> None:
    ratio = Ratio.of([10.0, 40.0, 12.0], [1.0, 10.0, 2.0])
    assert ratio.rounds == (10.0, 4.0, 6.0)
    assert ratio.median == 6.0
    assert str(ratio) == "6.0 [4.0, 10]"


def test_a_lower_bound_says_so() -> None:
    ratio = Ratio.of([10.0], [1.0], is_lower_bound=True)
    assert str(ratio) == "≥ 10"
    assert ratio.as_dict() == {
        "median": 10.0,
        "rounds": [10.0],
        "is_lower_bound": True,
    }


def test_series_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        Ratio.of([1.0, 2.0], [1.0])
