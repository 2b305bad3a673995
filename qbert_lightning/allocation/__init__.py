"""Who gets how many bits."""

from qbert_lightning.allocation.base import BitAllocator, FrontPoint
from qbert_lightning.allocation.budget import (
    AverageBits,
    Budget,
    Megabytes,
    choose_budget,
)
from qbert_lightning.allocation.budgeted import BudgetedAllocator
from qbert_lightning.allocation.given import Given, given_bits, named_bits
from qbert_lightning.allocation.pareto import Pareto, pareto_front
from qbert_lightning.allocation.published import Published
from qbert_lightning.allocation.ranked import Ranked
from qbert_lightning.allocation.reversed import Reversed
from qbert_lightning.allocation.uniform import Uniform

__all__ = [
    "AverageBits",
    "BitAllocator",
    "Budget",
    "BudgetedAllocator",
    "FrontPoint",
    "Given",
    "Megabytes",
    "Pareto",
    "Published",
    "Ranked",
    "Reversed",
    "Uniform",
    "choose_budget",
    "given_bits",
    "named_bits",
    "pareto_front",
]
