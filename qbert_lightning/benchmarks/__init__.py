"""Measurements side by side in one run, against other libraries and against chance."""

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.deployment import DeploymentBenchmark
from qbert_lightning.benchmarks.hessian import HessianBenchmark
from qbert_lightning.benchmarks.inference import InferenceBenchmark
from qbert_lightning.benchmarks.kills import KillBenchmark
from qbert_lightning.benchmarks.mutations import MutationBenchmark
from qbert_lightning.benchmarks.page import PageBenchmark
from qbert_lightning.benchmarks.qat import QatBenchmark
from qbert_lightning.benchmarks.refusals import RefusalsBenchmark
from qbert_lightning.benchmarks.sizes import SizesBenchmark
from qbert_lightning.benchmarks.startup import StartupBenchmark
from qbert_lightning.benchmarks.sweeps import SweepBenchmark

__all__ = [
    "Benchmark",
    "DeploymentBenchmark",
    "HessianBenchmark",
    "InferenceBenchmark",
    "KillBenchmark",
    "MutationBenchmark",
    "Outcome",
    "PageBenchmark",
    "QatBenchmark",
    "RefusalsBenchmark",
    "Say",
    "SizesBenchmark",
    "StartupBenchmark",
    "Subject",
    "SweepBenchmark",
]
