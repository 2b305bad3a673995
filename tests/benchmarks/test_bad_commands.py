from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from qbert_lightning.benchmarks.accepted_values import TABLE, Number, accepted_at
from qbert_lightning.benchmarks.bad_commands import BadCommand, generate
from qbert_lightning.benchmarks.command_grammar import (
    Grammar,
    groups_of,
    read_grammar,
)
from qbert_lightning.benchmarks.misfits import ROWS, misfit
from qbert_lightning.benchmarks.misspellings import is_one_edit, misspelt
from qbert_lightning.benchmarks.refusal_check import Answer, problems
from qbert_lightning.cli import run_command

# Some of the benchmark's own commands; all of them would take too long here.
COMMANDS = (("run", "method=q8bert"), ("analyze", "sensitivity=hessian_trace"))
COUNT = 36

SMALL = Grammar(
    command=("run",),
    keys=("seed", "quant", "quant.weight_bits", "finetune.optimizer.lr", "tags"),
    values={
        "seed": 0,
        "quant": {},
        "quant.weight_bits": 4,
        "finetune.optimizer.lr": 0.1,
        "tags": [],
    },
    groups={"model": ("bert_tiny", "bert_base"), "quant": ("none", "groupwise")},
)


@pytest.fixture
def refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    """What is wrong with the refusals of a few generated commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QBERT_DEBUG", raising=False)

    def ask(arguments: Sequence[str]) -> str:
        assert run_command(arguments) == 0
        return capsys.readouterr().out

    found = []
    for command in generate([read_grammar(one, ask) for one in COMMANDS], COUNT, 0):
        code = run_command(command.arguments)
        printed = capsys.readouterr()
        left = tuple(path.name for path in tmp_path.iterdir())
        answer = Answer(code, printed.out, printed.err, left)
        for problem in problems(command, answer):
            found.append(f"{command.arguments}: {problem}: {printed.err}")
    return found


def test_generated_commands_are_refused_in_one_line(refused: list[str]) -> None:
    assert not refused, "\n".join(refused)


def test_same_seed_draws_the_same_commands() -> None:
    commands = generate([SMALL], 120, 1)
    assert commands == generate([SMALL], 120, 1)
    assert commands != generate([SMALL], 120, 2)
    assert len({one.arguments for one in commands}) == 120


def test_every_way_of_being_bad_is_drawn() -> None:
    families = {one.flavour.partition(":")[0] for one in generate([SMALL], 200, 0)}
    assert families >= {
        "added argument",
        "added key",
        "broken key",
        "broken value",
        "deleted key",
        "does not fit",
        "launcher",
        "misspelt",
        "option",
        "sweep",
        "value",
    }


def test_misspelt_keys_are_unknown_and_one_edit_away() -> None:
    drawn = [one for one in generate([SMALL], 300, 0) if one.flavour == "misspelt: key"]
    assert len(drawn) > 10
    for command in drawn:
        assert command.key not in SMALL.keys
        assert command.meant in SMALL.keys
        assert is_one_edit(command.key, command.meant)


def test_misspelling_is_one_edit_or_none() -> None:
    from random import Random

    words = {misspelt("groups", Random(seed)) for seed in range(300)}
    assert len(words) > 50
    assert all(word == "groups" or is_one_edit(word, "groups") for word in words)


@pytest.mark.parametrize(
    ("typed", "meant", "is_one"),
    [
        ("grops", "groups", True),
        ("grroups", "groups", True),
        ("gorups", "groups", True),
        ("gruops", "groups", True),
        ("grpuos", "groups", False),
        ("groups", "groups", False),
        ("group", "groupss", False),
    ],
)
def test_one_edit(typed: str, meant: str, is_one: bool) -> None:
    assert is_one_edit(typed, meant) is is_one


def test_good_values_are_not_bad() -> None:
    for pattern, accepted in TABLE:
        texts = [bad.text for bad in accepted.bad()]
        assert accepted.good not in texts, pattern
        assert ("null" in texts) is not accepted.null or pattern == "tags", pattern


def test_numbers_lie_outside_their_bounds() -> None:
    bad = list(Number(2, 8).bad())
    numbers = [int(one.text) for one in bad if one.flavour in ("below", "above")]
    assert len(numbers) == 4
    assert not any(2 <= number <= 8 for number in numbers)
    assert 2 <= int(Number(2, 8).good) <= 8
    zero = [one.text for one in Number(0, whole=False, above=True).bad()]
    assert "0.0" in zero


def test_first_pattern_holds() -> None:
    average = accepted_at("allocator.average_bits")
    assert isinstance(average, Number)
    assert not average.whole
    assert accepted_at("no.such.key") is None


def test_misfits_name_what_does_not_divide() -> None:
    from random import Random

    drawn = [misfit(Random(seed)) for seed in range(300)]
    groups = [one for one in drawn if one.key == "quant.group_size"]
    assert groups
    assert all(ROWS % int(one.value) for one in groups)
    assert len({one.key for one in drawn}) > 10


def test_grammar_is_read_from_what_the_command_prints() -> None:
    shown = {
        "--cfg": "seed: 0\nmodel:\n  size: 3\n",
        "--help": "model: a, b\nbench: c\n== Config ==\nmodel:\n",
    }

    def ask(arguments: Sequence[str]) -> str:
        return next(text for option, text in shown.items() if option in arguments)

    grammar = read_grammar(("run", "x=1"), ask)
    assert grammar.keys == ("seed", "model", "model.size")
    assert grammar.values["model.size"] == 3
    assert grammar.groups == {"model": ("a", "b")}
    assert groups_of("== Config ==\n") == {}


COMMAND = BadCommand(
    ("run", "seed=abc"), "value: wrong type", "seed", "abc", ("4294967295",)
)
TYPO = BadCommand(("run", "sed=1"), "misspelt: key", "sed", "1", meant="seed")
GOOD = "error: seed=abc: accepted 0..4294967295 (int)\n"


def test_good_refusal_has_no_problem() -> None:
    assert problems(COMMAND, Answer(2, "", GOOD)) == []
    assert problems(TYPO, Answer(2, "", "error: sed=1: nearest seed: no more\n")) == []


@pytest.mark.parametrize(
    ("command", "answer", "problem"),
    [
        (COMMAND, Answer(1, "", GOOD), "exit code 1"),
        (COMMAND, Answer(2, "x", GOOD), "printed something"),
        (COMMAND, Answer(2, "", GOOD, ("outputs",)), "left outputs"),
        (COMMAND, Answer(2, "", f"warning\n{GOOD}"), "2 lines"),
        (COMMAND, Answer(2, "", ""), "0 lines"),
        (COMMAND, Answer(2, "", GOOD[7:]), "no error line"),
        (COMMAND, Answer(2, "", GOOD.strip() + "x" * 300), "characters"),
        (COMMAND, Answer(2, "", GOOD.replace("seed", "it")), "the key seed"),
        (COMMAND, Answer(2, "", GOOD.replace("abc", "that")), "the value"),
        (COMMAND, Answer(2, "", GOOD.replace("accepted", "")), "what is accepted"),
        (COMMAND, Answer(2, "", GOOD.replace("0..", "up to 9")[:-17]), "4294967295"),
        (TYPO, Answer(2, "", "error: sed=1: nearest tags\n"), "not at seed"),
        (TYPO, Answer(2, "", "error: sed=1: accepted others\n"), "not at seed"),
        (TYPO, Answer(2, "", "error: sed=1: nearest sed\n"), "points at sed itself"),
    ],
)
def test_problem_is_found(command: BadCommand, answer: Answer, problem: str) -> None:
    assert any(problem in one for one in problems(command, answer))
