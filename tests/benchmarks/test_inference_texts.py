from __future__ import annotations

from pathlib import Path

import torch

from qbert_lightning.benchmarks.inference_texts import (
    INPUTS,
    filled_batches,
    load_series,
    save_series,
)

TEXTS = [
    {
        "input_ids": torch.tensor([[7, 8, 9, 0], [1, 0, 0, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]]),
    },
    {
        "input_ids": torch.tensor([[2, 3]]),
        "attention_mask": torch.tensor([[1, 1]]),
    },
]


def test_rows_are_full_of_text_laid_end_to_end() -> None:
    one, two = filled_batches(TEXTS, [1, 2], 5)
    assert one["input_ids"].tolist() == [[7, 8, 9, 1, 2]]
    assert two["input_ids"].tolist() == [[7, 8, 9, 1, 2], [3, 7, 8, 9, 1]]
    assert list(two) == list(INPUTS)
    assert two["attention_mask"].tolist() == [[1] * 5] * 2
    assert two["token_type_ids"].tolist() == [[0] * 5] * 2
    assert {each.dtype for each in two.values()} == {torch.int64}


def test_series_keep_their_order_on_disk(tmp_path: Path) -> None:
    series = [{"0": torch.full((2,), float(i))} for i in range(11)]
    save_series(series, tmp_path / "series.safetensors")
    back = load_series(tmp_path / "series.safetensors")
    assert [each["0"].tolist() for each in back] == [[i, i] for i in range(11)]
