from __future__ import annotations

import pytest

from qbert_lightning.allocation import (
    BitAllocator,
    Pareto,
    Published,
    Ranked,
    Reversed,
    Uniform,
)


def test_only_a_full_allocator_can_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        BitAllocator()  # type: ignore[abstract]


def test_which_allocators_need_an_analysis() -> None:
    assert [
        kind.needs_sensitivity
        for kind in (Uniform, Published, Ranked, Reversed, Pareto)
    ] == [False, False, True, True, True]


def test_candidates_are_known_before_allocation() -> None:
    assert Uniform().candidate_bits == ()
    assert Published("sst2", "2/4").candidate_bits == (2, 4)
    assert Ranked([4, 2], average_bits=3).candidate_bits == (2, 4)
