from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor
from transformers import BertForSequenceClassification

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.batch_rows import num_tokens, rows_of, together

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def test_rows_lose_their_padding_and_get_it_back(
    padded_batch: dict[str, Tensor],
) -> None:
    rows = rows_of([padded_batch])
    assert [num_tokens(row) for row in rows] == [6, 3, 5]
    assert rows[1]["labels"].tolist() == [1]
    again = together(rows)
    mask = padded_batch["attention_mask"]
    assert torch.equal(again["attention_mask"], mask)
    assert torch.equal(again["input_ids"], padded_batch["input_ids"] * mask)
    assert torch.equal(again["labels"], padded_batch["labels"])


def test_labels_of_missing_tokens_do_not_count() -> None:
    rows = [
        {"attention_mask": torch.ones(1, n), "labels": torch.ones(1, n, dtype=int)}
        for n in (1, 3)
    ]
    assert together(rows)["labels"].tolist() == [[1, -100, -100], [1, 1, 1]]


def test_a_hole_in_the_mask_is_no_end() -> None:
    mask, labels = torch.tensor([[1, 0, 1, 0]]), torch.tensor([1])
    [row] = rows_of([{"attention_mask": mask, "labels": labels}])
    assert num_tokens(row) == 3


def test_rows_whose_loss_looks_at_padding_are_refused(
    padded_batch: dict[str, Tensor],
) -> None:
    spans = {key: x for key, x in padded_batch.items() if key != "labels"}
    with pytest.raises(QbertError, match="estimator=hutchinson"):
        rows_of([spans])


def test_rows_without_a_mask_are_left_alone(problem: Problem) -> None:
    again = together(rows_of(problem.batches))
    assert torch.equal(again["x"], torch.cat([each["x"] for each in problem.batches]))


def test_the_loss_is_that_of_the_padded_batch(
    tiny_bert: Callable[[str], BertForSequenceClassification],
    padded_batch: dict[str, Tensor],
) -> None:
    model = tiny_bert("eager").eval()
    with torch.no_grad():
        losses = [float(model(**row).loss) for row in rows_of([padded_batch])]
        whole = float(model(**padded_batch).loss)
    torch.testing.assert_close(sum(losses) / 3, whole)


def test_a_row_without_a_seen_token_is_left_alone() -> None:
    mask, labels = torch.tensor([[0, 0, 0]]), torch.tensor([1])
    [row] = rows_of([{"attention_mask": mask, "labels": labels}])
    assert num_tokens(row) == 3
