"""The picture of a metric against the measurement."""

from __future__ import annotations

from qbert_lightning.report.agreement import agreements
from qbert_lightning.report.agreement_figure import agreement_figure
from qbert_lightning.report.figure_style import as_plotly
from tests.report.analyses import MEASURED, analysis, measurement


def test_a_mark_for_each_block_and_a_correlation_for_each_width() -> None:
    scores = {2: MEASURED, 4: MEASURED}
    made = as_plotly(
        agreement_figure(agreements([measurement(), analysis("<m>", scores=scores)]))
    )
    two, four = made.data
    assert list(two.x) == list(two.y) == list(MEASURED)
    assert list(two.text) == ["0", "1", "2", "3"]
    assert two.name == "2 bits: ρ = 1.00, τ = 1.00"
    assert four.name == "4 bits: ρ = -1.00, τ = -1.00"
    assert made.layout.title.text.startswith("&lt;m&gt; against")
