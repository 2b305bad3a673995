from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedModel

from qbert_lightning.benchmarks import SizesBenchmark, Subject
from qbert_lightning.errors import QbertError
from qbert_lightning.layers import layer_shapes
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import TINY_CONFIG


def quantized_to(overrides: Sequence[str], model: PreTrainedModel) -> QuantPlan:
    scheme = QuantScheme(weight=AffineSpec(int(overrides[0])))
    return QuantPlan(dict.fromkeys(layer_shapes(model), scheme))


def test_plans_are_weighed_part_by_part(tmp_path: Path) -> None:
    subject = Subject(lambda: tmp_path, lambda *sizes: [], plan=quantized_to)
    benchmark = SizesBenchmark(
        models={"eight": ["8"], "two": ["2"]},
        bert={**TINY_CONFIG, "vocab_size": 200, "max_position_embeddings": 4},
    )
    said: list[str] = []
    outcome = benchmark.run(subject, tmp_path, said.append)
    assert [row[:2] for row in outcome.rows[:6]] == [
        ("eight", "embeddings"),
        ("eight", "encoder"),
        ("eight", "embeddings and encoder"),
        ("eight", "pooler and head"),
        ("eight", "header"),
        ("eight", "file"),
    ]
    assert len(outcome.columns) == len(outcome.rows[0])
    sizes = {(row["plan"], row["part"]): row for row in outcome.measurements}
    eight, two = (sizes[name, "embeddings"]["on_disk"] for name in ("eight", "two"))
    norms_and_ranges = 4 * (2 * TINY_CONFIG["hidden_size"] + 3 * 2 + 3 * 2)
    assert eight - norms_and_ranges == 4 * (two - norms_and_ranges)
    assert (
        outcome.facts["mib"]["two"]["file"] * 2**20 == sizes["two", "file"]["on_disk"]
    )
    assert {*outcome.facts["bits"]["two"].values()} == {2}
    assert [line.strip() for line in said] == ["eight", "two"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("overrides", ["method=q8bert", 3, None])
def test_what_is_no_list_of_overrides_is_refused(overrides: Any) -> None:  # noqa: ANN401
    with pytest.raises(QbertError, match=r"bench\.models\.mine=.*: accepted a list"):
        SizesBenchmark(models={"mine": overrides})


@pytest.mark.parametrize("size", [0, -1, "many", 1.5, None])
def test_what_is_no_size_is_refused(size: Any) -> None:  # noqa: ANN401
    with pytest.raises(QbertError, match=r"bench\.bert\.hidden_size=.*: accepted 1"):
        SizesBenchmark(bert={"hidden_size": size})


def test_sizes_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    subject = Subject(lambda: tmp_path, lambda *sizes: [], plan=quantized_to)
    bert = {**TINY_CONFIG, "hidden_size": 33}
    benchmark = SizesBenchmark(models={"two": ["2"]}, bert=bert)
    with pytest.raises(QbertError, match=r"bench\.bert: .*multiple of the number"):
        benchmark.run(subject, tmp_path, lambda line: None)
