from __future__ import annotations

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import Split, TaskSplits
from qbert_lightning.errors import QbertError
from tests.datamodules.in_memory import InMemory, sentence_splits, sentences


def order(data: InMemory, seed: int, epoch: int) -> list[list[list[int]]]:
    data.set_seed(seed)
    loader = data.train_dataloader()
    loader.batch_sampler.set_epoch(epoch)
    return [batch["input_ids"].tolist() for batch in loader]


def test_selection_rows_are_held_out_of_train_and_never_reported() -> None:
    data = InMemory(sentence_splits(100, 10), validation_fraction=0.1)
    assert data.rows() == {"train": 90, "val": 10, "test": 10}
    assert data.split_names == {
        "train": "toy train minus held-out rows",
        "val": "10 % of toy train, held out",
        "test": "toy dev",
    }
    everything = [*data.splits["train"].rows, *data.splits["val"].rows]
    assert sorted(everything) == sorted(sentences(100))


def test_a_source_with_its_own_validation_keeps_all_of_train() -> None:
    given = sentence_splits(20)
    own = Split("toy validation", sentences(6), "memory")
    data = InMemory(TaskSplits(given.train, given.tests, given.labels, own))
    assert data.rows() == {"train": 20, "val": 6, "test": 10}
    assert data.split_names["val"] == "toy validation"


def test_limits_show_in_the_names_of_the_splits() -> None:
    data = InMemory(sentence_splits(50, 10), max_train_examples=5, max_test_examples=4)
    assert data.rows()["train"] == 5
    assert data.split_names["test"] == "toy dev, 4 of 10 rows sampled with seed 0"


def test_second_reported_split_has_a_key_and_loader_of_its_own(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    given = sentence_splits()
    tests = {"matched": given.tests["test"], "mismatched": given.train}
    data = InMemory(TaskSplits(given.train, tests, given.labels))
    data.use_tokenizer(tokenizer)
    assert data.test_names == ["matched", "mismatched"]
    assert list(data.rows()) == ["train", "val", "test", "test_mismatched"]
    loaders = data.test_dataloader()
    assert isinstance(loaders, list)
    assert [sum(len(b["labels"]) for b in loader) for loader in loaders] == [10, 40]


def test_order_is_a_function_of_seed_and_epoch(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = InMemory(sentence_splits(), batch_size=4)
    data.use_tokenizer(tokenizer)
    torch.manual_seed(1)
    first = order(data, seed=3, epoch=1)
    torch.manual_seed(2)
    assert order(data, seed=3, epoch=1) == first
    assert order(data, seed=3, epoch=2) != first
    assert order(data, seed=4, epoch=1) != first


def test_loaders_leave_the_global_generator_alone(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = InMemory(sentence_splits())
    data.use_tokenizer(tokenizer)
    data.setup()
    before = torch.get_rng_state()
    data.sample_batches(0.5, seed=1, max_examples=None, batch_size=4)
    assert torch.equal(before, torch.get_rng_state())


def test_batches_are_padded_to_their_own_longest_input(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = InMemory(sentence_splits(), batch_size=4)
    data.use_tokenizer(tokenizer)
    for batch in data.train_dataloader():
        lengths = batch["attention_mask"].sum(dim=1)
        assert batch["input_ids"].shape[1] == int(lengths.max())
        assert batch["input_ids"].dtype == batch["labels"].dtype == torch.int64
        padding = batch["attention_mask"] == 0
        assert bool((batch["input_ids"][padding] == tokenizer.pad_token_id).all())


def test_sampled_batches_are_a_seeded_part_of_train(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = InMemory(sentence_splits(100))
    data.use_tokenizer(tokenizer)
    batches = data.sample_batches(0.2, seed=0, max_examples=None, batch_size=8)
    assert sum(len(batch["labels"]) for batch in batches) == 20
    again = data.sample_batches(0.2, seed=0, max_examples=None, batch_size=8)
    assert all(
        torch.equal(one["input_ids"], two["input_ids"])
        for one, two in zip(batches, again, strict=True)
    )
    limited = data.sample_batches(0.2, seed=0, max_examples=3, batch_size=8)
    assert sum(len(batch["labels"]) for batch in limited) == 3


def test_fingerprint_follows_rows_and_settings() -> None:
    first = InMemory(sentence_splits()).fingerprint()
    assert InMemory(sentence_splits()).fingerprint() == first
    assert InMemory(sentence_splits(41)).fingerprint() != first
    assert InMemory(sentence_splits(), max_train_examples=9).fingerprint() != first
    assert InMemory(sentence_splits(), batch_size=2).fingerprint() == first


def test_empty_split_is_refused() -> None:
    with pytest.raises(
        QbertError, match="memory: split 'toy dev' has 0 rows"
    ) as caught:
        InMemory(sentence_splits(10, 0)).prepare_data()
    assert caught.value.code == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size=0: accepted 1 or more"),
        ({"max_test_examples": -1}, "max_test_examples=-1"),
        ({"validation_fraction": 1.0}, "validation_fraction=1.0"),
    ],
)
def test_settings_outside_their_range_are_refused(
    settings: dict[str, float], message: str
) -> None:
    with pytest.raises(QbertError, match=message) as caught:
        InMemory(sentence_splits(), **settings)
    assert caught.value.code == 2


@pytest.mark.parametrize("num_workers", [0, 2])
def test_training_goes_on_with_the_next_batch(
    tokenizer: PreTrainedTokenizerBase, num_workers: int
) -> None:
    data = InMemory(sentence_splits(40), batch_size=4, num_workers=num_workers)
    data.use_tokenizer(tokenizer)
    whole = order(data, seed=3, epoch=1)
    data.load_state_dict({"epoch": 1, "batches": 4})
    assert order(data, seed=3, epoch=1) == whole[4:]
    assert len(data.train_dataloader()) == len(whole)
    assert [b["input_ids"].tolist() for b in data.train_dataloader()] == whole[4:]
    data.setup("fit")  # another training
    assert order(data, seed=3, epoch=1) == whole
