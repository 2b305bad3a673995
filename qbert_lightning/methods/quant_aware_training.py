"""Quantization-aware training."""

from __future__ import annotations

from typing import ClassVar

from qbert_lightning.methods.base import QuantMethod


class QuantAwareTraining(QuantMethod):
    """Fine-tune the fake-quantized model, starting from the fine-tuned float model.

    Q8BERT (section 3), DirectQ and Q-BERT (section 3) differ only in their plans.
    """

    trains: ClassVar[bool] = True
