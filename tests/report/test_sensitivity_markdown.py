from __future__ import annotations

from dataclasses import replace

from qbert_lightning.report.sensitivity_markdown import sensitivity_markdown
from tests.report.analyses import analysis


def test_metrics_across_and_blocks_down() -> None:
    first = analysis("hessian_eigenvalue", (5.0, 2.0), started="2026-01-01")
    samples = {"layer.0": (1.0, 3.0), "layer.1": (2.0,)}
    runs = [
        analysis("index", (2.0, 1.0), started="2026-01-02"),
        replace(first, samples=samples),
    ]
    assert sensitivity_markdown(runs).splitlines() == [
        "importance of each block, sst2",
        "",
        "| block | hessian_eigenvalue | index |",
        "|---|---|---|",
        "| 0 | 5 (2 ± 1.4) | 2 |",
        "| 1 | 2 | 1 |",
    ]


def test_only_finished_analyses_count() -> None:
    assert sensitivity_markdown([]) == ""
    assert sensitivity_markdown([analysis("index", kind="run")]) == ""
    assert sensitivity_markdown([analysis("index", status="failed")]) == ""
