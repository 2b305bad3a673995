"""What every number format offers: fake quantization, and real codes for export."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.functional import AffineParameters


@dataclass(frozen=True)
class Encoded:
    """A tensor as it is stored.

    Attributes:
        codes: Unsigned codes, uint8, one per value and in the order of the groups.
        num_bits: Width of a code once packed.
        tensors: What else is needed to decode: scales, offsets, codebooks.
        shape: Shape of the tensor that was encoded.
    """

    codes: Tensor
    num_bits: int
    tensors: dict[str, Tensor]
    shape: tuple[int, ...]


class Quantizer(nn.Module, ABC):
    """Tensor in, quantized tensor out.

    ``forward`` is fake quantization: it returns levels in floating point and lets the
    gradient through. ``encode`` and ``decode`` are the real thing, and agree with it to
    the bit: ``decode(encode(x)) == forward(x)``.
    """

    @property
    def clips_gradient(self) -> bool:
        """Whether values outside the range get no gradient."""
        return False

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """``x`` moved to the nearest level; same shape and type."""

    @abstractmethod
    def encode(self, x: Tensor) -> Encoded:
        """The codes of ``x`` and what decodes them."""

    @abstractmethod
    def decode(self, encoded: Encoded) -> Tensor:
        """The levels that codes stand for, float32 of the encoded shape."""

    @abstractmethod
    def check(self, encoded: Encoded, name: str) -> None:
        """Refuse what `encode` cannot have made of finite values.

        Args:
            encoded: Codes and parameters from a file.
            name: The tensor's name, for the message.

        Raises:
            QbertError: If a part is missing, of another shape, or out of range, or if
                a level would not be finite (code 4).
        """

    def row_levels(self, matrix: Tensor) -> AffineParameters | None:
        """Levels of a matrix, if each row has a single scale; fit for integer products.

        An observer counts this as one look at the matrix, as with ``forward``.

        Args:
            matrix: ``[rows, columns]``.

        Returns:
            Levels of each group of consecutive rows; `None`, with nothing observed, if
            the format has no such levels.
        """
        return None

    def look_up(self, table: Tensor, indices: Tensor) -> Tensor:
        """Rows of a quantized table ``[rows, features]``.

        Formats whose levels do not depend on the rows looked up may quantize only
        these; the result is the same.
        """
        return F.embedding(indices, self(table))
