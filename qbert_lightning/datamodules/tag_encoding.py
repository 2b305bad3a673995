"""Tagged words as model inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qbert_lightning.datamodules.collate import IGNORED_LABEL
from qbert_lightning.datamodules.encoding import Encoded, Encoding, Feature
from qbert_lightning.datamodules.rows import Row, Split, TaggedRow
from qbert_lightning.errors import QbertError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class TagEncoding(Encoding):
    """Words cut into pieces; the first piece of a word carries its tag.

    The other pieces and the special tokens are ignored by loss and scores. Words
    beyond ``max_length`` are lost in training; in evaluation a long sentence comes
    in several inputs, so that every word is scored.
    """

    head = "token_classification"

    def check(self, split: Split, labels: Sequence[str] | None) -> None:
        """Refuse empty sentences and tags outside the classes."""
        assert labels is not None
        for number, row in enumerate(split.rows, start=1):
            assert isinstance(row, TaggedRow)
            where = f"{split.source}: sentence {number}"
            if not row.words or len(row.words) != len(row.tags):
                raise QbertError(
                    f"{where} has {len(row.words)} words and {len(row.tags)} tags: "
                    "accepted one tag for each of at least one word",
                    code=4,
                )
            for tag in row.tags:
                if not 0 <= tag < len(labels):
                    raise QbertError(
                        f"{where} has tag {tag}: accepted 0 to {len(labels) - 1} "
                        f"({', '.join(labels)})",
                        code=4,
                    )

    def encode(
        self,
        rows: Sequence[Row],
        tokenizer: PreTrainedTokenizerBase,
        *,
        training: bool,
    ) -> Encoded:
        """Tokenize all rows at once."""
        tagged = [row for row in rows if isinstance(row, TaggedRow)]
        batch = tokenizer(
            [list(row.words) for row in tagged],
            is_split_into_words=True,
            truncation=True,
            max_length=self.max_length,
            return_overflowing_tokens=not training,
        )
        origin = batch.pop("overflow_to_sample_mapping", range(len(tagged)))
        keys = list(batch)
        features: list[Feature] = []
        labelled: set[tuple[int, int]] = set()
        for index, row_index in enumerate(origin):
            feature: Feature = {
                key: np.asarray(batch[key][index], dtype=np.int32) for key in keys
            }
            labels = np.full(len(feature["input_ids"]), IGNORED_LABEL, dtype=np.int32)
            for position, word in enumerate(batch.word_ids(index)):
                if word is not None and (row_index, word) not in labelled:
                    labelled.add((row_index, word))
                    labels[position] = tagged[row_index].tags[word]
            feature["labels"] = labels
            features.append(feature)
        return Encoded(features)
