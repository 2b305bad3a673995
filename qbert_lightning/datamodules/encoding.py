"""From rows to model inputs: the base of the three task shapes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from qbert_lightning.datamodules.rows import Row, Split
from qbert_lightning.errors import QbertError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Feature = dict[str, "NDArray[np.int32] | int | float"]


@dataclass
class Encoded:
    """The model inputs of one split.

    Attributes:
        features: one mapping for each model input; arrays [length] are padded
            when a batch is made, numbers are stacked.
    """

    features: Sequence[Feature]


class Encoding(ABC):
    """How rows of one shape become model inputs.

    Args:
        max_length: most tokens of one input, special tokens included.

    Raises:
        QbertError: (code 2) ``max_length`` is below 8.
    """

    head: ClassVar[str]

    def __init__(self, max_length: int) -> None:
        if max_length < 8:
            raise QbertError(f"max_length={max_length}: accepted at least 8 tokens")
        self.max_length = max_length

    def settings(self) -> dict[str, int | str]:
        """What the inputs depend on besides rows and tokenizer, for fingerprints."""
        return {"head": self.head, "max_length": self.max_length}

    @abstractmethod
    def check(self, split: Split, labels: Sequence[str] | None) -> None:
        """Refuse rows that cannot be encoded.

        Raises:
            QbertError: (code 4) naming the source, the row and what is accepted.
        """

    @abstractmethod
    def encode(
        self,
        rows: Sequence[Row],
        tokenizer: PreTrainedTokenizerBase,
        *,
        training: bool,
    ) -> Encoded:
        """Tokenize rows.

        Args:
            rows: rows of this encoding's shape.
            tokenizer: a fast tokenizer.
            training: leave out what only evaluation needs.
        """
