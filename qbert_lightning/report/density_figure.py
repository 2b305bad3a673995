"""Picture: the spectral density of every layer, one above the other."""

from __future__ import annotations

import math
from collections.abc import Mapping

from qbert_lightning.report.blocks import short_names
from qbert_lightning.report.figure_style import (
    LINE,
    MARK,
    SHADE,
    Figure,
    figure,
    plain,
    power_of_ten,
)
from qbert_lightning.report.layer_spectra import LayerSpectrum
from qbert_lightning.report.spectral_density import (
    DensityCurve,
    density_curve,
    linear_scale,
    shared_ends,
    signed_logarithm,
)

RIDGE_HEIGHT = 0.84
ROW_PIXELS, OTHER_PIXELS = 46, 150


def density_figure(layers: Mapping[str, LayerSpectrum]) -> Figure:
    """One row for each layer, the share of eigenvalues on a logarithmic scale.

    A row runs from a tenth of one eigenvalue up to all of them; marks below it are the
    eigenvalues known one by one.

    Args:
        layers: Block → spectrum, from the input up.
    """
    known = list(layers.values())
    scale, ends = linear_scale(known), shared_ends(known)
    traces = [_marks(layers, scale)]
    for row, (block, layer) in enumerate(layers.items()):
        if layer.nodes:
            curve = density_curve(layer, *ends, lambda x: signed_logarithm(x, scale))
            traces.append(_ridge(block, row, curve))
    powers = [10.0**k for k in range(math.ceil(math.log10(scale)), 12)]
    ticks = [sign * x for x in powers for sign in (-1, 1)] + [0.0]
    shown = [x for x in ticks if ends[0] <= signed_logarithm(x, scale) <= ends[1]]
    return figure(
        "Spectral density of each layer",
        traces,
        height=OTHER_PIXELS + ROW_PIXELS * len(layers),
        hovermode="closest",
        xaxis={
            "title": {"text": "eigenvalue (linear near zero, logarithmic further out)"},
            "tickvals": [signed_logarithm(x, scale) for x in shown],
            "ticktext": [f"{x:g}" for x in shown],
            "range": list(ends),
            "zeroline": False,
        },
        yaxis={
            "tickvals": [-row for row in range(len(layers))],
            "ticktext": [plain(name) for name in short_names(list(layers))],
            "zeroline": False,
        },
    )


def _ridge(block: str, row: int, curve: DensityCurve) -> Figure:
    least = min(curve.values)
    heights = [RIDGE_HEIGHT * (1 - value / least) for value in curve.values]
    places = curve.positions
    text = [f"about {power_of_ten(round(value))} of all" for value in curve.values]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": plain(block),
        "x": [places[0], *places, places[-1]],
        "y": [-row, *(height - row for height in heights), -row],
        "text": [text[0], *text, text[-1]],
        "hoverinfo": "name+text",
        "hoveron": "points",
        "fill": "toself",
        "fillcolor": SHADE,
        "line": {"width": 1.2, "color": LINE},
    }


def _marks(layers: Mapping[str, LayerSpectrum], scale: float) -> Figure:
    marks = [
        (signed_logarithm(value, scale), -row - 0.085, f"{value:.4g}", plain(block))
        for row, (block, layer) in enumerate(layers.items())
        for value in layer.eigenvalues
        if math.isfinite(value)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, *_ in marks],
        "y": [y for _, y, *_ in marks],
        "text": [f"{block}: {value}" for *_, value, block in marks],
        "hoverinfo": "text",
        "marker": {
            "symbol": "line-ns-open",
            "size": 7,
            "color": MARK,
            "line": {"width": 1.3},
        },
    }
