"""OpenVINO for texts of one length: the fastest way for one text at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.errors import QbertError
from qbert_lightning.runtimes.openvino import OpenVino, Weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SHORTEST = 3  # tokens of a text: two special ones, and one between them


class OpenVinoFixed(OpenVino):
    """OpenVINO's CPU plugin with a network for one text of a fixed number of tokens.

    Where no shape is left open, OpenVINO computes more operations at once and asks for
    no shape as it goes. Shorter texts are padded, and so take as long as one of full
    length; batches are answered one text after the other.

    Args:
        tokens: Of every text, special tokens included.
        weights: See `OpenVino`.

    Raises:
        QbertError: For another choice; on writing, for more tokens than the model has
            positions (code 2).
    """

    def __init__(self, tokens: int, weights: Weights = "int8") -> None:
        super().__init__(weights)
        if tokens < SHORTEST:
            raise QbertError(f"runtime.tokens={tokens}: accepted {SHORTEST} or more")
        self.tokens = tokens

    def write_network(self, model: PreTrainedModel, head: str, file: Path) -> None:  # noqa: D102
        assert self.tokens is not None
        positions = model.config.max_position_embeddings
        if self.tokens > positions:
            raise QbertError(
                f"runtime.tokens={self.tokens}: accepted up to {positions}, the "
                "positions that the model has"
            )
        super().write_network(model, head, file)
