"""The best span of a window, against a search of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from qbert_lightning.datamodules import Window
from qbert_lightning.modules.best_span import best_spans

LENGTHS = (12, 9, 7)
LONGEST = max(LENGTHS)


def window(length: int) -> Window:
    """A passage from the third token to the last but one."""
    offsets = np.full((length, 2), -1, dtype=np.int32)
    places = np.arange(length - 3)
    offsets[2:-1] = np.stack([places, places + 1], axis=1)
    return Window(0, offsets)


@pytest.mark.parametrize(("n_best", "longest"), [(20, 30), (20, 2), (3, 4)])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_best_of_all_pairs(n_best: int, longest: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    starts, ends = torch.randn(2, len(LENGTHS), LONGEST, generator=generator)
    windows = [window(length) for length in LENGTHS]
    found = best_spans(starts, ends, windows, n_best, longest)
    for row, length in enumerate(LENGTHS):
        passage = range(2, length - 1)
        ours = sorted(passage, key=lambda i: -starts[row, i])[:n_best]
        theirs = sorted(passage, key=lambda i: -ends[row, i])[:n_best]
        pairs = {
            (first, last): float(starts[row, first] + ends[row, last])
            for first in ours
            for last in theirs
            if 0 <= last - first < longest
        }
        if not pairs:
            assert found.score[row] == -torch.inf
            continue
        best = max(pairs, key=pairs.__getitem__)
        assert (int(found.start[row]), int(found.end[row])) == best
        assert float(found.score[row]) == pytest.approx(pairs[best])


def test_a_window_without_passage_has_no_span() -> None:
    nothing = Window(0, np.full((4, 2), -1, dtype=np.int32))
    found = best_spans(torch.ones(1, 4), torch.ones(1, 4), [nothing], 20, 30)
    assert found.score.item() == -torch.inf
