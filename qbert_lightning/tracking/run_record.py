"""`run.json`: the record of one run, and the only source of what is compared."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.tracking.durable import write_text
from qbert_lightning.tracking.json_values import from_text, to_text

VERSION = 1
TERMINATED = 143
# Fields that the first records of this version do not have.
LATER_FIELDS = frozenset({"config_dir", "retries"})
FILE_NAME = "run.json"
ERROR_FILE_NAME = "error.txt"
RUNNING, FINISHED, FAILED = "running", "finished", "failed"


@dataclass
class RunRecord:
    """Everything to know about one run, filled in while it goes on.

    Attributes:
        name: Readable name, for tables and dashboards.
        task: Name of the task.
        method: Name of the method.
        kind: What was run; `run` for the whole loop.
        status: `running`, `finished` or `failed`.
        fingerprint: Digest of all that decides the result.
        started: When, in UTC, ISO 8601.
        duration_s: Seconds it took.
        seed: Seed of all random numbers.
        config: The resolved configuration.
        overrides: What was asked for on the command line.
        config_dir: The user's own folder of configuration groups, if there was one.
        retries: Why the run was begun again with other values, a line each.
        metrics: Last value of each quantity, under the keys it was logged with.
        primary_metric: The key in `metrics` that the run is judged by.
        splits: Split → words saying which rows it has.
        bits: Block → bits of its weights.
        sensitivity: The sensitivity table as an object, if there was an analysis.
        stages: Stage → its `folder`, `key`, `reused` and `seconds`.
        environment: See `tracking.environment`.
        data: `fingerprint`, `rows` and `source` of the data.
        error: What went wrong, one line.
    """

    name: str
    task: str = ""
    method: str = ""
    kind: str = "run"
    status: str = RUNNING
    fingerprint: str = ""
    started: str = field(default_factory=lambda: _now())
    duration_s: float = 0.0
    seed: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    config_dir: str | None = None
    retries: list[str] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    primary_metric: str = ""
    splits: dict[str, str] = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=dict)
    sensitivity: dict[str, Any] | None = None
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def to_json(self) -> str:
        """The record as JSON text, with the version of its schema."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return to_text({"version": VERSION, **values}, indent=1)

    @classmethod
    def from_json(cls, text: str, source: str = FILE_NAME) -> Self:
        """The record that `to_json` wrote.

        Args:
            text: JSON text.
            source: Where it is from, for the error.

        Raises:
            QbertError: If it is not a record of this version.
        """
        try:
            values = from_text(text)
        except ValueError as error:
            raise QbertError(f"{source}: expected JSON: {error}", DATA) from error
        if not isinstance(values, dict):
            raise QbertError(f"{source}: expected a JSON object", DATA)
        if (version := values.pop("version", None)) != VERSION:
            raise QbertError(f"{source}: version={version}: accepted {VERSION}", DATA)
        known = {item.name for item in fields(cls)}
        if missing := sorted(known - LATER_FIELDS - values.keys()):
            raise QbertError(f"{source}: missing key {missing[0]!r}", DATA)
        return cls(**{name: values[name] for name in known & values.keys()})

    def write(self, folder: Path) -> Path:
        """Write `run.json` in `folder`, all or nothing, and return its path."""
        path = folder / FILE_NAME
        write_text(path, self.to_json() + "\n")
        return path

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The record in `folder`.

        Raises:
            QbertError: If there is none, or not of this version.
        """
        path = folder / FILE_NAME
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise QbertError(f"{path}: cannot be read: {error}", DATA) from error
        return cls.from_json(text, source=str(path))

    @contextmanager
    def recording(self, folder: Path) -> Iterator[Self]:
        """Time the body, and write the record when it begins and however it ends.

        Args:
            folder: Where `run.json` goes; after a failure also `error.txt`, with the
                traceback.
        """
        self.started = _now()
        begin = time.perf_counter()
        self.write(folder)
        (folder / ERROR_FILE_NAME).unlink(missing_ok=True)  # of an earlier attempt
        try:
            yield self
        except BaseException as error:
            self.status = FAILED
            self.error = _one_line(error)
            write_text(folder / ERROR_FILE_NAME, traceback.format_exc())
            raise
        else:
            self.status = FINISHED
            self.error = None
        finally:
            self.duration_s = time.perf_counter() - begin
            self.write(folder)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, QbertError):
        return text
    if isinstance(error, KeyboardInterrupt):
        return "interrupted (SIGINT)"
    if isinstance(error, SystemExit) and error.code == TERMINATED:
        return "terminated (SIGTERM)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
