"""Which folders of a run may hold its model, and whether one is packed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.encoding import CODES_SUFFIX
from qbert_lightning.export.header import read_header
from qbert_lightning.export.strict_json import strict_json

RUN_FILE = "run.json"
# The stages of a run that leave a model, the one to ship first.
STAGES = ("export", "deploy", "quantize", "finetune")


def model_folders(folder: Path) -> list[Path]:
    """Folders where the model may be that a folder stands for, the likeliest first.

    A run names the folders of its stages; if its outputs were moved as a whole, they
    are found beside it.

    Args:
        folder: Of a model, or of a run.

    Raises:
        QbertError: If the record of a run is broken (code 4).
    """
    if not (folder / RUN_FILE).is_file():
        return [folder]
    run = strict_json((folder / RUN_FILE).read_bytes(), str(folder / RUN_FILE))
    stages = _stages(run)
    return [folder, *(p for stage in stages for p in (stage, *_moved(folder, stage)))]


def holds_codes(folder: Path) -> bool:
    """Whether a model's weights are packed; looks at the file's header only.

    Raises:
        QbertError: If the header is broken (code 4).
    """
    path = folder / MODEL_FILE
    with path.open("rb") as file:
        header = read_header(file, path.stat().st_size, str(path))
    return any(name.endswith(CODES_SUFFIX) for name in header.entries)


def _stages(run: Any) -> list[Path]:
    """Folders of the stages that leave a model."""
    stages = run.get("stages") if isinstance(run, dict) else None
    found = stages if isinstance(stages, dict) else {}
    entries = [found[name] for name in STAGES if isinstance(found.get(name), dict)]
    return [Path(str(entry["folder"])) for entry in entries if "folder" in entry]


def _moved(folder: Path, stage: Path) -> list[Path]:
    """Where a stage would be if the outputs were moved together with the run."""
    inside = Path("stages", *stage.parts[-2:])
    return [parent / inside for parent in folder.resolve().parents]
