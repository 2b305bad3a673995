"""Quantized models that a benchmark asks for, by the stages of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from qbert_lightning.models import load_float
from qbert_lightning.pipeline.allocate import allocate, plan_of, scored
from qbert_lightning.pipeline.analyze import analyze, table_of
from qbert_lightning.pipeline.composition import (
    Command,
    check_composed,
    compose,
    parse,
)
from qbert_lightning.pipeline.finetune import finetune
from qbert_lightning.pipeline.own_folder import own_folder_of
from qbert_lightning.pipeline.quantize import quantize
from qbert_lightning.pipeline.validation import resolved
from qbert_lightning.pipeline.workbench import Workbench


def quantized_folder(overrides: Sequence[str], say: Callable[[str], None]) -> Path:
    """A quantized model of this job's configuration with some of it overridden.

    Args:
        overrides: Given after the job's own.
        say: Tells the user a line.

    Returns:
        The folder of a ``quantize`` stage, new or reused.

    Raises:
        QbertError: (code 2) for an override that is not accepted.
    """
    job = HydraConfig.get()
    every = [*job.overrides.task, *overrides]
    command = Command(str(job.job.config_name), config_dir=own_folder_of(job))
    composed = compose(command, every)
    check_composed(composed, parse(every))
    names = [key for key in composed if key != "hydra"]
    return _quantized(
        Workbench(resolved(OmegaConf.masked_copy(composed, names)), None, say)
    )


def _quantized(bench: Workbench) -> Path:
    """The stages up to the quantized model, without scores and without a record."""
    float_stage = finetune(bench)
    table = None
    if bench.allocator.needs_sensitivity:
        table = table_of(analyze(bench, float_stage))
        table = scored(bench, load_float(float_stage.folder)[0], table)
    plan = plan_of(allocate(bench, float_stage, table).folder)
    return quantize(bench, float_stage, plan, table).folder
