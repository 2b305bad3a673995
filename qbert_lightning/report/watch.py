"""Write the page again and again while runs go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from qbert_lightning.report.collect import RecordCache, Stamp, collect_runs, stamp_of
from qbert_lightning.report.curves import HISTORY
from qbert_lightning.report.jobs import is_under_way
from qbert_lightning.report.page import write_page
from qbert_lightning.report.run import Run

# Between two runs none is running for a moment.
QUIET_LOOKS = 3
State = list[tuple[Run, Stamp | None]]


def watch(
    folders: Sequence[Path],
    page: Path,
    title: str,
    interval_s: float,
    wait: Callable[[float], None] = time.sleep,
) -> list[Run]:
    """Keep the page up to date until no run is running any more.

    The page is written when a record or a history has changed, or when somebody else
    wrote it; records that did not change are not read again. However the watch ends,
    the page that stays does not reload itself.

    Args:
        folders: Folders to search, at any depth.
        page: The file to write.
        title: Heading of the page.
        interval_s: Seconds between two looks.
        wait: Waits for so many seconds.

    Returns:
        The runs as the page that stays shows them.
    """
    cache = RecordCache()
    runs: list[Run] = []
    shown: State | None = None
    written: Stamp | None = None
    quiet = 0
    try:
        while quiet < QUIET_LOOKS:
            runs = collect_runs(folders, cache)
            state = [(run, stamp_of(run.folder / HISTORY)) for run in runs]
            if state != shown or stamp_of(page) != written:
                write_page(runs, page, title, live_s=interval_s)
                shown, written = state, stamp_of(page)
            quiet = 0 if is_under_way(runs) else quiet + 1
            if quiet < QUIET_LOOKS:
                wait(interval_s)
    finally:
        write_page(runs, page, title)
    return runs
