"""Span extraction: SQuAD v1.1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Unpack

from qbert_lightning.datamodules.base import DataSettings, TaskDataModule
from qbert_lightning.datamodules.folders import find_folder
from qbert_lightning.datamodules.hub import load_hub
from qbert_lightning.datamodules.rows import QuestionRow, Split, TaskSplits
from qbert_lightning.datamodules.span_encoding import SpanEncoding
from qbert_lightning.errors import QbertError


class SquadDataModule(TaskDataModule):
    """SQuAD v1.1 (Rajpurkar et al. 2016), or own files of its layout.

    Reported is the development set, as all papers do; questions to select on are
    held out of train article by article.

    Args:
        folder: the files' folder, or one that has it as ``squad``; None reads
            ``rajpurkar/squad`` from the hub.
        max_length: most tokens of a window (384 in the papers).
        doc_stride: tokens that neighbouring windows share (128 in the papers).
        train_file: training questions in the folder.
        test_file: reported questions.
        settings: see `TaskDataModule`.
    """

    def __init__(
        self,
        folder: str | None = None,
        *,
        max_length: int = 384,
        doc_stride: int = 128,
        train_file: str = "train-v1.1.json",
        test_file: str = "dev-v1.1.json",
        **settings: Unpack[DataSettings],
    ) -> None:
        super().__init__(SpanEncoding(max_length, doc_stride), **settings)
        self.folder = folder
        self.train_file = train_file
        self.test_file = test_file

    def read(self) -> TaskSplits:
        """Read both files."""
        if self.folder is None:
            return self._read_hub()
        folder = find_folder(self.folder, ["squad"], self.train_file)
        return TaskSplits(
            train=_read_file(folder / self.train_file),
            tests={"test": _read_file(folder / self.test_file)},
        )

    def _read_hub(self) -> TaskSplits:
        splits = load_hub("rajpurkar/squad")
        return TaskSplits(
            train=_hub_split(splits["train"], "train"),
            tests={"test": _hub_split(splits["validation"], "dev")},
        )


def _read_file(path: Path) -> Split:
    """Questions of one file."""
    if not path.is_file():
        raise QbertError(f"{path}: no such file: accepted SQuAD v1.1 JSON", code=4)
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise QbertError(
            f"{path}: {error}: accepted SQuAD v1.1 JSON", code=4
        ) from error
    rows: list[QuestionRow] = []
    try:
        for row in _questions(content):
            _check_text(row)
            rows.append(row)
    except (KeyError, TypeError, UnicodeEncodeError) as error:
        raise QbertError(
            f"{path}: question {len(rows) + 1}: {type(error).__name__} {error}: "
            "accepted data > paragraphs > context, qas > id, question, answers > "
            "text, answer_start",
            code=4,
        ) from error
    name = path.stem.removesuffix("-v1.1")
    return Split(f"SQuAD v1.1 {name}", rows, str(path))


def _questions(content: Any) -> Iterator[QuestionRow]:
    """Walk through SQuAD's nesting."""
    for position, article in enumerate(content["data"]):
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                answers = question["answers"]
                yield QuestionRow(
                    identifier=str(question["id"]),
                    group=str(article.get("title", position)),
                    question=question["question"],
                    context=paragraph["context"],
                    answers=tuple(answer["text"] for answer in answers),
                    starts=tuple(int(answer["answer_start"]) for answer in answers),
                )


def _check_text(row: QuestionRow) -> None:
    """Raise for anything but encodable text, which the tokenizer would choke on."""
    for text in (row.question, row.context, *row.answers):
        if not isinstance(text, str):
            raise TypeError(f"{text!r} is no text")
        text.encode("utf-8")


def _hub_split(data: Any, name: str) -> Split:
    """Questions of one split on the hub."""
    rows = [
        QuestionRow(
            identifier=row["id"],
            group=row["title"],
            question=row["question"],
            context=row["context"],
            answers=tuple(row["answers"]["text"]),
            starts=tuple(row["answers"]["answer_start"]),
        )
        for row in data
    ]
    return Split(f"SQuAD v1.1 {name}", rows, f"hub rajpurkar/squad {name}")
