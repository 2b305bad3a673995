"""Lightning modules of the tasks."""

from __future__ import annotations

from qbert_lightning.modules.base import TaskModule
from qbert_lightning.modules.entity_f1 import EntityF1
from qbert_lightning.modules.linear_warmup import LinearWarmup
from qbert_lightning.modules.mean_loss import mean_loss, num_terms
from qbert_lightning.modules.parameter_groups import parameter_groups
from qbert_lightning.modules.question_answering import QuestionAnswering
from qbert_lightning.modules.sequence_classification import SequenceClassification
from qbert_lightning.modules.span_score import SpanScore
from qbert_lightning.modules.token_classification import TokenClassification

__all__ = [
    "EntityF1",
    "LinearWarmup",
    "QuestionAnswering",
    "SequenceClassification",
    "SpanScore",
    "TaskModule",
    "TokenClassification",
    "mean_loss",
    "num_terms",
    "parameter_groups",
]
