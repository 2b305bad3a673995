"""Files `spectra.json` as an analysis leaves them, made up."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.report.run_folders import CURVATURES

NUM_PARAMETERS = 1_774_464
Grid = list[list[Any]]


def spectra(
    blocks: Sequence[str], with_landscape: Sequence[int] = (), seed: int = 0
) -> dict[str, Any]:
    """The spectra of some layers, a few of them with a loss landscape.

    Args:
        blocks: Names of the layers.
        with_landscape: Indices of those with a landscape.
        seed: Of the random numbers.
    """
    return {
        "version": 1,
        "num_examples": 64,
        "blocks": {
            block: layer(9 * CURVATURES[i % 12] ** 2, i in with_landscape, seed + i)
            for i, block in enumerate(blocks)
        },
    }


def layer(top: float, with_landscape: bool, seed: int) -> dict[str, Any]:
    """One layer's spectrum: a spike at zero, a tail, and some eigenvalues outside."""
    draw = random.Random(seed)
    outside = [top * 0.78**i * draw.uniform(0.9, 1.1) for i in range(20)]
    signed = [x if i % 5 else -0.15 * x for i, x in enumerate(outside, start=1)]
    ranked = sorted(signed, key=abs, reverse=True)
    nodes = {x: draw.uniform(0.3, 3) / NUM_PARAMETERS for x in ranked}
    for i in range(1, 70):
        tail = top * 0.3 * (i / 70) ** 3
        for sign, share in ((1, 1.0), (-1, 0.3)):
            weight = share * 0.02 * math.exp(-14 * i / 70) * draw.uniform(0.5, 2)
            nodes[sign * share * tail] = weight
    nodes[0.0] = 1 - math.fsum(nodes.values())
    order = sorted(nodes)
    return {
        "num_parameters": NUM_PARAMETERS,
        "eigenvalues": ranked,
        "residuals": [1e-3] * len(ranked),
        "converged": True,
        "trace": 5 * top,
        "trace_error": 0.1 * top,
        "density": {"nodes": order, "weights": [nodes[x] for x in order]},
        "landscape": landscape(ranked[0], ranked[1]) if with_landscape else None,
    }


def landscape(first: float, second: float, num_points: int = 21) -> dict[str, Any]:
    """The loss on a plane: a valley with steep walls that flatten far out."""
    axis = [1.5 * (2 * i / (num_points - 1) - 1) for i in range(num_points)]

    def loss(x: float, y: float) -> float:
        rise = (first * x * x + second * y * y) / 2
        return 0.18 + 2.4 * math.tanh(rise / 3) + 0.03 * x * math.sin(3 * y)

    grid: Grid = [[loss(x, y) for y in axis] for x in axis]
    grid[0][0] = {"$nonfinite": "inf"}
    return {"axis": axis, "loss": grid, "eigenvalues": [first, second]}


def write_spectra(folder: Path, content: dict[str, Any]) -> Path:
    """Write `spectra.json` into a run's folder."""
    path = folder / "spectra.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
