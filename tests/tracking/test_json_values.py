"""Plain values survive JSON, also numbers that JSON does not have."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qbert_lightning.tracking.json_values import encode, from_text, to_text

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=12,
)


def refuse(name: str) -> None:
    """Stands for a strict reader."""
    raise AssertionError(f"bare {name}")


@given(PLAIN)
def test_round_trip(value: object) -> None:
    text = to_text(value)
    json.loads(text, parse_constant=refuse)
    assert "\n" not in text
    assert from_text(text) == value


def test_nan_survives() -> None:
    text = to_text({"loss": math.nan})
    assert json.loads(text) == {"loss": {"$nonfinite": "nan"}}
    assert math.isnan(from_text(text)["loss"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Path("a/b"), "a/b"),
        ((1, 2), [1, 2]),
        ({1: 2}, {"1": 2}),
        (numpy.float32(0.5), 0.5),
        (numpy.int64(3), 3),
        (torch.tensor(2.0), 2.0),
        (torch.tensor(math.inf), {"$nonfinite": "inf"}),
    ],
)
def test_values_of_other_types_become_plain(value: object, expected: object) -> None:
    assert encode(value) == expected


@pytest.mark.parametrize("value", [object(), b"bytes", {"inside": [object()]}])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="expected plain values"):
        encode(value)


@pytest.mark.parametrize("text", ["[NaN]", "[-Infinity]", "{", ""])
def test_only_strict_json_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_text(text)
