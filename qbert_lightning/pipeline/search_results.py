"""What a search found: its trials and their Pareto front, as JSON and as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from qbert_lightning.search.study import JOURNAL_FILE, Trial

FILE = "search.json"
VERSION = 1


def front_of(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that no other beats in both objectives, by rising size.

    Of several trials of one point the first stands for all.
    """
    best = [one for one in trials if one.is_optimal and one.values]
    points = [one.point for one in best]
    first = [one for place, one in enumerate(best) if one.point not in points[:place]]
    return sorted(first, key=lambda one: (one.values or (0.0, 0.0))[1])


def is_open(folder: Path) -> bool:
    """Whether a sweep's folder holds a search that has not had all of its trials."""
    if not (folder / JOURNAL_FILE).is_file():
        return False
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return len(data["trials"]) < data["n_trials"]
    except (OSError, ValueError, KeyError, TypeError):
        return True  # it was killed before it could report


def write_search(trials: Sequence[Trial], n_trials: int, folder: Path) -> Path:
    """Write ``search.json``: every trial, and the numbers of those on the front.

    Args:
        trials: Those that were begun.
        n_trials: How many there are to be.
        folder: The sweep's.
    """
    data = {
        "version": VERSION,
        "n_trials": n_trials,
        "objectives": ["score", "size_mb"],
        "front": [one.number for one in front_of(trials)],
        "trials": [asdict(one) for one in trials],
    }
    path = folder / FILE
    text = json.dumps(data, indent=1, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def front_table(trials: Sequence[Trial]) -> Table:
    """The Pareto front for a terminal: score, size and what was chosen."""
    front = front_of(trials)
    finished = sum(one.state == "finished" for one in trials)
    table = Table(
        title=f"Pareto front ({len(front)} of {finished} finished trials)",
        title_justify="left",
    )
    for name in ("trial", "score", "MB"):
        table.add_column(name, justify="right", no_wrap=True)
    keys = list(dict.fromkeys(key for one in front for key in one.point))
    for key in keys:
        table.add_column(_short(key, keys), justify="right")
    for one in front:
        assert one.values is not None  # the front is made of finished trials
        score, size = one.values
        chosen = [one.point.get(key, "") for key in keys]
        cells = [str(one.number), f"{score:.4f}", f"{size:.3f}", *chosen]
        table.add_row(*map(Text, cells))
    return table


def _short(key: str, keys: Sequence[str]) -> str:
    """The end of a key that tells it from the others.

    >>> _short("allocator.bits.0", ["allocator.bits.0", "quant.groups"])
    'bits.0'
    >>> _short("quant.groups", ["allocator.bits.0", "quant.groups"])
    'groups'
    """
    parts = key.split(".")
    first = 1 if parts[-1].isdecimal() else 0
    for count in range(1 + first, len(parts)):
        end = ".".join(parts[-count:])
        if sum(other.endswith(f".{end}") for other in keys) == 1:
            return end
    return key
