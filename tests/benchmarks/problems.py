"""A saved tiny model with batches, as contestants of the Hessian benchmark get it."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification

from qbert_lightning.benchmarks.hessian_problem import HessianProblem, save_batches
from tests.tiny import TINY_CONFIG, tiny_batch, tiny_tokenizer

LAYER = "bert.encoder.layer.1"


def saved_problem(folder: Path, num_batches: int = 2) -> tuple[Path, Path]:
    """Folder of a model and file of its batches."""
    torch.manual_seed(0)
    config = BertConfig(**{**TINY_CONFIG, "vocab_size": 200})
    model = BertForSequenceClassification(config).eval()
    with torch.no_grad():  # far enough from the start for a spectrum with a top
        for parameter in model.parameters():
            parameter.mul_(3.0)
    saved = folder / "model"
    model.save_pretrained(saved)
    (folder / "vocabulary").mkdir()
    tiny_tokenizer(folder / "vocabulary").save_pretrained(saved)
    batches = [tiny_batch(seed=seed) for seed in range(num_batches)]
    save_batches(batches, folder / "batches.pt")
    return saved, folder / "batches.pt"


def problem(folder: Path, num_batches: int = 2) -> HessianProblem:
    """The problem that the referee would load."""
    return HessianProblem.load(*saved_problem(folder, num_batches))
