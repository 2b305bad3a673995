"""Runs without a result, beside the settings that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qbert_lightning.report.aggregate import Setting, configuration
from qbert_lightning.report.run import FINISHED, UNREADABLE, WHOLE, Run


def with_unfinished(settings: Sequence[Setting], runs: Iterable[Run]) -> list[Setting]:
    """The settings with their running, waiting, skipped and failed runs.

    Args:
        settings: What `aggregate` made of the finished runs.
        runs: Runs of any status.

    Returns:
        The settings, then those of which no run has finished.
    """
    groups: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        if run.kind == WHOLE and run.status not in (FINISHED, UNREADABLE):
            groups.setdefault(configuration(run), []).append(run)
    known = [
        replace(setting, unfinished=tuple(groups.pop(configuration(setting.first), ())))
        for setting in settings
    ]
    return known + [Setting((), tuple(group)) for group in groups.values()]
