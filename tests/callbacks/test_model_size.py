"""Size in the log, against counting by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.callbacks import ModelSize
from tests.callbacks.run_tiny import fit, tiny_plan


def test_logs_the_packed_size(tmp_path: Path) -> None:
    module, logged = fit(tmp_path, ModelSize())
    bits = 0
    for name, parameter in module.model.named_parameters():
        layer = name.removesuffix(".weight")
        quantized = name.endswith(".weight") and layer in tiny_plan()
        bits += parameter.numel() * (3 if quantized else 32) + 64 * quantized
    assert logged["quant/size_mb"] == pytest.approx(bits / 8 / 2**20)
