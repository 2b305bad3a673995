"""Side-by-side measurements against other libraries, residuals and bytes checked."""

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.hessian import HessianBenchmark
from qbert_lightning.benchmarks.refusals import RefusalsBenchmark

__all__ = [
    "Benchmark",
    "HessianBenchmark",
    "Outcome",
    "RefusalsBenchmark",
    "Say",
    "Subject",
]
