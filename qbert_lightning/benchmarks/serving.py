"""The inside of an `AskedProcess`: read a task, do it, write what came out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from qbert_lightning.tracking.json_values import from_text, to_text

Task = Mapping[str, Any]


def serve(do: Callable[[Task], Mapping[str, Any]]) -> None:
    """Do a task for each line of JSON on standard input, until it ends.

    What libraries print goes to standard error, so that answers stay alone.

    Args:
        do: Task → plain values.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        answers.write(f"{to_text(do(from_text(line)))}\n")
        answers.flush()
