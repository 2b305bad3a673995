"""The life of a quantization method, carried through Lightning's hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.layers import set_int8_forward
from qbert_lightning.methods import QuantMethod
from qbert_lightning.plan import QuantPlan, SensitivityTable


class QuantizationCallback(pl.Callback):
    """Swaps layers, calibrates and follows the training of a quantized model.

    Layers are swapped in ``setup``: that is before a checkpoint is restored and before
    optimizers are made, so resuming and strict loading work.

    Args:
        method: How the model is quantized.
        plan: What is quantized.
        calibration: Batches for `QuantMethod.calibrate`; used if the method asks.
        sensitivity: What the plan was made from, for callbacks that show it.
        int8_forward: Whether training computes products on codes.
    """

    def __init__(
        self,
        method: QuantMethod,
        plan: QuantPlan,
        calibration: Sequence[dict[str, Tensor]] = (),
        sensitivity: SensitivityTable | None = None,
        *,
        int8_forward: bool = False,
    ) -> None:
        self.method = method
        self.plan = plan
        self.calibration = calibration
        self.sensitivity = sensitivity
        self.int8_forward = int8_forward
        self._prepared = False
        self._calibrated = False

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: calibrated ranges are in it, so once is enough."""
        return {"calibrated": self._calibrated}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:  # noqa: D102
        self._calibrated = state_dict["calibrated"]

    def setup(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str
    ) -> None:
        if not self._prepared:
            self.method.prepare(pl_module.model, self.plan)
            set_int8_forward(pl_module.model, self.int8_forward)
            self._prepared = True

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        if self.method.needs_calibration and not self._calibrated:
            batches = (
                {name: tensor.to(pl_module.device) for name, tensor in batch.items()}
                for batch in self.calibration
            )
            self.method.calibrate(pl_module.model, batches)
            self._calibrated = True

    def on_train_batch_start(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
    ) -> None:
        steps = max(1, int(trainer.estimated_stepping_batches))
        self.method.on_train_step(pl_module.model, trainer.global_step / steps)


def quantization_of(trainer: pl.Trainer) -> QuantizationCallback:
    """The trainer's `QuantizationCallback`.

    Raises:
        QbertError: If the trainer has none.
    """
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, QuantizationCallback):
            return callback
    raise QbertError("callbacks: this one needs a QuantizationCallback beside it")
