"""What to do with a job that ran out of memory: the same steps in smaller pieces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

BATCH = "task.data.batch_size"
ACCUMULATION = "trainer.accumulate_grad_batches"
KILLS = Path("/proc/vmstat")
_WORDS = (
    "memoryerror",
    "outofmemoryerror",
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
)


def is_out_of_memory(error: str | None) -> bool:
    """Whether the one line of a failed job says that memory was short.

    >>> is_out_of_memory("RuntimeError: DefaultCPUAllocator: can't allocate memory")
    True
    """
    return any(word in (error or "").lower() for word in _WORDS)


def kills_for_memory() -> int:
    """Processes that this system has killed for lack of memory since it started."""
    if KILLS.is_file():
        for line in KILLS.read_text(encoding="ascii").splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0


def halved(config: Mapping[str, Any]) -> list[str] | None:
    """Overrides that halve the batch and keep the examples of each optimizer step.

    Args:
        config: The job's configuration.

    Returns:
        None for a batch that cannot be halved.
    """
    batch = config["task"]["data"].get("batch_size")
    if not isinstance(batch, int) or batch < 2 or batch % 2:
        return None
    accumulated = config["trainer"].get("accumulate_grad_batches") or 1
    return [f"{BATCH}={batch // 2}", f"++{ACCUMULATION}={2 * accumulated}"]
