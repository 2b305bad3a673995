"""Sentences of a tagging model: the entities in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from qbert_lightning.datamodules import Feature, TagEncoding, TaggedRow
from qbert_lightning.datamodules.collate import IGNORED_LABEL
from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.modules.entity_f1 import entities
from qbert_lightning.predict.base import Asked, Fields, Loaded, Predictor
from qbert_lightning.predict.fields import text_of
from qbert_lightning.predict.words import split_words

OUTSIDE = "O"
DIGITS = 6


class TaggedWord(NamedTuple):
    """The best tag of a word and its probability."""

    tag: str
    score: float


class EntityPredictor(Predictor):
    """Tags as evaluation reads them, at each word's first piece, joined to entities.

    Args:
        loaded: the model.

    Raises:
        QbertError: (code 4) labels that are no IOB tags.
    """

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        config: Any = loaded.model.config
        self.labels = [str(config.id2label[i]) for i in range(config.num_labels)]
        strays = [
            label
            for label in self.labels
            if label != OUTSIDE and label[:2] not in ("B-", "I-")
        ]
        if strays:
            raise QbertError(
                f"label {strays[0]}: accepted {OUTSIDE}, B-<type> and I-<type>", DATA
            )
        self.encoding = TagEncoding(loaded.card.max_length)

    def from_text(self, text: str) -> Asked:
        """Running text, split into words."""
        return _asked({"text": text})

    def from_fields(self, fields: Fields) -> Asked:
        """``tokens``, words as they are, or ``text``."""
        words = fields.get("tokens", [])
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            raise ValueError("'tokens': accepted a list of texts")
        if "tokens" not in fields:
            text_of(fields, "text")
        return _asked(fields)

    def answers(self, asked: Sequence[Asked]) -> list[dict[str, Any]]:
        """``entities`` in the order of the text, each with its mean score.

        ``start`` and ``end`` are characters of ``text``; of ``tokens``, which also get
        their ``tags``, of the text they make with a blank between.
        """
        rows = [one.row for one in asked if isinstance(one.row, TaggedRow)]
        found = []
        for one, words in zip(asked, self.tagged(rows), strict=True):
            answer: dict[str, Any] = {"entities": _entities(one.fields, words)}
            if "tokens" in one.fields:
                answer["tags"] = [word.tag for word in words]
            found.append(answer)
        return found

    def line(self, answer: Fields) -> str:
        """``Peter Blackburn PER 0.99; London LOC 0.98``, or ``-``."""
        found = (
            f"{one['text']} {one['label']} {one['score']:.2f}"
            for one in answer["entities"]
        )
        return "; ".join(found) or "-"

    def tagged(self, rows: Sequence[TaggedRow]) -> list[list[TaggedWord]]:
        """The best tag of every word.

        A long row comes in several inputs, as in evaluation, so that no word is left
        out. A word without any piece (a control character) is outside.

        Args:
            rows: with any tags.
        """
        # Numbered through all rows, a word is recognised by the tag of its first piece.
        ends = np.cumsum([0, *(len(row.words) for row in rows)]).tolist()
        numbered = [
            TaggedRow(row.words, tuple(range(start, end)))
            for row, start, end in (
                (row, *span) for row, span in zip(rows, pairwise(ends), strict=True)
            )
            if row.words
        ]
        words = [TaggedWord(OUTSIDE, 1.0)] * ends[-1]
        if numbered:
            encoded = self.encoding.encode(
                numbered, self.loaded.tokenizer, training=False
            )
            outputs = self.loaded.outputs(encoded.features)
            for feature, (logits,) in zip(encoded.features, outputs, strict=True):
                for number, word in self._read(feature, logits):
                    words[number] = word
        return [words[start:end] for start, end in pairwise(ends)]

    def _read(
        self, feature: Feature, logits: Tensor
    ) -> Iterator[tuple[int, TaggedWord]]:
        """Number and best tag of each word that begins in an input."""
        numbers = torch.as_tensor(feature["labels"])
        first_pieces = torch.nonzero(numbers != IGNORED_LABEL).flatten()
        best = torch.softmax(logits[first_pieces], dim=-1).max(dim=-1)
        columns = numbers[first_pieces], best.indices, best.values
        for number, tag, score in zip(*(c.tolist() for c in columns), strict=True):
            yield number, TaggedWord(self.labels[tag], score)


def _asked(fields: Fields) -> Asked:
    text, places = _words(fields)
    words = tuple(text[start:end] for start, end in places)
    return Asked(fields, TaggedRow(words, (0,) * len(words)))


def _words(fields: Fields) -> tuple[str, list[tuple[int, int]]]:
    """A text and its words' beginnings and ends."""
    if "tokens" not in fields:
        return fields["text"], split_words(fields["text"])
    ends = np.cumsum([len(word) + 1 for word in fields["tokens"]]).tolist()
    places = [
        (end - 1 - len(word), end - 1)
        for word, end in zip(fields["tokens"], ends, strict=True)
    ]
    return " ".join(fields["tokens"]), places


def _entities(fields: Fields, words: Sequence[TaggedWord]) -> list[dict[str, Any]]:
    """The entities of one text."""
    text, places = _words(fields)
    found = []
    for kind, first, after in sorted(
        entities([word.tag for word in words]), key=itemgetter(1)
    ):
        start, end = places[first][0], places[after - 1][1]
        score = fmean(word.score for word in words[first:after])
        found.append(
            {
                "text": text[start:end],
                "label": kind,
                "start": start,
                "end": end,
                "score": round(score, DIGITS),
            }
        )
    return found
