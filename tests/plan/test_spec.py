"""Specs find their way to JSON and back, whatever they are made of."""

from __future__ import annotations

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.observers import MinMax, MovingAverage, Percentile
from qbert_lightning.plan import spec_from_json
from qbert_lightning.quantizers import AffineSpec
from tests.cases import AFFINE_SPECS

OBSERVED = tuple(
    AffineSpec(8, observer=observer)
    for observer in (MinMax(), MovingAverage(0.5, bias_correction=True), Percentile(99))
)


@pytest.mark.parametrize("spec", AFFINE_SPECS + OBSERVED, ids=str)
def test_round_trip(spec: AffineSpec) -> None:
    assert spec_from_json(spec.to_json()) == spec


def test_with_bits_changes_only_the_width() -> None:
    spec = AffineSpec(8, symmetric=True)
    assert spec.with_bits(3) == AffineSpec(3, symmetric=True)


def test_values_out_of_range_are_refused_when_read() -> None:
    with pytest.raises(QbertError, match=r"accepted 2\.\.8"):
        spec_from_json({"type": "AffineSpec", "num_bits": 64})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symmetric", "no"),
        ("symmetric", 1),
        ("clip_gradient", None),
        ("num_bits", 4.0),
        ("granularity", None),
        ("granularity", {"type": "MinMax"}),
        ("observer", 5),
        ("observer", {"type": "PerTensor"}),
        ("observer", {"type": "MovingAverage", "decay": True}),
        ("observer", {"type": "MovingAverage", "decay": "0.9"}),
    ],
)
def test_a_value_of_another_type_is_refused(field: str, value: object) -> None:
    inner = [*value][-1] if isinstance(value, dict) else "type"
    named = field if inner == "type" else inner
    with pytest.raises(QbertError, match=f"{named}=") as caught:
        spec_from_json({"type": "AffineSpec", field: value})
    assert caught.value.code == 4


def test_a_whole_number_is_a_number() -> None:
    observer = {"type": "MovingAverage", "decay": 0}
    spec = spec_from_json({"type": "AffineSpec", "observer": observer})
    assert spec == AffineSpec(observer=MovingAverage(decay=0))
