"""The pictures, tables and files of an analysis and a plan that go to the tracker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from qbert_lightning.export.digest import file_digest
from qbert_lightning.report import Run
from qbert_lightning.report.agreement import Agreement, agreements
from qbert_lightning.report.agreement_figure import agreement_figure
from qbert_lightning.report.density_figure import density_figure
from qbert_lightning.report.distribution_figure import distribution_figure
from qbert_lightning.report.figure_style import Figure, as_plotly
from qbert_lightning.report.landscape_figure import landscape_figure, landscapes_figure
from qbert_lightning.report.layer_spectra import LayerSpectrum, parse_spectra
from qbert_lightning.report.plan_figure import plan_figure
from qbert_lightning.tracking import RunRecord, WandbRun, decode
from qbert_lightning.tracking.wandb_settings import PACKED, PLAN

PLAN_FILE, MODEL_FILE = "plan.json", "model.safetensors"


def log_spectra(tracker: WandbRun, spectra: Mapping[str, Any]) -> None:
    """Send the content of a `spectra.json`: densities, landscapes, and all numbers.

    Args:
        tracker: Where to.
        spectra: The file's object, with non-finite numbers encoded or not.

    Raises:
        ValueError: If it is of another version or a part has the wrong type.
    """
    layers = parse_spectra(decode(dict(spectra))).layers
    _picture(tracker, "hessian/spectral_density", density_figure, layers)
    known = {block: each.landscape for block, each in layers.items() if each.landscape}
    if len(known) > 1:
        _picture(tracker, "hessian/landscapes", landscapes_figure, layers)
    for block, landscape in known.items():
        name = f"hessian/landscape/{block}"
        _picture(tracker, name, landscape_figure, block, landscape)
    _log_numbers(tracker, layers)


def log_sensitivity(tracker: WandbRun, table: Mapping[str, Any]) -> None:
    """Send a sensitivity table: its distribution, and what rankings are made of.

    Args:
        tracker: Where to.
        table: A `SensitivityTable` as an object.
    """
    metric, importance = table["metric"], table["importance"]
    scores = [
        [block, metric, importance[block], int(bits), score]
        for block in importance
        for bits, score in (table["scores"].get(block) or {}).items()
    ]
    columns = ["block", "metric", "importance"]
    rows = [[block, metric, value] for block, value in importance.items()]
    tracker.table("sensitivity/importance", columns, rows)
    if scores:
        tracker.table("sensitivity/scores", [*columns, "bits", "score"], scores)
    if any(table["samples"].values()):
        inputs = (metric, table["samples"], importance)
        name = f"sensitivity/{metric}_over_subsets"
        _picture(tracker, name, distribution_figure, *inputs)
        values = [
            [block, subset, value]
            for block, samples in table["samples"].items()
            for subset, value in enumerate(samples)
        ]
        tracker.table("sensitivity/samples", ["block", "subset", "value"], values)


def log_agreement(tracker: WandbRun, runs: Sequence[Run], folder: Path) -> None:
    """Send how well metrics rank the blocks, as far as this run is part of it.

    The last of a sweep's analyses sees both a metric and the measured rises of the loss
    on one float model.

    Args:
        tracker: Where to.
        runs: The analyses known, this one among them.
        folder: This run's folder.
    """
    metrics: dict[str, list[Agreement]] = {}
    for pair in agreements(runs):
        if folder in (pair.predicting.folder, pair.measuring.folder):
            metrics.setdefault(pair.predicting.sensitivity, []).append(pair)
    rows = [
        [metric, pair.bits, len(pair.blocks), pair.spearman, pair.kendall]
        for metric, pairs in metrics.items()
        for pair in pairs
    ]
    if rows:
        columns = ["metric", "bits", "blocks", "spearman", "kendall"]
        tracker.table("sensitivity/agreement", columns, rows)
    for metric, pairs in metrics.items():
        name = f"sensitivity/against_measured/{metric}"
        _picture(tracker, name, agreement_figure, pairs)


def log_bits(tracker: WandbRun, bits: Mapping[str, int]) -> None:
    """Send a plan's weight bits as a heat map.

    Args:
        tracker: Where to.
        bits: Layer → bits of its weights.
    """
    if bits:
        _picture(tracker, "quant/plan_bits", plan_figure, bits)


def log_artifacts(
    tracker: WandbRun, record: RunRecord, wanted: Collection[str]
) -> None:
    """Send the files that were asked for, as far as the run has made them.

    Args:
        tracker: Where to.
        record: The run's record; its stages say where the files are.
        wanted: Any of `plan` and `packed`.
    """
    given = record.config["plan"]
    folders = {name: Path(entry["folder"]) for name, entry in record.stages.items()}
    plan = Path(given) if given else folders.get("allocate", Path()) / PLAN_FILE
    if PLAN in wanted and plan.is_file():
        metadata = _described(plan) | {"bits": record.bits}
        tracker.artifact(f"{record.name}-plan", PLAN, plan, metadata)
    if PACKED in wanted and "export" in folders:
        metadata = _described(folders["export"] / MODEL_FILE) | {
            key: value for key, value in record.metrics.items() if value is not None
        }
        name = f"{record.name}-packed"
        tracker.artifact(name, PACKED, folders["export"], metadata)


def _described(file: Path) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "sha256": file_digest(file)}


def _picture(
    tracker: WandbRun, name: str, draw: Callable[..., Figure], *inputs: Any
) -> None:
    tracker.figure(name, lambda: as_plotly(draw(*inputs)))


def _log_numbers(tracker: WandbRun, layers: Mapping[str, LayerSpectrum]) -> None:
    traces = [
        [block, layer.num_parameters, layer.trace, layer.trace_error, layer.converged]
        for block, layer in layers.items()
    ]
    columns = ["block", "parameters", "trace", "trace_error", "converged"]
    tracker.table("hessian/traces", columns, traces)
    eigenvalues = [
        [block, rank, value]
        for block, layer in layers.items()
        for rank, value in enumerate(layer.eigenvalues, start=1)
    ]
    tracker.table("hessian/eigenvalues", ["block", "rank", "eigenvalue"], eigenvalues)
    nodes = [
        [block, node, weight]
        for block, layer in layers.items()
        for node, weight in zip(layer.nodes, layer.weights, strict=True)
    ]
    tracker.table("hessian/density", ["block", "eigenvalue", "weight"], nodes)
