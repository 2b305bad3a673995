"""Notices a job that runs too long, or not at all."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from qbert_lightning.pipeline.schema import Launcher


@dataclass
class Watch:
    """What is known of a running job's progress.

    Attributes:
        settings: Says how long is too long.
        began: When the job began, by the monotonic clock.
        moved: When its main thread was last seen to have computed.
        ticks: How much it had computed then.
    """

    settings: Launcher
    began: float = field(default_factory=time.monotonic)
    moved: float = field(default_factory=time.monotonic)
    ticks: int | None = None

    def complaint(self, ticks: int | None) -> str | None:
        """Why the job should be ended, if it should.

        Args:
            ticks: Clock ticks its main thread has computed so far; None if unknown.
        """
        now = time.monotonic()
        if ticks is None or ticks != self.ticks:
            self.ticks, self.moved = ticks, now
        limit, idle = self.settings.timeout_minutes, self.settings.idle_minutes
        if limit is not None and now - self.began > 60 * limit:
            return f"ran longer than hydra.launcher.timeout_minutes={limit:g}"
        if idle is not None and now - self.moved > 60 * idle:
            return f"did nothing for hydra.launcher.idle_minutes={idle:g}"
        return None
