"""The life of a model on its way from float to quantized."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from qbert_lightning.layers import apply_plan
from qbert_lightning.observers import Observer
from qbert_lightning.plan import QuantPlan

Batch = Mapping[str, Tensor]


class QuantMethod:
    """How a float model becomes a quantized one; a subclass fills in the moments.

    Args:
        name: What tables and file names call it.
        calibration_examples: How many training examples `calibrate` is shown.

    Attributes:
        trains: Whether the quantized model is trained.
        needs_calibration: Whether `calibrate` must see data before anything else.
        needs_teacher: Whether the objective wants the float model beside it.
    """

    trains: ClassVar[bool] = False
    needs_calibration: ClassVar[bool] = False
    needs_teacher: ClassVar[bool] = False

    def __init__(self, name: str, calibration_examples: int = 512) -> None:
        self.name = name
        self.calibration_examples = calibration_examples

    def prepare(self, model: nn.Module, plan: QuantPlan) -> None:
        """Put the quantized layers in place; before optimizers and checkpoints."""
        apply_plan(model, plan)

    @torch.no_grad()
    def calibrate(
        self,
        model: nn.Module,
        batches: Iterable[Batch],
        teacher: nn.Module | None = None,
    ) -> None:
        """Show data to the observers of an otherwise still model.

        Args:
            model: The prepared network.
            batches: Model inputs.
            teacher: The float network, for methods that compare with it.
        """
        observers = [each for each in model.modules() if isinstance(each, Observer)]
        if not observers:
            return
        was_training = model.training
        model.eval()
        for observer in observers:
            observer.train()
        for batch in batches:
            model(**batch)
        model.train(was_training)

    def on_train_step(self, model: nn.Module, progress: float) -> None:
        """Called before each training step; ``progress`` runs from 0 to 1."""
