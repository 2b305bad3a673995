from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.benchmarks import Outcome, RefusalsBenchmark, Subject, refusals
from qbert_lightning.benchmarks.bad_commands import BadCommand
from qbert_lightning.benchmarks.command_grammar import Grammar
from qbert_lightning.benchmarks.refusal_check import Answer
from qbert_lightning.benchmarks.refusals import answer_of, notes, rows, shown, summary
from qbert_lightning.errors import QbertError

GRAMMAR = Grammar(("run",), ("seed",), {"seed": 0}, {"model": ("bert_tiny",)})


def never() -> Any:  # noqa: ANN401
    raise AssertionError("the model is not needed")


def run(benchmark: RefusalsBenchmark, folder: Path) -> Outcome:
    subject = Subject(float_folder=never, batches=lambda count, size: never())
    return benchmark.run(subject, folder, lambda line: None)


def measured(flavour: str, seconds: float, problem: str = "", hint: Any = None) -> Any:  # noqa: ANN401
    return {
        "arguments": f"run {flavour}",
        "flavour": flavour,
        "seconds": seconds,
        "problems": [problem] if problem else [],
        "hint": hint,
    }


FOUND = [
    *(measured("value: below", 1.0) for _ in range(17)),
    measured("misspelt: key", 2.0, hint=True),
    measured("misspelt: key", 3.0, "hint at seed, not at sed", hint=False),
    measured("value: null", 9.0, "exit code 0"),
]


def test_summary_counts_and_times() -> None:
    total = summary(FOUND)
    assert (total["commands"], total["refused"]) == (20, 18)
    assert (total["median"], total["p95"], total["max"]) == (1.0, 3.0, 9.0)
    assert total["hints"] == 0.5
    assert summary(FOUND[:3])["hints"] is None


def test_table_has_a_row_for_each_flavour_and_all() -> None:
    table = list(rows(FOUND))
    assert [row[0] for row in table] == ["misspelt", "value", "all"]
    assert table[0] == ("misspelt", "2", "1", "2.50", "3.00", "3.00", "50.0 %")
    assert table[1][-1] == ""


def test_notes_list_what_is_wrong() -> None:
    lines = list(notes(FOUND, [0.5, 2.0]))
    assert "0.5 to 2.0" in lines[0]
    assert lines[1:] == [
        "wrong: run misspelt: key: hint at seed, not at sed",
        "wrong: run value: null: exit code 0",
    ]


def test_command_is_shown_on_one_line() -> None:
    assert shown(BadCommand(("run", "name=a\nb\x07"), "", "name")) == (
        "run name=a\\nb\\x07"
    )
    assert len(shown(BadCommand(("run", "x" * 999), "", "x"))) < 110


def test_process_is_refused_and_leaves_nothing() -> None:
    answer = answer_of(BadCommand(("rnu",), "verb", "rnu"))
    assert (answer.code, answer.out, answer.created) == (2, "", ())
    assert answer.err.startswith("error: rnu: no such verb")
    assert answer.seconds > 0


def test_what_a_process_leaves_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    process = refusals._process

    def littering(arguments: Any, folder: str) -> Any:  # noqa: ANN401
        Path(folder, "outputs").mkdir()
        return process(arguments, folder)

    monkeypatch.setattr(refusals, "_process", littering)
    answer = answer_of(BadCommand(("rnu",), "verb", "rnu"))
    assert answer.created == ("outputs",)


def test_command_that_cannot_be_read_is_told() -> None:
    with pytest.raises(QbertError, match="no such verb"):
        refusals.ask(["rnu", "--help"])


@pytest.mark.parametrize("processes", [1, 2])
def test_benchmark_runs_every_command_once(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def answer(command: BadCommand) -> Answer:
        asked.append(command.arguments)
        return Answer(2, "", "error: nothing named\n", (), 0.5)

    monkeypatch.setattr(refusals, "answer_of", answer)
    monkeypatch.setattr(refusals, "read_grammar", lambda command, ask: GRAMMAR)
    outcome = run(RefusalsBenchmark(count=60, processes=processes), tmp_path)
    assert len(set(asked)) == len(asked) == len(outcome.measurements) == 60
    assert outcome.facts["total"]["median"] == 0.5
    assert outcome.rows[-1][:3] == ("all", "60", "0")


@pytest.mark.parametrize("bad", [{"count": 0}, {"processes": 0}, {"processes": 3}])
def test_number_out_of_range_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(QbertError, match="accepted"):
        RefusalsBenchmark(**bad)
