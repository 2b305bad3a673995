from __future__ import annotations

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from qbert_lightning.errors import QbertError
from qbert_lightning.search import SearchSpace, read_space
from qbert_lightning.search.space import RealNumbers, Values, WholeNumbers


def space(*typed: str, params: tuple[str, ...] = ()) -> SearchSpace:
    parse = OverridesParser.create().parse_overrides
    return read_space(parse(list(params)), parse(list(typed)))


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("a=2,4,8", Values(("2", "4", "8"))),
        ("a=choice(x,'y z')", Values(("x", r"y\ z"))),
        ("a=[1,2],[3]", Values(("[1,2]", "[3]"))),
        ("a=range(1,9,2)", WholeNumbers(1, 7, 2)),
        ("a=range(8,1,-3)", WholeNumbers(2, 8, 3)),
        ("a=range(0,1,0.5)", Values(("0.0", "0.5"))),
        ("a=int(interval(1,8))", WholeNumbers(1, 8)),
        ("a=interval(1,8)", RealNumbers(1.0, 8.0)),
        ("a=tag(log,interval(1e-5,1e-3))", RealNumbers(1e-5, 1e-3, log=True)),
    ],
)
def test_every_kind_of_sweep_is_a_dimension(text: str, dimension: object) -> None:
    assert space(text).dimensions == {"a": dimension}


def test_the_command_line_wins_over_the_sweep_file() -> None:
    found = space("b=3", "c=1,2", params=("a=1,2", "b=1,2", "d=5"))
    assert list(found.dimensions) == ["a", "c"]
    assert found.fixed == ("b=3", "d=5")
    assert found.overrides({"a": "2", "c": "1"}) == ["b=3", "d=5", "a=2", "c=1"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["a=1"], "nothing to search over"),
        (["a=1,2", "seed=0,1"], "luckiest seed"),
        (["a=interval(2,1)"], "a lower and an upper end"),
        (["a=tag(log,interval(0,1))"], "above 0"),
    ],
)
def test_what_cannot_be_searched_is_refused(typed: list[str], said: str) -> None:
    with pytest.raises(QbertError, match=said):
        space(*typed)


def test_optuna_chooses_inside_the_space_and_reads_what_it_is_given() -> None:
    """Points made into Optuna's parameters come back from its trials unchanged."""
    every = space("a=2,4", "b=range(1,9,2)", "c=tag(log,interval(0.25,2))")
    point = {"a": "4", "b": "7", "c": "0.5"}
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial(every.parameters(point))
    assert every.choose(study.ask()) == point
    for _ in range(20):
        chosen = every.choose(study.ask())
        assert every.parameters(chosen)


def test_a_point_outside_has_no_parameters() -> None:
    every = space("a=2,4", "b=range(1,9,2)", "c=interval(0,1)")
    for outside in ({"a": "3"}, {"b": "2"}, {"b": "x"}, {"c": "2"}, {"d": "1"}):
        assert every.parameters(outside) == {}
