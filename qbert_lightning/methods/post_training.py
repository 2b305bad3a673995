"""Quantization without training."""

from __future__ import annotations

from typing import ClassVar

from qbert_lightning.methods.base import QuantMethod


class PostTraining(QuantMethod):
    """Quantize as the plan says and show some data to observers, nothing more.

    With an empty plan this is the float model; with dynamic ranges it is the *dynamic
    quantization* baseline of Q8BERT (section 4), which needs no data at all.
    """

    needs_calibration: ClassVar[bool] = True
