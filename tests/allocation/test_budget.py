from __future__ import annotations

import pytest

from qbert_lightning.allocation import AverageBits, Megabytes, choose_budget
from qbert_lightning.errors import QbertError
from qbert_lightning.plan import BlockSize
from qbert_lightning.plan.size import BITS_PER_MEGABYTE

BLOCKS = {
    "a": BlockSize(3 * 2**20, {2: 6 * 2**20 + 512, 4: 12 * 2**20 + 512}),
    "b": BlockSize(2**20, {2: 2 * 2**20, 4: 4 * 2**20}),
}


def test_average_counts_codes_only() -> None:
    budget = AverageBits(3.0)
    assert budget.cost(BLOCKS["a"], 4) == 12 * 2**20
    assert budget.limit(BLOCKS) == pytest.approx(3 * 4 * 2**20, rel=2e-6)


def test_a_third_may_be_written_as_a_decimal() -> None:
    blocks = {str(i): BlockSize(768, {}) for i in range(12)}
    assert AverageBits(2.333333).limit(blocks) >= 28 * 768


def test_megabytes_count_ranges_too() -> None:
    budget = Megabytes(1.0)
    assert budget.cost(BLOCKS["a"], 2) == 6 * 2**20 + 512
    assert budget.limit(BLOCKS) == 8 * 2**20
    with pytest.raises(QbertError, match=r"no size for 3 bits: accepted \[2, 4\]"):
        budget.cost(BLOCKS["a"], 3)


@pytest.mark.parametrize(("average", "megabytes"), [(None, None), (2.5, 10.0)])
def test_exactly_one_budget(average: float | None, megabytes: float | None) -> None:
    with pytest.raises(QbertError, match="exactly one"):
        choose_budget(average, megabytes)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_not_a_size(value: float) -> None:
    with pytest.raises(QbertError, match=r"allocator.megabytes=.*accepted above 0"):
        choose_budget(None, value)


def test_the_smallest_possible_value_is_named_and_works() -> None:
    with pytest.raises(QbertError, match=r"from 1\.0001, the smallest"):
        Megabytes(0.9).check_reachable(BLOCKS, (2, 4))
    Megabytes(1.0001).check_reachable(BLOCKS, (2, 4))
    large = {"a": BlockSize(1, {2: 1234 * BITS_PER_MEGABYTE + 1})}
    with pytest.raises(QbertError, match=r"from 1234\.0001, the smallest"):
        Megabytes(1234.0).check_reachable(large, (2,))
