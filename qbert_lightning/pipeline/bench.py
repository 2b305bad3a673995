"""`qbert bench`: run one benchmark, print its table and write its JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from qbert_lightning.benchmarks import Benchmark, Outcome, Subject
from qbert_lightning.pipeline.finetune import finetune
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.quantized_models import (
    check_overrides,
    deployment_scores,
    plan_for,
    quantized_folder,
)
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.tracking import environment
from qbert_lightning.tracking.durable import write_text
from qbert_lightning.tracking.json_values import to_text

BENCH_FILE = "bench.json"
FILE_WIDTH = 160


def run_benchmark(config: DictConfig) -> None:
    """Measure what the configuration's ``bench`` names.

    Args:
        config: That of a run, with ``bench``.

    Raises:
        QbertError: When ours cannot be measured.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    # Rows are compared with the eye, so they are not folded where nobody watches.
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH)

    def say(line: str) -> None:
        console.print(line, soft_wrap=True, highlight=False, markup=False)

    benchmark: Benchmark = instantiate(plain["bench"])
    say(f"bench {benchmark.name}  {folder}")
    workbench = Workbench(plain, None, say)
    subject = Subject(
        float_folder=lambda: finetune(workbench).folder,
        batches=lambda num_examples, batch_size: workbench.data.sample_batches(
            1.0, plain["seed"], num_examples, batch_size
        ),
        check=check_overrides,
        quantized=lambda overrides: quantized_folder(overrides, say),
        plan=plan_for,
        deployment_scores=lambda overrides: deployment_scores(overrides, say),
        metric=f"test/{plain['task']['module']['metrics'][0]}",
    )
    outcome = benchmark.run(subject, folder, say)
    console.print(table_of(outcome))
    for note in outcome.notes:
        say(note)
    write_text(folder / BENCH_FILE, to_text(record_of(benchmark, outcome, plain), 1))
    say(f"json  {folder / BENCH_FILE}")


def table_of(outcome: Outcome) -> Table:
    """The outcome's table for a terminal."""
    table = Table(title=outcome.title, title_justify="left")
    for position, column in enumerate(outcome.columns):
        table.add_column(column, justify="left" if position < 3 else "right")
    for row in outcome.rows:
        table.add_row(*map(escape, row))
    return table


def record_of(
    benchmark: Benchmark, outcome: Outcome, config: dict[str, Any]
) -> dict[str, Any]:
    """All that ``bench.json`` holds."""
    return {
        "version": 1,
        "benchmark": benchmark.name,
        "environment": environment(),
        "config": config,
        **outcome.facts,
        "table": {"columns": outcome.columns, "rows": outcome.rows},
        "notes": outcome.notes,
        "measurements": outcome.measurements,
    }
