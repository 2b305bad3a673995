"""The chart library's text."""

from __future__ import annotations

from qbert_lightning.report.chart_library import chart_library, compiled_at_once


def test_nothing_but_two_parentheses_is_added() -> None:
    from plotly.offline import get_plotlyjs

    shipped, carried = get_plotlyjs(), chart_library()
    assert len(carried) in (len(shipped), len(shipped) + 2)
    assert carried.replace("(() => {", "() => {", 1).replace("})));", "}));") == (
        shipped.replace("(() => {", "() => {", 1).replace("})));", "}));")
    )


def test_a_library_of_another_shape_is_left_alone() -> None:
    assert compiled_at_once("var Plotly = {};") == "var Plotly = {};"
