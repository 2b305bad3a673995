from __future__ import annotations

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.plan import matching_names, with_parents

NAMES = with_parents(
    [f"bert.encoder.layer.{i}.{name}" for i in range(3) for name in ("query", "dense")]
)


def test_whole_names_in_the_models_order() -> None:
    assert matching_names(["*.2.dense", "*.0.*"], NAMES) == [
        "bert.encoder.layer.0.query",
        "bert.encoder.layer.0.dense",
        "bert.encoder.layer.2.dense",
    ]
    assert matching_names(["bert.encoder.layer.1"], NAMES) == ["bert.encoder.layer.1"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("layer.9", r"blocks=layer.9: matches nothing: accepted layers, matrices, "),
        ("layer.9", r"bert.encoder.layer.0, bert.encoder.layer.0.query"),
        ("*.0*", "layer.0.query lies within bert.encoder.layer.0|lies within"),
    ],
)
def test_what_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(QbertError, match=message) as caught:
        matching_names([pattern], NAMES)
    assert caught.value.code == 2
