"""The workspace is built without a network, and shows what was swept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qbert_lightning.tracking.wandb_workspace import (
    WorkspaceContent,
    build_workspace,
    workspace_json,
)

pytest.importorskip("wandb_workspaces", reason="needs wandb-workspaces (an extra)")


def panels_of(content: WorkspaceContent) -> dict[str, list[dict[str, Any]]]:
    """Kind of panel -> the panels of that kind, from the JSON that W&B is sent."""
    view = json.loads(workspace_json(build_workspace(content)))
    found: dict[str, list[dict[str, Any]]] = {}
    for section in view["spec"]["section"]["panelBankConfig"]["sections"]:
        for panel in section["panels"]:
            found.setdefault(panel["viewType"], []).append(panel)
    return found


def test_panels_compare_scores_sizes_bits_and_what_was_swept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nobody to ask
    found = panels_of(
        WorkspaceContent("p", score="test/f1", swept=["method", "quant.groups"])
    )
    axes = [
        (panel["config"]["xAxis"], panel["config"]["yAxis"])
        for panel in found["Scatter Plot"]
    ]
    assert ("summary:quant/size_mb", "summary:test/f1") in axes
    assert ("config:quant.value.groups", "summary:quant/average_bits") in axes
    (parallel,) = found["Parallel Coordinates Plot"]
    assert [column["accessor"] for column in parallel["config"]["columns"]] == [
        # W&B keeps nested configuration so: below the first key's value.
        "config:overrides.value.method",
        "config:overrides.value.quant.groups",
        "summary:quant/size_mb",
        "summary:test/f1",
    ]
    assert len(found["Run Comparer"]) == 1
    tables = json.dumps(found["Weave"])
    assert "sensitivity/importance" in tables
    assert "sweep/runs" in tables


def test_panels_of_a_section_do_not_overlap() -> None:
    view = json.loads(workspace_json(build_workspace(WorkspaceContent("p"))))
    for section in view["spec"]["section"]["panelBankConfig"]["sections"]:
        corners = [(p["layout"]["x"], p["layout"]["y"]) for p in section["panels"]]
        assert len(set(corners)) == len(corners)


def test_group_is_a_filter_and_the_metric_a_picture() -> None:
    content = WorkspaceContent("p", group="bits", metric="hessian_trace")
    view = workspace_json(build_workspace(content))
    (runs,) = json.loads(view)["spec"]["section"]["runSets"]
    (chosen,) = runs["filters"]["filters"]
    assert (chosen["key"]["name"], chosen["value"]) == ("group", "bits")
    assert "sensitivity/hessian_trace_over_subsets" in view
