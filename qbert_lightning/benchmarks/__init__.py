"""Side-by-side measurements against other libraries, residuals and bytes checked."""

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.hessian import HessianBenchmark
from qbert_lightning.benchmarks.page import PageBenchmark

__all__ = [
    "Benchmark",
    "HessianBenchmark",
    "Outcome",
    "PageBenchmark",
    "Say",
    "Subject",
]
