from __future__ import annotations

import numpy as np
import torch

from qbert_lightning.datamodules.collate import IGNORED_LABEL, Collate


def test_arrays_are_padded_and_numbers_stacked() -> None:
    features = [
        {"input_ids": np.array([4, 5, 6]), "labels": np.array([0, 1, 2]), "n": 1},
        {"input_ids": np.array([7]), "labels": np.array([1]), "n": 2},
    ]
    batch = Collate(pad_token_id=9)(features)
    assert batch["input_ids"].tolist() == [[4, 5, 6], [7, 9, 9]]
    assert batch["labels"].tolist() == [[0, 1, 2], [1, IGNORED_LABEL, IGNORED_LABEL]]
    assert batch["n"].tolist() == [1, 2]


def test_attention_and_segments_are_padded_with_zero() -> None:
    features = [
        {"attention_mask": np.ones(2), "token_type_ids": np.ones(2)},
        {"attention_mask": np.ones(1), "token_type_ids": np.ones(1)},
    ]
    batch = Collate(pad_token_id=9)(features)
    assert batch["attention_mask"].tolist() == [[1, 1], [1, 0]]
    assert batch["token_type_ids"].tolist() == [[1, 1], [1, 0]]


def test_scores_stay_floats() -> None:
    batch = Collate(0)([{"labels": 2.5}, {"labels": 3.0}])
    assert batch["labels"].dtype == torch.float32
