"""Ablations: a baseline, one-change overrides, and what each change does."""

from qbert_lightning.ablation.effects import Effect, effect
from qbert_lightning.ablation.planning import BASELINE, Ablation, Job, change_of
from qbert_lightning.ablation.results import (
    Measured,
    Result,
    measured_below,
    result_table,
    results,
    write_results,
)

__all__ = [
    "BASELINE",
    "Ablation",
    "Effect",
    "Job",
    "Measured",
    "Result",
    "change_of",
    "effect",
    "measured_below",
    "result_table",
    "results",
    "write_results",
]
