"""Matrix-free curvature of a loss: eigenvalues, traces and spectra of named blocks."""

from qbert_lightning.hessian.basis import safe_norm
from qbert_lightning.hessian.batch import Batch, LossFunction, num_examples
from qbert_lightning.hessian.eigenpairs import Eigenpairs, Order, top_eigenpairs
from qbert_lightning.hessian.lanczos import Lanczos, RitzPairs, random_direction
from qbert_lightning.hessian.landscape import loss_landscape
from qbert_lightning.hessian.operator import HessianOperator
from qbert_lightning.hessian.power_iteration import power_iteration
from qbert_lightning.hessian.spectral_density import SpectralDensity, spectral_density
from qbert_lightning.hessian.start import leaning_direction
from qbert_lightning.hessian.stratified_trace import stratified_trace
from qbert_lightning.hessian.symmetric_operator import SymmetricOperator
from qbert_lightning.hessian.trace import block_traces, hutchinson_trace
from qbert_lightning.hessian.trace_estimate import StratifiedTrace, TraceEstimate

__all__ = [
    "Batch",
    "Eigenpairs",
    "HessianOperator",
    "Lanczos",
    "LossFunction",
    "Order",
    "RitzPairs",
    "SpectralDensity",
    "StratifiedTrace",
    "SymmetricOperator",
    "TraceEstimate",
    "block_traces",
    "hutchinson_trace",
    "leaning_direction",
    "loss_landscape",
    "num_examples",
    "power_iteration",
    "random_direction",
    "safe_norm",
    "spectral_density",
    "stratified_trace",
    "top_eigenpairs",
]
