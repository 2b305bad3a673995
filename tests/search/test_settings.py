from __future__ import annotations

from importlib.machinery import ModuleSpec

import pytest

from qbert_lightning.errors import ENVIRONMENT, QbertError
from qbert_lightning.search import SearchSettings, settings

GOOD: dict[str, object] = {
    "n_trials": 9,
    "trials_at_once": 2,
    "sampler": "nsga2",
    "seed": 1,
    "directions": {"size_mb": "minimize", "score": "maximize"},
    "warm_start": True,
    "sensitivity_table": None,
    "params": {},
}


def test_settings_are_read() -> None:
    read = SearchSettings.from_settings(GOOD, "k")
    assert read == SearchSettings(9, 2, "nsga2", 1, ("maximize", "minimize"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("n_trials", 0, r"k\.n_trials=0: accepted 1\.\."),
        ("n_trials", True, "n_trials=True"),
        ("n_trials", None, "n_trials=None"),
        ("trials_at_once", "2", "trials_at_once=2"),
        ("sampler", "cma", "sampler=cma: accepted tpe, nsga2, random"),
        ("sampler", ["tpe"], "accepted tpe"),
        ("seed", -1, "seed=-1"),
        ("directions", {"score": "maximize"}, "accepted both score and size_mb"),
        ("directions", {"score": "up", "size_mb": "minimize"}, r"score=up: accepted"),
        ("warm_start", 1, "warm_start=1: accepted true, false"),
        ("sensitivity_table", 3, "sensitivity_table=3: accepted a file"),
    ],
)
def test_other_values_are_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(QbertError, match=said) as caught:
        SearchSettings.from_settings(GOOD | {name: value}, "k")
    assert caught.value.code == 2


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> ModuleSpec | None:
        assert name == "optuna"
        return None

    monkeypatch.setattr(settings, "find_spec", find)
    with pytest.raises(QbertError, match=r"qbert-lightning\[search\]") as caught:
        SearchSettings.from_settings(GOOD, "k")
    assert caught.value.code == ENVIRONMENT
