"""Parts of a configuration that do not change what is computed."""

from __future__ import annotations

# Where things are written, who is told, and how often a training's state is saved.
INCIDENTAL = frozenset({"logger", "paths", "resume"})
# Of a task's data: where the same rows lie, and how many processes read them.
INCIDENTAL_OF_DATA = frozenset({"folder", "num_workers"})
