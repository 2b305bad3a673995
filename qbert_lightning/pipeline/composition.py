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

from qbert_lightning.ablation import BASELINE, Ablation, Job
from qbert_lightning.errors import QbertError
from qbert_lightning.override_text import quoted
from qbert_lightning.pipeline.composition_errors import (
    COMPOSITION_ERRORS,
    addresses,
    explain,
)
from qbert_lightning.pipeline.hydra_settings import check_hydra
from qbert_lightning.pipeline.overrides import is_choice, key_of, parse_overrides
from qbert_lightning.pipeline.own_folder import check_folder
from qbert_lightning.pipeline.validation import validate
from qbert_lightning.search import SearchSettings, read_space

MAX_CHOICES = 1000
HYDRAS_OWN = ("hydra.", "hydra/")
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
        return check_choices(command)


def check_choices(command: Command) -> DictConfig | None:
    """The same with Hydra initialized and the user's own folder checked."""
    overrides = parse(command.overrides)
    fixed = [one for one in overrides if not one.is_sweep_override()]
    sweeps = [one for one in overrides if one.is_sweep_override()]
    master = compose(command, [str(one.input_line) for one in fixed])
    if command.multirun or master.hydra.mode == RunMode.MULTIRUN:
        _check_sweep(command, master, fixed, sweeps)
        return master
    if sweeps:
        raise QbertError(f"{sweeps[0].input_line}: several values: accepted with -m")
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
        place = quoted(f"file://{command.config_dir.resolve()}")
        search = [f"hydra.searchpath=[{place}]"]
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


def parse(arguments: Sequence[str]) -> list[Override]:
    """Read overrides, each one permitted; Hydra must be initialized."""
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
    asked = parse([f"{key}={value}" for key, value in params.items()])
    ablation = ablation_of(master.hydra.sweeper)
    if ablation is not None:
        _check_ablation(command, master, ablation)
        return
    search = search_of(master.hydra.sweeper)
    typed = {one.get_key_element() for one in [*fixed, *sweeps]}
    asked = [one for one in asked if one.get_key_element() not in typed]
    overrides = [*asked, *fixed, *sweeps]
    choices = [list(_choices(one)) for one in overrides]
    jobs = prod(len(values) for values in choices)
    if search is not None:
        read_space(asked, [*fixed, *sweeps])
    elif jobs > MAX_JOBS:
        raise QbertError(f"sweep of {jobs} jobs: accepted up to {MAX_JOBS}")
    first = [values[0] for values in choices]
    check_composed(compose(command, first), overrides)
    for position, values in enumerate(choices):
        for value in values[1:]:
            job = [*first[:position], value, *first[position + 1 :]]
            check_composed(compose(command, job), overrides)


def _check_ablation(command: Command, master: DictConfig, ablation: Ablation) -> None:
    """Check every change with one seed, and every seed of the baseline."""
    jobs = ablation_jobs(ablation, command.overrides, master.get("tags") or [])
    if len(jobs) > MAX_JOBS:
        raise QbertError(f"ablation of {len(jobs)} jobs: accepted up to {MAX_JOBS}")
    for job in jobs:
        if job.change == BASELINE or job.seed == jobs[0].seed:
            check_job(command, job.overrides)


def search_of(sweeper: DictConfig) -> SearchSettings | None:
    """The search that a sweeper's settings ask for, if any.

    Raises:
        QbertError: If a setting is not accepted.
    """
    if "n_trials" not in sweeper:
        return None
    settings = OmegaConf.to_container(sweeper, resolve=True)
    assert isinstance(settings, dict)
    named = {str(name): value for name, value in settings.items()}
    return SearchSettings.from_settings(named, "hydra.sweeper")


def ablation_of(sweeper: DictConfig) -> Ablation | None:
    """The ablation that a sweeper's settings ask for, if any.

    Raises:
        QbertError: If its settings are none of an ablation.
    """
    if "changes" not in sweeper:
        return None
    settings = OmegaConf.to_container(sweeper, resolve=True)
    assert isinstance(settings, dict)
    return Ablation.from_settings(
        settings.get("baseline"),
        settings["changes"],
        settings.get("seeds"),
        "hydra.sweeper",
    )


def ablation_jobs(
    ablation: Ablation, typed: Sequence[str], tags: Sequence[str]
) -> list[Job]:
    """The jobs of an ablation.

    Args:
        ablation: What it says.
        typed: Overrides of the command line; those of Hydra itself are left out.
        tags: Tags that the runs have anyway.
    """
    own = [one for one in typed if not is_hydras_own(one)]
    return ablation.jobs(own, parse, list(tags))


def is_hydras_own(override: str) -> bool:
    """Whether an override sets something of Hydra, which no job repeats.

    >>> is_hydras_own("hydra.launcher.n_jobs=2"), is_hydras_own("quant.groups=1")
    (True, False)
    """
    return override.lstrip("+~").startswith(HYDRAS_OWN)


def check_job(command: Command, overrides: Sequence[str]) -> None:
    """Compose and check one job of a sweep; raises `QbertError`."""
    job = [*filter(is_hydras_own, command.overrides), *overrides]
    check_composed(compose(command, job), parse(job))


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
