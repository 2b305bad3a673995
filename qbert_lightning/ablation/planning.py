"""Turns a baseline and one-change overrides into the jobs of a sweep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from hydra.core.override_parser.types import Override

from qbert_lightning.errors import QbertError
from qbert_lightning.override_text import quoted

BASELINE = "baseline"
TAG = "change:"
_CHANGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")

Parse = Callable[[Sequence[str]], list[Override]]


@dataclass(frozen=True)
class Job:
    """One run of an ablation.

    Attributes:
        change: Name of the change, `baseline` for none.
        seed: Its seed.
        overrides: All that is overridden for it.
    """

    change: str
    seed: int
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Ablation:
    """A baseline, named changes of it, and the seeds all of them are run with.

    Attributes:
        baseline: Overrides of every run.
        changes: Name → the overrides that make the change.
        seeds: Seeds of each change and of the baseline.
    """

    baseline: tuple[str, ...]
    changes: Mapping[str, tuple[str, ...]]
    seeds: tuple[int, ...]

    @classmethod
    def from_settings(
        cls, baseline: object, changes: object, seeds: object, key: str
    ) -> Self:
        """The ablation of a configuration.

        Args:
            baseline: A list of overrides.
            changes: Name → list of overrides.
            seeds: A list of different whole numbers.
            key: Address of the three, for messages.

        Raises:
            QbertError: For anything else.
        """
        if not isinstance(changes, Mapping) or not changes:
            raise QbertError(
                f"{key}.changes: accepted a mapping of name to overrides, 1 or more: "
                "choose them with ablation=NAME"
            )
        named = {}
        for name, overrides in changes.items():
            good = _CHANGE_NAME.fullmatch(str(name)) and name != BASELINE
            if not good:
                raise QbertError(
                    f"{key}.changes.{name}: accepted a name of letters, digits and "
                    f"_.-, other than {BASELINE}"
                )
            named[str(name)] = _overrides(overrides, f"{key}.changes.{name}")
            if not named[str(name)]:
                raise QbertError(f"{key}.changes.{name}: accepted 1 override or more")
        return cls(
            baseline=_overrides(baseline, f"{key}.baseline"),
            changes=named,
            seeds=_seeds(seeds, f"{key}.seeds"),
        )

    def jobs(
        self, typed: Sequence[str], parse: Parse, tags: Sequence[str] = ()
    ) -> list[Job]:
        """All runs: the baseline with every seed, then each change with every seed.

        What is typed holds for every run and wins over the baseline; a change wins over
        both. Sweeping over ``seed`` replaces the seeds.

        Args:
            typed: Overrides of the command line.
            parse: Reads overrides.
            tags: Tags the runs have anyway.

        Raises:
            QbertError: For a typed name, or sweep over anything but the seed.
        """
        seeds, fixed = self.seeds, []
        for override in parse(typed):
            if override.key_or_group == "seed":
                seeds = _typed_seeds(override)
            elif override.key_or_group == "name":
                raise QbertError(
                    f"{override.input_line}: an ablation names its runs by their "
                    "change: accepted tags"
                )
            elif override.is_sweep_override():
                raise QbertError(
                    f"{override.input_line}: several values in an ablation: accepted "
                    "for seed only"
                )
            else:
                fixed.append(override)
        jobs = []
        for change in (BASELINE, *self.changes):
            overrides = _merged(
                [*parse(self.baseline), *fixed, *parse(self.changes.get(change, ()))]
            )
            for seed in seeds:
                marks = _marks(change, seed, tags)
                jobs.append(Job(change, seed, (*overrides, f"seed={seed}", *marks)))
        return jobs


def change_of(tags: Sequence[str]) -> str | None:
    """The change that a run's tags tell, None for a run of no ablation.

    >>> change_of(["mine", "change:one_group"])
    'one_group'
    """
    for tag in tags:
        if tag.startswith(TAG):
            return tag.removeprefix(TAG)
    return None


def _merged(overrides: Sequence[Override]) -> list[str]:
    """The overrides with the last of each key, which Hydra asks for with groups."""
    last = {(one.key_or_group, one.package): str(one.input_line) for one in overrides}
    keep = ("seed", "name", "tags")
    return [line for (key, _), line in last.items() if key not in keep]


def _marks(change: str, seed: int, tags: Sequence[str]) -> list[str]:
    listed = ",".join(quoted(tag) for tag in [*tags, f"{TAG}{change}"])
    return [f"name={quoted(f'{change}-s{seed}')}", f"tags=[{listed}]"]


def _overrides(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, str) for one in value
    ):
        raise QbertError(f"{key}={value}: accepted a list of key=value texts")
    return tuple(value)


def _seeds(value: object, key: str) -> tuple[int, ...]:
    seeds = tuple(value) if isinstance(value, list | tuple) else ()
    good = seeds and all(type(one) is int and 0 <= one < 2**32 for one in seeds)
    if not good or len(set(seeds)) < len(seeds):
        raise QbertError(f"{key}={value}: accepted different whole numbers, 1 or more")
    return seeds


def _typed_seeds(override: Override) -> tuple[int, ...]:
    values = (
        list(override.sweep_iterator())
        if override.is_sweep_override() and override.is_discrete_sweep()
        else [override.value()]
    )
    return _seeds(values, "seed")
