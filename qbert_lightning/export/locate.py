"""Which folder of a run holds its model, and of what kind it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.companions import PLAN_FILE
from qbert_lightning.export.encoding import CODES_SUFFIX
from qbert_lightning.export.header import read_header
from qbert_lightning.export.strict_json import strict_json

RUN_FILE = "run.json"
# The stages of a run that leave a model, the one to ship first.
STAGES = ("export", "deploy", "quantize", "finetune")


def model_folder(folder: Path, file: str = MODEL_FILE) -> Path:
    """The folder itself if it holds a model, else that of the run it belongs to.

    A run names the folders of its stages; if its outputs were moved as a whole, they
    are found beside it.

    Args:
        folder: Of a model, or of a run.
        file: What the folder of a model holds.

    Raises:
        QbertError: If there is no model (code 4).
    """
    if (folder / file).is_file():
        return folder
    if (folder / RUN_FILE).is_file():
        run = strict_json((folder / RUN_FILE).read_bytes(), str(folder / RUN_FILE))
        for stage in _stages(run):
            for place in (stage, *_moved(folder, stage)):
                if (place / file).is_file():
                    return place
    raise QbertError(
        f"{folder}: no model: accepted a folder with {file}, a run's folder, or "
        "owner/name on the hub",
        DATA,
    )


def holds_plan(folder: Path) -> bool:
    """Whether a model's folder says how the model is quantized."""
    return (folder / PLAN_FILE).is_file()


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
