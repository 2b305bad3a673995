"""Small networks whose Hessian can be formed, and matrices of known spectrum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification

from qbert_lightning.hessian import Batch


@dataclass(frozen=True)
class Problem:
    """A model, its data and its explicit Hessian."""

    model: nn.Module
    batches: list[dict[str, Tensor]]
    blocks: dict[str, list[nn.Parameter]]

    def loss(self, batch: Batch) -> Tensor:
        return nn.functional.cross_entropy(self.model(batch["x"]), batch["labels"])

    def explicit(self, names: Sequence[str]) -> Tensor:
        """The Hessian of the mean loss over all rows, row by row."""
        x = torch.cat([batch["x"] for batch in self.batches])
        labels = torch.cat([batch["labels"] for batch in self.batches])
        return explicit_hessian(
            self.model,
            [parameter for name in names for parameter in self.blocks[name]],
            lambda call: nn.functional.cross_entropy(call(x), labels),
        )


def explicit_hessian(
    model: nn.Module,
    parameters: Sequence[nn.Parameter],
    loss: Callable[[Callable[..., object]], Tensor],
) -> Tensor:
    names = {parameter: name for name, parameter in model.named_parameters()}
    sizes = [parameter.numel() for parameter in parameters]

    def of_vector(vector: Tensor) -> Tensor:
        values = {
            names[parameter]: piece.view_as(parameter)
            for parameter, piece in zip(parameters, vector.split(sizes), strict=True)
        }

        def call(*args: Tensor, **kwargs: Tensor) -> object:
            return torch.func.functional_call(model, values, args, kwargs)

        return loss(call)

    flat = torch.cat([parameter.detach().flatten() for parameter in parameters])
    # Not `torch.func.hessian`: under `vmap` it is wrong for LayerNorm.
    return torch.autograd.functional.hessian(of_vector, flat)


@pytest.fixture
def problem() -> Problem:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2)
    ).double()
    batches = [
        {
            "x": torch.randn(rows, 3, dtype=torch.float64),
            "labels": torch.randint(0, 2, (rows,)),
        }
        for rows in (5, 2, 4)
    ]
    blocks = {name: list(model[int(name)].parameters()) for name in ("0", "2", "4")}
    return Problem(model, batches, blocks)


@pytest.fixture
def tiny_bert() -> Callable[[str], BertForSequenceClassification]:
    def build(attention: str) -> BertForSequenceClassification:
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=30,
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=12,
            max_position_embeddings=12,
            attn_implementation=attention,
        )
        model = BertForSequenceClassification(config).double()
        for parameter in model.parameters():  # the default 0.02 makes a flat loss
            nn.init.normal_(parameter, std=0.5)
        return model

    return build


@pytest.fixture
def padded_batch() -> dict[str, Tensor]:
    mask = torch.tensor([[1] * 6, [1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 0]])
    generator = torch.Generator().manual_seed(1)
    return {
        "input_ids": torch.randint(1, 30, (3, 6), generator=generator),
        "attention_mask": mask,
        "labels": torch.tensor([0, 1, 1]),
    }


@pytest.fixture
def symmetric() -> Callable[..., Tensor]:
    """A matrix with the given spectrum in a random orthonormal basis."""

    def build(
        values: Sequence[float], seed: int = 0, dtype: torch.dtype = torch.float64
    ) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        size = len(values)
        noise = torch.randn(size, size, generator=generator, dtype=torch.float64)
        basis = torch.linalg.qr(noise)[0]
        diagonal = torch.tensor(values, dtype=torch.float64)
        return (basis * diagonal @ basis.T).to(dtype)

    return build
