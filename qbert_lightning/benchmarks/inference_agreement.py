"""Do two networks say the same?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from torch import Tensor


@dataclass(frozen=True)
class Agreement:
    """How near some logits are to those that they should be.

    Attributes:
        largest_difference: |difference| of the logit that is furthest off.
        equal_argmax: Share of rows of logits with the same largest one.
    """

    largest_difference: float
    equal_argmax: float

    @classmethod
    def of(cls, given: Sequence[Tensor], wanted: Sequence[Tensor]) -> Agreement:
        """Compare logits, each [..., choices].

        Raises:
            ValueError: If they are not of the same shapes.

        >>> import torch
        >>> Agreement.of([torch.tensor([[0.0, 1.0], [2.0, 1.0]])],
        ...              [torch.tensor([[0.0, 1.5], [0.5, 1.0]])])
        Agreement(largest_difference=1.5, equal_argmax=0.5)
        """
        shapes = [[tuple(x.shape) for x in each] for each in (given, wanted)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"answers of shapes {shapes[0]}: accepted {shapes[1]}")
        pairs = list(zip(given, wanted, strict=True))
        equal = [one.argmax(-1) == other.argmax(-1) for one, other in pairs]
        return cls(
            max(float((one - other).abs().max()) for one, other in pairs),
            sum(int(each.sum()) for each in equal) / sum(x.numel() for x in equal),
        )

    def as_dict(self) -> dict[str, float]:
        """The same as a mapping."""
        return asdict(self)
