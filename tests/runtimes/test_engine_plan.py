"""Plans without a form in the engines' graphs are refused by name."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import (
    ColumnGroups,
    InputColumnBuckets,
    PerChannel,
    QuantPlan,
    QuantScheme,
    QuantSpec,
    RowGroups,
)
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.engine_plan import check_plan

STATIC = AffineSpec(8, observer=MovingAverage())


@dataclass(frozen=True)
class OtherSpec(QuantSpec):
    num_bits: int = 8

    def storage_bits(self, shape: object) -> int:
        return 0

    def build(self, shape: object = (), layer: str = "tensor") -> None:
        raise NotImplementedError


def test_rows_with_a_range_each_and_static_activations_are_accepted() -> None:
    for cut in (PerChannel(), RowGroups(4)):
        check_plan(QuantPlan({"a": QuantScheme(AffineSpec(3, cut), STATIC, STATIC)}))
    check_plan(QuantPlan({"a": QuantScheme(AffineSpec(4))}))
    check_plan(QuantPlan())


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        (QuantScheme(AffineSpec(4, ColumnGroups(4))), "weight.*ColumnGroups"),
        (QuantScheme(AffineSpec(4, InputColumnBuckets(4))), "weight.*InputColumn"),
        (QuantScheme(AffineSpec(4), AffineSpec(8)), "input.*on the fly"),
        (QuantScheme(AffineSpec(4), STATIC, AffineSpec(8)), "output.*on the fly"),
        (QuantScheme(OtherSpec()), "weight.*OtherSpec"),
    ],
)
def test_other_plans_are_refused(scheme: QuantScheme, words: str) -> None:
    with pytest.raises(QbertError, match=f"encoder.query.{words}.*runtime=integer"):
        check_plan(QuantPlan({"encoder.query": scheme}))
