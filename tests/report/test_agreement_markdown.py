from __future__ import annotations

from qbert_lightning.report.agreement_markdown import agreement_markdown
from tests.report.analyses import MEASURED, analysis, measurement


def test_one_row_for_each_metric_and_width() -> None:
    same = {2: MEASURED, 4: MEASURED}
    text = agreement_markdown([measurement(), analysis("hessian_trace", scores=same)])
    title, _, head, rule, *rows = text.splitlines()
    assert title == "rank correlation with the measured rise of the loss, sst2"
    assert head.count("|") == rule.count("|")
    assert rows[:2] == [
        "| hessian_trace | score | 2 | 4 | 1.00 | 1.00 |",
        "| hessian_trace | score | 4 | 4 | -1.00 | -1.00 |",
    ]


def test_several_float_models_have_a_spread() -> None:
    text = agreement_markdown(
        [
            *(measurement("float-0"), analysis("index", MEASURED, model="float-0")),
            *(
                measurement("float-1"),
                analysis("index", MEASURED[::-1], None, "float-1"),
            ),
        ]
    )
    assert "| index | importance | 2 | 4 | 0.00 ± 1.41 (2) |" in text


def test_nothing_measured_nothing_written() -> None:
    assert agreement_markdown([analysis("hessian_trace")]) == ""
