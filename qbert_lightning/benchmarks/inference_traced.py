"""The float model as a graph that other engines read."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


class TracedModel(nn.Module):
    """A network with plain tensors in and out.

    Args:
        model: A Hugging Face model.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, ...]:
        """The logits for int64 ``[batch, tokens]`` each."""
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
        )
        return tuple(outputs.to_tuple())


def arrays(batch: Mapping[str, Tensor]) -> dict[str, object]:
    """A batch as NumPy arrays that share its memory."""
    return {name: tensor.numpy() for name, tensor in batch.items()}
