"""What goes into a compiled network, and what is kept from it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers import BertConfig
from transformers.modeling_outputs import SequenceClassifierOutput

from qbert_lightning.errors import QbertError
from qbert_lightning.runtimes.engine_model import Arrays, EngineModel

CONFIG = BertConfig(vocab_size=9, max_position_embeddings=4, type_vocab_size=2)


def model() -> EngineModel:
    def answer(inputs: Arrays) -> Arrays:
        assert {each.dtype.name for each in inputs.values()} == {"int64"}
        total = sum(inputs.values())
        return {"logits": total.sum(1, keepdims=True).astype("float32")}

    return EngineModel(CONFIG, SequenceClassifierOutput, answer)


def test_every_token_counts_and_is_of_the_first_kind_unless_told() -> None:
    ids = torch.tensor([[1, 8], [2, 3]], dtype=torch.int32)
    output = model()(ids, labels=torch.zeros(2))
    assert isinstance(output, SequenceClassifierOutput)
    assert output.logits.tolist() == [[11.0], [7.0]]
    assert model()(ids, 0 * ids, ids * 0 + 1).logits.tolist() == [[11.0], [7.0]]
    assert model()(ids[:0]).logits.shape == (0, 1)


@pytest.mark.parametrize(
    ("ids", "types", "message"),
    [
        ([[1] * 5], [[0] * 5], "input_ids: 5 tokens: accepted up to 4"),
        ([[9, 1]], [[0, 0]], "input_ids: accepted ids from 0 to 8"),
        ([[1, -1]], [[0, 0]], "input_ids: accepted ids from 0 to 8"),
        ([[1, 1]], [[2, 0]], "token_type_ids: accepted ids from 0 to 1"),
    ],
)
def test_ids_without_a_row_are_refused(
    ids: list[list[int]], types: list[list[int]], message: str
) -> None:
    tensors: list[Tensor] = [torch.tensor(each) for each in (ids, types)]
    with pytest.raises(QbertError, match=message) as caught:
        model()(tensors[0], token_type_ids=tensors[1])
    assert caught.value.code == 4
