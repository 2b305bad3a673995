"""The benchmark's own oracle, mutators and counts; and a few hundred real mutations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from qbert_lightning.benchmarks import MutationBenchmark, Subject
from qbert_lightning.benchmarks.mutations_bad_values import BAD_SETTINGS
from qbert_lightning.benchmarks.mutations_damage import CONTAINER_DAMAGES, swap_tensors
from qbert_lightning.benchmarks.mutations_draft import Draft
from qbert_lightning.benchmarks.mutations_hostile import LIES, hostile, hostile_header
from qbert_lightning.benchmarks.mutations_seeds import Seed, make_seeds
from qbert_lightning.benchmarks.mutations_trial import (
    CRASHED,
    HARMLESS,
    REFUSED,
    WRONG,
    attempt,
    put,
)
from qbert_lightning.errors import QbertError

MODEL = "model.safetensors"
NOBODY = Subject(lambda: Path("none"), lambda count, size: [])


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Seed, ...]:
    return make_seeds(tmp_path_factory.mktemp("seeds"))


def test_seeds_have_every_width_and_repeat(seeds: tuple[Seed, ...]) -> None:
    widths = []
    for seed in seeds:
        layers = json.loads(seed.files["plan.json"]).get("layers", {}).values()
        widths.append({layer["weight"]["num_bits"] for layer in layers})
    assert widths == [set(), *({bits} for bits in range(2, 9)), {2, 3, 4, 8}]


def test_a_folder_put_together_again_is_the_same(
    seeds: tuple[Seed, ...], tmp_path: Path
) -> None:
    put(tmp_path, Draft.of(seeds[-1].files).folder(), {})
    assert attempt(seeds[-1], tmp_path).outcome == HARMLESS


def test_the_oracle_tells_outcomes_apart(
    seeds: tuple[Seed, ...], tmp_path: Path
) -> None:
    seed = seeds[0]
    put(tmp_path, seed.files, {})
    assert attempt(seed, tmp_path).outcome == HARMLESS
    assert attempt(replace(seed, expected="other"), tmp_path).outcome == WRONG
    put(tmp_path, {**seed.files, MODEL: b"12345678"}, seed.files)
    verdict = attempt(seed, tmp_path)
    assert (verdict.outcome, verdict.detail.count("\n")) == (REFUSED, 0)
    assert MODEL in verdict.detail


@pytest.mark.parametrize("error", [ValueError("x"), QbertError("x", 2), SystemExit(0)])
def test_any_other_end_is_a_crash(
    seeds: tuple[Seed, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    def fail(seed: Seed, folder: Path) -> str:
        raise error

    monkeypatch.setattr(Seed, "read", fail)
    assert attempt(seeds[0], tmp_path).outcome == CRASHED


@pytest.mark.parametrize("damage", CONTAINER_DAMAGES)
def test_every_damage_changes_the_file(seeds: tuple[Seed, ...], damage: str) -> None:
    content = seeds[-1].files[MODEL]
    altered = [CONTAINER_DAMAGES[damage](content, Random(n)) for n in range(20)]
    assert sum(each != content for each in altered) >= 15
    assert altered[0] == CONTAINER_DAMAGES[damage](content, Random(0))


def test_swapped_tensors_keep_the_length(seeds: tuple[Seed, ...]) -> None:
    content = seeds[-1].files[MODEL]
    altered = swap_tensors(content, Random(0))
    assert len(altered) == len(content)
    assert sorted(altered) == sorted(content)


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_is_refused_for_what_it_says(
    seeds: tuple[Seed, ...], tmp_path: Path, lie: str
) -> None:
    there: dict[str, bytes] = {}
    for number in range(8):
        seed = seeds[1 + number]
        files = hostile(seed.files, lie, Random(f"{lie}-{number}"))
        put(tmp_path, files, there)
        there = files
        verdict = attempt(seed, tmp_path)
        assert verdict.outcome == REFUSED, verdict
        assert "altered since export" not in verdict.detail  # digests were right


@pytest.mark.parametrize("setting", BAD_SETTINGS, ids=str)
def test_every_bad_setting_is_refused(
    seeds: tuple[Seed, ...], tmp_path: Path, setting: dict[str, object]
) -> None:
    draft = Draft.of(seeds[1].files)
    draft.put("config.json", {**draft.json("config.json"), **setting})
    put(tmp_path, draft.folder(), {})
    assert attempt(seeds[1], tmp_path).outcome == REFUSED


def test_every_hostile_header_is_refused(
    seeds: tuple[Seed, ...], tmp_path: Path
) -> None:
    there: dict[str, bytes] = {}
    for number in range(30):
        files = hostile_header(seeds[1].files, Random(number))
        put(tmp_path, files, there)
        there = files
        assert attempt(seeds[1], tmp_path).outcome == REFUSED


def test_a_few_hundred_mutations(tmp_path: Path) -> None:
    said: list[str] = []
    benchmark = MutationBenchmark(count=300, hostile=30, seed=1)
    outcome = benchmark.run(NOBODY, tmp_path, said.append)
    totals = outcome.facts["totals"]
    assert totals["tried"] == 300
    assert totals[REFUSED] + totals[HARMLESS] == 300, outcome.measurements
    assert totals[REFUSED] > 270
    assert totals["memory"] == 0
    assert outcome.rows[-1][:2] == ("all", "300")
    assert len(said) == 1


def test_a_lie_that_is_believed_counts_as_loaded_wrongly(
    seeds: tuple[Seed, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = MutationBenchmark(count=1, hostile=1)
    monkeypatch.setattr(
        MutationBenchmark,
        "mutated",
        lambda self, seeds, number: (seeds[0], "signed nothing", seeds[0].files),
    )
    found = benchmark.chunk(seeds, tmp_path, range(1))
    assert found["counts"]["signed nothing"] == {"tried": 1, WRONG: 1}
    assert found["failures"][0]["outcome"] == HARMLESS


@pytest.mark.parametrize("bad", [{"count": 0}, {"hostile": -1}, {"hostile": 3000}])
def test_numbers_out_of_range_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(QbertError, match=r"bench\.") as caught:
        MutationBenchmark(**bad)
    assert caught.value.code == 2
