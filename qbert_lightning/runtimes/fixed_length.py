"""Texts of any length, answered by a network for one text of one length."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.runtimes.engine_model import Answer, Arrays


def at_length(answer: Answer, tokens: int, by_token: Collection[str]) -> Answer:
    """The same answers up to rounding, where shorter texts are padded and masked.

    Args:
        answer: A network that takes ``[1, tokens]``.
        tokens: Of a text.
        by_token: Outputs ``[batch, tokens, ...]``; padding is cut off.

    Returns:
        What answers one text, or none.

    Raises:
        QbertError: On answering, for a longer text (code 4).
    """

    def answered(inputs: Arrays) -> Arrays:
        texts, length = inputs["input_ids"].shape
        if length > tokens:
            raise QbertError(
                f"input_ids: {length} tokens: accepted up to {tokens}, the length "
                "that the model was exported for",
                DATA,
            )
        if (texts, length) == (1, tokens):
            return answer(inputs)
        # Zeros mask it, and are the first rows of the tables.
        padding = ((0, 1 - texts), (0, tokens - length))
        padded = {name: np.pad(ids, padding) for name, ids in inputs.items()}
        outputs = answer(padded)
        return {
            name: value[:texts, :length] if name in by_token else value[:texts]
            for name, value in outputs.items()
        }

    return answered
