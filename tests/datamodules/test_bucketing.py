from __future__ import annotations

import numpy as np
import pytest

from qbert_lightning.datamodules import BucketBatchSampler

LENGTHS = np.random.default_rng(0).integers(3, 60, size=503).tolist()


def flat(batches: list[list[int]]) -> list[int]:
    return [index for batch in batches for index in batch]


def padding(batches: list[list[int]]) -> float:
    """Padded tokens for each real one."""
    filled = sum(len(b) * max(LENGTHS[i] for i in b) for b in batches)
    return filled / sum(LENGTHS[i] for i in flat(batches)) - 1


@pytest.mark.parametrize("shuffle", [True, False])
def test_every_example_comes_once(shuffle: bool) -> None:
    sampler = BucketBatchSampler(LENGTHS, 16, shuffle=shuffle)
    batches = list(sampler)
    assert sorted(flat(batches)) == list(range(503))
    assert len(sampler) == len(batches) == 32


def test_buckets_pad_far_less_than_random_batches() -> None:
    order = np.random.default_rng(1).permutation(503).tolist()
    random_batches = [order[start : start + 16] for start in range(0, 503, 16)]
    bucketed = list(BucketBatchSampler(LENGTHS, 16, shuffle=True))
    assert padding(bucketed) < 0.3 * padding(random_batches)


def test_batches_do_not_come_sorted_by_length() -> None:
    batches = list(BucketBatchSampler(LENGTHS, 16, shuffle=True))
    longest = [max(LENGTHS[i] for i in batch) for batch in batches]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)


def test_epochs_have_different_batches() -> None:
    sampler = BucketBatchSampler(LENGTHS, 16, shuffle=True, window=4)
    first = {frozenset(batch) for batch in sampler}
    sampler.set_epoch(1)
    assert len(first & {frozenset(batch) for batch in sampler}) < 5


@pytest.mark.parametrize("world_size", [2, 3, 5])
def test_devices_share_training_with_equally_many_batches(world_size: int) -> None:
    ranks = [
        BucketBatchSampler(LENGTHS, 16, shuffle=True, rank=r, world_size=world_size)
        for r in range(world_size)
    ]
    batches = [list(sampler) for sampler in ranks]
    counts = {len(own) for own in batches}
    assert counts == {len(ranks[0])}
    assert {i for own in batches for i in flat(own)} == set(range(503))


def test_devices_share_evaluation_without_repeating_anything() -> None:
    ranks = [
        BucketBatchSampler(LENGTHS, 16, shuffle=False, rank=rank, world_size=3)
        for rank in range(3)
    ]
    assert [len(list(sampler)) for sampler in ranks] == [len(s) for s in ranks]
    together = [index for sampler in ranks for index in flat(list(sampler))]
    assert sorted(together) == list(range(503))


@pytest.mark.parametrize(("rank", "world_size"), [(0, 1), (0, 2), (1, 2)])
def test_going_on_leaves_out_what_is_done_of_one_epoch_only(
    rank: int, world_size: int
) -> None:
    def sampler() -> BucketBatchSampler:
        return BucketBatchSampler(
            LENGTHS, 16, shuffle=True, rank=rank, world_size=world_size
        )

    whole = sampler()
    whole.set_epoch(2)
    expected = list(whole)
    whole.set_epoch(3)
    following = list(whole)
    for done in (0, 1, 7, len(expected)):
        resumed = sampler()
        resumed.go_on(2, done)
        assert list(resumed) == expected[done:]
        assert len(resumed) == len(expected)
        resumed.set_epoch(3)
        assert list(resumed) == following
