"""Picture: what a sensitivity metric predicts against what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from qbert_lightning.report.agreement import Agreement
from qbert_lightning.report.blocks import short_names
from qbert_lightning.report.figure_style import DEPTHS, Figure, figure, plain


def agreement_figure(pairs: Sequence[Agreement]) -> Figure:
    """One mark for each block and width, and the rank correlation of each width.

    Args:
        pairs: One metric beside one measurement, at least one width.
    """
    metric = pairs[0].predicting.sensitivity
    traces = [
        {
            "type": "scatter",
            "mode": "markers+text",
            "name": plain(_legend(pair)),
            "x": list(pair.predicted),
            "y": list(pair.measured),
            "text": [plain(name) for name in short_names(list(pair.blocks))],
            "textposition": "top center",
            "marker": {"size": 9, "color": DEPTHS[-1 - 2 * (index % 3)]},
        }
        for index, pair in enumerate(pairs)
    ]
    return figure(
        f"{metric} against the measured rise of the loss",
        traces,
        showlegend=True,
        xaxis={"title": {"text": plain(f"{pairs[0].quantity} ({metric})")}},
        yaxis={"title": {"text": "rise of the loss, this block alone quantized"}},
    )


def _legend(pair: Agreement) -> str:
    width = "" if pair.bits is None else f"{pair.bits} bits: "
    return f"{width}ρ = {pair.spearman:.2f}, τ = {pair.kendall:.2f}"
