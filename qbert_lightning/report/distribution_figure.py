"""Picture: curvature over data subsets, for each layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qbert_lightning.report.blocks import in_order, short_names
from qbert_lightning.report.figure_style import LINE, MARK, SHADE, Figure, figure, plain


def distribution_figure(
    metric: str,
    samples: Mapping[str, Sequence[float]],
    importance: Mapping[str, float],
) -> Figure:
    """A box for each block over its data subsets, and the number it is ranked by.

    Args:
        metric: Name of the sensitivity metric.
        samples: Block → a value for each subset.
        importance: Block → its importance.
    """
    blocks = in_order(list(samples))
    points = [
        (row, value)
        for row, block in enumerate(blocks)
        for value in samples[block]
        if math.isfinite(value)
    ]
    ranked = [
        (row, importance[block])
        for row, block in enumerate(blocks)
        if math.isfinite(importance.get(block, math.nan))
    ]
    box = {
        "type": "box",
        "name": "data subsets",
        "x": [row for row, _ in points],
        "y": [value for _, value in points],
        "boxpoints": "all",
        "pointpos": 0,
        "line": {"width": 1.2, "color": LINE},
        "fillcolor": SHADE,
    }
    diamonds = {
        "type": "scatter",
        "mode": "markers",
        "name": "importance",
        "x": [row for row, _ in ranked],
        "y": [value for _, value in ranked],
        "marker": {"symbol": "diamond-open", "size": 10, "color": MARK},
    }
    return figure(
        f"{metric} over data subsets",
        [box, diamonds],
        showlegend=True,
        xaxis={
            "title": {"text": "encoder block, from the input up"},
            "tickvals": list(range(len(blocks))),
            "ticktext": [plain(name) for name in short_names(blocks)],
        },
        yaxis={"title": {"text": plain(metric)}},
    )
