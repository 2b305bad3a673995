from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertForTokenClassification

from qbert_lightning.modules import mean_loss, num_terms
from tests.tiny import TINY_CONFIG, tiny_batch, tiny_bert


def test_rows_count_for_sentences() -> None:
    batch = tiny_batch(6)
    assert num_terms(batch) == 6.0
    model = tiny_bert().eval()
    parts = [{k: v[cut] for k, v in batch.items()} for cut in (slice(4), slice(4, 6))]
    mean = sum(float(mean_loss(model, part)) * num_terms(part) for part in parts) / 6
    assert mean == pytest.approx(float(mean_loss(model, batch)), rel=1e-5)


def test_labelled_tokens_count_for_tagging() -> None:
    torch.manual_seed(0)
    model = BertForTokenClassification(BertConfig(**TINY_CONFIG)).eval()
    batch = tiny_batch(6)
    batch["labels"] = torch.where(
        batch["attention_mask"] > 0, batch["input_ids"] % 3, -100
    )
    total = num_terms(batch)
    assert total == float(batch["attention_mask"].sum())
    parts = [{k: v[cut] for k, v in batch.items()} for cut in (slice(1), slice(1, 6))]
    assert sum(map(num_terms, parts)) == total
    mean = sum(float(mean_loss(model, part)) * num_terms(part) for part in parts)
    assert mean / total == pytest.approx(float(mean_loss(model, batch)), rel=1e-5)


def test_what_is_for_the_metrics_does_not_reach_the_model() -> None:
    batch = {**tiny_batch(), "feature_index": torch.arange(6)}
    assert torch.isfinite(mean_loss(tiny_bert(), batch))
