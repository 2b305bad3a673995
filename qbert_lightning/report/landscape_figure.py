"""Pictures: the loss on planes through the weights of a layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from qbert_lightning.report.figure_style import Figure, color_scale, figure, plain
from qbert_lightning.report.layer_spectra import Landscape, LayerSpectrum

# From a little above, and far enough away for the names of the axes.
CAMERA = {"eye": {"x": 1.6, "y": 1.5, "z": 0.95}, "center": {"x": 0, "y": 0, "z": -0.1}}


def landscape_figure(block: str, landscape: Landscape) -> Figure:
    """The loss along the two eigenvectors of largest curvature of one layer."""
    return _side_by_side(f"Loss landscape of {block}", {block: landscape})


def landscapes_figure(layers: Mapping[str, LayerSpectrum]) -> Figure:
    """The least and the most curved of the layers, over the same range of losses.

    Args:
        layers: Block → spectrum, of at least one with a landscape.
    """
    known = {
        block: layer.landscape
        for block, layer in layers.items()
        if layer.landscape is not None
    }
    ranked = sorted(known, key=lambda block: layers[block].curvature)
    chosen = {block: known[block] for block in (ranked[0], ranked[-1])}
    return _side_by_side("The least and the most curved layer", chosen)


def _side_by_side(title: str, landscapes: Mapping[str, Landscape]) -> Figure:
    low, high = _heights(list(landscapes.values()))
    traces, scenes, notes = [], {}, []
    for i, (block, landscape) in enumerate(landscapes.items()):
        scene = f"scene{i + 1 if i else ''}"
        traces.append(_surface(block, landscape, scene, low, high))
        sides = [i / len(landscapes), (i + 1) / len(landscapes)]
        scenes[scene] = {
            "domain": {"x": sides, "y": [0, 1]},
            "xaxis": {"title": {"text": "second eigenvector"}, "nticks": 5},
            "yaxis": {"title": {"text": "first eigenvector"}, "nticks": 5},
            "zaxis": {"title": {"text": "loss"}, "range": [low, high], "nticks": 5},
            "aspectmode": "cube",
            "camera": CAMERA,
        }
        notes.append(
            {
                "text": plain(f"{block}: {_listed(landscape.eigenvalues)}"),
                "x": sum(sides) / 2,
                "xanchor": "center",
                "y": 1.0,
                "xref": "paper",
                "yref": "paper",
                "showarrow": False,
            }
        )
    return figure(title, traces, height=520, annotations=notes, **scenes)


def _surface(
    block: str, landscape: Landscape, scene: str, low: float, high: float
) -> Figure:
    rows = [[x if math.isfinite(x) else None for x in row] for row in landscape.loss]
    return {
        "type": "surface",
        "name": plain(block),
        "scene": scene,
        "x": list(landscape.axis),
        "y": list(landscape.axis),
        "z": rows,
        "cmin": low,
        "cmax": high,
        "showscale": False,
        "colorscale": color_scale(),
    }


def _heights(landscapes: Sequence[Landscape]) -> tuple[float, float]:
    values = [
        value
        for landscape in landscapes
        for row in landscape.loss
        for value in row
        if math.isfinite(value)
    ]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def _listed(eigenvalues: Sequence[float]) -> str:
    return "eigenvalues " + " and ".join(f"{value:.4g}" for value in eigenvalues)
