from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from qbert_lightning.override_text import quoted


@pytest.mark.parametrize(
    "text", ["plain", "it's", "a,b=[c]", "back\\slash", "end\\", "\\'both", "${x}", ""]
)
def test_hydra_reads_what_was_meant(text: str) -> None:
    (override,) = OverridesParser.create().parse_overrides([f"key={quoted(text)}"])
    assert str(override.value()) == text
