"""Lightning callbacks: quantization, what is logged about it, and going on exactly."""

from qbert_lightning.callbacks.activation_ranges import ActivationRanges
from qbert_lightning.callbacks.best_weights import BestWeights
from qbert_lightning.callbacks.bit_allocation import BitAllocation
from qbert_lightning.callbacks.hessian_spectrum import HessianSpectrum
from qbert_lightning.callbacks.model_size import ModelSize
from qbert_lightning.callbacks.quantization import QuantizationCallback, quantization_of
from qbert_lightning.callbacks.resume_checkpoint import ResumeCheckpoint
from qbert_lightning.callbacks.step_seeds import StepSeeds
from qbert_lightning.callbacks.training_sensitivity import TrainingSensitivity

__all__ = [
    "ActivationRanges",
    "BestWeights",
    "BitAllocation",
    "HessianSpectrum",
    "ModelSize",
    "QuantizationCallback",
    "ResumeCheckpoint",
    "StepSeeds",
    "TrainingSensitivity",
    "quantization_of",
]
