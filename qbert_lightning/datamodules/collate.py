"""Pad a list of model inputs to one batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from qbert_lightning.datamodules.encoding import Feature

IGNORED_LABEL = -100
"""Label of a token that has no part in loss and scores."""


class Collate:
    """Pads to the longest input of the batch.

    Args:
        pad_token_id: padding of ``input_ids``; labels are padded with
            ``IGNORED_LABEL`` and everything else with 0.
    """

    def __init__(self, pad_token_id: int) -> None:
        self.padding = {"input_ids": pad_token_id, "labels": IGNORED_LABEL}

    def __call__(self, features: Sequence[Feature]) -> dict[str, Tensor]:
        """Make one batch.

        Args:
            features: mappings with the same keys.

        Returns:
            Tensors [batch, longest] of arrays, [batch] of numbers.
        """
        return {key: self._stack(key, features) for key in features[0]}

    def _stack(self, key: str, features: Sequence[Feature]) -> Tensor:
        values = [feature[key] for feature in features]
        if not isinstance(values[0], np.ndarray):
            return torch.tensor(values)
        longest = max(len(value) for value in values)
        padded = np.full(
            (len(values), longest), self.padding.get(key, 0), dtype=np.int64
        )
        for row, value in zip(padded, values, strict=True):
            row[: len(value)] = value
        return torch.from_numpy(padded)
