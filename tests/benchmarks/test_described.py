from __future__ import annotations

import pytest

from qbert_lightning.benchmarks.described import described, restored
from qbert_lightning.benchmarks.inference_ours import Deployed
from qbert_lightning.tracking.json_values import from_text, to_text
from tests.benchmarks.fake_runtime import FakeRuntime


def test_objects_within_objects_come_back_through_text() -> None:
    given = Deployed(FakeRuntime(off_by=0.25, is_installed=False))
    assert restored(from_text(to_text(described(given)))) == given


def test_attributes_that_are_no_arguments_are_no_description() -> None:
    class Counting:
        def __init__(self) -> None:
            self.count = object()

    with pytest.raises(TypeError):
        described(Counting())
