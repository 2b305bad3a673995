"""A study that outlives its process: every choice and result is on disk at once."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.errors import QbertError
from qbert_lightning.search.settings import SAMPLERS, SearchSettings
from qbert_lightning.search.space import Point, SearchSpace

if TYPE_CHECKING:
    from optuna.storages.journal import JournalFileOpenLock
    from optuna.trial import FrozenTrial

JOURNAL_FILE = "study.journal"
NAME = "search"
SPACE, POINT, WARM = "space", "point", "warm"


@dataclass(frozen=True)
class Trial:
    """One point of the search.

    Attributes:
        number: From 0; also the number of its job.
        point: What it tries.
        state: `finished`, `failed` or `running`.
        values: Score and size in MB, once finished.
        is_optimal: Whether no other trial beats it in both.
        is_warm: Whether it is one of the first points, known to be sensible.
    """

    number: int
    point: Point
    state: str
    values: tuple[float, float] | None = None
    is_optimal: bool = False
    is_warm: bool = False


class Study:
    """Optuna's study of two objectives, kept in a sweep's folder.

    Args:
        folder: The sweep's; holds ``study.journal``.
        space: What is searched.
        settings: How.

    Raises:
        QbertError: (code 2) If the folder holds a study of another space.
    """

    def __init__(
        self, folder: Path, space: SearchSpace, settings: SearchSettings
    ) -> None:
        import optuna

        self.space = space
        path = folder / JOURNAL_FILE
        _mend(path)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        backend = optuna.storages.journal.JournalFileBackend(
            str(path), lock_obj=_alone()
        )
        name, arguments = SAMPLERS[settings.sampler]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study = optuna.create_study(
                study_name=NAME,
                storage=optuna.storages.JournalStorage(backend),
                directions=[
                    optuna.study.StudyDirection[one.upper()]
                    for one in settings.directions
                ],
                load_if_exists=True,
            )
            # A search that goes on must not draw its first numbers again.
            seed = (settings.seed + len(self._study.trials)) % 2**32
            sampler = getattr(optuna.samplers, name)
            self._study.sampler = sampler(seed=seed, **arguments)
        self._check_same(path, settings)

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was tried or planned yet."""
        return not self._study.trials

    def plan(self, points: Sequence[Point]) -> None:
        """Try these points first."""
        for point in points:
            self._study.enqueue_trial(
                self.space.parameters(point),
                user_attrs={WARM: True},
                skip_if_exists=True,
            )

    def interrupted(self) -> list[Trial]:
        """Trials that a process which is gone had begun, under their own numbers."""
        return [self._begun(one) for one in self._in_state("RUNNING")]

    def ask(self) -> Trial:
        """Choose the next point, and note it as begun."""
        trial = self._study.ask()
        return self._begun(self._study.trials[trial.number])

    def tell(self, trial: Trial, values: tuple[float, float] | None) -> None:
        """Note how a trial ended; without values it failed."""
        import optuna

        failed = optuna.trial.TrialState.FAIL
        self._study.tell(trial.number, values, state=None if values else failed)

    def num_begun(self) -> int:
        """How many trials were begun, however they ended."""
        return len(self._study.trials) - len(self._in_state("WAITING"))

    def trials(self) -> list[Trial]:
        """All trials that were begun."""
        best = {one.number for one in self._study.best_trials}
        return [
            Trial(
                number=one.number,
                point=dict(one.user_attrs.get(POINT, {})),
                state=_STATES[one.state.name],
                values=(one.values[0], one.values[1]) if one.values else None,
                is_optimal=one.number in best,
                is_warm=bool(one.user_attrs.get(WARM)),
            )
            for one in self._study.trials
            if one.state.name in _STATES
        ]

    def _begun(self, frozen: FrozenTrial) -> Trial:
        """A running trial whose point is wholly chosen, now if it was not before."""
        import optuna

        trial = optuna.trial.Trial(self._study, frozen._trial_id)
        point = self.space.choose(trial)
        if frozen.user_attrs.get(POINT) != point:
            trial.set_user_attr(POINT, point)
        return Trial(frozen.number, point, "running")

    def _in_state(self, name: str) -> list[FrozenTrial]:
        return [one for one in self._study.trials if one.state.name == name]

    def _check_same(self, path: Path, settings: SearchSettings) -> None:
        asked = {
            "keys": self.space.describe(),
            "fixed": list(self.space.fixed),
            "directions": list(settings.directions),
        }
        known = self._study.user_attrs.get(SPACE)
        if known is None:
            self._study.set_user_attr(SPACE, asked)
        elif known != asked:
            name = next(name for name in asked if known.get(name) != asked[name])
            raise QbertError(
                f"{path}: a search with other {name}: accepted the same command as "
                "before, or another hydra.sweep.dir"
            )


_STATES = {"COMPLETE": "finished", "FAIL": "failed", "RUNNING": "running"}


def _mend(path: Path) -> None:
    """Cut off a last line that a killed process did not finish."""
    if not path.is_file():
        return
    whole = path.read_bytes().rpartition(b"\n")
    length = len(whole[0]) + len(whole[1])
    if whole[2]:
        os.truncate(path, length)


def _alone() -> JournalFileOpenLock:
    """Optuna's lock for a file in a folder that the sweep's process holds already.

    Its own lock is a file that a killed process leaves behind.
    """
    from optuna.storages.journal import JournalFileOpenLock

    class _Alone(JournalFileOpenLock):
        def acquire(self) -> bool:
            return True

        def release(self) -> None:
            return

    return _Alone("")
