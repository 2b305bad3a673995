"""Rows of a task in its three shapes, and the splits they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class SentenceRow(NamedTuple):
    """One sentence or one pair of sentences with its label.

    Attributes:
        text: the (first) sentence.
        pair: the second sentence, or None.
        label: class number from 0, or a float for regression.
    """

    text: str
    pair: str | None
    label: int | float


class TaggedRow(NamedTuple):
    """One sentence as words with a tag for each word.

    Attributes:
        words: the words in order.
        tags: class number of each word's tag, from 0; as many as words.
    """

    words: tuple[str, ...]
    tags: tuple[int, ...]


class QuestionRow(NamedTuple):
    """One question on a passage, with its accepted answers.

    Attributes:
        identifier: unique within a split.
        group: rows of one group (an article) are held out together.
        question: the question.
        context: the passage that holds the answer.
        answers: the accepted answer texts, at least one.
        starts: character position of each answer in ``context``.
    """

    identifier: str
    group: str
    question: str
    context: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]


Row = SentenceRow | TaggedRow | QuestionRow


@dataclass(frozen=True)
class Split:
    """Rows and the name under which numbers from them are shown.

    Attributes:
        name: for people, e.g. ``"SST-2 dev"``.
        rows: the rows in the order of their source.
        source: a path or hub address, named in error messages.
    """

    name: str
    rows: Sequence[Row]
    source: str


@dataclass(frozen=True)
class TaskSplits:
    """Everything a data source gives for one task.

    Attributes:
        train: rows to train on.
        tests: reported splits by name; the first is the primary one.
        labels: class names in the order of their numbers; None for regression
            and for span extraction.
        validation: rows for selection; None holds out a part of ``train``.
    """

    train: Split
    tests: Mapping[str, Split] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    validation: Split | None = None
