from __future__ import annotations

import pytest
from torchmetrics.text import SQuAD

from qbert_lightning.modules.answer_score import exact_match, word_f1

# Prediction, accepted answers, exact match and F1 worked by hand.
CASES = [
    ("Paris", ["Paris"], 1, 1),
    ("the city of Paris", ["Paris"], 0, 0.5),
    ("a cat", ["The Cat!", "dog"], 1, 1),
    ("dog cat", ["cat dog"], 0, 1),
    ("", ["Paris"], 0, 0),
    ("the", ["a"], 1, 0),
    ("cat cat dog", ["cat dog dog"], 0, 2 / 3),
    ("10,000", ["10000"], 1, 1),
    ("well-known", ["wellknown"], 1, 1),
]


@pytest.mark.parametrize(("prediction", "answers", "exact", "f1"), CASES)
def test_scores_worked_by_hand(
    prediction: str, answers: list[str], exact: float, f1: float
) -> None:
    assert exact_match(prediction, answers) == exact
    assert word_f1(prediction, answers) == pytest.approx(f1)


def test_means_equal_torchmetrics() -> None:
    """Where words are left: for none, torchmetrics follows version 2's script."""
    cases = [case for case in CASES if case[0] != "the"]
    metric = SQuAD()
    for number, (prediction, answers, _, _) in enumerate(cases):
        starts = [0] * len(answers)
        metric.update(
            {"prediction_text": prediction, "id": str(number)},
            {"answers": {"text": answers, "answer_start": starts}, "id": str(number)},
        )
    official = metric.compute()
    count = len(cases)
    exact = sum(exact_match(one, answers) for one, answers, _, _ in cases) / count
    f1 = sum(word_f1(one, answers) for one, answers, _, _ in cases) / count
    assert 100 * exact == pytest.approx(float(official["exact_match"]))
    assert 100 * f1 == pytest.approx(float(official["f1"]))
