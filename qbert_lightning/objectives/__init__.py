"""What training minimises."""

from qbert_lightning.objectives.base import Batch, Objective
from qbert_lightning.objectives.task import TaskObjective

__all__ = ["Batch", "Objective", "TaskObjective"]
