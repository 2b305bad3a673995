"""Composes a command's configurations with Hydra and checks each, without side effects.

Uses Hydra's compose API, which creates nothing; the Hydra application that runs
afterwards composes the same things again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from math import prod
from pathlib import Path

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.composition_errors import (
    COMPOSITION_ERRORS,
    addresses,
    explain,
)
from qbert_lightning.pipeline.hydra_settings import check_hydra
from qbert_lightning.pipeline.overrides import is_choice, key_of, parse_overrides
from qbert_lightning.pipeline.own_folder import check_folder
from qbert_lightning.pipeline.validation import validate

MAX_CHOICES = 1000
MAX_JOBS = 10_000
HYDRA_VERSION = "1.3"  # whose defaults we rely on

# A short random part for folder names; one configuration and the jobs of one sweep
# get the same one each time they ask.
OmegaConf.register_new_resolver(
    "unique", lambda: secrets.token_hex(4), use_cache=True, replace=True
)


@dataclass(frozen=True)
class Command:
    """A Hydra application as typed.

    Attributes:
        verb: The verb, which is the name of its primary configuration.
        overrides: ``key=value`` arguments.
        config_dir: The user's own folder of configuration groups.
        multirun: Whether ``-m`` was given.
    """

    verb: str
    overrides: Sequence[str] = ()
    config_dir: Path | None = None
    multirun: bool = False


def config_folder() -> Path:
    """Where the configuration is: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def check_command(command: Command) -> DictConfig | None:
    """Check a whole command: every choice of every sweep once, before any job runs.

    Choices of different sweeps are not multiplied; each job checks its own
    combination again before it imports anything heavy.

    Returns:
        The configuration that the fixed overrides make, with its `hydra` node, if it
        is a sweep; None for a single run.

    Raises:
        QbertError: (code 2) in one line.
    """
    if command.config_dir is not None:
        check_folder(command.config_dir)
    with hydra.initialize_config_dir(
        str(config_folder()), job_name="qbert", version_base=HYDRA_VERSION
    ):
        overrides = _parse(command.overrides)
        fixed = [one for one in overrides if not one.is_sweep_override()]
        sweeps = [one for one in overrides if one.is_sweep_override()]
        master = compose(command, [str(one.input_line) for one in fixed])
        if command.multirun or master.hydra.mode == RunMode.MULTIRUN:
            _check_sweep(command, master, fixed, sweeps)
            return master
        if sweeps:
            raise QbertError(
                f"{sweeps[0].input_line}: several values: accepted with -m"
            )
        check_composed(master, fixed)
    return None


def check_composed(composed: DictConfig, overrides: Sequence[Override]) -> None:
    """Check one composed configuration, with its `hydra` node.

    Raises:
        QbertError: (code 2) in one line.
    """
    check_hydra(composed.hydra)
    for group, choice in composed.hydra.runtime.choices.items():
        if ".." in str(choice).split("/") or str(choice).startswith("/"):
            raise QbertError(f"{group}={choice}: accepted the name of a choice")
    config = OmegaConf.masked_copy(
        composed, [key for key in composed if key != "hydra"]
    )
    validate(config, {key_of(one) for one in overrides})


def compose(command: Command, overrides: Sequence[str]) -> DictConfig:
    """Compose one configuration, `hydra` node included.

    Raises:
        QbertError: (code 2) in one line, if Hydra cannot.
    """
    search = []
    if command.config_dir is not None:
        folder = str(command.config_dir.resolve()).replace("'", "\\'")
        search = [f"hydra.searchpath=['file://{folder}']"]
    try:
        return hydra.compose(
            command.verb, [*search, *overrides], return_hydra_config=True
        )
    except COMPOSITION_ERRORS as error:
        loader = GlobalHydra.instance().config_loader()
        choices = (*search, *(one for one in overrides if is_choice(one, loader)))
        raise explain(
            error,
            overrides,
            _known_names(command.verb, choices),
            partial(_known_names, command.verb, ()),
            choices,
        ) from error


@cache
def _known_names(verb: str, choices: tuple[str, ...]) -> list[str]:
    """Addresses and group names of the verb's configuration with some choices made."""
    try:
        config = hydra.compose(verb, [*choices], return_hydra_config=True)
    except COMPOSITION_ERRORS:
        return []
    raw = OmegaConf.to_container(config, resolve=False)
    return [*config.hydra.runtime.choices, *addresses(raw)]


def _parse(arguments: Sequence[str]) -> list[Override]:
    return parse_overrides(arguments, GlobalHydra.instance().config_loader())


def _check_sweep(
    command: Command,
    master: DictConfig,
    fixed: Sequence[Override],
    sweeps: Sequence[Override],
) -> None:
    """Check the jobs that take every choice once; the command line wins over params."""
    check_hydra(master.hydra)
    params = master.hydra.sweeper.get("params") or {}
    asked = _parse([f"{key}={value}" for key, value in params.items()])
    typed = {one.get_key_element() for one in [*fixed, *sweeps]}
    asked = [one for one in asked if one.get_key_element() not in typed]
    overrides = [*asked, *fixed, *sweeps]
    choices = [list(_choices(one)) for one in overrides]
    jobs = prod(len(values) for values in choices)
    if jobs > MAX_JOBS:
        raise QbertError(f"sweep of {jobs} jobs: accepted up to {MAX_JOBS}")
    first = [values[0] for values in choices]
    check_composed(compose(command, first), overrides)
    for position, values in enumerate(choices):
        for value in values[1:]:
            job = [*first[:position], value, *first[position + 1 :]]
            check_composed(compose(command, job), overrides)


def _choices(override: Override) -> Iterator[str]:
    """The override once for each of its values; an interval at both ends.

    Raises:
        QbertError: If there is none, or too many.
    """
    if not override.is_sweep_override():
        yield str(override.input_line)
        return
    sweep = override.value()
    if isinstance(sweep, IntervalSweep):
        values = [str(sweep.start), str(sweep.end)]
    else:
        try:
            values = list(islice(override.sweep_string_iterator(), MAX_CHOICES + 1))
        except COMPOSITION_ERRORS as error:
            raise QbertError(
                f"{override.input_line}: accepted values, or one of range, choice, glob"
            ) from error
    if not 1 <= len(values) <= MAX_CHOICES:
        count = "more" if values else "no value"
        raise QbertError(
            f"{override.input_line}: {count}: accepted 1..{MAX_CHOICES} values"
        )
    for value in values:
        yield f"{override.get_key_element()}={value}"
