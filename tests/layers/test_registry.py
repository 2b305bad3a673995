"""Every stand-in is a drop-in: a subclass of what it replaces."""

from __future__ import annotations

import pytest
from torch import nn

from qbert_lightning.layers import QuantizedLayer
from qbert_lightning.layers.registry import QUANTIZED_LAYERS


@pytest.mark.parametrize("float_type", QUANTIZED_LAYERS, ids=lambda t: t.__name__)
def test_stand_ins_are_subclasses(float_type: type[nn.Module]) -> None:
    quantized = QUANTIZED_LAYERS[float_type]
    assert issubclass(quantized, float_type)
    assert issubclass(quantized, QuantizedLayer)
