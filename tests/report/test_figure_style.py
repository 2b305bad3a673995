"""What pictures for dashboards share."""

from __future__ import annotations

import pytest

from qbert_lightning.report.figure_style import as_plotly, figure, plain, power_of_ten
from tests.report.hostile import TEXTS


@pytest.mark.parametrize("text", TEXTS)
def test_texts_hold_no_markup(text: str) -> None:
    assert not set("<>$") & set(plain(text))


def test_powers_are_written_without_markup() -> None:
    assert [power_of_ten(k) for k in (0, 1, -12)] == ["1", "10¹", "10⁻¹²"]


def test_a_description_is_a_picture_of_the_chart_library() -> None:
    made = as_plotly(figure("<b>", [{"type": "scatter", "y": [1, 2]}], height=300))
    assert made.layout.title.text == "&lt;b&gt;"
    assert made.layout.height == 300
    assert made.data[0].type == "scatter"
