"""Evenly spaced levels: Q-BERT's asymmetric and Q8BERT's symmetric quantizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.functional import (
    AffineParameters,
    choose_parameters,
    code_range,
    fake_quantize,
    group,
    quantize,
    ungroup,
)
from qbert_lightning.observers import Observer
from qbert_lightning.plan import (
    Granularity,
    ObserverSpec,
    PerChannel,
    PerTensor,
    QuantSpec,
    RowGroups,
)
from qbert_lightning.plan.size import affine_bits
from qbert_lightning.quantizers.base import Encoded, Quantizer


@dataclass(frozen=True)
class AffineSpec(QuantSpec):
    """Evenly spaced levels between the ends of a range.

    Attributes:
        num_bits: Code width, 2 to 8.
        granularity: Which values share a range.
        symmetric: Whether levels are symmetric about zero (Q8BERT) or fill the range
            from its smallest to its largest value (Q-BERT).
        observer: How the range of an activation is remembered; `None` takes the range
            of the tensor at hand (weights always, dynamic activations).
        clip_gradient: Whether values outside the range get no gradient (Q-BERT); the
            identity everywhere otherwise (Q8BERT).
    """

    num_bits: int = 8
    granularity: Granularity = field(default_factory=PerTensor)
    symmetric: bool = False
    observer: ObserverSpec | None = None
    clip_gradient: bool = True

    def __post_init__(self) -> None:
        bits = self.num_bits
        if isinstance(bits, bool) or not isinstance(bits, int) or not 2 <= bits <= 8:
            raise QbertError(f"num_bits={bits!r}: accepted 2..8 (int)")
        if self.observer is not None and not isinstance(self.granularity, PerTensor):
            raise QbertError(
                f"granularity={self.granularity}: an observed range is one per tensor: "
                "accepted PerTensor, or no observer"
            )

    def storage_bits(self, shape: Sequence[int]) -> int:  # noqa: D102
        return affine_bits(
            shape, self.num_bits, self.granularity, symmetric=self.symmetric
        )

    def build(self, shape: Sequence[int] = (), layer: str = "tensor") -> Quantizer:  # noqa: D102
        if shape:
            self.granularity.check(shape, layer)
        return AffineQuantizer(self)


class AffineQuantizer(Quantizer):
    """Carries an `AffineSpec` out.

    Args:
        spec: What to do.
    """

    def __init__(self, spec: AffineSpec) -> None:
        super().__init__()
        self.spec = spec
        self.observer: Observer | None = None
        if spec.observer is not None:
            observer = spec.observer.build(symmetric=spec.symmetric)
            assert isinstance(observer, Observer)  # each spec builds its own observer
            self.observer = observer

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        if self.observer is not None:
            self.observer(x)
        groups = group(self.spec.granularity, x)
        levels = self.parameters_of(groups)
        quantized = self._fake_quantize(groups, levels)
        return ungroup(self.spec.granularity, quantized, x.shape)

    def encode(self, x: Tensor) -> Encoded:  # noqa: D102
        groups = group(self.spec.granularity, x.detach().float())
        levels = self.parameters_of(groups)
        codes = (quantize(groups, levels) - levels.lowest).to(torch.uint8)
        tensors = {"scale": levels.scale.flatten()}
        if not self.spec.symmetric:
            tensors["offset"] = levels.offset.flatten()
        return Encoded(codes, self.spec.num_bits, tensors, tuple(x.shape))

    def decode(self, encoded: Encoded) -> Tensor:  # noqa: D102
        lowest, _ = code_range(self.spec.num_bits, symmetric=self.spec.symmetric)
        scale = encoded.tensors["scale"].reshape(-1, 1)
        offset = encoded.tensors.get("offset", torch.zeros_like(scale)).reshape(-1, 1)
        # As `dequantize` does, in one piece of memory: pages of it cost more than sums.
        values = encoded.codes.reshape(scale.shape[0], -1).float()
        values.add_(lowest).mul_(scale).add_(offset)
        return ungroup(self.spec.granularity, values, encoded.shape)

    def check(self, encoded: Encoded, name: str) -> None:  # noqa: D102
        lowest, highest = code_range(self.spec.num_bits, symmetric=self.spec.symmetric)
        if self.observer is not None:
            raise QbertError(f"{name}: observer: accepted none for a weight", DATA)
        parts = ["scale"] if self.spec.symmetric else ["offset", "scale"]
        if sorted(encoded.tensors) != parts:
            found = ", ".join(sorted(encoded.tensors)) or "nothing"
            raise QbertError(f"{name}: {found}: accepted {', '.join(parts)}", DATA)
        ranges = (self.spec.granularity.num_ranges(encoded.shape),)
        for part, values in encoded.tensors.items():
            if (values.dtype, tuple(values.shape)) != (torch.float32, ranges):
                raise QbertError(
                    f"{name}.{part}: shape {list(values.shape)}: accepted float32 "
                    f"{list(ranges)}, one for each range",
                    DATA,
                )
        scale = encoded.tensors["scale"]
        offset = encoded.tensors.get("offset", torch.zeros_like(scale))
        ends = torch.stack([scale * code + offset for code in (lowest, highest)])
        if not (scale > 0).all() or not ends.isfinite().all():
            raise QbertError(
                f"{name}.scale: accepted scales above zero whose levels are finite",
                DATA,
            )
        if int(encoded.codes.max()) > highest - lowest:
            raise QbertError(
                f"{name}.codes: code {int(encoded.codes.max())}: accepted 0 to "
                f"{highest - lowest}",
                DATA,
            )

    def row_levels(self, matrix: Tensor) -> AffineParameters | None:  # noqa: D102
        if not isinstance(self.spec.granularity, PerTensor | PerChannel | RowGroups):
            return None
        if self.observer is not None:
            self.observer(matrix)
        return self.parameters_of(group(self.spec.granularity, matrix))

    def look_up(self, table: Tensor, indices: Tensor) -> Tensor:
        """Rows of the quantized table; with one range, only these are quantized."""
        if not isinstance(self.spec.granularity, PerTensor):
            return super().look_up(table, indices)
        levels = self.parameters_of(table.detach().reshape(1, -1))
        rows = F.embedding(indices, table)
        return self._fake_quantize(rows.reshape(1, -1), levels).reshape(rows.shape)

    def parameters_of(self, groups: Tensor) -> AffineParameters:
        """Levels for ``groups`` ``[groups, elements]``: observed, or theirs."""
        if self.observer is not None:
            low, high = (end.reshape(1, 1) for end in self.observer.range())
        else:
            values = groups.detach()
            # Two passes: on CPU torch.aminmax over a dimension takes 17 times as long.
            low, high = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
        return choose_parameters(
            low, high, self.spec.num_bits, symmetric=self.spec.symmetric
        )

    @property
    def clips_gradient(self) -> bool:  # noqa: D102
        # A range taken from the tensor itself has nothing outside it.
        return self.spec.clip_gradient and self.observer is not None

    def _fake_quantize(self, groups: Tensor, levels: AffineParameters) -> Tensor:
        return fake_quantize(groups, levels, clip_gradient=self.clips_gradient)

    def extra_repr(self) -> str:  # noqa: D102
        kind = "symmetric" if self.spec.symmetric else "asymmetric"
        return f"num_bits={self.spec.num_bits}, {kind}, {self.spec.granularity}"
