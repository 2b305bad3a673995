"""Quantized models, and their scores, that a benchmark asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_checkpoint
from qbert_lightning.models import load_float
from qbert_lightning.pipeline.allocate import allocate, plan_of, planned, scored
from qbert_lightning.pipeline.analyze import analyze, problem_of, table_of
from qbert_lightning.pipeline.composition import (
    Command,
    check_composed,
    compose,
    parse,
)
from qbert_lightning.pipeline.deploy import DEPLOYED_PREFIX, deploy, evaluate_deployed
from qbert_lightning.pipeline.deployable import check_deployable
from qbert_lightning.pipeline.evaluate import evaluate, evaluate_quantized, scores_of
from qbert_lightning.pipeline.finetune import finetune
from qbert_lightning.pipeline.own_folder import own_folder_of
from qbert_lightning.pipeline.quantize import quantize
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.validation import resolved
from qbert_lightning.pipeline.workbench import FLOAT_PREFIX, Workbench
from qbert_lightning.plan import QuantPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuse overrides that this job's configuration does not accept.

    Raises:
        QbertError: (code 2) naming key, value and what is accepted.
    """
    _composed(overrides)


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
    bench = _workbench(overrides, say)
    return _quantized(bench, finetune(bench)).folder


def plan_for(overrides: Sequence[str], model: PreTrainedModel) -> QuantPlan:
    """The plan that this job's configuration makes for a model of any shape.

    Args:
        overrides: Given after the job's own.
        model: In floating point.

    Raises:
        QbertError: (code 2) for an override that is not accepted, or if it takes data
            to make the plan.
    """
    bench = _workbench(overrides, lambda line: None)

    def refuse(*asked: object) -> NoReturn:
        raise QbertError(
            f"{' '.join(overrides)}: its bits take an analysis of data: accepted "
            "sensitivity=index, or another allocator, such as allocator=uniform"
        )

    table = None
    if bench.allocator.needs_sensitivity:
        bench.metric.draw(refuse)
        table = scored(bench, model, bench.metric.score(problem_of(bench, model)))
    plan, sizes = planned(bench, model)
    return plan.with_weight_bits(bench.allocator.allocate(table, sizes))


def deployment_scores(
    overrides: Sequence[str], say: Callable[[str], None]
) -> dict[str, float]:
    """Scores of a model of this job's configuration on its way to a runtime.

    Args:
        overrides: Given after the job's own; a ``runtime`` is among them.
        say: Tells the user a line.

    Returns:
        ``float/test/…``, ``test/…`` (fake-quantized) and ``deployed/test/…``.

    Raises:
        QbertError: (code 2) for an override that is not accepted, or a plan that the
            runtime does not compute.
    """
    bench = _workbench(overrides, say)
    runtime = bench.runtime
    assert runtime is not None  # one of the overrides
    check_deployable(bench)
    float_stage = finetune(bench)
    float_model = lambda: load_float(float_stage.folder)[0]  # noqa: E731
    scores = scores_of(evaluate(bench, float_model, float_stage.key), FLOAT_PREFIX)
    quantized = _quantized(bench, float_stage)
    model = lambda: load_checkpoint(quantized.folder)[0]  # noqa: E731
    scores |= scores_of(evaluate_quantized(bench, model, quantized.key))
    deployed = deploy(bench, runtime, quantized)
    answered = evaluate_deployed(bench, runtime, deployed.folder, deployed.key)
    return scores | scores_of(answered, DEPLOYED_PREFIX)


def _workbench(overrides: Sequence[str], say: Callable[[str], None]) -> Workbench:
    """The objects of this job with some of its configuration overridden."""
    return Workbench(resolved(_composed(overrides)), None, say)


def _composed(overrides: Sequence[str]) -> DictConfig:
    """This job's configuration with some of it overridden, checked."""
    job = HydraConfig.get()
    every = [*job.overrides.task, *overrides]
    command = Command(str(job.job.config_name), config_dir=own_folder_of(job))
    composed = compose(command, every)
    check_composed(composed, parse(every))
    names = [key for key in composed if key != "hydra"]
    return OmegaConf.masked_copy(composed, names)


def _quantized(bench: Workbench, float_stage: Stage) -> Stage:
    """The stages up to the quantized model, without scores and without a record."""
    table = None
    if bench.allocator.needs_sensitivity:
        table = table_of(analyze(bench, float_stage))
        table = scored(bench, load_float(float_stage.folder)[0], table)
    plan = plan_of(allocate(bench, float_stage, table).folder)
    if bench.runtime is not None:
        bench.runtime.check(plan)  # before anything is trained on it
    return quantize(bench, float_stage, plan, table)
