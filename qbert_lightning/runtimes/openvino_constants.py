"""Constants of an OpenVINO graph, codes among them at their true width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from qbert_lightning.runtimes.stored_layers import StoredWeight

if TYPE_CHECKING:
    import openvino as ov

FILE_WIDTHS = (2, 3, 4, 6, 8)
KERNEL_WIDTHS = (2, 4, 8)


class OpenVinoConstants:
    """Makes the constants of a graph of OpenVINO's operation set 13."""

    def __init__(self) -> None:
        import openvino
        from openvino import opset13

        super().__init__()
        self.openvino, self.opset = openvino, opset13

    def floats(self, values: Tensor) -> ov.Node:  # noqa: D102
        return self.opset.constant(values.detach().float().numpy())

    def per_feature(self, values: Tensor) -> ov.Node:  # noqa: D102
        return self.floats(values.reshape(1, 1, -1))

    def per_row(self, values: Tensor) -> ov.Node:
        """``[rows, 1]``, or one number if all rows share it."""
        return self.floats(values[:1] if (values == values[0]).all() else values)

    def scalar(self, value: float) -> ov.Node:
        """One number in float32."""
        return self.opset.constant(np.float32(value))

    def whole(self, values: int | list[int]) -> ov.Node:
        """Sizes, axes or places, in int64."""
        return self.opset.constant(np.array(values, np.int64))

    def small(self, codes: Tensor, num_bits: int) -> ov.Node:
        """A constant whose file holds ``num_bits`` a code (5 take 6, and 7 take 8)."""
        kind = self._unsigned(_width(num_bits, FILE_WIDTHS))
        return self.opset.constant(codes.numpy(), dtype=kind)

    def in_memory(self, codes: Tensor, num_bits: int) -> ov.Node:
        """The same in a width that kernels read: 2, 4 or 8 bits."""
        constant = self.small(codes, num_bits)
        kind = self._unsigned(_width(num_bits, KERNEL_WIDTHS))
        if constant.get_element_type() == kind:
            return constant
        return self.opset.convert(constant, kind)

    def codes(self, weight: StoredWeight) -> ov.Node:  # noqa: D102
        return self.opset.convert(self.small(weight.codes, weight.num_bits), "u8")

    def as_float(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.convert(x, "f32")

    def _unsigned(self, num_bits: int) -> ov.Type:
        return getattr(self.openvino.Type, f"u{num_bits}")


def _width(num_bits: int, widths: tuple[int, ...]) -> int:
    """The narrowest that holds a code.

    >>> [_width(bits, FILE_WIDTHS) for bits in range(2, 9)]
    [2, 3, 4, 6, 6, 8, 8]
    """
    return next(each for each in widths if each >= num_bits)
