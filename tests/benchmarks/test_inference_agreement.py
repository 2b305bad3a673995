from __future__ import annotations

import pytest
import torch

from qbert_lightning.benchmarks.inference_agreement import Agreement


def test_all_logits_of_an_answer_count() -> None:
    start, end = torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([[3.0, 1.0, 2.0]])
    off = torch.tensor([[3.0, 1.0, 5.25]])
    found = Agreement.of([start, off], [start, end])
    assert found.as_dict() == {"largest_difference": 3.25, "equal_argmax": 0.5}


def test_other_shapes_are_no_answer() -> None:
    with pytest.raises(ValueError, match=r"shapes \[\(1, 2\)\]: accepted \[\(2, 2\)\]"):
        Agreement.of([torch.zeros(1, 2)], [torch.zeros(2, 2)])
