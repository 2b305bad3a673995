"""How much each block of a model minds being quantized."""

from qbert_lightning.sensitivity.base import (
    Measurement,
    Perturbations,
    Progress,
    SensitivityMetric,
)
from qbert_lightning.sensitivity.curvature import CurvatureMetric, ParameterFilter
from qbert_lightning.sensitivity.hessian_eigenvalue import HessianEigenvalue, Solver
from qbert_lightning.sensitivity.hessian_trace import HessianTrace

__all__ = [
    "CurvatureMetric",
    "HessianEigenvalue",
    "HessianTrace",
    "Measurement",
    "ParameterFilter",
    "Perturbations",
    "Progress",
    "SensitivityMetric",
    "Solver",
]
