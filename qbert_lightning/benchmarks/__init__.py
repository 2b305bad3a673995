"""Side-by-side measurements against other libraries, residuals and bytes checked."""

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.hessian import HessianBenchmark

__all__ = ["Benchmark", "HessianBenchmark", "Outcome", "Say", "Subject"]
