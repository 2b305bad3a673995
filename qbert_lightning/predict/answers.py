"""Questions on passages: the span of the passage that answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from qbert_lightning.datamodules import QuestionRow, SpanEncoding, Window
from qbert_lightning.modules.best_span import best_spans
from qbert_lightning.predict.base import Asked, Fields, Loaded, Predictor
from qbert_lightning.predict.fields import text_of

NOTHING: dict[str, Any] = {"text": "", "start": 0, "end": 0, "score": 0.0}
DIGITS = 6


class AnswerPredictor(Predictor):
    """The best span of the best window, as evaluation chooses it.

    Args:
        loaded: the model.
        question: asked of passages that come without one.
    """

    def __init__(self, loaded: Loaded, question: str | None = None) -> None:
        super().__init__(loaded)
        self.question = question
        card = loaded.card
        self.encoding = SpanEncoding(card.max_length, card.doc_stride)

    def from_text(self, text: str) -> Asked:
        """A passage; without a common question, question and passage with a tab."""
        if self.question is not None:
            return _asked({"question": self.question, "context": text})
        question, tab, context = text.partition("\t")
        if text and not tab:
            raise ValueError(
                "a passage alone: accepted --question, or question and passage with "
                "a tab between"
            )
        return _asked({"question": question, "context": context})

    def from_fields(self, fields: Fields) -> Asked:
        """``question`` and ``context``."""
        if "question" not in fields and self.question is not None:
            fields = {**fields, "question": self.question}
        text_of(fields, "question")
        text_of(fields, "context")
        return _asked(fields)

    def from_arguments(self, texts: Sequence[str]) -> list[Asked]:
        """Two texts are question and passage, unless the question is given."""
        if self.question is None and len(texts) == 2:
            return [_asked({"question": texts[0], "context": texts[1]})]
        return super().from_arguments(texts)

    def answers(self, asked: Sequence[Asked]) -> list[dict[str, Any]]:
        """``answer``: its text, its characters in the context, its probability.

        That is the probability that training's loss gives to the span: softmax of the
        starts times softmax of the ends, over all tokens of its window.
        """
        rows = [one.row for one in asked if isinstance(one.row, QuestionRow)]
        encoded = self.encoding.encode(rows, self.loaded.tokenizer, training=False)
        outputs = self.loaded.outputs(encoded.features)
        best = [-torch.inf] * len(rows)
        answers = [NOTHING] * len(rows)
        for window, (starts, ends) in zip(encoded.windows, outputs, strict=True):
            length, row = len(window.offsets), window.row
            span = best_spans(
                starts[None, :length],
                ends[None, :length],
                [window],
                self.loaded.card.n_best,
                self.loaded.card.max_answer_length,
            )
            if span.score.item() > best[row]:
                best[row] = span.score.item()
                norm = starts[:length].logsumexp(0) + ends[:length].logsumexp(0)
                first, last = int(span.start), int(span.end)
                answers[row] = _answer(rows[row], window, first, last) | {
                    "score": round(float((span.score - norm).exp()), DIGITS)
                }
        return [{"answer": answer} for answer in answers]

    def line(self, answer: Fields) -> str:
        """``Denver Broncos 0.97``, or ``-``."""
        found = answer["answer"]
        return f"{found['text']} {found['score']:.2f}" if found["text"] else "-"


def _asked(fields: Fields) -> Asked:
    question, context = fields["question"], fields["context"]
    return Asked(fields, QuestionRow("", "", question, context, ("",), (0,)))


def _answer(row: QuestionRow, window: Window, first: int, last: int) -> dict[str, Any]:
    """The characters between two tokens of a window."""
    start, end = int(window.offsets[first, 0]), int(window.offsets[last, 1])
    return {"text": row.context[start:end], "start": start, "end": end}
