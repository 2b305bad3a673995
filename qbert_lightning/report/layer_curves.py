"""How the curvature of each layer moves during training."""

from __future__ import annotations

from collections.abc import Iterator

from qbert_lightning.report.blocks import in_order
from qbert_lightning.report.curves import Curve, logged_rows
from qbert_lightning.report.run import Run

AREA = "hessian"
FLOAT = "float/"
QUANTITIES = ("mean_eigenvalue", "top_eigenvalue")


def layer_curves(run: Run, max_points: int) -> dict[str, dict[str, Curve]]:
    """Mean and largest eigenvalue of each block over the steps of a run.

    Taken are `hessian/mean_eigenvalue/<block>` and `hessian/top_eigenvalue/<block>`,
    and the same under `float/` for the training of the float model, where they were
    logged at two steps or more. Of two values at one step the first one counts: a later
    stage says again what it began with.

    Args:
        run: The run; `metrics.jsonl` is read from its folder.
        max_points: Longer curves are averaged down to this many points.

    Returns:
        Quantity, with `float/` before it where it is the float model's → block, from
        the input up → curve; empty without such a history.
    """
    points: dict[str, dict[str, dict[int, float]]] = {}
    for step, key, value in _logged(run):
        model = FLOAT if key.startswith(FLOAT) else ""
        area, _, rest = key.removeprefix(model).partition("/")
        quantity, _, block = rest.partition("/")
        if area == AREA and quantity in QUANTITIES and block:
            rows = points.setdefault(f"{model}{quantity}", {})
            rows.setdefault(block, {}).setdefault(step, value)
    found = {}
    for quantity in sorted(points):
        rows = points[quantity]
        blocks = in_order([block for block, row in rows.items() if len(row) > 1])
        if blocks:
            found[quantity] = {
                block: _curve(rows[block], max_points) for block in blocks
            }
    return found


def _curve(row: dict[int, float], max_points: int) -> Curve:
    steps, values = zip(*sorted(row.items()), strict=True)
    return Curve(steps, values).downsampled(max_points)


def _logged(run: Run) -> Iterator[tuple[int, str, float]]:
    for row in logged_rows(run, containing=AREA):
        step = row.get("step")
        for key, value in row.items():
            is_number = isinstance(value, (int, float))
            if isinstance(step, int) and is_number and AREA in key:
                yield step, key, value
