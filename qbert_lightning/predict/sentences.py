"""Sentences and sentence pairs: labels with their probabilities, or a number."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from qbert_lightning.datamodules import Feature, Row, SentenceEncoding, SentenceRow
from qbert_lightning.predict.base import Asked, Fields, Loaded, Predictor
from qbert_lightning.predict.fields import first_given, text_of

SINGLE = (("text",), ("sentence",))
PAIRS = (
    ("text", "text_pair"),
    ("sentence1", "sentence2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("question", "sentence"),
)
DIGITS = 6


class SentencePredictor(Predictor):
    """Softmax over the classes; the plain output of a regression.

    Args:
        loaded: the model.
        top_k: labels to tell; None for all of them, and in a line the best.
    """

    def __init__(self, loaded: Loaded, top_k: int | None = None) -> None:
        super().__init__(loaded)
        config: Any = loaded.model.config
        self.top_k = top_k
        self.is_regression = config.problem_type == "regression"
        self.labels = [str(config.id2label[i]) for i in range(config.num_labels)]
        self.encoding = SentenceEncoding(loaded.card.max_length)

    def from_text(self, text: str) -> Asked:
        """A sentence, or two with a tab between where the model takes pairs."""
        pairs = self.loaded.card.pairs
        first, tab, second = text.partition("\t")
        if pairs is False or (pairs is None and not tab):
            return Asked({"text": text}, SentenceRow(text, None, 0))
        if text and not tab:
            raise ValueError("one sentence: accepted two with a tab between")
        fields = {"text": first, "text_pair": second}
        return Asked(fields, SentenceRow(first, second, 0))

    def from_fields(self, fields: Fields) -> Asked:
        """A sentence or a pair under one of the usual names."""
        accepted = {True: PAIRS, False: SINGLE, None: (*PAIRS, *SINGLE)}
        keys = first_given(fields, accepted[self.loaded.card.pairs])
        text, *pair = [text_of(fields, key) for key in keys]
        return Asked(fields, SentenceRow(text, pair[0] if pair else None, 0))

    def from_arguments(self, texts: Sequence[str]) -> list[Asked]:
        """Two texts without tabs are a pair, where the model takes pairs."""
        if self.loaded.card.pairs and len(texts) == 2 and "\t" not in "".join(texts):
            return [self.from_text("\t".join(texts))]
        return super().from_arguments(texts)

    def answers(self, asked: Sequence[Asked]) -> list[dict[str, Any]]:
        """``label``, ``score`` and ``scores`` from best to worst, or a ``value``."""
        features: list[Feature] = []
        for _, alike in groupby((one.row for one in asked), key=_is_pair):
            encoded = self.encoding.encode(
                list(alike), self.loaded.tokenizer, training=False
            )
            features += encoded.features
        return [self._answer(logits) for (logits,) in self.loaded.outputs(features)]

    def line(self, answer: Fields) -> str:
        """``positive 0.98``."""
        if self.is_regression:
            return f"{answer['value']:.2f}"
        best = list(answer["scores"].items())[: self.top_k or 1]
        return "  ".join(f"{label} {score:.2f}" for label, score in best)

    def _answer(self, logits: Tensor) -> dict[str, Any]:
        if self.is_regression:
            return {"value": round(float(logits), DIGITS)}
        ranked = torch.softmax(logits, dim=-1).sort(descending=True, stable=True)
        columns = ranked.indices.tolist(), ranked.values.tolist()
        scores = {
            self.labels[index]: round(score, DIGITS)
            for index, score in zip(*columns, strict=True)
        }
        label, score = next(iter(scores.items()))
        return {
            "label": label,
            "score": score,
            "scores": dict(list(scores.items())[: self.top_k]),
        }


def _is_pair(row: Row) -> bool:
    return isinstance(row, SentenceRow) and row.pair is not None
