"""`qbert predict`: text in; labels, entities or answers out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from qbert_lightning.errors import DATA, USAGE, QbertError
from qbert_lightning.predict.fields import read_object
from qbert_lightning.predict.lines import Line, read_lines
from qbert_lightning.predict.options import STANDARD_INPUT, Options, read_options
from qbert_lightning.predict.writing import json_line, printable

if TYPE_CHECKING:
    from qbert_lightning.predict.base import Asked, Predictor


def predict(arguments: Sequence[str]) -> int:
    """Carry out ``predict FOLDER [TEXT ...]``.

    Args:
        arguments: What follows ``predict``.

    Returns:
        0, also when the reader of the answers went away.

    Raises:
        QbertError: (code 2) for other arguments or nothing to answer, (code 4) for a
            broken folder or line of input; what came before it is answered.
    """
    options = read_options(arguments)
    try:
        _answer_all(options)
    except BrokenPipeError:
        # The interpreter flushes standard output once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _answer_all(options: Options) -> None:
    lines = iter(()) if options.texts else _with_first(_lines(options))
    from qbert_lightning.predict.opening import open_predictor

    predictor = open_predictor(options)
    with _output(options) as output:
        for asked in _asked(options, predictor, lines):
            for one, answer in zip(asked, predictor.answers(asked), strict=True):
                line = (
                    json_line(one.fields, answer)
                    if options.as_json
                    else printable(predictor.line(answer))
                )
                output.write(f"{line}\n".encode())
            output.flush()


def _output(options: Options) -> AbstractContextManager[BinaryIO]:
    """Where answers go, in UTF-8 whatever the terminal's own encoding."""
    if options.output is None:
        return nullcontext(sys.stdout.buffer)
    return options.output.open("wb")


def _lines(options: Options) -> Iterator[list[Line]]:
    """Lines of the source, in groups that came together; JSONL without empty ones."""
    is_piped = options.source == STANDARD_INPUT
    name = "standard input" if is_piped else options.source
    with nullcontext(sys.stdin.buffer) if is_piped else open(name, "rb") as stream:
        for group in read_lines(stream, name):
            kept = [line for line in group if line.text.strip() or not options.is_jsonl]
            if kept:
                yield kept


def _with_first(lines: Iterator[list[Line]]) -> Iterator[list[Line]]:
    """The same lines, the first of them read now, before anything heavy is loaded.

    Raises:
        QbertError: (code 2) there are none.
    """
    first = next(lines, None)
    if first is None:
        raise QbertError(
            "predict: the input has no lines: accepted one at least", USAGE
        )
    return chain([first], lines)


def _asked(
    options: Options, predictor: Predictor, lines: Iterator[list[Line]]
) -> Iterator[list[Asked]]:
    """What is asked, in groups to be answered together.

    Raises:
        QbertError: (code 2) for a text, (code 4) for a line; those before it have been
            yielded.
    """
    if options.texts:
        try:
            yield predictor.from_arguments(options.texts)
        except ValueError as error:
            raise QbertError(f"TEXT: {error}", USAGE) from error
    read: Callable[[str], Asked] = predictor.from_text
    if options.is_jsonl:
        read = lambda text: predictor.from_fields(read_object(text))  # noqa: E731
    for group in lines:
        asked: list[Asked] = []
        for line in group:
            try:
                asked.append(read(line.text))
            except ValueError as error:
                if asked:
                    yield asked
                raise QbertError(f"{line.place}: {error}", DATA) from error
        yield asked
