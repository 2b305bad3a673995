"""The picture of curvature over data subsets."""

from __future__ import annotations

import math

from qbert_lightning.report.distribution_figure import distribution_figure
from qbert_lightning.report.figure_style import as_plotly


def test_blocks_are_in_order_with_every_finite_value() -> None:
    samples = {"l.10": [3.0, math.nan], "l.9": [1.0, 2.0]}
    made = as_plotly(distribution_figure("<m>", samples, {"l.9": 5.0}))
    box, diamonds = made.data
    assert list(zip(box.x, box.y, strict=True)) == [(0, 1.0), (0, 2.0), (1, 3.0)]
    assert list(zip(diamonds.x, diamonds.y, strict=True)) == [(0, 5.0)]
    assert list(made.layout.xaxis.ticktext) == ["9", "10"]
    assert made.layout.yaxis.title.text == "&lt;m&gt;"
