"""The distinct sensitivity analyses of some runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qbert_lightning.report.run import Run


@dataclass(frozen=True)
class Spectrum:
    """Distinct curvature samples, and the runs whose analysis they come from."""

    metric: str
    samples: dict[str, tuple[float, ...]]
    importance: dict[str, float]
    runs: tuple[Run, ...]


def spectra(runs: Sequence[Run]) -> list[Spectrum]:
    """The distinct sensitivity analyses of the runs, most used first.

    Runs of a sweep share one analysis; it is listed once.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if any(run.samples.values()):
            groups.setdefault(repr((run.sensitivity, run.samples)), []).append(run)
    found = [
        Spectrum(
            group[0].sensitivity,
            dict(group[0].samples),
            dict(group[0].importance),
            tuple(group),
        )
        for group in groups.values()
    ]
    return sorted(found, key=lambda spectrum: -len(spectrum.runs))
