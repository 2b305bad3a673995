"""Questions on passages as model inputs: windows over long passages."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qbert_lightning.datamodules.encoding import Encoded, Encoding, Feature
from qbert_lightning.datamodules.rows import QuestionRow, Row, Split
from qbert_lightning.errors import QbertError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

SPECIAL_TOKENS = 3
CHUNK = 1000
NO_ANSWER = 0
"""Position labelled in a window without the answer: the first token."""


def largest_stride(max_length: int) -> int:
    """Most tokens that windows may share and still move forward.

    Beside a question of half the input they have the other half less three tokens.

    >>> largest_stride(384)
    188
    """
    return max_length - max_length // 2 - SPECIAL_TOKENS - 1


@dataclass(frozen=True)
class Window:
    """Where the tokens of one input come from.

    Attributes:
        row: number of the question in its split.
        offsets: characters [length, 2] of the passage for each token; -1 for tokens
            that are not of the passage.
    """

    row: int
    offsets: NDArray[np.int32]


@dataclass
class SpanEncoded(Encoded):
    """Windows of one split.

    Attributes:
        rows: the questions.
        windows: one for each feature; empty for training.
        shortened_questions: questions cut to half of the input.
    """

    rows: Sequence[QuestionRow]
    windows: Sequence[Window]
    shortened_questions: int


class SpanEncoding(Encoding):
    """``[CLS] question [SEP] part of the passage [SEP]``, as many as it takes.

    Every question has at least one window and the windows cover the passage.
    Questions longer than half of ``max_length`` are shortened and counted.

    Args:
        max_length: most tokens of a window (384 in the papers).
        doc_stride: tokens that neighbouring windows share (128 in the papers).

    Raises:
        QbertError: (code 2) windows that would not move forward.
    """

    head = "question_answering"

    def __init__(self, max_length: int, doc_stride: int) -> None:
        super().__init__(max_length)
        self.question_limit = max_length // 2
        largest = largest_stride(max_length)
        if not 0 <= doc_stride <= largest:
            raise QbertError(
                f"task.data.doc_stride={doc_stride}: accepted 0 to {largest}, "
                "below the passage's room beside a long question with "
                f"max_length={max_length}"
            )
        self.doc_stride = doc_stride

    def settings(self) -> dict[str, int | str]:
        """Also the stride."""
        return {**super().settings(), "doc_stride": self.doc_stride}

    def check(self, split: Split, labels: Sequence[str] | None) -> None:
        """Refuse questions without text, passage or answer, and wrong positions."""
        seen: set[str] = set()
        for number, row in enumerate(split.rows, start=1):
            assert isinstance(row, QuestionRow)
            problem = _problem(row)
            if row.identifier in seen:
                problem = "an identifier used before: accepted unique ones"
            seen.add(row.identifier)
            if problem:
                raise QbertError(
                    f"{split.source}: question {number} (id {row.identifier}) has "
                    f"{problem}",
                    code=4,
                )

    def encode(
        self,
        rows: Sequence[Row],
        tokenizer: PreTrainedTokenizerBase,
        *,
        training: bool,
    ) -> SpanEncoded:
        """Tokenize all questions, with the first answer's position as label."""
        questions = [row for row in rows if isinstance(row, QuestionRow)]
        texts, shortened = self._questions(questions, tokenizer)
        features: list[Feature] = []
        windows: list[Window] = []
        for number, encoding in self._windows(questions, texts, tokenizer):
            window = Window(number, _passage_offsets(encoding))
            feature: Feature = {
                "input_ids": np.asarray(encoding.ids, dtype=np.int32),
                "token_type_ids": np.asarray(encoding.type_ids, dtype=np.int32),
                "attention_mask": np.asarray(encoding.attention_mask, dtype=np.int32),
            }
            start, end = _answer_tokens(questions[number], window.offsets)
            feature["start_positions"] = start
            feature["end_positions"] = end
            if not training:
                feature["feature_index"] = len(features)
                windows.append(window)
            features.append(feature)
        return SpanEncoded(features, questions, windows, shortened)

    def _questions(
        self, rows: Sequence[QuestionRow], tokenizer: PreTrainedTokenizerBase
    ) -> tuple[list[str], int]:
        """Questions cut to their limit, and how many were."""
        texts = [row.question for row in rows]
        ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
        long = [
            index for index, one in enumerate(ids) if len(one) > self.question_limit
        ]
        for index in long:
            texts[index] = _shorten(texts[index], tokenizer, self.question_limit)
        if long:
            logger.warning(
                "%d of %d questions were cut to %d tokens (half of max_length)",
                len(long),
                len(texts),
                self.question_limit,
            )
        return texts, len(long)

    def _windows(
        self,
        rows: Sequence[QuestionRow],
        texts: Sequence[str],
        tokenizer: PreTrainedTokenizerBase,
    ) -> Iterator[tuple[int, Any]]:
        """Row number and tokens of each window, tokenized chunk by chunk."""
        for first in range(0, len(rows), CHUNK):
            chunk = slice(first, first + CHUNK)
            batch = tokenizer(
                list(texts[chunk]),
                [row.context for row in rows[chunk]],
                truncation="only_second",
                max_length=self.max_length,
                stride=self.doc_stride,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )
            origin = batch["overflow_to_sample_mapping"]
            for row, encoding in zip(origin, batch.encodings, strict=True):
                yield first + row, encoding


def _problem(row: QuestionRow) -> str | None:
    """What is wrong with a row, or None."""
    if not row.question.strip():
        return "an empty question: accepted some text"
    if not row.context.strip():
        return "an empty passage: accepted some text"
    if not row.answers or len(row.answers) != len(row.starts):
        return (
            f"{len(row.answers)} answers and {len(row.starts)} positions: accepted "
            "one position for each of at least one answer"
        )
    for answer, start in zip(row.answers, row.starts, strict=True):
        found = row.context[start : start + len(answer)] if start >= 0 else ""
        if not answer.strip() or found != answer:
            return (
                f"answer {answer[:40]!r} at character {start}, where the passage has "
                f"{found[:40]!r}: accepted the answer's position"
            )
    return None


def _shorten(text: str, tokenizer: PreTrainedTokenizerBase, limit: int) -> str:
    """Longest beginning of a text, cut after a token, that has at most ``limit``."""
    whole = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    for _, end in reversed(whole["offset_mapping"][:limit]):
        # A cut inside a word may change how its beginning is split: count again.
        if len(tokenizer(text[:end], add_special_tokens=False)["input_ids"]) <= limit:
            return text[:end]
    return ""


def _passage_offsets(encoding: Any) -> NDArray[np.int32]:
    """Characters [length, 2] of each passage token, -1 elsewhere."""
    offsets = np.asarray(encoding.offsets, dtype=np.int32)
    sequence = np.asarray(encoding.sequence_ids, dtype=np.float64)  # None becomes NaN
    offsets[sequence != 1] = -1
    return offsets


def _answer_tokens(row: QuestionRow, offsets: NDArray[np.int32]) -> tuple[int, int]:
    """First and last token of the first answer, if the window holds all of it."""
    first = row.starts[0]
    last = first + len(row.answers[0])
    begins, ends = offsets[:, 0], offsets[:, 1]
    inside = np.flatnonzero((begins >= 0) & (ends > first) & (begins < last))
    if not len(inside):
        return NO_ANSWER, NO_ANSWER
    passage = np.flatnonzero(begins >= 0)
    cut_before = inside[0] == passage[0] and begins[inside[0]] > first
    cut_after = inside[-1] == passage[-1] and ends[inside[-1]] < last
    if cut_before or cut_after:
        return NO_ANSWER, NO_ANSWER
    return int(inside[0]), int(inside[-1])
