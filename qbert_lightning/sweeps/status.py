"""`qbert status`: what became of runs and sweeps."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from qbert_lightning.errors import FAILED
from qbert_lightning.sweeps.folders import find
from qbert_lightning.sweeps.job_states import counts, is_finished, job_state
from qbert_lightning.sweeps.table import print_sweep

ACCEPTED = "folders of runs or sweeps, such as outputs"


def show_status(arguments: Sequence[str]) -> int:
    """Print every sweep's jobs, and every run that belongs to none.

    Args:
        arguments: Folders; ``outputs`` if there is none.

    Returns:
        0 if everything is finished, 1 if something is not.

    Raises:
        QbertError: (code 2) for a folder without runs.
    """
    sweeps, runs = find(list(arguments) or ["outputs"], ACCEPTED)
    states = [state for sweep in sweeps for state in print_sweep(sweep)]
    console = Console()
    alone = [job_state(folder) for folder in runs]
    for state in alone:
        error = state.record.error if state.record else None
        line = f"{state.state:<11} {state.name}  {state.folder}  {error or ''}".rstrip()
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    every = [*states, *alone]
    if len(sweeps) + len(alone) > 1:
        console.print(f"in all {counts(every)}", soft_wrap=True, highlight=False)
    return 0 if all(map(is_finished, every)) else FAILED
