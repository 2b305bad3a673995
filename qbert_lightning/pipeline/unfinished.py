"""A training that was stopped: where its state is, and whether it fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from qbert_lightning.callbacks.resume_checkpoint import NOTE
from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.pipeline.checkpoint_io import DurableCheckpointIO
from qbert_lightning.tracking import remove_temporaries
from qbert_lightning.tracking.environment import package_versions

FILE_NAME = "last.ckpt"
_VERSIONS = ("qbert-lightning", "torch", "pytorch-lightning", "transformers")


@dataclass(frozen=True)
class History:
    """What a training has gone through.

    Attributes:
        fingerprint: What decides its bits now; see `fingerprint`.
        resumed_at: Steps at which it was resumed, the present one last.
        differences: What was different before, in words: with any, the result is not
            the uninterrupted one to the bit.
    """

    fingerprint: dict[str, Any]
    resumed_at: list[int] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def to_marker(self) -> dict[str, Any]:
        """For the marker of the finished stage; empty without interruption."""
        if not self.resumed_at:
            return {}
        return {"resumed_at": self.resumed_at, "differences": self.differences}

    def __str__(self) -> str:
        """Where it was resumed, for people."""
        if not self.differences:
            return str(self.resumed_at[-1])
        return f"{self.resumed_at[-1]}, not to the bit: {', '.join(self.differences)}"


class Unfinished:
    """What is left of a stage's training when its process ends too soon.

    Args:
        folder: Beside the stage's place; it is made with the first checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME

    def find(self, world_size: int, say: Callable[[str], None]) -> History:
        """What to go on from, if there is anything.

        A file that is not a whole checkpoint of this stage is removed, and so is what a
        killed process left of one.

        Args:
            world_size: Processes that train now.
            say: Tells the user why a checkpoint is not used.

        Returns:
            The history that goes on now, with a step in ``resumed_at`` if the
            checkpoint is to be used.
        """
        now = fingerprint(self.folder.stem, world_size)
        remove_temporaries(self.path)
        if not self.path.exists():
            return History(now)
        try:
            kept = DurableCheckpointIO().load_checkpoint(self.path)[NOTE]
            then = kept["fingerprint"]
            if then["stage"] != now["stage"]:
                raise QbertError(f"{self.path}: belongs to another stage")
            news = [x for x in differences(then, now) if x not in kept["differences"]]
            return History(
                now,
                [*kept["resumed_at"], kept["step"]],
                [*kept["differences"], *news],
            )
        except (QbertError, KeyError, TypeError) as error:
            say(f"{error}: this stage starts over")
            self.path.unlink(missing_ok=True)
            return History(now)

    def refuse(self, reason: Exception) -> QbertError:
        """Remove a checkpoint that does not fit, such as one of an older version.

        Args:
            reason: What happened when it was loaded.

        Returns:
            What to raise; the next attempt starts the stage over.
        """
        self.path.unlink(missing_ok=True)
        return QbertError(
            f"{self.path}: does not fit this version and is removed: the same command "
            f"starts this stage over ({type(reason).__name__}: {reason})",
            DATA,
        )


def fingerprint(stage: str, world_size: int) -> dict[str, Any]:
    """What decides the bits of a training, beside the key of its stage.

    Args:
        stage: Name of the stage's place, a part of the key's hash.
        world_size: Processes that train.
    """
    versions = package_versions()
    return {
        "stage": stage,
        "threads": torch.get_num_threads(),
        "processes": world_size,
        **{name: versions.get(name, "none") for name in _VERSIONS},
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In words, what a checkpoint was made with that is different now.

    >>> differences({"stage": "a", "threads": 1}, {"stage": "a", "threads": 2})
    ['threads 2 instead of 1']
    """
    return [
        f"{name} {value} instead of {then.get(name)}"
        for name, value in now.items()
        if value != then.get(name)
    ]
