"""What every analysis found for every block, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

from qbert_lightning.report.blocks import in_order, short_names
from qbert_lightning.report.cell_text import cell_text
from qbert_lightning.report.run import Run

ANALYZE = "analyze"


def sensitivity_markdown(runs: Sequence[Run]) -> str:
    """One table for each task and choice of blocks: metrics across, blocks down.

    A cell is the importance that blocks are ranked by; where there are samples, their
    mean ± standard deviation over data subsets follows in brackets.

    Args:
        runs: Runs of any status and kind; those of ``qbert analyze`` count.
    """
    studies: dict[tuple[str, tuple[str, ...]], list[Run]] = {}
    for run in sorted(runs, key=lambda each: each.started):
        if run.kind == ANALYZE and run.status == "finished" and run.importance:
            blocks = tuple(in_order(list(run.importance)))
            studies.setdefault((run.task, blocks), []).append(run)
    lines = []
    for (task, blocks), group in studies.items():
        names = [cell_text(run.sensitivity) for run in group]
        lines += [
            *(f"importance of each block, {cell_text(task)}", ""),
            f"| block | {' | '.join(names)} |",
            f"|---|{'---|' * len(names)}",
        ]
        for block, label in zip(blocks, short_names(blocks), strict=True):
            cells = (cell_text(label), *(_cell(run, block) for run in group))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _cell(run: Run, block: str) -> str:
    importance = f"{run.importance[block]:.3g}"
    samples = run.samples.get(block, ())
    if len(samples) < 2:
        return importance
    return f"{importance} ({fmean(samples):.3g} ± {stdev(samples):.2g})"
