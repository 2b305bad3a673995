"""From rules to a plan."""

from __future__ import annotations

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.plan import RowGroups, SchemeRule, bert_shapes, expand_rules
from qbert_lightning.quantizers import AffineSpec
from tests.cases import BERT_BASE_UNCASED

SHAPES = bert_shapes(BERT_BASE_UNCASED)


def test_last_matching_rule_wins_and_the_rest_stays_float() -> None:
    plan = expand_rules(
        {
            "all": SchemeRule("*.encoder.layer.*", weight=AffineSpec(4)),
            "values": SchemeRule(["*.value", "*.key"], weight=AffineSpec(2)),
        },
        SHAPES,
    )
    assert len(plan) == 72
    assert plan["bert.encoder.layer.3.attention.self.value"].weight == AffineSpec(2)
    assert plan["bert.encoder.layer.3.attention.self.query"].weight == AffineSpec(4)
    assert "bert.embeddings.word_embeddings" not in plan


def test_a_pattern_without_a_layer_is_refused() -> None:
    rules = {"typo": SchemeRule("*.encodr.*", weight=AffineSpec(4))}
    with pytest.raises(QbertError, match="typo"):
        expand_rules(rules, SHAPES)
    optional = {"typo": SchemeRule("*.encodr.*", required=False)}
    assert len(expand_rules(optional, SHAPES)) == 0


def test_groups_that_do_not_divide_name_layer_rows_and_divisors() -> None:
    rules = {"all": SchemeRule("*.query", weight=AffineSpec(4, RowGroups(100)))}
    with pytest.raises(QbertError) as caught:
        expand_rules(rules, SHAPES)
    message = str(caught.value)
    assert "layer.0.attention.self.query" in message
    assert "768" in message
    assert "96 or 128" in message
