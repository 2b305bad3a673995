"""An ablation as a sweep: its jobs through the launcher, its report at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig
from rich.console import Console

from qbert_lightning.ablation import (
    BASELINE,
    Ablation,
    Job,
    measured_below,
    result_table,
    results,
    write_results,
)
from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.pipeline.job_launch import launch, sweep_folder
from qbert_lightning.pipeline.overrides import parse_overrides

TABLE_WIDTH = 100


def run_ablation(
    settings: Mapping[str, Any],
    arguments: Sequence[str],
    config: DictConfig,
    context: HydraContext,
    launcher: Launcher,
) -> list[object | None]:
    """Run every job, and report what has finished, also after an interrupt.

    Args:
        settings: ``baseline``, ``changes`` and ``seeds``.
        arguments: Overrides of the command line, without Hydra's own.
        config: The sweep's configuration, with its `hydra` node.
        context: For the choices of groups.
        launcher: Runs the jobs.

    Returns:
        What each job returned.

    Raises:
        QbertError: (code 1) if a job failed.
    """
    ablation = Ablation.from_settings(**settings, key="hydra.sweeper")
    parse = lambda lines: parse_overrides(lines, context.config_loader)  # noqa: E731
    jobs = ablation.jobs(arguments, parse, list(config.get("tags") or []))
    folder = sweep_folder(config)
    try:
        ended = launch(launcher, [job.overrides for job in jobs], 0)
    finally:
        report_ablation(ablation, jobs, folder)
    needs_value = config.hydra.job.config_name == "run"  # other verbs return nothing
    failed = sum(one.is_failed or (needs_value and one.value is None) for one in ended)
    if failed:
        raise QbertError(f"{failed} of {len(jobs)} jobs failed: see {folder}", FAILED)
    return [one.value for one in ended]


def report_ablation(ablation: Ablation, jobs: Sequence[Job], folder: Path) -> None:
    """Write and print the effects, from the records below the sweep's folder."""
    overrides = {BASELINE: ablation.baseline, **ablation.changes}
    found = results(jobs, overrides, measured_below(folder))
    write_results(found, folder)
    console = Console()
    if console.width < TABLE_WIDTH:
        console = Console(width=TABLE_WIDTH)
    console.print(result_table(found))
    console.print(f"effects  {folder / 'ablation.md'}", soft_wrap=True)
