"""How much each block of a model minds being quantized."""

from qbert_lightning.sensitivity.base import (
    Key,
    Measurement,
    Progress,
    SampleBatches,
    SensitivityMetric,
)
from qbert_lightning.sensitivity.curvature import CurvatureMetric, ParameterFilter
from qbert_lightning.sensitivity.hessian_eigenvalue import HessianEigenvalue, Solver
from qbert_lightning.sensitivity.hessian_trace import HessianTrace
from qbert_lightning.sensitivity.index import IndexSensitivity
from qbert_lightning.sensitivity.perturbation import Perturbation
from qbert_lightning.sensitivity.problem import ModelLoss, Problem
from qbert_lightning.sensitivity.random import RandomSensitivity
from qbert_lightning.sensitivity.rounding import (
    block_rounded,
    perturbations,
    rounded_weights,
)
from qbert_lightning.sensitivity.sampled import SampledMetric, Task
from qbert_lightning.sensitivity.sharing import share
from qbert_lightning.sensitivity.spectra import BlockSpectrum, Landscape, Spectra

__all__ = [
    "BlockSpectrum",
    "CurvatureMetric",
    "HessianEigenvalue",
    "HessianTrace",
    "IndexSensitivity",
    "Key",
    "Landscape",
    "Measurement",
    "ModelLoss",
    "ParameterFilter",
    "Perturbation",
    "Problem",
    "Progress",
    "RandomSensitivity",
    "SampleBatches",
    "SampledMetric",
    "SensitivityMetric",
    "Solver",
    "Spectra",
    "Task",
    "block_rounded",
    "perturbations",
    "rounded_weights",
    "share",
]
