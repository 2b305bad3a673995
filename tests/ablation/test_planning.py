from __future__ import annotations

from collections.abc import Sequence

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from qbert_lightning.ablation import BASELINE, Ablation, Job, change_of
from qbert_lightning.errors import QbertError

KEY = "hydra.sweeper"
BASE = ["method=qbert", "quant.groups=128", "task=sst2"]
CHANGES = {"one_group": ["quant.groups=1"], "directq": ["method=directq"]}


def parse(lines: Sequence[str]) -> list[Override]:
    return OverridesParser.create().parse_overrides(list(lines))


def jobs(*typed: str, tags: Sequence[str] = ()) -> list[Job]:
    return Ablation.from_settings(BASE, CHANGES, [3, 5], KEY).jobs(typed, parse, tags)


def test_every_change_has_every_seed_and_the_baseline_comes_first() -> None:
    assert [(job.change, job.seed) for job in jobs()] == [
        *((BASELINE, 3), (BASELINE, 5)),
        *(("one_group", 3), ("one_group", 5), ("directq", 3), ("directq", 5)),
    ]


def test_a_job_is_the_baseline_and_one_change() -> None:
    first, *_, last = jobs()
    assert first.overrides == (
        *BASE,
        *("seed=3", "name='baseline-s3'", "tags=['change:baseline']"),
    )
    assert last.overrides == (
        *("method=directq", "quant.groups=128", "task=sst2"),
        *("seed=5", "name='directq-s5'", "tags=['change:directq']"),
    )


def test_what_is_typed_wins_over_the_baseline_and_a_change_over_both() -> None:
    first, *_, last = jobs("task=cola", "method=q8bert", "debug=fast")
    assert first.overrides[:4] == (
        *("method=q8bert", "quant.groups=128", "task=cola", "debug=fast"),
    )
    assert last.overrides[0] == "method=directq"


@pytest.mark.parametrize(
    ("typed", "seeds"),
    [("seed=7", [7]), ("seed=1,0", [1, 0]), ("seed=range(3)", [0, 1, 2])],
)
def test_typed_seeds_replace_those_of_the_ablation(
    typed: str, seeds: list[int]
) -> None:
    assert [job.seed for job in jobs(typed) if job.change == BASELINE] == seeds


def test_tags_are_kept_and_tell_the_change_whatever_they_hold() -> None:
    mine = ["it's", "a\\'b", "x,y"]
    job = jobs("tags=[mine]", tags=mine)[0]
    (override,) = parse([job.overrides[-1]])
    assert override.value() == [*mine, "change:baseline"]
    assert change_of(override.value()) == BASELINE
    assert change_of(["mine"]) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("quant.groups=1,4", "accepted for seed only"),
        ("seed=x", "seed="),
        ("seed=1,1", "different whole numbers"),
        ("name=mine", "names its runs by their change"),
    ],
)
def test_what_would_blur_a_change_is_refused(typed: str, said: str) -> None:
    with pytest.raises(QbertError, match=said):
        jobs(typed)


@pytest.mark.parametrize(
    ("baseline", "changes", "seeds", "said"),
    [
        (BASE, {}, [0], r"changes: accepted a mapping"),
        (BASE, None, [0], r"changes: accepted a mapping"),
        (BASE, {"a b": ["seed=1"]}, [0], r"changes\.a b: accepted a name"),
        (BASE, {"baseline": ["seed=1"]}, [0], r"other than baseline"),
        (BASE, {"a": "seed=1"}, [0], r"changes\.a=seed=1: accepted a list"),
        (BASE, {"a": []}, [0], r"changes\.a: accepted 1 override or more"),
        ("method=qbert", CHANGES, [0], r"baseline=.*accepted a list"),
        (BASE, CHANGES, [], r"seeds=\[\]: accepted different"),
        (BASE, CHANGES, [0, 0], r"seeds=.*accepted different"),
        (BASE, CHANGES, [-1], r"seeds=.*accepted different"),
        (BASE, CHANGES, [True], r"seeds=.*accepted different"),
        (BASE, CHANGES, 3, r"seeds=3: accepted different"),
    ],
)
def test_settings_that_are_none_are_refused(
    baseline: object, changes: object, seeds: object, said: str
) -> None:
    with pytest.raises(QbertError, match=said):
        Ablation.from_settings(baseline, changes, seeds, KEY)
