from __future__ import annotations

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.models.source import HEADS, head_class, label_settings


def test_unknown_head_is_refused() -> None:
    with pytest.raises(QbertError, match="head=tagging: accepted sequence_class"):
        head_class("tagging")


@pytest.mark.parametrize("head", HEADS)
def test_every_head_has_label_settings(head: str) -> None:
    assert label_settings(head, ["a", "b"])


def test_labels_go_both_ways() -> None:
    settings = label_settings("token_classification", ["O", "B-X"])
    assert settings["id2label"] == {0: "O", 1: "B-X"}
    assert settings["label2id"] == {"O": 0, "B-X": 1}
