"""What a shipped model tells about its task, so that it answers as it was scored."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from qbert_lightning.errors import DATA, QbertError

TASK_FILE = "task.json"
VERSION = 1
CARD_HEADS = ("sequence_classification", "token_classification", "question_answering")


@dataclass(frozen=True)
class TaskCard:
    """How text became the inputs that a model was trained and scored on.

    Label names are not here: ``config.json`` has them as ``id2label``.

    Attributes:
        head: the model's task head, one of `CARD_HEADS`.
        max_length: most tokens of an input, special tokens included.
        pairs: whether an input is two sentences (sequence classification only);
            None if nobody wrote it down.
        doc_stride: tokens that neighbouring windows of a passage share.
        n_best: starts and ends of an answer considered in a window.
        max_answer_length: most tokens of an answer.

    Raises:
        QbertError: (code 4) a value that no task has.
    """

    head: str
    max_length: int
    pairs: bool | None = None
    doc_stride: int = 128
    n_best: int = 20
    max_answer_length: int = 30

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        accepted = {
            "head": self.head in CARD_HEADS,
            "max_length": _is_count(self.max_length, 8),
            "pairs": self.pairs is None or isinstance(self.pairs, bool),
            "doc_stride": _is_count(self.doc_stride, 0),
            "n_best": _is_count(self.n_best, 1),
            "max_answer_length": _is_count(self.max_answer_length, 1),
        }
        for name, is_accepted in accepted.items():
            if not is_accepted:
                raise QbertError(
                    f"{name}={str(getattr(self, name))[:40]}: accepted one of "
                    f"{', '.join(CARD_HEADS)} as head, true, false or null for pairs, "
                    "else a count",
                    DATA,
                )

    def to_json(self) -> str:
        """The card as `from_json` reads it."""
        content = {"version": VERSION, **asdict(self)}
        return json.dumps(content, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> TaskCard:
        """The card that `to_json` wrote.

        Raises:
            QbertError: (code 4) the text is none, or of a later version.
        """
        try:
            content: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise QbertError(f"no JSON: {error}", DATA) from error
        known = {"version", *(field.name for field in fields(cls))}
        needed = {"version", "head", "max_length"}
        if not isinstance(content, dict) or not needed <= content.keys() <= known:
            raise QbertError(f"accepted an object of {', '.join(sorted(known))}", DATA)
        version = content.pop("version")
        if version != VERSION:
            raise QbertError(f"version={str(version)[:40]}: accepted {VERSION}", DATA)
        return cls(**content)

    def write(self, folder: Path) -> None:
        """Write ``task.json`` into an existing folder."""
        (folder / TASK_FILE).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> TaskCard | None:
        """The card of a folder, or None: models shipped before it have none.

        Raises:
            QbertError: (code 4) naming the file, if it is broken.
        """
        file = folder / TASK_FILE
        if not file.exists():
            return None
        try:
            return cls.from_json(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise QbertError(f"{file}: {error}", DATA) from error


def _is_count(value: object, least: int) -> bool:
    return type(value) is int and value >= least
