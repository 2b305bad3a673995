"""`qbert predict` from its arguments to its output."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerBase

from qbert_lightning.cli import run_command
from qbert_lightning.export.task_card import TaskCard
from tests.predict.tiny_folder import named, tiny_folder

TEXTS = ["a good film", "", "bad\x00 film", "so so"]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(
    tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory
) -> str:
    place = tmp_path_factory.mktemp("command")
    card = TaskCard("sequence_classification", 32, pairs=False)
    labels = named("bad", "good")
    architecture = "BertForSequenceClassification"
    return str(tiny_folder(place, architecture, tokenizer, card, **labels))


def piped(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def answered(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_standard_input_texts_and_files_are_answered_alike(
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    content = "\r\n".join(TEXTS).encode()
    piped(content, monkeypatch)
    assert run_command(["predict", folder]) == 0
    expected = answered(capfd.readouterr().out)
    assert [one["text"] for one in expected] == TEXTS
    assert all(one["label"] in ("bad", "good") for one in expected)

    rows, answers = tmp_path / "rows.jsonl", tmp_path / "answers.jsonl"
    lines = [json.dumps({"id": i, "text": text}) for i, text in enumerate(TEXTS)]
    rows.write_text("\n\n".join(lines))
    command = ["predict", folder, "--input", str(rows), "--output", str(answers)]
    assert run_command(command) == 0
    assert capfd.readouterr().out == ""
    found = answered(answers.read_text(encoding="utf-8"))
    assert found == [{"id": i} | one for i, one in enumerate(expected)]

    (tmp_path / "rows.txt").write_bytes(content)
    command = ["predict", folder, "--input", str(tmp_path / "rows.txt"), "--lines"]
    assert run_command(command) == 0
    lines = [f"{one['label']} {one['score']:.2f}" for one in expected]
    assert capfd.readouterr().out.splitlines() == lines

    assert run_command(["predict", folder, TEXTS[0], "--lines"]) == 0
    assert capfd.readouterr().out.splitlines() == lines[:1]


@pytest.mark.parametrize(
    ("option", "content", "line", "num_answers"),
    [
        ("--jsonl", b'{"text": "a"}\n\n{"text": "b"}\n{"text": 1}\n', 4, 2),
        ("--jsonl", b'{"text": "a"}\n{"text": "b"\n{"text": "c"}\n', 2, 1),
        ("--json", b"a\nb\n\xff\nc\n", 3, 2),
    ],
)
def test_a_broken_line_is_named_after_the_others_are_answered(
    option: str,
    content: bytes,
    line: int,
    num_answers: int,
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    piped(content, monkeypatch)
    assert run_command(["predict", folder, option]) == 4
    out, error = capfd.readouterr()
    assert error.startswith(f"error: standard input: line {line}: ")
    assert error.count("\n") == 1
    assert len(answered(out)) == num_answers


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_nothing_to_answer_is_a_usage_error(
    content: bytes,
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    piped(content, monkeypatch)
    assert run_command(["predict", folder, "--jsonl"]) == 2
    assert "no lines" in capfd.readouterr().err


def test_a_broken_folder_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["predict", str(tmp_path), "x"]) == 4
    assert str(tmp_path)[-20:] in capfd.readouterr().err


# A predictor of nothing, so that the process around it starts at once.
PROCESS = """
import sys, types
opening = types.ModuleType("opening")
class Echo:
    from_text = staticmethod(lambda text: types.SimpleNamespace(fields={}, text=text))
    answers = staticmethod(lambda asked: [{"echo": one.text} for one in asked])
opening.open_predictor = lambda options: Echo
sys.modules["qbert_lightning.predict.opening"] = opening
from qbert_lightning.cli import main
main()
"""


def process() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, "predict", "."],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_every_line_is_answered_before_the_next_is_written() -> None:
    with process() as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for text in ("one", "two"):
            running.stdin.write(f"{text}\n".encode())
            running.stdin.flush()
            assert json.loads(running.stdout.readline()) == {"echo": text}
        running.stdin.close()
        assert running.wait() == 0


def test_a_reader_that_goes_away_is_no_error() -> None:
    with process() as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdin.write(b"one\n")
        running.stdin.flush()
        running.stdout.readline()
        running.stdout.close()
        running.stdin.write(b"two\n")
        running.stdin.close()
        assert running.wait() == 0
        assert running.stderr.read() == b""


def test_an_interrupt_ends_with_130() -> None:
    with process() as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdin.write(b"one\n")
        running.stdin.flush()
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
        assert running.stderr.read() == b""


@pytest.mark.parametrize(("command", "code"), [(["--help"], 0), (["."], 2)])
def test_nothing_heavy_is_imported_for_help_and_usage_errors(
    command: list[str], code: int
) -> None:
    text = (
        "import sys\n"
        "from qbert_lightning.cli import run_command\n"
        f"assert run_command(['predict', *{command}]) == {code}\n"
        "heavy = {'torch', 'transformers', 'numpy', 'hydra'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run(
        [sys.executable, "-c", text],
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
