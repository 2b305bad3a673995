"""What torch allocates on the CPU, to the byte."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from torch.profiler import ProfilerActivity, profile


def allocated_at_most(work: Callable[[], object]) -> int:
    """Most bytes that tensors take while ``work`` runs, beyond those before it.

    Resident memory would tell too what the C library keeps of tensors that are gone,
    which is hundreds of MiB more or less after the same work.
    """
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # no lines of its own
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    with TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        seen.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    changes = [event for event in events if event["name"] == "[memory]"]
    changes.sort(key=lambda event: event["ts"])
    return max(accumulate((each["args"]["Bytes"] for each in changes), initial=0))
