"""A sweep from its command to its last table."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.override_text import quoted
from qbert_lightning.pipeline.composition import Command
from qbert_lightning.pipeline.incidental import INCIDENTAL
from qbert_lightning.pipeline.report import refresh_page
from qbert_lightning.pipeline.sweep_table import log_sweep_summary
from qbert_lightning.report import KINDS
from qbert_lightning.sweeps.job_states import is_finished
from qbert_lightning.sweeps.sweep_record import SWEEP_FILE, SweepRecord
from qbert_lightning.sweeps.table import print_sweep
from qbert_lightning.tracking.folder_lock import hold_folder, is_held
from qbert_lightning.tracking.json_values import to_text

FOLDER_KEY = "hydra.sweep.dir"


def run_sweep(
    command: Command, master: DictConfig, launch: Callable[[str], None]
) -> int:
    """Run what is not finished of a sweep.

    A folder below the same output folder that holds the same command is gone on with,
    unless a living process is at work in it; then the sweep gets a folder of its own.

    Args:
        command: As typed.
        master: The sweep's own configuration, with its `hydra` node.
        launch: Runs Hydra, given the override that names the sweep's folder.

    Returns:
        0 if all jobs are finished.

    Raises:
        QbertError: (code 1) if some are not; (code 2) if the folder that was asked for
            holds another sweep.
    """
    digest = command_digest(command, master)
    folder = _folder(command, master, digest)
    with hold_folder(folder):
        if (folder / SWEEP_FILE).is_file():
            _say(f"goes on with {folder}; for a new one: {FOLDER_KEY}=FOLDER")
        else:
            overrides = list(command.overrides)
            own = command.config_dir
            config_dir = str(own.resolve()) if own is not None else None
            SweepRecord(command.verb, overrides, config_dir, digest).write(folder)
        problem = None
        try:
            launch(f"{FOLDER_KEY}={quoted(folder)}")
        except QbertError as error:
            problem = error  # of a job, for launchers that let Hydra raise it
        except (KeyboardInterrupt, SystemExit):
            _say(f"stopped; to go on: qbert resume {folder}")
            raise
    return _end(folder, problem)


def _end(folder: Path, problem: QbertError | None) -> int:
    states = print_sweep(folder)
    compared = [state.record for state in states if state.record]
    tasks = dict.fromkeys(one.task for one in compared if one.kind in KINDS)
    if tasks:
        title = f"{', '.join(tasks)} runs"
        _say(f"page  {refresh_page(folder, title)}")
    log_sweep_summary(folder)
    left = [state for state in states if not is_finished(state)]
    if left:
        first = left[0]
        reason = first.record.error if first.record else None
        raise QbertError(
            f"{len(left)} of {len(states)} jobs did not finish: the first is job "
            f"{first.folder.name}: {reason or first.state}; "
            f"to run them again: qbert resume {folder}",
            FAILED,
        )
    if problem is not None:
        raise QbertError(str(problem), FAILED) from problem
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def command_digest(command: Command, master: DictConfig) -> str:
    """Equal for commands that ask for the same jobs, whoever launches them and where.

    Args:
        command: As typed; the order of its overrides does not matter.
        master: The configuration that its fixed overrides make.
    """
    whole = OmegaConf.to_container(master, resolve=False)
    assert isinstance(whole, dict)
    ours = {k: v for k, v in whole.items() if k not in {"hydra", *INCIDENTAL}}
    asked = [one for one in command.overrides if not _is_incidental(one)]
    parts = [command.verb, ours, whole["hydra"]["sweeper"], sorted(asked)]
    return hashlib.sha256(to_text({"command": parts}).encode()).hexdigest()


def _is_incidental(override: str) -> bool:
    key = override.lstrip("+~").partition("=")[0]
    return key.startswith(("hydra.", "hydra/")) or key.partition(".")[0] in INCIDENTAL


def _folder(command: Command, master: DictConfig, digest: str) -> Path:
    """The folder to go on in, or a new one."""
    asked = Path(str(master.hydra.sweep.dir))
    if any(one.startswith(f"{FOLDER_KEY}=") for one in command.overrides):
        if (asked / SWEEP_FILE).is_file() and SweepRecord.read(asked).digest != digest:
            raise QbertError(
                f"{FOLDER_KEY}={asked}: holds another sweep: accepted a new folder, or "
                f"qbert resume {asked}"
            )
        return asked
    for path in sorted(asked.parent.glob(f"*/{SWEEP_FILE}"), reverse=True):
        if not is_held(path.parent) and _digest_of(path.parent) == digest:
            return path.parent
    return asked


def _digest_of(folder: Path) -> str | None:
    try:
        return SweepRecord.read(folder).digest
    except QbertError:
        return None
