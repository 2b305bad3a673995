from __future__ import annotations

import random

import pytest
import torch
from seqeval.metrics import f1_score, precision_score, recall_score

from qbert_lightning.datamodules.collate import IGNORED_LABEL
from qbert_lightning.modules import EntityF1
from qbert_lightning.modules.entity_f1 import entities

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O O", set()),
        ("B-PER B-PER", {("PER", 0, 1), ("PER", 1, 2)}),
        ("I-PER I-LOC O I-LOC", {("PER", 0, 1), ("LOC", 1, 2), ("LOC", 3, 4)}),
        ("B-PER I-LOC I-LOC", {("PER", 0, 1), ("LOC", 1, 3)}),
    ],
)
def test_entities_worked_by_hand(
    tags: str, expected: set[tuple[str, int, int]]
) -> None:
    assert entities(tags.split()) == expected


def test_scores_equal_seqeval_on_random_tags() -> None:
    generator = random.Random(0)
    metric = EntityF1(LABELS)
    guesses, truths = [], []
    for _ in range(20):
        lengths = [generator.randint(1, 12) for _ in range(8)]
        truth = [[generator.randrange(5) for _ in range(n)] for n in lengths]
        guess = [
            [t if generator.random() < 0.7 else generator.randrange(5) for t in row]
            for row in truth
        ]
        padded = torch.full((8, 14), IGNORED_LABEL)
        predicted = torch.randint(0, 5, (8, 14))
        for row, (ours, theirs) in enumerate(zip(guess, truth, strict=True)):
            # A special token in front, another in the middle, as pieces of words are.
            where = [1, *range(3, len(ours) + 2)]
            padded[row, where] = torch.tensor(theirs)
            predicted[row, where] = torch.tensor(ours)
        metric.update(predicted, padded)
        guesses += [[LABELS[tag] for tag in row] for row in guess]
        truths += [[LABELS[tag] for tag in row] for row in truth]
    scores = {name: float(value) for name, value in metric.compute().items()}
    assert scores == pytest.approx(
        {
            "f1": f1_score(truths, guesses),
            "precision": precision_score(truths, guesses),
            "recall": recall_score(truths, guesses),
        }
    )
    assert 0.2 < scores["f1"] < 0.9


def test_nothing_found_and_nothing_expected() -> None:
    metric = EntityF1(LABELS)
    metric.update(torch.zeros(1, 3).long(), torch.zeros(1, 3).long())
    assert all(float(value) == 0 for value in metric.compute().values())
