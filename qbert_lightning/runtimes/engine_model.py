"""A compiled network that is called, and answers, like the model it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.runtimes.bert_graph import INPUTS

if TYPE_CHECKING:
    from transformers import PreTrainedConfig
    from transformers.utils import ModelOutput

Arrays = Mapping[str, np.ndarray]
Answer = Callable[[Arrays], Arrays]
"""From inputs by name, int64 ``[batch, tokens]``, to outputs by name, float32.

The outputs are new arrays, which belong to who asked.
"""


class EngineModel(nn.Module):
    """A module without parameters around an engine's compiled network.

    Args:
        config: The model's own, as `transformers` reads it.
        output_type: What the float model returns.
        answer: The compiled network.
    """

    def __init__(
        self, config: PreTrainedConfig, output_type: type[ModelOutput], answer: Answer
    ) -> None:
        super().__init__()
        self.config, self.output_type, self.answer = config, output_type, answer
        # Read once: a configuration looks every name up in its aliases first.
        self._positions = config.max_position_embeddings
        self._rows = {
            "input_ids": config.vocab_size,
            "token_type_ids": config.type_vocab_size,
        }

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        **ignored: object,
    ) -> ModelOutput:
        """Logits for token ids of any batch size and length.

        Args:
            input_ids: int64 ``[batch, tokens]``.
            attention_mask: One where a token counts; `None`: everywhere.
            token_type_ids: Zero or one; `None`: zero.
            ignored: Labels and the like.

        Raises:
            QbertError: If an id has no row in its table, or a text more tokens than
                there are positions (code 4); an engine may answer something all the
                same.
        """
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        values = (input_ids, attention_mask, token_type_ids)
        arrays = {
            name: _array(value) for name, value in zip(INPUTS, values, strict=True)
        }
        self._check(arrays)
        outputs = {
            name: torch.from_numpy(each) for name, each in self.answer(arrays).items()
        }
        if not input_ids.is_cpu:
            outputs = {name: o.to(input_ids.device) for name, o in outputs.items()}
        return self.output_type(**outputs)

    def _check(self, inputs: Arrays) -> None:
        tokens, most = inputs["input_ids"].shape[1], self._positions
        if tokens > most:
            raise QbertError(f"input_ids: {tokens} tokens: accepted up to {most}", DATA)
        for name, count in self._rows.items():
            # As unsigned numbers, those below zero are the largest.
            ids = inputs[name].view(np.uint64)
            if ids.size and ids.max() >= count:
                raise QbertError(f"{name}: accepted ids from 0 to {count - 1}", DATA)


def _array(ids: Tensor) -> np.ndarray:
    """The same numbers for an engine; nothing is done to those that are right."""
    if ids.dtype is not torch.int64 or not ids.is_cpu:
        ids = ids.to("cpu", torch.int64)
    return ids.numpy()
