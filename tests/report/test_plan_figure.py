"""The picture of a bit plan."""

from __future__ import annotations

from qbert_lightning.report.figure_style import as_plotly
from qbert_lightning.report.plan_figure import plan_figure


def test_blocks_go_to_the_right_and_their_parts_upwards() -> None:
    bits = {"e.word": 8, "l.1.q": 3, "l.1.k": 4, "l.0.q": 2, "l.0.k": 2, "l.10.q": 5}
    made = as_plotly(plan_figure(bits))
    (heat,) = made.data
    assert list(made.layout.xaxis.ticktext) == ["outside", "0", "1", "10"]
    assert list(made.layout.yaxis.ticktext) == ["e.word", "q", "k"]
    assert [list(row) for row in heat.z] == [
        [8, None, None, None],
        [None, 2, 3, 5],
        [None, 2, 4, None],
    ]
