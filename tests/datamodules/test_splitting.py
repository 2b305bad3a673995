from __future__ import annotations

import pytest

from qbert_lightning.datamodules import Split
from qbert_lightning.datamodules.splitting import hold_out, sample_split
from qbert_lightning.errors import QbertError
from tests.datamodules.in_memory import question, sentences


def test_sample_keeps_order_and_is_seeded() -> None:
    split = Split("dev", list(range(100)), "memory")
    first = sample_split(split, 10, seed=0).rows
    assert first == sorted(first)
    assert first == sample_split(split, 10, seed=0).rows
    assert first != sample_split(split, 10, seed=1).rows
    assert sample_split(split, 100, seed=0) is split


def test_limit_of_held_out_rows() -> None:
    train, held = hold_out(Split("train", sentences(1000), "memory"), 0.5, 30, seed=0)
    assert (len(train.rows), len(held.rows)) == (970, 30)
    assert held.name == "3 % of train, held out"


def test_no_article_is_on_both_sides() -> None:
    rows = [question(number, "the cat is in paris", "paris") for number in range(40)]
    train, held = hold_out(Split("train", rows, "memory"), 0.2, 100, seed=0)
    assert held.rows
    assert not {row.group for row in train.rows} & {row.group for row in held.rows}


def test_one_row_cannot_be_parted() -> None:
    with pytest.raises(QbertError, match="1 training rows cannot be parted") as caught:
        hold_out(Split("train", sentences(1), "memory"), 0.1, 10, seed=0)
    assert caught.value.code == 4
