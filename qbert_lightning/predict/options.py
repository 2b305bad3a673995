"""What ``qbert predict`` takes on the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from qbert_lightning.errors import USAGE, QbertError
from qbert_lightning.hub_name import hub_name
from qbert_lightning.loading import KINDS

STANDARD_INPUT = "-"
JSONL_ENDINGS = (".jsonl", ".ndjson")
DESCRIPTION = """\
Answer from a model, quantized or float: labels for sentences, entities for
sentences of a tagging model, answers for questions.

TEXT is answered line by line; without TEXT, or with -, standard input is read. A
sentence pair, or question and passage, stands in one line with a tab between, or in
two TEXTs. On a terminal an answer is a line to read; into a pipe or a file it is a
line of JSON: the fields of the input and those of the answer.

JSONL input has `text` (or `sentence`); `text` and `text_pair` (or sentence1 and
sentence2, premise and hypothesis, question1 and question2, question and sentence);
`text` or `tokens` for tagging; `question` and `context`.
"""
EXAMPLES = """\
examples:
  qbert predict FOLDER "a charming film"
  zcat reviews.gz | qbert predict FOLDER --json > answers.jsonl
  qbert predict FOLDER --input rows.jsonl --output answers.jsonl
  qbert predict FOLDER --question "Who won?" < passages.txt
"""


@dataclass(frozen=True)
class Options:
    """A checked command line.

    Attributes:
        folder: of the model or of its run, or a hub name, as typed: `./a/b` is none.
        texts: to answer; empty if they come from ``source``.
        source: a file, or `STANDARD_INPUT`.
        is_jsonl: whether the source holds JSON objects.
        output: a file for the answers; None for standard output.
        as_json: whether answers are written as JSON.
        question: asked of every passage that comes without one.
        batch_size: inputs computed at once.
        max_length: most tokens of an input; None for the model's own.
        top_k: labels told with their scores; None for all in JSON, one in lines.
        runtime: a key of `loading.KINDS`; None for what the folder holds.
    """

    folder: str
    texts: tuple[str, ...]
    source: str
    is_jsonl: bool
    output: Path | None
    as_json: bool
    question: str | None
    batch_size: int
    max_length: int | None
    top_k: int | None
    runtime: str | None


def read_options(arguments: Sequence[str]) -> Options:
    """Read and check what follows ``qbert predict``.

    Raises:
        QbertError: (code 2) an unknown option, a folder or file that is not there, a
            value outside its range, or two ways of input at once.
        SystemExit: (code 0) after ``--help``.
    """
    typed = _parser().parse_intermixed_args(list(arguments))
    if typed.folder is None:
        raise QbertError("predict: accepted FOLDER [TEXT ...], see --help", USAGE)
    texts = tuple(text for text in typed.texts if text != STANDARD_INPUT)
    source = typed.input or STANDARD_INPUT
    options = Options(
        folder=typed.folder,
        texts=texts,
        source=source,
        is_jsonl=typed.jsonl or source.endswith(JSONL_ENDINGS),
        output=typed.output,
        as_json=not typed.lines
        and (typed.json or typed.output is not None or not sys.stdout.isatty()),
        question=typed.question,
        batch_size=typed.batch_size,
        max_length=typed.max_length,
        top_k=typed.top_k,
        runtime=typed.runtime,
    )
    if texts and (typed.input or typed.jsonl or STANDARD_INPUT in typed.texts):
        raise QbertError("predict: accepted TEXT, or - or --input, not both", USAGE)
    _check(options)
    return options


def _check(options: Options) -> None:
    """Refuse folders, files and texts that are not there or cannot be written."""
    folder = os.path.expanduser(options.folder)
    if not (os.path.isdir(folder) or hub_name(folder)):
        raise QbertError(
            f"predict {options.folder}: no such folder: accepted one with a model, a "
            "run's, or owner/name on the hub",
            USAGE,
        )
    source, output = Path(options.source), options.output
    if options.source != STANDARD_INPUT and (
        os.path.isdir(source) or not os.path.exists(source)
    ):
        raise QbertError(f"--input {source}: no such file", USAGE)
    if output is not None and (
        os.path.isdir(output) or not os.path.isdir(output.parent)
    ):
        raise QbertError(f"--output {output}: accepted a file in a folder", USAGE)
    if output is not None and _same_file(output, source):
        raise QbertError(f"--output {output}: accepted another than --input", USAGE)
    for text in (*options.texts, options.question):
        if text is not None and not _is_text(text):
            raise QbertError("TEXT: accepted some text, in UTF-8", USAGE)


def _same_file(output: Path, source: Path) -> bool:
    """Whether the answers would be written over the input."""
    return output.exists() and source.exists() and output.samefile(source)


def _is_text(text: str) -> bool:
    """Whether an argument holds something and came as UTF-8."""
    has_strays = any("\ud800" <= character <= "\udfff" for character in text)
    return bool(text.strip()) and not has_strays


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise QbertError(f"{self.prog}: {message}: see qbert predict --help", USAGE)


def _count(text: str) -> int:
    """A whole number from 1."""
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text}: accepted 1 or more")
    return count


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "qbert predict",
        usage="qbert predict FOLDER [TEXT ...] [options]",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "folder",
        metavar="FOLDER",
        nargs="?",
        help="of a model or a run, or owner/name on the hub",
    )
    add("texts", metavar="TEXT", nargs="*", help="answered one by one; - reads stdin")
    add("--input", metavar="FILE", help="lines of text, or JSONL if named .jsonl")
    add("--jsonl", action="store_true", help="the input is JSONL whatever its name")
    add("--output", metavar="FILE", type=Path, help="write there, as JSONL")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSONL on a terminal too")
    form.add_argument("--lines", action="store_true", help="lines to read, not JSON")
    add("--question", metavar="Q", help="ask this of each passage")
    add("--top-k", metavar="K", type=_count, help="labels told (default: 1, JSON all)")
    add("--batch-size", metavar="N", type=_count, default=32, help="default 32")
    add("--max-length", metavar="N", type=_count, help="tokens (default the model's)")
    add("--runtime", choices=KINDS, help="default: what the folder holds")
    return parser
