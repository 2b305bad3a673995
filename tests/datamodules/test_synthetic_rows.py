from __future__ import annotations

from random import Random

import pytest

from qbert_lightning.datamodules.synthetic import GRAMMARS
from qbert_lightning.datamodules.synthetic_rows import (
    SPLIT_RESIDUES,
    generate_rows,
    text_of,
)


@pytest.mark.parametrize("shape", GRAMMARS)
def test_splits_share_no_text(shape: str) -> None:
    grammar = GRAMMARS[shape](0)
    splits = [
        {text_of(row) for row in generate_rows(grammar, 0, split, 500)}
        for split in SPLIT_RESIDUES
    ]
    assert all(len(split) == 500 for split in splits)
    assert len(set.union(*splits)) == 1500


@pytest.mark.parametrize("shape", GRAMMARS)
def test_a_larger_split_continues_a_smaller_one(shape: str) -> None:
    grammar = GRAMMARS[shape](0)
    small, large = (generate_rows(grammar, 7, "train", n) for n in (20, 50))
    assert large[:20] == small


@pytest.mark.parametrize("shape", GRAMMARS)
def test_grammars_depend_on_their_seed_and_the_given_generator_only(shape: str) -> None:
    rows = [[GRAMMARS[shape](0).sample(Random(i)) for i in range(20)] for _ in range(2)]
    assert rows[0] == rows[1]
    assert rows[0] != [GRAMMARS[shape](1).sample(Random(i)) for i in range(20)]
