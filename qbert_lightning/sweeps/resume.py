"""`qbert resume`: go on with what is not finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.override_text import quoted
from qbert_lightning.pipeline.search_results import is_open
from qbert_lightning.sweeps.command import FOLDER_KEY
from qbert_lightning.sweeps.folders import find
from qbert_lightning.sweeps.job_states import JobState, is_finished, job_state
from qbert_lightning.sweeps.job_states import job_states as states_of
from qbert_lightning.sweeps.sweep_record import SweepRecord
from qbert_lightning.tracking.folder_lock import is_held

ACCEPTED = "folders of runs or sweeps that were stopped"


def commands_to_resume(arguments: Sequence[str]) -> list[list[str]]:
    """The commands of unfinished runs and sweeps, for their own folders.

    Run again, they leave finished jobs as they are, and training goes on from its last
    checkpoint.

    Args:
        arguments: Folders of runs, of sweeps, or above them; then overrides for the
            launcher, such as ``hydra.launcher.slots=4``.

    Returns:
        What follows ``qbert``, for each run and sweep with something left to do.

    Raises:
        QbertError: (code 2) for a folder without runs, or at work; (code 4) for a run
            whose record cannot be read.
    """
    folders = [one for one in arguments if "=" not in one]
    added = [one for one in arguments if "=" in one]
    refused = [one for one in added if not one.startswith(("hydra.launcher", "hydra/"))]
    if refused or not folders:
        got = refused[0] if refused else "resume without a folder"
        raise QbertError(f"{got}: accepted {ACCEPTED}, and settings of hydra.launcher")
    sweeps, runs = find(folders, ACCEPTED)
    for folder in [*sweeps, *runs]:
        if is_held(folder):
            raise QbertError(f"{folder}: another process is at work in it")
    commands = [_again(sweep, added) for sweep in sweeps if not _is_done(sweep)]
    commands += [
        _run_again(state) for state in map(job_state, runs) if not is_finished(state)
    ]
    return commands


def _is_done(sweep: Path) -> bool:
    states = states_of(sweep)
    all_finished = bool(states) and all(map(is_finished, states))
    return all_finished and not is_open(sweep)


def _again(sweep: Path, added: Sequence[str]) -> list[str]:
    """The command of a sweep, for its own folder."""
    record = SweepRecord.read(sweep)
    kept = [one for one in record.overrides if not one.startswith(f"{FOLDER_KEY}=")]
    names = {one.partition("=")[0] for one in added}
    kept = [one for one in kept if one.partition("=")[0] not in names]
    return [
        record.verb,
        "-m",
        *_option(record.config_dir),
        *kept,
        *added,
        f"{FOLDER_KEY}={quoted(sweep)}",
    ]


def _run_again(state: JobState) -> list[str]:
    """The command of a single run, for its own folder."""
    record = state.record
    if record is None:
        raise QbertError(f"{state.folder}: its record cannot be read", DATA)
    return [
        record.kind,
        *_option(record.config_dir),
        *record.overrides,
        f"hydra.run.dir={quoted(state.folder)}",
    ]


def _option(config_dir: str | None) -> list[str]:
    return [f"--config-dir={config_dir}"] if config_dir else []
