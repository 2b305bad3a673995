"""Two models' answers, counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from transformers.modeling_outputs import (
    QuestionAnsweringModelOutput,
    TokenClassifierOutput,
)

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.same_answers import difference

MASK = torch.tensor([[1, 1, 1], [1, 1, 0]])
BATCH = {"input_ids": torch.ones(2, 3, dtype=torch.long), "attention_mask": MASK}


class Fixed(nn.Module):
    """Answers the same whatever it is asked."""

    def __init__(self, answer: type, **logits: Tensor) -> None:
        super().__init__()
        self.output = answer(**logits)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> object:
        return self.output


def test_rows_with_another_largest_logit_are_counted() -> None:
    ours = Fixed(TokenClassifierOutput, logits=torch.tensor([[1.0, 2.0], [0.0, 3.0]]))
    other = Fixed(TokenClassifierOutput, logits=torch.tensor([[1.0, 0.5], [0.0, 3.25]]))
    found = difference(ours, other, [BATCH, BATCH])
    assert found.to_json() == {
        "largest_logit_difference": 1.5,
        "answers": 4,
        "different_answers": 2,
        "checked_examples": 4,
    }


def test_padding_has_no_tag() -> None:
    logits = torch.zeros(2, 3, 4)
    other = logits.clone()
    other[1, 2, 3] = 9.0  # padding
    other[0, 1, 2] = 0.5
    found = difference(
        Fixed(TokenClassifierOutput, logits=logits),
        Fixed(TokenClassifierOutput, logits=other),
        [BATCH],
    )
    assert (found.answers, found.different_answers) == (5, 1)
    assert found.largest_logit_difference == 0.5


def test_a_span_has_two_answers() -> None:
    start, end = torch.tensor([[1.0, 2, 3]] * 2), torch.tensor([[5.0, 4, -9]] * 2)
    moved = end.clone()
    moved[0, 1] = 6.0
    moved[1, 2] = 99.0  # padding
    found = difference(
        Fixed(QuestionAnsweringModelOutput, start_logits=start, end_logits=end),
        Fixed(QuestionAnsweringModelOutput, start_logits=start, end_logits=moved),
        [BATCH],
    )
    assert (found.answers, found.different_answers) == (4, 1)
    assert found.largest_logit_difference == 2.0


def test_padding_is_never_the_answer() -> None:
    start, end = torch.full((2, 3), -5.0), torch.full((2, 3), -5.0)
    moved = start.clone()
    moved[1, 1] = -4.0  # of the row whose last token is padding
    found = difference(
        Fixed(QuestionAnsweringModelOutput, start_logits=start, end_logits=end),
        Fixed(QuestionAnsweringModelOutput, start_logits=moved, end_logits=end),
        [BATCH],
    )
    assert (found.answers, found.different_answers) == (4, 1)
    assert found.largest_logit_difference == 1.0


def test_logits_that_are_not_finite_are_no_small_difference() -> None:
    logits = torch.zeros(2, 3, 4)
    broken = logits.clone()
    broken[0, 0, 0] = torch.nan
    with pytest.raises(QbertError, match="nan: accepted finite") as caught:
        difference(
            Fixed(TokenClassifierOutput, logits=logits),
            Fixed(TokenClassifierOutput, logits=broken),
            [BATCH],
        )
    assert caught.value.code == 1
