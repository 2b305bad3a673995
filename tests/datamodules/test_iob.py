from __future__ import annotations

import pytest

from qbert_lightning.datamodules.iob import iob2_labels, to_iob2

# Worked by hand: IOB1 -> IOB2.
CASES = [
    ("O O", "O O"),
    ("I-PER I-PER O", "B-PER I-PER O"),
    ("I-PER B-PER I-PER", "B-PER B-PER I-PER"),
    ("I-LOC I-ORG", "B-LOC B-ORG"),
    ("O I-LOC O I-LOC", "O B-LOC O B-LOC"),
    ("B-LOC I-PER", "B-LOC B-PER"),
]


@pytest.mark.parametrize(("iob1", "iob2"), CASES)
def test_entities_begin_with_b(iob1: str, iob2: str) -> None:
    assert " ".join(to_iob2(iob1.split())) == iob2
    assert " ".join(to_iob2(iob2.split())) == iob2


def test_labels_of_conll_in_the_order_of_the_hub() -> None:
    labels = iob2_labels(["PER", "ORG", "LOC", "MISC"])
    assert " ".join(labels) == ("O B-PER I-PER B-ORG I-ORG B-LOC I-LOC B-MISC I-MISC")
