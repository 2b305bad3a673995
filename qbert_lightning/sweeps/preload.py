"""Imports what jobs need, once, for all processes forked from this one."""

from __future__ import annotations

import gc
import importlib
import sys

# Also what libraries import when first used, which every job would do again.
MODULES = (
    "qbert_lightning.pipeline.run",
    "datasets",
    "torch._dynamo",
    "torch.utils.data",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
)
_imported_here = False


def can_fork() -> bool:
    """Whether this process has imported, but surely not computed.

    Where somebody else imported torch, it may have computed with threads that a forked
    process would wait for in vain.
    """
    return sys.platform.startswith("linux") and (
        _imported_here or "torch" not in sys.modules
    )


def preload() -> None:
    """Import it all; compute nothing."""
    global _imported_here
    if not can_fork():
        return
    for name in MODULES:
        importlib.import_module(name)
    _imported_here = True
    gc.freeze()  # the collector of a forked process would write to every shared page
