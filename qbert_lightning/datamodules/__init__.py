"""The data of the tasks."""

from __future__ import annotations

from qbert_lightning.datamodules.base import Batch, DataSettings, TaskDataModule
from qbert_lightning.datamodules.bucketing import BucketBatchSampler
from qbert_lightning.datamodules.conll import ConllDataModule
from qbert_lightning.datamodules.encoding import Encoded, Encoding, Feature
from qbert_lightning.datamodules.glue import GlueDataModule
from qbert_lightning.datamodules.rows import (
    QuestionRow,
    Row,
    SentenceRow,
    Split,
    TaggedRow,
    TaskSplits,
)
from qbert_lightning.datamodules.sentence_encoding import SentenceEncoding
from qbert_lightning.datamodules.span_encoding import SpanEncoded, SpanEncoding, Window
from qbert_lightning.datamodules.squad import SquadDataModule
from qbert_lightning.datamodules.synthetic import SyntheticDataModule
from qbert_lightning.datamodules.tag_encoding import TagEncoding

__all__ = [
    "Batch",
    "BucketBatchSampler",
    "ConllDataModule",
    "DataSettings",
    "Encoded",
    "Encoding",
    "Feature",
    "GlueDataModule",
    "QuestionRow",
    "Row",
    "SentenceEncoding",
    "SentenceRow",
    "SpanEncoded",
    "SpanEncoding",
    "Split",
    "SquadDataModule",
    "SyntheticDataModule",
    "TagEncoding",
    "TaggedRow",
    "TaskDataModule",
    "TaskSplits",
    "Window",
]
