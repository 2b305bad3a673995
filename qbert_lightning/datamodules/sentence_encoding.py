"""Sentences and sentence pairs as model inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qbert_lightning.datamodules.encoding import Encoded, Encoding, Feature
from qbert_lightning.datamodules.rows import Row, SentenceRow, Split
from qbert_lightning.errors import QbertError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class SentenceEncoding(Encoding):
    """``[CLS] text [SEP]`` or ``[CLS] text [SEP] pair [SEP]``, cut at ``max_length``.

    Inputs that are too long lose tokens of their longer part. Without ``labels``
    (regression) a label is any finite number.
    """

    head = "sequence_classification"

    def check(self, split: Split, labels: Sequence[str] | None) -> None:
        """Refuse empty sentences and labels outside the classes."""
        for number, row in enumerate(split.rows, start=1):
            assert isinstance(row, SentenceRow)
            where = f"{split.source}: row {number}"
            if labels is not None and not (
                isinstance(row.label, int) and 0 <= row.label < len(labels)
            ):
                raise QbertError(
                    f"{where} has label {row.label}: accepted 0 to {len(labels) - 1} "
                    f"({', '.join(labels)})",
                    code=4,
                )
            if labels is None and not np.isfinite(row.label):
                raise QbertError(
                    f"{where} has label {row.label}: accepted a finite number", code=4
                )
            if not row.text.strip() or (row.pair is not None and not row.pair.strip()):
                raise QbertError(
                    f"{where} has an empty sentence: accepted some text", code=4
                )

    def encode(
        self,
        rows: Sequence[Row],
        tokenizer: PreTrainedTokenizerBase,
        *,
        training: bool,
    ) -> Encoded:
        """Tokenize all rows at once."""
        texts = [row.text for row in rows if isinstance(row, SentenceRow)]
        pairs = [row.pair for row in rows if isinstance(row, SentenceRow)]
        batch = tokenizer(
            texts,
            None if pairs[0] is None else pairs,
            truncation=True,
            max_length=self.max_length,
        )
        keys = list(batch)
        features: list[Feature] = []
        for index, row in enumerate(rows):
            assert isinstance(row, SentenceRow)
            feature: Feature = {
                key: np.asarray(batch[key][index], dtype=np.int32) for key in keys
            }
            feature["labels"] = row.label
            features.append(feature)
        return Encoded(features)
