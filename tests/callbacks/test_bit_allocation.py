"""Bits of each layer in the log."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.callbacks import BitAllocation
from tests.callbacks.run_tiny import fit, tiny_plan


def test_logs_the_width_of_every_planned_layer(tmp_path: Path) -> None:
    _, logged = fit(tmp_path, BitAllocation())
    assert {f"quant/bits/{layer}" for layer in tiny_plan()} <= set(logged)
    assert logged["quant/bits/bert.encoder.layer.0.output.dense"] == 3.0
