from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from qbert_lightning.datamodules import SyntheticDataModule
from qbert_lightning.datamodules.synthetic import GRAMMARS, synthetic_vocabulary
from qbert_lightning.datamodules.synthetic_rows import text_of
from qbert_lightning.errors import QbertError

SIZES = {"num_train": 60, "num_validation": 20, "num_test": 40}


def made(shape: str, **arguments: int) -> SyntheticDataModule:
    data = SyntheticDataModule(shape, **{**SIZES, **arguments})
    data.use_tokenizer(data.own_tokenizer())
    return data


@pytest.mark.parametrize("shape", GRAMMARS)
def test_same_arguments_give_the_same_data(shape: str) -> None:
    assert made(shape).fingerprint() == made(shape).fingerprint()
    assert made(shape).fingerprint() != made(shape, seed=1).fingerprint()


@pytest.mark.parametrize("shape", GRAMMARS)
def test_nothing_is_unknown_or_spelled_in_letters(shape: str) -> None:
    data = made(shape, num_train=400)
    tokenizer = data.own_tokenizer()
    for split in data.splits.values():
        for text in map(text_of, split.rows):
            pieces = tokenizer.tokenize(text)
            assert tokenizer.unk_token not in pieces
            long = [piece.removeprefix("##") for piece in pieces]
            assert not [p for p in long if p.isalpha() and len(p) < 2 and p != "a"]
            assert "".join(long) == text.replace(" ", "")


@pytest.mark.parametrize("shape", GRAMMARS)
def test_no_input_is_cut(shape: str) -> None:
    data = made(shape, num_train=400)
    lengths = [len(f["input_ids"]) for f in data.encoded("train").features]
    assert len(lengths) == 400
    assert max(lengths) <= data.encoding.max_length - 4


@pytest.mark.parametrize("shape", GRAMMARS)
def test_batches_are_ready_for_the_model(shape: str) -> None:
    data = made(shape)
    data.setup("fit")
    batch = next(iter(data.train_dataloader()))
    assert {"input_ids", "attention_mask", "token_type_ids"} <= set(batch)
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    pairs = shape in ("pair", "span")
    assert bool((batch["token_type_ids"] == 1).any()) == pairs
    assert batch["input_ids"].max() < len(synthetic_vocabulary())


def test_answers_are_found_in_the_tokens() -> None:
    data = made("span")
    tokenizer = data.own_tokenizer()
    rows = data.splits["train"].rows
    for feature, row in zip(data.encoded("train").features, rows, strict=True):
        span = slice(feature["start_positions"], feature["end_positions"] + 1)
        assert tokenizer.decode(feature["input_ids"][span]) == row.answers[0]


def test_the_tokenizer_survives_saving(tmp_path: Path) -> None:
    tokenizer = made("sentence").own_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    text = "the plot was not very bramish ."
    assert AutoTokenizer.from_pretrained(tmp_path)(text) == tokenizer(text)


def test_no_global_random_state_is_touched() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    made("sentence").prepare_data()
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": "poem"}, "shape=poem: accepted sentence, pair, tagging, span"),
        ({"num_test": 0}, "num_test=0: accepted 1 or more"),
        ({"seed": -1}, "seed=-1: accepted 0 to"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(QbertError, match=message):
        SyntheticDataModule(**arguments)
