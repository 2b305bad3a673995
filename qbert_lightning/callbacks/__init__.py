"""Lightning callbacks: the quantization life cycle and what is logged about it."""

from qbert_lightning.callbacks.activation_ranges import ActivationRanges
from qbert_lightning.callbacks.bit_allocation import BitAllocation
from qbert_lightning.callbacks.hessian_spectrum import HessianSpectrum
from qbert_lightning.callbacks.model_size import ModelSize
from qbert_lightning.callbacks.quantization import QuantizationCallback, quantization_of
from qbert_lightning.callbacks.training_sensitivity import TrainingSensitivity

__all__ = [
    "ActivationRanges",
    "BitAllocation",
    "HessianSpectrum",
    "ModelSize",
    "QuantizationCallback",
    "TrainingSensitivity",
    "quantization_of",
]
