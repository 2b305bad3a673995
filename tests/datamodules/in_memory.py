"""A data module whose rows a test gives."""

from __future__ import annotations

from typing import Unpack

from qbert_lightning.datamodules import (
    DataSettings,
    Encoding,
    QuestionRow,
    SentenceEncoding,
    SentenceRow,
    Split,
    TaskDataModule,
    TaskSplits,
)


class InMemory(TaskDataModule):
    """Splits handed over as they are."""

    def __init__(
        self,
        splits: TaskSplits,
        encoding: Encoding | None = None,
        **settings: Unpack[DataSettings],
    ) -> None:
        super().__init__(encoding or SentenceEncoding(16), **settings)
        self.given = splits

    def read(self) -> TaskSplits:
        return self.given


def sentences(count: int, classes: int = 2) -> list[SentenceRow]:
    """Sentences of different lengths whose label follows from one word."""
    words = ["good", "bad", "not"]
    return [
        SentenceRow(
            " ".join(["the film is", words[i % classes], *["mat"] * (i % 7)]),
            None,
            i % classes,
        )
        for i in range(count)
    ]


def sentence_splits(train: int = 40, test: int = 10) -> TaskSplits:
    """Two classes, one reported split."""
    return TaskSplits(
        train=Split("toy train", sentences(train), "memory"),
        tests={"test": Split("toy dev", sentences(test), "memory")},
        labels=("positive", "negative"),
    )


def question(number: int, context: str, answer: str) -> QuestionRow:
    """A question on a passage, about the first place its answer stands at."""
    return QuestionRow(
        identifier=str(number),
        group=f"article {number // 2}",
        question="where is the cat ?",
        context=context,
        answers=(answer,),
        starts=(context.index(answer),),
    )
