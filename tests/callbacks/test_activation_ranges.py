"""Ranges of activations in the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.callbacks import ActivationRanges
from qbert_lightning.layers import quantized_layers
from tests.callbacks.run_tiny import fit, tiny_plan


def test_logs_both_ends_of_every_observer(tmp_path: Path) -> None:
    module, logged = fit(tmp_path, ActivationRanges(every_n_steps=2))
    for layer in tiny_plan():
        observer = quantized_layers(module.model)[layer].input_quantizer.observer
        low, high = observer.range()
        assert logged[f"quant/range_low/{layer}.input"] == pytest.approx(low.item())
        assert logged[f"quant/range_high/{layer}.input"] == pytest.approx(high.item())
