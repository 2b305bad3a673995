"""`sweep.json`: what a sweep was asked for, and which jobs it has."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.tracking.durable import write_text
from qbert_lightning.tracking.json_values import from_text, to_text
from qbert_lightning.tracking.sweep_folder import SWEEP_FILE

VERSION = 1


@dataclass
class SweepRecord:
    """One sweep: enough to run the same command again.

    Attributes:
        verb: The verb of the command.
        overrides: Its arguments, as typed.
        config_dir: The user's own folder of configuration groups, if there was one.
        digest: Equal for equal commands; see `command_digest`.
        started: When, in UTC, ISO 8601.
        jobs: Job number → its overrides, as far as the launcher has told.
    """

    verb: str
    overrides: list[str]
    config_dir: str | None
    digest: str
    started: str = field(default_factory=lambda: _now())
    jobs: dict[str, list[str]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write `sweep.json` in `folder`, all or nothing."""
        values = {"version": VERSION, **asdict(self)}
        write_text(folder / SWEEP_FILE, to_text(values, indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The record in `folder`.

        Raises:
            QbertError: (code 4) if there is none that can be read.
        """
        path = folder / SWEEP_FILE
        try:
            values = from_text(path.read_text(encoding="utf-8"))
            if values.pop("version") != VERSION:
                raise ValueError(f"accepted version {VERSION}")
            return cls(**{item.name: values[item.name] for item in fields(cls)})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise QbertError(f"{path}: cannot be read: {error}", DATA) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
