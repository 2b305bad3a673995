from __future__ import annotations

import pytest

from qbert_lightning.allocation import Given
from qbert_lightning.errors import QbertError
from qbert_lightning.plan import BlockSize

BLOCKS = {f"bert.encoder.layer.{i}": BlockSize(10, {}) for i in range(12)}


def test_numbers_and_names_mean_blocks_in_the_models_order() -> None:
    given = Given({"11": 2, "bert.encoder.layer.3": 8, "0": 4, "5": None})
    assert given.allocate(None, BLOCKS) == {
        "bert.encoder.layer.0": 4,
        "bert.encoder.layer.3": 8,
        "bert.encoder.layer.11": 2,
    }
    assert given.candidate_bits == (2, 4, 8)
    assert not given.needs_sensitivity


@pytest.mark.parametrize("width", [1, 9, 4.0, True, "4"])
def test_a_width_outside_2_to_8_is_refused(width: object) -> None:
    with pytest.raises(QbertError, match=r"allocator\.bits\.0=.*accepted 2\.\.8"):
        Given({"0": width})  # type: ignore[dict-item]


@pytest.mark.parametrize("block", ["12", "-1", "layer.0", "bert.encoder.layer.12"])
def test_an_unknown_block_is_refused_with_the_list(block: str) -> None:
    with pytest.raises(QbertError, match=r"accepted 0\.\.11, or .*layer\.0, .*\.\.\."):
        Given({block: 4}).allocate(None, BLOCKS)


def test_a_block_is_given_once() -> None:
    twice = Given({"0": 4, "bert.encoder.layer.0": 8})
    with pytest.raises(QbertError, match="has 4 bits already"):
        twice.allocate(None, BLOCKS)


def test_without_widths_the_rules_decide() -> None:
    assert Given({"0": None}).allocate(None, BLOCKS) == {}
