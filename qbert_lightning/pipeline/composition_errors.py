"""Tells Hydra's composition errors in one line: key, value, nearest, accepted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, MissingConfigException
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from qbert_lightning.errors import ENVIRONMENT, QbertError
from qbert_lightning.pipeline.overrides import is_open

# What Hydra raises for a configuration that cannot be composed; its own checks of
# unexpected values (`group=null`, `group=[1]`) are plain Python errors.
COMPOSITION_ERRORS = (
    HydraException,
    OmegaConfBaseException,
    YAMLError,
    AssertionError,
    AttributeError,
    KeyError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)

_UNKNOWN_GROUP = re.compile(r"config group '([^']+)' does not exist")
_UNKNOWN_KEY = re.compile(r"Could not override '([^']+)'")
# Hydra's words, and what a user can do about it.
_IN_PLAIN_WORDS = (
    (
        re.compile(r"Index '.*' \(str\) is not an int|literal for int\(\)"),
        "a list has no names: accepted a new list, such as [a,b]",
    ),
    (
        re.compile(r"Cannot merge DictConfig with"),
        "it has keys of its own: accepted mapping",
    ),
    (
        re.compile(r"An item is already at"),
        "it is there already: accepted key=value, without +",
    ),
)
MAX_LISTED = 15
# Choices that come with a package of their own, and the extra that installs it.
EXTRAS = {
    "hydra/launcher=ray": "ray",
    "hydra/launcher=submitit_local": "submitit",
    "hydra/launcher=submitit_slurm": "submitit",
}


def explain(
    error: Exception,
    overrides: Sequence[str],
    known: Collection[str],
    known_elsewhere: Callable[[], Collection[str]] = tuple,
    choices: Sequence[str] = (),
) -> QbertError:
    """The one line for an error of Hydra's composition.

    Args:
        error: One of `COMPOSITION_ERRORS`.
        overrides: The overrides that were composed.
        known: Addresses of the configuration with nothing but the choices made, and
            names of its groups.
        known_elsewhere: Asked for the same with other choices, if need be.
        choices: The overrides that name a group's choice.
    """
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _unknown_choice(error, overrides)
    found = _UNKNOWN_KEY.search(str(error))
    if found:
        key = found.group(1)
        inner = getattr(error.__cause__, "full_key", None)
        if inner and str(inner).startswith(f"{key}."):
            key = str(inner)
        return _unknown_key(key, overrides, known, known_elsewhere, choices)
    found = _UNKNOWN_GROUP.search(str(error))
    if found:
        key = _typed_group(found.group(1), overrides)
        return _unknown_key(key, overrides, known, known_elsewhere, choices)
    cause = error.__cause__
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        value = _value_of(str(cause.full_key), overrides)
        return QbertError(f"{cause.full_key}{value}: {_first_line(cause)}")
    return QbertError(f"{' '.join(overrides)[:120]}: {_first_line(error)}")


def addresses(node: object, parent: str = "") -> Iterator[str]:
    """The address of everything that has a name, sections too.

    >>> list(addresses({"a": {"b": [1]}, "c": {}}))
    ['a', 'a.b', 'c']
    """
    if isinstance(node, Mapping):
        for name, value in node.items():
            address = f"{parent}.{name}" if parent else str(name)
            yield address
            yield from addresses(value, address)


def _unknown_choice(
    error: MissingConfigException, overrides: Sequence[str]
) -> QbertError:
    group, _, choice = str(error.missing_cfg_file).rpartition("/")
    options = sorted(error.options or _options_of(group))
    near = get_close_matches(choice, options, 1, 0.4)
    for (
        override
    ) in overrides:  # as typed: `experiment=demo/x` for `experiment/demo`/`x`
        name, _, value = override.partition("=")
        if f"{name.partition('@')[0]}/{value}" == error.missing_cfg_file:
            prefix = value.removesuffix(choice)
            group, choice = name, value
            near = [f"{prefix}{one}" for one in near]
    listed = ", ".join(options[:MAX_LISTED]) + (", ..." * (len(options) > MAX_LISTED))
    if extra := EXTRAS.get(f"{group}={choice}"):
        return QbertError(
            f"{group}={choice}: not installed: pip install 'qbert-lightning[{extra}]': "
            f"accepted without it {listed}",
            ENVIRONMENT,
        )
    return QbertError(
        f"{group or 'configuration'}={choice}: no such choice"
        + (f": nearest {near[0]}" if near else "")
        + (f": accepted {listed}" if listed else "")
    )


def _options_of(group: str) -> list[str]:
    """Choices in a folder inside a group, which Hydra's error leaves out."""
    if not GlobalHydra.instance().is_initialized():
        return []
    return GlobalHydra.instance().config_loader().get_group_options(group)


def _typed_group(group: str, overrides: Sequence[str]) -> str:
    """A group as it was typed, with the package it is for."""
    for override in overrides:
        name = override.lstrip("+~").partition("=")[0]
        if name.partition("@")[0] == group:
            return name
    return group


def _unknown_key(
    key: str,
    overrides: Sequence[str],
    known: Collection[str],
    known_elsewhere: Callable[[], Collection[str]],
    choices: Sequence[str],
) -> QbertError:
    typed = f"{key}{_value_of(key, overrides)}"
    known = sorted(known or known_elsewhere())
    # What holds the key is no other key.
    others = [one for one in known if not key.startswith(f"{one}.")]
    near = get_close_matches(key, others, 1, 0.9)
    if choices and not near and key in known_elsewhere():
        made = [
            one
            for one in choices
            if key.startswith(f"{one.partition('=')[0].replace('/', '.')}.")
        ]
        return QbertError(
            f"{typed}: no such key with {' '.join(made or choices)[:120]}: "
            "accepted with another choice"
        )
    packaged = [one for one in known if one.startswith(f"{key}@")]
    if packaged:
        accepted = ", ".join(packaged)
        return QbertError(
            f"{typed}: no such key: nearest {packaged[0]}: accepted {accepted}"
        )
    parent, _, name = key.rpartition(".")
    siblings = _names_below(parent, known)
    near = near or get_close_matches(key, others, 1, 0.7)
    if not near:
        close = get_close_matches(name, siblings, 1, 0.4)
        near = [f"{parent}.{close[0]}" if parent else close[0]] if close else []
    while parent and not siblings and not near:
        siblings, child = _names_below(parent.rpartition(".")[0], known), parent
        parent = parent.rpartition(".")[0]
        if child in known:
            return QbertError(f"{typed}: no such key: accepted {child}=value")
    accepted = ", ".join(siblings[:MAX_LISTED])
    below = f" below {parent}:" if parent else ""
    return QbertError(
        f"{typed}: no such key"
        + (f": nearest {near[0]}" if near else "")
        + (f": accepted{below} {accepted}" if accepted and (parent or not near) else "")
        + (f"; to add it write +{key}=..." if is_open(parent) else "")
    )


def _names_below(parent: str, known: Iterable[str]) -> list[str]:
    """The names that stand directly below an address, or at the top.

    >>> _names_below("a", ["a.b.c", "a.b.d", "e"]), _names_below("", ["a.b.c", "e"])
    (['b'], ['e'])
    """
    if not parent:
        return sorted({one for one in known if not ("." in one or "/" in one)})
    start = f"{parent}."
    names = (one.removeprefix(start) for one in known if one.startswith(start))
    return sorted({one.partition(".")[0] for one in names})


def _value_of(key: str, overrides: Sequence[str]) -> str:
    """``=value`` as it stands in the overrides, or nothing."""
    for override in overrides:
        name, equals, value = override.lstrip("+~").partition("=")
        if name == key and equals:
            return f"={value[:60]}"
    return ""


def _first_line(error: Exception) -> str:
    """The part of an error's text that says what is wrong."""
    if isinstance(error, YAMLError):  # the cause comes last, and where it is
        return " ".join(str(error).split())
    for pattern, words in _IN_PLAIN_WORDS:
        if pattern.search(str(error)):
            return words
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
