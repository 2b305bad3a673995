"""What a sensitivity metric predicts beside what quantizing does to the loss."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from qbert_lightning.report.blocks import in_order
from qbert_lightning.report.rank_correlation import kendall, spearman
from qbert_lightning.report.run import Run

# The metric that quantizes each block alone and measures how far the loss rises.
TRUTH = "perturbation"
FLOAT_STAGE = "finetune"
GROUPS = "quant.groups"
SCORE, IMPORTANCE = "score", "importance"


@dataclass(frozen=True)
class Agreement:
    """One metric's numbers for the blocks of one float model, and the measured ones.

    Attributes:
        predicting: The run whose analysis predicts.
        measuring: The run that measured, on the same float model.
        quantity: `score` for numbers made for this width, `importance` otherwise.
        bits: The width measured; None if the measurement names none.
        blocks: Blocks with a finite number on both sides, from the input up.
        predicted: The metric's number for each.
        measured: The measured rise of the loss for each.
    """

    predicting: Run
    measuring: Run
    quantity: str
    bits: int | None
    blocks: tuple[str, ...]
    predicted: tuple[float, ...]
    measured: tuple[float, ...]

    @property
    def float_model(self) -> str:
        """Key of the float model that both looked at."""
        return self.measuring.stages[FLOAT_STAGE].key

    @cached_property
    def spearman(self) -> float:
        """Spearman's rank correlation; NaN if either side is constant."""
        return spearman(self.predicted, self.measured)

    @cached_property
    def kendall(self) -> float:
        """Kendall's rank correlation; NaN if either side is constant."""
        return kendall(self.predicted, self.measured)


def agreements(runs: Sequence[Run]) -> list[Agreement]:
    """Every metric paired with the measurement on the same float model and blocks.

    A metric is compared at every width that it and the measurement both score; one
    without scores for the measured number of groups is compared by its importance, at
    every width measured. Of several measurements on one model with the same groups
    the newest counts. Runs that share an analysis give one pair.

    Args:
        runs: Runs of any status and kind; only finished ones with an analysis count.

    Returns:
        The pairs in the order of the runs.
    """
    analysed = [run for run in runs if run.status == "finished" and run.importance]
    measured = {_place(run): run for run in analysed if run.sensitivity == TRUTH}
    found: dict[tuple[object, ...], Agreement] = {}
    for run in analysed:
        for place, truth in measured.items():
            if run.sensitivity != TRUTH and place[:2] == _place(run)[:2] and place[0]:
                for pair in _pairs(run, truth):
                    key = (place, run.sensitivity, pair.quantity, pair.bits)
                    found.setdefault((*key, pair.predicted), pair)
    return list(found.values())


def _place(run: Run) -> tuple[str, frozenset[str], object]:
    stage = run.stages.get(FLOAT_STAGE)
    blocks = frozenset(run.importance)
    return stage.key if stage else "", blocks, run.config.get(GROUPS)


def _pairs(run: Run, truth: Run) -> Iterator[Agreement]:
    widths = _widths(truth)
    same_groups = run.config.get(GROUPS) == truth.config.get(GROUPS)
    common = [bits for bits in widths if bits in _widths(run)] if same_groups else []
    if not widths:
        yield _pair(run, truth, None, run.importance, truth.importance)
    for bits in common or widths:
        predicted = _column(run, bits) if common else run.importance
        yield _pair(run, truth, bits, predicted, _column(truth, bits))


def _pair(
    run: Run,
    truth: Run,
    bits: int | None,
    predicted: Mapping[str, float],
    measured: Mapping[str, float],
) -> Agreement:
    blocks = [
        block
        for block in in_order(list(measured))
        if math.isfinite(predicted.get(block, math.nan))
        and math.isfinite(measured[block])
    ]
    return Agreement(
        predicting=run,
        measuring=truth,
        quantity=IMPORTANCE if predicted is run.importance else SCORE,
        bits=bits,
        blocks=tuple(blocks),
        predicted=tuple(predicted[block] for block in blocks),
        measured=tuple(measured[block] for block in blocks),
    )


def _widths(run: Run) -> list[int]:
    rows = [set(row) for row in run.scores.values()]
    return sorted(set.intersection(*rows)) if rows else []


def _column(run: Run, bits: int) -> dict[str, float]:
    return {block: row[bits] for block, row in run.scores.items()}
