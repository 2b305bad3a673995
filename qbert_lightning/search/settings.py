"""How to search: how long, how, and for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Self

from qbert_lightning.errors import ENVIRONMENT, QbertError

DIRECTIONS = ("maximize", "minimize")
OBJECTIVES = ("score", "size_mb")
# Name in the configuration → Optuna's class and its further arguments.
SAMPLERS: dict[str, tuple[str, dict[str, bool]]] = {
    "tpe": ("TPESampler", {"multivariate": True, "constant_liar": True}),
    "nsga2": ("NSGAIISampler", {}),
    "random": ("RandomSampler", {}),
}
MAX_TRIALS = 10_000


@dataclass(frozen=True)
class SearchSettings:
    """What the configuration says about a search.

    Attributes:
        n_trials: Trials in all, those of an interrupted search included.
        trials_at_once: Trials that are chosen, and launched, together.
        sampler: One of `SAMPLERS`.
        seed: Of the sampler.
        directions: Objective → `maximize` or `minimize`.
        warm_start: Whether the first trials are plans known to be sensible.
        sensitivity_table: A ``sensitivity.json`` or ``run.json`` to start from; None
            takes the newest one of an earlier run of this task and model.
    """

    n_trials: int = 50
    trials_at_once: int = 1
    sampler: str = "tpe"
    seed: int = 0
    directions: tuple[str, str] = ("maximize", "minimize")
    warm_start: bool = True
    sensitivity_table: str | None = None

    @classmethod
    def from_settings(cls, settings: Mapping[str, object], key: str) -> Self:
        """The settings of a configuration.

        Args:
            settings: By name, others ignored.
            key: Their address, for messages.

        Raises:
            QbertError: (code 2) for a value that is not accepted; (code 3) without
                Optuna.
        """
        _require_optuna()
        sampler = settings.get("sampler")
        if not isinstance(sampler, str) or sampler not in SAMPLERS:
            raise QbertError(f"{key}.sampler={sampler}: accepted {', '.join(SAMPLERS)}")
        warm_start = settings.get("warm_start")
        if not isinstance(warm_start, bool):
            raise QbertError(f"{key}.warm_start={warm_start}: accepted true, false")
        table = settings.get("sensitivity_table")
        if table is not None and not isinstance(table, str):
            raise QbertError(f"{key}.sensitivity_table={table}: accepted a file, null")
        return cls(
            n_trials=_whole(settings, "n_trials", key, 1, MAX_TRIALS),
            trials_at_once=_whole(settings, "trials_at_once", key, 1, MAX_TRIALS),
            sampler=sampler,
            seed=_whole(settings, "seed", key, 0, 2**32 - 1),
            directions=_directions(settings.get("directions"), f"{key}.directions"),
            warm_start=warm_start,
            sensitivity_table=table,
        )


def _require_optuna() -> None:
    if find_spec("optuna") is None:
        raise QbertError(
            "hydra/sweeper=optuna: Optuna is not installed: "
            "pip install qbert-lightning[search]",
            ENVIRONMENT,
        )


def _whole(
    settings: Mapping[str, object], name: str, key: str, low: int, high: int
) -> int:
    value = settings.get(name)
    if type(value) is not int or not low <= value <= high:
        raise QbertError(f"{key}.{name}={value}: accepted {low}..{high} (int)")
    return value


def _directions(value: object, key: str) -> tuple[str, str]:
    named = dict(value) if isinstance(value, Mapping) else {}
    if set(named) != set(OBJECTIVES):
        raise QbertError(f"{key}={value}: accepted both {' and '.join(OBJECTIVES)}")
    for name, direction in named.items():
        if direction not in DIRECTIONS:
            raise QbertError(f"{key}.{name}={direction}: accepted maximize, minimize")
    return named["score"], named["size_mb"]
