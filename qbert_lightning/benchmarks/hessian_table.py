"""The measurements of the Hessian benchmark as rows, ratios and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot, sqrt
from statistics import fmean, median
from typing import Any

from qbert_lightning.benchmarks.rounds import Ratio

Measurement = Mapping[str, Any]
OURS = "ours"
_EMPTY = ("",) * 6
COLUMNS = (
    *("what", "who", "layers", "seconds", "CPU s", "peak MiB", "error"),
    *("time / ours", "CPU / ours"),
)


def ratios(measurements: Sequence[Measurement]) -> dict[str, dict[str, Any]]:
    """Contest → peer → its time, processor time and memory over ours.

    Sums over layers are compared round by round; ``layers`` holds the median over
    rounds of each layer on its own.
    """
    found: dict[str, dict[str, Any]] = {}
    for contest, who in _series(measurements):
        mine = _of(measurements, contest, OURS)
        theirs = _of(measurements, contest, who)
        if who == OURS or any("error" in each for each in theirs):
            continue
        memory = _peak(theirs) / max(_peak(mine), 1e-9)
        found.setdefault(contest, {})[who] = {
            "wall_seconds": _ratio(theirs, mine, "wall_seconds").as_dict(),
            "cpu_seconds": _ratio(theirs, mine, "cpu_seconds").as_dict(),
            "peak_mib": memory,
            "layers": {
                layer: _ratio(
                    _at(theirs, layer), _at(mine, layer), "cpu_seconds"
                ).as_dict()
                for layer in _names(theirs, "layer")
            },
        }
    return found


def rows(
    measurements: Sequence[Measurement], missing: Mapping[str, str]
) -> tuple[tuple[str, ...], ...]:
    """A row for each contest and contestant, those that could not run included."""
    table = []
    for contest in _names(measurements, "contest"):
        mine = _of(measurements, contest, OURS)
        for who in _names(measurements, "who"):
            theirs = _of(measurements, contest, who)
            broken = [each["error"] for each in theirs if "error" in each]
            if broken:
                table.append((contest, who, broken[0], *_EMPTY))
                continue
            table.append((contest, who, *_cells(theirs, mine)))
        table += [(contest, who, why, *_EMPTY) for who, why in missing.items()]
    return tuple(table)


def notes(measurements: Sequence[Measurement]) -> tuple[str, ...]:
    """What a reader of the table must know."""
    lines = [
        "seconds and CPU s: sum over layers, median over rounds; ratios: median over "
        "rounds [least, largest]",
        "peak MiB: largest over layers, beyond the loaded model; each contestant in a "
        "process of its own",
        "error: largest ‖H v − λ v‖ / |λ| by our operator; for the trace the standard "
        "error",
    ]
    late = sorted(
        {(each["contest"], each["who"]) for each in measurements if _is_late(each)}
    )
    for contest, who in late:
        sign = "no comparison" if who == OURS else "≥"
        count = _count(measurements, contest, who)
        lines.append(f"{sign}: {who} had not converged on {count} of {contest}")
    return (*lines, *_agreement(measurements))


def _agreement(measurements: Sequence[Measurement]) -> list[str]:
    """How far other traces are from ours, in standard errors of the difference."""
    traces = [each for each in measurements if "trace" in each]
    mine = {(x["layer"], x["round"]): x for x in traces if x["who"] == OURS}
    lines = []
    for who in [each for each in _names(traces, "who") if each != OURS]:
        scores = []
        for theirs in (each for each in traces if each["who"] == who):
            ours = mine[theirs["layer"], theirs["round"]]
            error = hypot(theirs["standard_error"], ours["standard_error"])
            scores.append((theirs["trace"] - ours["trace"]) / error if error else 0.0)
        spread = sqrt(fmean(score**2 for score in scores))
        lines.append(
            f"traces of {who} and ours differ by {spread:.1f} standard errors of the "
            f"difference (root mean square of {len(scores)}; 1 is expected)"
        )
    return lines


def _cells(theirs: Sequence[Measurement], mine: Sequence[Measurement]) -> list[str]:
    is_ours = theirs[0]["who"] == OURS
    error = max(each["worst_error"] for each in theirs)
    return [
        str(len(_names(theirs, "layer"))),
        f"{median(_sums(theirs, 'wall_seconds')):.2f}",
        f"{median(_sums(theirs, 'cpu_seconds')):.2f}",
        f"{_peak(theirs):.0f}",
        f"{error:.1e}",
        "1" if is_ours else str(_ratio(theirs, mine, "wall_seconds")),
        "1" if is_ours else str(_ratio(theirs, mine, "cpu_seconds")),
    ]


def _ratio(
    theirs: Sequence[Measurement], mine: Sequence[Measurement], key: str
) -> Ratio:
    late = any(_is_late(each) for each in theirs)
    return Ratio.of(_sums(theirs, key), _sums(mine, key), is_lower_bound=late)


def _is_late(found: Measurement) -> bool:
    return "error" not in found and not found["converged"]


def _count(measurements: Sequence[Measurement], contest: str, who: str) -> str:
    series = _of(measurements, contest, who)
    late = [each for each in series if _is_late(each)]
    return f"{len(late)} of {len(series)} turns"


def _sums(series: Sequence[Measurement], key: str) -> list[float]:
    """The sum over layers, of each round."""
    return [
        sum(each[key] for each in series if each["round"] == turn)
        for turn in _names(series, "round")
    ]


def _peak(series: Sequence[Measurement]) -> float:
    return max(float(each["peak_mib"]) for each in series)


def _of(
    measurements: Sequence[Measurement], contest: str, who: str
) -> list[Measurement]:
    return [
        each
        for each in measurements
        if (each["contest"], each["who"]) == (contest, who)
    ]


def _at(series: Sequence[Measurement], layer: str) -> list[Measurement]:
    return [each for each in series if each["layer"] == layer]


def _series(measurements: Sequence[Measurement]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((each["contest"], each["who"]) for each in measurements))


def _names(measurements: Sequence[Measurement], key: str) -> list[Any]:
    """The values of a key in order of appearance."""
    return list(dict.fromkeys(each[key] for each in measurements))
