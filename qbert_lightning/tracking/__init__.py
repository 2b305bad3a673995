"""The record of a run: files that are the truth, and W&B fed with the same keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qbert_lightning.tracking.durable import (
    remove_temporaries,
    replacing,
    sync_folder,
    write_bytes,
    write_text,
)
from qbert_lightning.tracking.environment import environment
from qbert_lightning.tracking.journal import Journal
from qbert_lightning.tracking.json_values import decode, encode, from_text, to_text
from qbert_lightning.tracking.metrics_file import MetricsFile, read_metrics
from qbert_lightning.tracking.run_record import RunRecord
from qbert_lightning.tracking.sweep_folder import sweep_of
from qbert_lightning.tracking.wandb import (
    WandbRun,
    is_helper_process,
    open_wandb,
)
from qbert_lightning.tracking.wandb_settings import WandbSettings

if TYPE_CHECKING:
    from qbert_lightning.tracking.metrics_log import MetricsLog, Tracker

__all__ = [
    "Journal",
    "MetricsFile",
    "MetricsLog",
    "RunRecord",
    "Tracker",
    "WandbRun",
    "WandbSettings",
    "decode",
    "encode",
    "environment",
    "from_text",
    "is_helper_process",
    "open_wandb",
    "read_metrics",
    "remove_temporaries",
    "replacing",
    "sweep_of",
    "sync_folder",
    "to_text",
    "write_bytes",
    "write_text",
]


def __getattr__(name: str) -> Any:
    # The logger's base class takes seconds to import; records are read without it.
    if name in {"MetricsLog", "Tracker"}:
        from qbert_lightning.tracking import metrics_log

        return getattr(metrics_log, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
