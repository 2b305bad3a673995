from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.search import SAMPLERS, SearchSettings, SearchSpace
from qbert_lightning.search.space import Values
from qbert_lightning.search.study import JOURNAL_FILE, Study

SPACE = SearchSpace({"a": Values(("1", "2", "3", "4")), "b": Values(("x", "y"))})
SETTINGS = SearchSettings()


def study(folder: Path, **changes: object) -> Study:
    return Study(folder, SPACE, SearchSettings(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_planned_points_come_first_and_the_front_is_the_best(
    tmp_path: Path, sampler: str
) -> None:
    ours = study(tmp_path, sampler=sampler)
    assert ours.is_fresh
    ours.plan([{"a": "4"}, {"a": "2", "b": "y"}])
    for number in range(8):
        trial = ours.ask()
        assert trial.number == number
        ours.tell(trial, (float(trial.point["a"]), 2 * float(trial.point["a"])))
    trials = ours.trials()
    assert [one.point["a"] for one in trials[:2]] == ["4", "2"]
    assert [one.is_warm for one in trials[:3]] == [True, True, False]
    assert all(one.is_optimal for one in trials)  # larger is better and dearer
    assert ours.num_begun() == 8


def test_what_another_trial_beats_is_not_on_the_front(tmp_path: Path) -> None:
    ours = study(tmp_path)
    for values in ((0.9, 5.0), (0.8, 6.0), (0.7, 1.0)):
        ours.tell(ours.ask(), values)
    assert [one.is_optimal for one in ours.trials()] == [True, False, True]


def test_an_interrupted_trial_keeps_number_and_point(tmp_path: Path) -> None:
    first = study(tmp_path)
    first.plan([{"a": "3", "b": "x"}, {"a": "1", "b": "y"}])
    first.tell(first.ask(), (1.0, 1.0))
    begun = [first.ask(), first.ask()]
    again = study(tmp_path)
    assert not again.is_fresh
    assert again.interrupted() == begun
    again.tell(begun[0], (0.5, 2.0))
    again.tell(begun[1], None)
    assert [one.state for one in study(tmp_path).trials()] == [
        *("finished", "finished", "failed"),
    ]
    assert study(tmp_path).interrupted() == []


def test_a_search_that_goes_on_draws_other_numbers(tmp_path: Path) -> None:
    """With the same seed again, each process would try the same points."""
    space = SearchSpace({"a": Values(tuple(map(str, range(1000))))})
    chosen = []
    for _ in range(4):
        ours = Study(tmp_path, space, SearchSettings(sampler="random"))
        trial = ours.ask()
        chosen.append(trial.point["a"])
        ours.tell(trial, (1.0, 1.0))
    assert len(set(chosen)) == 4


KILLED = """
import os, sys
from pathlib import Path
from tests.search.test_study import study
ours = study(Path(sys.argv[1]))
ours.tell(ours.ask(), (1.0, 1.0))
ours.ask()
with open(Path(sys.argv[1]) / "study.journal", "ab") as file:
    file.write(b'{"op_code": 6, "trial_')
os.kill(os.getpid(), 9)
"""


def test_a_killed_process_leaves_a_study_that_goes_on(tmp_path: Path) -> None:
    """Also when it died in the middle of a line."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=120
    )
    assert ended.returncode == -9
    ours = study(tmp_path)
    (begun,) = ours.interrupted()
    assert begun.number == 1
    ours.tell(begun, (2.0, 2.0))
    ours.tell(ours.ask(), (3.0, 3.0))
    values = [one.values for one in study(tmp_path).trials()]
    assert values == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]


@pytest.mark.parametrize(
    ("space", "settings", "said"),
    [
        (SearchSpace({"a": Values(("1",))}), SETTINGS, "with other keys"),
        (SearchSpace(SPACE.dimensions, ("c=1",)), SETTINGS, "with other fixed"),
        (
            SPACE,
            SearchSettings(directions=("maximize", "maximize")),
            "directions",
        ),
    ],
)
def test_another_search_in_the_same_folder_is_refused(
    tmp_path: Path, space: SearchSpace, settings: SearchSettings, said: str
) -> None:
    study(tmp_path)
    before = (tmp_path / JOURNAL_FILE).read_bytes()
    with pytest.raises(QbertError, match=said):
        Study(tmp_path, space, settings)
    assert before.count(b'"space"') == 1
