"""Plans for the tiny model, one for each way a layer is run."""

from __future__ import annotations

from itertools import cycle

from qbert_lightning.layers import layer_shapes
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import (
    ColumnGroups,
    InputColumnBuckets,
    PerTensor,
    PerToken,
    QuantPlan,
    QuantScheme,
    RowGroups,
)
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import tiny_bert

OBSERVED = AffineSpec(8, observer=MovingAverage(0.9, bias_correction=True))
SYMMETRIC = AffineSpec(8, symmetric=True, observer=MovingAverage())


def plan_of(
    *weights: AffineSpec,
    before: AffineSpec | None = None,
    after: AffineSpec | None = None,
) -> QuantPlan:
    """These weights in turn over the matrices, 8-bit tables."""
    turns = cycle(weights)
    return QuantPlan(
        {
            name: QuantScheme(weight=AffineSpec(8))
            if "embeddings" in name
            else QuantScheme(next(turns), before, after)
            for name in layer_shapes(tiny_bert())
            if "classifier" not in name
        }
    )


PLANS = {
    "q8bert": plan_of(AffineSpec(8, symmetric=True), before=SYMMETRIC, after=SYMMETRIC),
    "mixed bits in row groups": plan_of(
        *(AffineSpec(bits, RowGroups(4)) for bits in (2, 3, 4, 8)), before=OBSERVED
    ),
    "one range": plan_of(*(AffineSpec(bits) for bits in (2, 5, 7)), before=OBSERVED),
    "dynamic": plan_of(
        AffineSpec(4, RowGroups(8)), AffineSpec(8, symmetric=True), before=AffineSpec(8)
    ),
    "dynamic, each token": plan_of(
        AffineSpec(3, RowGroups(2)), before=AffineSpec(8, PerToken())
    ),
    "column groups": plan_of(AffineSpec(4, ColumnGroups(8)), before=OBSERVED),
    "input columns": plan_of(AffineSpec(3, InputColumnBuckets(8)), before=OBSERVED),
    "weights alone": plan_of(AffineSpec(2, RowGroups(4)), AffineSpec(6, PerTensor())),
}
