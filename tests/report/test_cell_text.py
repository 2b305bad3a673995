from __future__ import annotations

import pytest

from qbert_lightning.report.cell_text import cell_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("layer.0", "layer.0"),
        ("a | b", "a \\| b"),
        ("<script>&", "&lt;script&gt;&amp;"),
        ("two\n lines\t", "two lines"),
    ],
)
def test_a_cell_stays_a_cell(text: str, expected: str) -> None:
    assert cell_text(text) == expected
