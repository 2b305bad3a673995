"""The life cycle: layers before optimizers, calibration before training, progress."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from qbert_lightning.callbacks import QuantizationCallback, quantization_of
from qbert_lightning.errors import QbertError
from qbert_lightning.layers import quantized_layers
from qbert_lightning.methods import QuantMethod
from tests.callbacks.run_tiny import fit, tiny_plan
from tests.tiny import tiny_batch, tiny_bert


class Watching(QuantMethod):
    """Notes what it is told."""

    trains: ClassVar[bool] = True
    needs_calibration: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("watching")
        self.progress: list[float] = []

    def on_train_step(self, model: nn.Module, progress: float) -> None:
        self.progress.append(progress)


def test_layers_are_swapped_and_trained(tmp_path: Path) -> None:
    module, _ = fit(tmp_path)
    layers = quantized_layers(module.model)
    assert list(layers) == list(tiny_plan())
    for layer in layers.values():
        assert int(layer.input_quantizer.observer.count) == 4
        assert layer.weight.grad is not None


def test_calibration_comes_first_and_progress_runs_from_zero(tmp_path: Path) -> None:
    method = Watching()
    module, _ = fit(tmp_path, method=method)
    assert method.progress == [0.0, 0.25, 0.5, 0.75]
    layer = next(iter(quantized_layers(module.model).values()))
    assert int(layer.input_quantizer.observer.count) == 5  # one of them calibration


def test_parameters_keep_their_names(tmp_path: Path) -> None:
    module, _ = fit(tmp_path)
    names = {name for name, _ in module.model.named_parameters()}
    assert "bert.encoder.layer.0.attention.self.query.weight" in names
    assert all(torch.isfinite(p).all() for p in module.parameters())


def test_a_trainer_without_it_is_told_so() -> None:
    trainer = pl.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
    with pytest.raises(QbertError, match="QuantizationCallback"):
        quantization_of(trainer)


def test_a_resumed_model_is_not_calibrated_again(tmp_path: Path) -> None:
    """Its ranges are in the checkpoint, and further batches would move them."""
    fresh = QuantizationCallback(Watching(), tiny_plan(), [tiny_batch(seed=9)])
    assert fresh.state_dict() == {"calibrated": False}
    resumed = QuantizationCallback(Watching(), tiny_plan(), [tiny_batch(seed=9)])
    resumed.load_state_dict({"calibrated": True})
    for callback, expected in ((fresh, 1), (resumed, 0)):
        module: Any = SimpleNamespace(model=tiny_bert(), device=torch.device("cpu"))
        callback.setup(None, module, "fit")  # type: ignore[arg-type]
        callback.on_fit_start(None, module)  # type: ignore[arg-type]
        layer = next(iter(quantized_layers(module.model).values()))
        assert int(layer.input_quantizer.observer.count) == expected
        assert callback.state_dict() == {"calibrated": True}
