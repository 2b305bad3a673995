from __future__ import annotations

from typing import Any

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.sensitivity import HessianEigenvalue, SensitivityMetric


def test_defaults_are_the_papers() -> None:
    metric: SensitivityMetric = HessianEigenvalue()
    assert (metric.num_subsets, metric.fraction) == (10, 0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_subsets": 0}, r"sensitivity.num_subsets=0: accepted 1 or more"),
        ({"batch_size": 0}, r"sensitivity.batch_size=0: accepted 1 or more"),
        ({"fraction": 0.0}, r"sensitivity.fraction=0.0: accepted \]0, 1\]"),
        ({"fraction": 1.5}, r"sensitivity.fraction=1.5"),
        ({"max_examples": 8, "batch_size": 16}, r"sensitivity.max_examples=8"),
    ],
)
def test_values_out_of_range(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QbertError, match=message) as caught:
        HessianEigenvalue(**arguments)
    assert caught.value.code == 2


def test_the_whole_fraction_may_be_asked_for() -> None:
    assert HessianEigenvalue(max_examples=None).max_examples is None
