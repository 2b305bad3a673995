"""The keys, groups and choices that a command knows, read from the command itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

# The commands whose keys are tried: every verb's own keys, and choices with others.
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("run",),
    ("run", "method=qbert"),
    ("run", "method=q8bert"),
    ("quantize", "method=dynamic"),
    ("analyze", "sensitivity=hessian_trace"),
    ("allocate", "allocator=pareto", "sensitivity=index"),
    ("finetune", "task=squad_v1", "model=bert_base"),
    ("evaluate", "task=sst2", "model=minilm_l6"),
    ("export", "callbacks=all", "method=directq"),
    ("report", "."),
)
LAUNCHER_KEYS = (
    "slots",
    "threads",
    "gpus_per_job",
    "timeout_minutes",
    "idle_minutes",
    "on_error",
    "memory_retries",
    "start",
)
# Groups that spread over the whole configuration, or have no choice until asked.
SPREAD_GROUPS = frozenset({"debug", "experiment", "sweep"})
_GROUP = re.compile(r"^([a-z_/]+): (\w.*)$")

Ask = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Grammar:
    """One command and what may follow it.

    Attributes:
        command: The verb and the choices already made.
        keys: Addresses of its values and sections.
        values: The values that stand at the addresses.
        groups: Group → its choices; only groups that the command line may name alone.
    """

    command: tuple[str, ...]
    keys: tuple[str, ...]
    values: Mapping[str, Any]
    groups: Mapping[str, tuple[str, ...]]


def read_grammar(command: Sequence[str], ask: Ask) -> Grammar:
    """Ask a command what it knows.

    Args:
        command: The verb and choices.
        ask: Runs ``qbert`` with arguments and returns its standard output.
    """
    values = dict(_addresses(yaml.safe_load(ask([*command, "--cfg", "job"]))))
    groups = groups_of(ask([command[0], "--help"])) if command[0] != "report" else {}
    return Grammar(tuple(command), tuple(values), values, groups)


def groups_of(help_text: str) -> dict[str, tuple[str, ...]]:
    r"""The groups that a verb's ``--help`` lists and its configuration uses.

    >>> groups_of("model: bert_tiny, local\n\n== Config ==\nmodel:\n  a: 1")
    {'model': ('bert_tiny', 'local')}
    """
    head, _, config = help_text.partition("== Config ==")
    found = (_GROUP.match(line) for line in head.splitlines())
    groups = {one[1]: tuple(one[2].split(", ")) for one in found if one}
    used = SPREAD_GROUPS | {line.partition(":")[0] for line in config.splitlines()}
    return {name: choices for name, choices in groups.items() if name in used}


def _addresses(node: Mapping[str, Any], address: str = "") -> Iterator[tuple[str, Any]]:
    """Every value and section with its address."""
    for name, value in node.items():
        key = f"{address}.{name}" if address else str(name)
        yield key, value
        if isinstance(value, Mapping):
            yield from _addresses(value, key)
