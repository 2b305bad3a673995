"""Finding a data set's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qbert_lightning.errors import QbertError


def find_folder(folder: str, inside: Sequence[str], file: str) -> Path:
    """The folder of a data set: the one given or one of its usual places in it.

    Args:
        folder: given by the user.
        inside: usual places below it, e.g. ``["glue/SST-2", "SST-2"]``.
        file: a file that the folder must have.

    Raises:
        QbertError: (code 4) naming the places looked at.
    """
    given = Path(folder).expanduser()
    if not given.is_dir():
        raise QbertError(
            f"task.data.folder={folder}: no such folder: accepted a folder with {file} "
            "(or null to use the hub; the default is paths.data_dir)",
            code=4,
        )
    places = [given / place for place in inside]
    for place in (*places, given):
        if (place / file).is_file():
            return place
    existing = [place for place in places if place.is_dir()]
    if existing:
        present = ", ".join(sorted(path.name for path in existing[0].iterdir()))
        raise QbertError(
            f"{existing[0]}: no {file}: the folder has {present[:120]} "
            "(task.data.train_file names another file)",
            code=4,
        )
    raise QbertError(
        f"task.data.folder={folder}: no {file}: accepted it there or in "
        f"{' or '.join(inside)}",
        code=4,
    )
