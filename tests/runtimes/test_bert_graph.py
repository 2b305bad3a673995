"""The forward pass, carried out by torch, is that of the model's own code."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.errors import QbertError
from qbert_lightning.runtimes.bert_graph import build, check_architecture
from qbert_lightning.runtimes.operations import Operations
from tests.runtimes.tiny_models import padded_batch, tiny_model

HEAD_OF = {
    "labels": "sequence_classification",
    "regression": "sequence_classification",
    "tags": "token_classification",
    "answers": "question_answering",
}


class TorchOperations(Operations[Tensor]):
    """Computes at once instead of making a graph; notes how much it multiplies."""

    def __init__(self, batch: dict[str, Tensor]) -> None:
        self.batch = batch
        self.outputs: dict[str, Tensor] = {}
        self.tokens_multiplied: list[int] = []

    def input(self, name: str) -> Tensor:
        return self.batch[name]

    def look_up(self, table: nn.Embedding, ids: Tensor) -> Tensor:
        return table(ids)

    def look_up_positions(self, table: nn.Embedding, ids: Tensor) -> Tensor:
        return table.weight[: ids.shape[1]].unsqueeze(0)

    def linear(self, layer: nn.Linear, x: Tensor) -> Tensor:
        self.tokens_multiplied.append(x.shape[1])
        return layer(x)

    def layer_norm(self, norm: nn.LayerNorm, x: Tensor) -> Tensor:
        return norm(x)

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right

    def gelu(self, x: Tensor) -> Tensor:
        return F.gelu(x)

    def tanh(self, x: Tensor) -> Tensor:
        return x.tanh()

    def attention_bias(self, mask: Tensor) -> Tensor:
        return (1 - mask[:, None, None].float()) * -1e9

    def attend(
        self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor, num_heads: int
    ) -> Tensor:
        query, key, value = (
            x.unflatten(-1, (num_heads, -1)).transpose(1, 2)
            for x in (query, key, value)
        )
        scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5 + bias
        return (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)

    def first_token(self, x: Tensor) -> Tensor:
        return x[:, :1]

    def only_token(self, x: Tensor) -> Tensor:
        return x[:, 0]

    def feature(self, x: Tensor, index: int) -> Tensor:
        return x[..., index]

    def output(self, name: str, value: Tensor, *axes: str) -> None:
        assert len(axes) == value.dim()
        self.outputs[name] = value


@pytest.mark.parametrize("head", HEAD_OF)
@torch.no_grad()
def test_outputs_are_those_of_the_model(head: str) -> None:
    model, batch = tiny_model(head), padded_batch()
    operations = TorchOperations(batch)
    build(operations, model, HEAD_OF[head])
    expected = model(**batch)
    assert operations.outputs.keys() == expected.keys()
    for name, found in operations.outputs.items():
        assert torch.allclose(found, expected[name], atol=1e-5)


@torch.no_grad()
def test_after_its_keys_the_last_layer_is_for_the_first_token_alone() -> None:
    operations = TorchOperations(padded_batch(length=9))
    build(operations, tiny_model(), "sequence_classification")
    # query, key, value, mixed, inner, outer of two layers; pooler; classifier
    assert operations.tokens_multiplied == [9] * 6 + [1, 9, 9, 1, 1, 1] + [1, 1]


@pytest.mark.parametrize(
    ("key", "value"),
    [("model_type", "roberta"), ("hidden_act", "relu"), ("is_decoder", True)],
)
def test_other_networks_are_refused(key: str, value: object) -> None:
    config = SimpleNamespace(model_type="bert", hidden_act="gelu", is_decoder=False)
    model = SimpleNamespace(config=config)
    check_architecture(model)
    setattr(config, key, value)
    with pytest.raises(QbertError, match=f"{key}={value}: accepted {key}="):
        check_architecture(model)
