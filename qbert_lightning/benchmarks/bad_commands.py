"""Commands that must be refused, drawn from the grammar of the real configuration.

Every one is bad for certain: a value outside what `accepted_values` says, a key or
choice that nobody knows, numbers that cannot fit together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from qbert_lightning.benchmarks.accepted_values import Accepted, BadValue, accepted_at
from qbert_lightning.benchmarks.command_grammar import LAUNCHER_KEYS, Grammar
from qbert_lightning.benchmarks.misfits import misfit
from qbert_lightning.benchmarks.misspellings import is_one_edit, misspelt

LONGEST_SWEPT = 100  # characters of a value
SHORTEST = 4  # letters of a word in which a single mistake can be recognized


@dataclass(frozen=True)
class BadCommand:
    """A command that must be refused, and what its line has to name.

    Attributes:
        arguments: What follows ``qbert``.
        flavour: In which way it is bad.
        key: To be named.
        value: To be named, as typed; None where no value is to blame.
        accepted: Words to be named, all of them.
        meant: For a misspelling: the key or choice that the hint has to be.
    """

    arguments: tuple[str, ...]
    flavour: str
    key: str
    value: str | None = None
    accepted: tuple[str, ...] = ()
    meant: str | None = None


Maker = Callable[[Sequence[Grammar], Random], Iterator[BadCommand]]


def generate(grammars: Sequence[Grammar], count: int, seed: int) -> list[BadCommand]:
    """Draw bad commands, no two alike; the same ones for the same seed.

    Args:
        grammars: Of the commands to spoil.
        count: How many.
        seed: Of the draw.
    """
    random = Random(seed)
    sources = [maker(grammars, random) for maker in _MAKERS]
    found: dict[tuple[str, ...], BadCommand] = {}
    for source in cycle(sources):
        if len(found) >= count:
            break
        command = next(source)
        found.setdefault(command.arguments, command)
    return list(found.values())


def _bad_values(
    grammars: Sequence[Grammar], random: Random
) -> Iterator[tuple[Grammar, str, BadValue]]:
    """Every key in turn, each time with another of its bad values."""
    keys = {
        key: (grammar, accepted)
        for grammar in random.sample(list(grammars), len(grammars))
        for key in grammar.keys
        if (accepted := accepted_at(key)) is not None
    }
    while True:
        for key in random.sample(sorted(keys), len(keys)):
            grammar, accepted = keys[key]
            yield grammar, key, _drawn(accepted, random)


def _drawn(accepted: Accepted, random: Random) -> BadValue:
    """One bad value, all flavours equally likely."""
    values = list(accepted.bad())
    flavour = random.choice(sorted({one.flavour for one in values}))
    return random.choice([one for one in values if one.flavour == flavour])


def _values(grammars: Sequence[Grammar], random: Random) -> Iterator[BadCommand]:
    for grammar, key, bad in _bad_values(grammars, random):
        yield BadCommand(
            (*grammar.command, f"{key}={bad.text}"),
            f"value: {bad.flavour}",
            key,
            bad.text,
            bad.accepted,
        )


def _sweeps(grammars: Sequence[Grammar], random: Random) -> Iterator[BadCommand]:
    """A bad value beside the one that stands there, which is good."""
    for grammar, key, bad in _bad_values(grammars, random):
        good = str(grammar.values[key])
        # A report is no sweep; some texts would not stay one value among several; and
        # whether these two are accepted at all depends on others.
        if (
            grammar.command[0] == "report"
            or not re.fullmatch(r"[a-z0-9.-]+", good)
            or not 0 < len(bad.text) < LONGEST_SWEPT
            or set(bad.text) & set("[]{},'\n\x1b\x07")
            or key in ("quant.weight_bits", "quant.groups")
        ):
            continue
        values = [good, bad.text]
        random.shuffle(values)
        yield BadCommand(
            (*grammar.command, "-m", f"{key}={','.join(values)}"),
            f"sweep: {bad.flavour}",
            key,
            bad.text,
        )


def _launchers(grammars: Sequence[Grammar], random: Random) -> Iterator[BadCommand]:
    """Bad settings of the local launcher, misspelt ones, and those of no launcher."""
    while True:
        key = f"hydra.launcher.{random.choice(LAUNCHER_KEYS)}"
        accepted = accepted_at(key)
        assert accepted is not None
        bad = _drawn(accepted, random)
        sweep = random.choice(((), ("-m", "seed=1,2")))
        yield BadCommand(
            ("run", *sweep, f"{key}={bad.text}"),
            f"launcher: {bad.flavour}",
            key,
            bad.text,
            bad.accepted,
        )
        yield BadCommand(
            ("run", *sweep, "hydra/launcher=basic", f"{key}={accepted.good}"),
            "launcher: other launcher",
            key,
            accepted.good,
            ("launcher",),
        )
        parent, _, name = key.rpartition(".")
        typed = misspelt(name, random)
        if _is_recognizable(typed, name, LAUNCHER_KEYS):
            yield BadCommand(
                ("run", *sweep, f"{parent}.{typed}={accepted.good}"),
                "misspelt: launcher",
                f"{parent}.{typed}",
                accepted.good,
                meant=key,
            )


def _misspelt_keys(grammars: Sequence[Grammar], random: Random) -> Iterator[BadCommand]:
    """One mistake in one word of an address."""
    while True:
        grammar = random.choice(grammars)
        key = random.choice(grammar.keys)
        words = key.split(".")
        at = random.randrange(len(words))
        parent = ".".join(words[:at])
        names = {
            one.split(".")[at]
            for one in grammar.keys
            if one.count(".") >= at and (one.startswith(f"{parent}.") or not parent)
        } | (set(grammar.groups) if at == 0 else set())
        typed = misspelt(words[at], random)
        if not _is_recognizable(typed, words[at], names) or "_target_" in words:
            continue
        wrong = ".".join([*words[:at], typed, *words[at + 1 :]])
        accepted = accepted_at(key)
        value = accepted.good if accepted is not None else "1"
        yield BadCommand(
            (*grammar.command, f"{wrong}={value}"),
            "misspelt: key",
            wrong,
            value,
            meant=key,
        )


def _misspelt_choices(
    grammars: Sequence[Grammar], random: Random
) -> Iterator[BadCommand]:
    """One mistake in the name of a group's choice, or of a group."""
    with_groups = [grammar for grammar in grammars if grammar.groups]
    while True:
        grammar = random.choice(with_groups)
        group = random.choice(sorted(grammar.groups))
        choices = grammar.groups[group]
        choice = random.choice(choices)
        typed = misspelt(choice, random)
        verb = grammar.command[0]
        if _is_recognizable(typed, choice, choices):
            sweep = random.choice((False, False, True)) and len(choices) > 1
            others = f"{choice}," if sweep else ""
            yield BadCommand(
                (verb, *(["-m"] if sweep else []), f"{group}={others}{typed}"),
                "misspelt: choice",
                group,
                typed,
                meant=choice,
            )
        where = random.choice(("", "@finetune.optimizer", "@quantize.scheduler"))
        group = where.rpartition(".")[2] or group
        choice = {"optimizer": "adamw", "scheduler": "constant"}.get(group, choice)
        typed = misspelt(group, random)
        known = {*grammar.groups, *(key.partition(".")[0] for key in grammar.keys)}
        if _is_recognizable(typed, group, known | {"optimizer", "scheduler"}):
            yield BadCommand(
                (verb, f"{typed}{where}={choice}"),
                "misspelt: group",
                f"{typed}{where}",
                choice,
                meant=group,
            )


def _is_recognizable(typed: str, meant: str, names: Sequence[str] | set[str]) -> bool:
    """Whether what was meant is the one name that is a single mistake away."""
    if len(meant) < SHORTEST or typed in names or not typed.isidentifier():
        return False
    return [one for one in names if is_one_edit(typed, one)] == [meant]


def _additions(grammars: Sequence[Grammar], random: Random) -> Iterator[BadCommand]:
    """Keys added or deleted where the configuration is not open."""
    closed = ("seed", "finetune.", "analysis.", "model.", "task.", "allocator.")
    while True:
        grammar = random.choice(grammars)
        keys = [key for key in grammar.keys if key.startswith(closed)]
        key = random.choice(keys) if keys else "title"
        sign, tail = random.choice((("+", "x"), ("++", ""), ("++", "x"), ("+", ".x")))
        yield BadCommand(
            (*grammar.command, f"{sign}{key}{tail}=1"), "added key", f"{key}{tail}"
        )
        yield BadCommand((*grammar.command, f"~{key}"), "deleted key", key)
        argument = misspelt("max_time", random)
        if argument != "max_time" and argument.isidentifier():
            key = f"trainer.{argument}"
            yield BadCommand(("run", f"+{key}=1"), "added argument", key, "1")
        key, value = random.choice(
            (
                ("callbacks.mine", "3"),
                ("callbacks.mine", "[1]"),
                ("callbacks.mine._target_", "os.system"),
                ("logger.mine", "abc"),
                ("trainer._target_", "builtins.eval"),
                ("quant.rules.mine", "3"),
                ("quant.rules.encoder.colour", "red"),
                ("hydra.callbacks.mine._target_", "os.system"),
                ("tags.mine", "3"),
            )
        )
        number = random.randrange(10)
        yield BadCommand(
            ("run", f"+{key}={value}", f"seed={number}"), "added thing", key, value
        )


def _broken(grammars: Sequence[Grammar], random: Random) -> Iterator[BadCommand]:
    """Arguments that are no overrides."""
    while True:
        grammar = random.choice(grammars)
        key = random.choice(grammar.keys)
        verb = grammar.command[0]
        if verb != "report":  # of which a word is a folder
            yield BadCommand((*grammar.command, key), "no override", key)
        for text in random.sample(
            ("=[1", "={a", "='x", '="x', "=a)b", "=]", "=[1,,2]", "=${", "=a,"),
            2,
        ):
            if verb == "report":
                continue
            yield BadCommand((*grammar.command, f"{key}{text}"), "broken value", key)
        for text in random.sample(
            (f"{key} x=1", f"é{key}=1", f"{key}!=1", f".{key}=1"), 1
        ):
            yield BadCommand(
                (*grammar.command, text), "broken key", text.partition("=")[0]
            )
        yield BadCommand((*grammar.command, f"--{key}=1"), "option", f"--{key}", "1")


def _misfits(grammars: Sequence[Grammar], random: Random) -> Iterator[BadCommand]:
    while True:
        command, key, value = misfit(random)
        yield BadCommand(tuple(command), "does not fit", key, value)


# Taken in turn; what people get wrong most comes more than once.
_MAKERS: tuple[Maker, ...] = (
    _values,
    _misspelt_keys,
    _values,
    _misfits,
    _values,
    _misspelt_choices,
    _values,
    _sweeps,
    _misspelt_keys,
    _additions,
    _broken,
    _launchers,
)
