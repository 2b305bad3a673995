"""What the page shows of curvature: of the float models, whatever became of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from qbert_lightning.report.agreement import GROUPS, Agreement, agreements
from qbert_lightning.report.agreement_table import AgreementRow, agreement_table
from qbert_lightning.report.blocks import in_order, short_names
from qbert_lightning.report.curves import Curve
from qbert_lightning.report.layer_curves import layer_curves
from qbert_lightning.report.layer_spectra import (
    Landscape,
    LayerSpectrum,
    SpectraFile,
    spectra_files,
)
from qbert_lightning.report.run import Run
from qbert_lightning.report.spectra import spectra
from qbert_lightning.report.spectral_density import (
    density_curve,
    extent,
    linear_scale,
    shared_ends,
    signed_logarithm,
)
from qbert_lightning.tracking import to_text

# How many characters of JSON each picture may take; what is beyond is counted.
MOST_CHARACTERS = {"analyses": 240_000, "spectra": 600_000, "pairs": 160_000}
# Points of all curves by step together.
MOST_POINTS = 16_000
# With more runs than this, each picture gets less: 1,000 runs stay below 2 MB.
MANY_RUNS = 250
# Points along a side of a loss landscape.
MOST_SIDE = 31
Row = dict[str, Any]


class CurveRows(Protocol):
    """Where curves are written once, however many runs share them."""

    max_points: int

    def add(self, curve: Curve) -> int:
        """Row of the table that holds the curve."""


def curvature(runs: Sequence[Run], curves: CurveRows) -> dict[str, Any]:
    """Everything about curvature that the runs have found, each thing once.

    Args:
        runs: Runs of any status and kind.
        curves: Takes the curves over training steps.

    Returns:
        Plain JSON types; floats have four significant digits and may be non-finite.
    """
    finished = [run for run in runs if run.status == "finished"]
    rows: dict[str, Iterable[Row]] = {
        "analyses": map(_analysis, spectra(finished)),
        "spectra": map(_spectra, spectra_files(finished)),
        "pairs": map(_pair, agreements(finished)),
    }
    share = min(1.0, MANY_RUNS / max(len(runs), 1))
    kept = {
        name: _within(rows[name], share * most)
        for name, most in MOST_CHARACTERS.items()
    }
    histories = _histories(finished, curves, share * MOST_POINTS)
    return {
        **{name: found for name, (found, _) in kept.items()},
        "agreement": [_agreement(row) for row in agreement_table(finished)],
        "histories": histories[0],
        "leftOut": {
            **{name: left for name, (_, left) in kept.items()},
            "histories": histories[1],
        },
    }


def rounded(value: float) -> float:
    """A number with four significant digits.

    >>> rounded(0.123456)
    0.1235
    """
    return float(f"{value:.4g}")


def _within(rows: Iterable[Row], most: float) -> tuple[list[Row], int]:
    """The first rows that fit, and how many of the others there are."""
    found: list[Row] = []
    left = 0
    for row in rows:
        most -= len(to_text(row))
        if most >= 0 or not found:
            found.append(row)
        else:
            left += 1
    return found, left


def _named(runs: Sequence[Run]) -> Row:
    return {"name": runs[0].name, "task": runs[0].task, "runs": len(runs)}


def _analysis(spectrum: Any) -> Row:
    blocks = in_order(list(spectrum.samples))
    importance = [spectrum.importance.get(block) for block in blocks]
    return {
        **_named(spectrum.runs),
        "metric": spectrum.metric,
        "blocks": blocks,
        "labels": short_names(blocks),
        "samples": [[*map(rounded, spectrum.samples[block])] for block in blocks],
        "importance": [None if x is None else rounded(x) for x in importance],
    }


def _spectra(file: SpectraFile) -> Row:
    layers = list(file.layers.values())
    scale, ends = linear_scale(layers), shared_ends(layers)
    return {
        **_named(file.runs),
        "error": file.error,
        "numExamples": file.num_examples,
        "blocks": list(file.layers),
        "labels": short_names(list(file.layers)),
        "scale": scale,
        "ends": ends,
        "layers": [_layer(layer, scale, ends) for layer in layers],
    }


def _layer(layer: LayerSpectrum, scale: float, ends: Sequence[float]) -> Row:
    low, high = extent([layer])
    curves = [
        density_curve(layer, low, high),
        density_curve(layer, *ends, lambda value: signed_logarithm(value, scale)),
    ]
    own, shared = [
        [round(value, 2) for value in curve.values] if layer.nodes else None
        for curve in curves
    ]
    return {
        "parameters": layer.num_parameters,
        "eigenvalues": [*map(rounded, layer.eigenvalues)],
        "converged": layer.converged,
        "trace": rounded(layer.trace),
        "traceError": rounded(layer.trace_error),
        "curvature": rounded(layer.curvature),
        "ends": (low, high),
        "density": own,
        "sharedDensity": shared,
        "landscape": _landscape(layer.landscape),
    }


def _landscape(landscape: Landscape | None) -> Row | None:
    if landscape is None:
        return None
    thinned = landscape.thinned(MOST_SIDE)
    return {
        "axis": [*map(rounded, thinned.axis)],
        "loss": [[*map(rounded, row)] for row in thinned.loss],
        "eigenvalues": [*map(rounded, thinned.eigenvalues)],
    }


def _pair(pair: Agreement) -> Row:
    truth = pair.measuring
    return {
        "model": f"{pair.float_model} {truth.config.get(GROUPS)}",
        "name": truth.name,
        "task": truth.task,
        "seed": truth.seed,
        "groups": truth.config.get(GROUPS),
        "metric": pair.predicting.sensitivity,
        "predictedBy": pair.predicting.name,
        "quantity": pair.quantity,
        "bits": pair.bits,
        "blocks": pair.blocks,
        "labels": short_names(pair.blocks),
        "predicted": [*map(rounded, pair.predicted)],
        "measured": [*map(rounded, pair.measured)],
        "spearman": pair.spearman,
        "kendall": pair.kendall,
    }


def _agreement(row: AgreementRow) -> Row:
    correlations = {
        name: (summary.mean, summary.std, summary.n)
        for name, summary in (("spearman", row.spearman), ("kendall", row.kendall))
    }
    return {**vars(row), **correlations}


def _histories(
    runs: Sequence[Run], table: CurveRows, room: float
) -> tuple[list[Row], int]:
    groups: dict[str, tuple[dict[str, dict[str, Curve]], list[Run]]] = {}
    for run in runs:
        if curves := layer_curves(run, table.max_points):
            groups.setdefault(repr(curves), (curves, []))[1].append(run)
    found: list[Row] = []
    for curves, used in groups.values():
        room -= sum(len(c.steps) for own in curves.values() for c in own.values())
        if room < 0 and found:
            room = -math.inf
            continue
        quantities = {
            quantity: {
                "blocks": list(own),
                "labels": short_names(list(own)),
                "curves": [table.add(curve) for curve in own.values()],
            }
            for quantity, own in curves.items()
        }
        found.append({**_named(used), "quantities": quantities})
    return found, len(groups) - len(found)
