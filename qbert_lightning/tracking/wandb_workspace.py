"""A W&B workspace that compares a project's runs, built without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SIZE, BITS = "quant/size_mb", "quant/average_bits"
MAX_RUNS = 100
WIDTH, HEIGHT = 12, 8  # of a panel, on a grid of 24 columns


@dataclass(frozen=True)
class WorkspaceContent:
    """What a workspace compares.

    Attributes:
        project: The project of the runs.
        entity: User or team; empty for the key's own.
        name: The workspace's title.
        group: Only runs of this group, such as a sweep's; None for all.
        score: Key of the metric that runs are judged by.
        swept: Dotted keys of the overrides to compare.
        metric: Sensitivity metric whose pictures are shown, such as
            `hessian_eigenvalue`; None for none.
    """

    project: str
    entity: str = ""
    name: str = "qbert comparison"
    group: str | None = None
    score: str = "test/accuracy"
    swept: Sequence[str] = ("quant.weight_bits", "quant.groups", "seed")
    metric: str | None = None


def build_workspace(content: WorkspaceContent) -> Any:
    """The workspace, to be turned to JSON or saved; needs no network.

    Args:
        content: What to compare.

    Raises:
        ImportError: If `wandb-workspaces` is not installed.
    """
    from wandb_workspaces import workspaces

    group = workspaces.Metric("Group") == content.group
    filters = workspaces.And(group) if content.group else ""
    sections = {
        "Scores against size": _score_panels(content),
        "What was swept": _swept_panels(content),
        "Layers": _layer_panels(content),
        "Sweep": _sweep_panels(),
    }
    return workspaces.Workspace(
        name=content.name,
        entity=content.entity,
        project=content.project,
        sections=[
            workspaces.Section(name=name, panels=_placed(panels), is_open=True)
            for name, panels in sections.items()
        ],
        settings=workspaces.WorkspaceSettings(x_axis="step", max_runs=MAX_RUNS),
        runset_settings=workspaces.RunsetSettings(filters=filters),
        auto_generate_panels=False,
    )


def workspace_json(workspace: Any) -> str:
    """The workspace as the JSON text that W&B is sent."""
    # The package has no public way to it; saving uses the same one.
    text: str = workspace._to_model().model_dump_json(
        by_alias=True, exclude_none=True, indent=1
    )
    return text


def save_workspace(workspace: Any) -> str:
    """Save the workspace as a view of its project, and give its address.

    Args:
        workspace: From `build_workspace`; without an entity, it gets the key's own.

    Raises:
        Exception: Whatever W&B raises when it cannot be reached.
    """
    import wandb

    if not workspace.entity:
        workspace.entity = wandb.Api().default_entity
    workspace.save()
    return str(workspace.url)


def _score_panels(content: WorkspaceContent) -> list[Any]:
    from wandb_workspaces.reports import v2

    score = v2.SummaryMetric(content.score)
    return [
        v2.ScatterPlot(
            title=f"{content.score} against MB", x=v2.SummaryMetric(SIZE), y=score
        ),
        v2.ScatterPlot(
            title=f"{content.score} against bits, by groups",
            x=v2.SummaryMetric(BITS),
            y=score,
            z=v2.Config("quant.groups"),
        ),
        v2.ScatterPlot(
            title="bits by groups",
            x=v2.Config("quant.groups"),
            y=v2.SummaryMetric(BITS),
        ),
        v2.BarPlot(title="MB", metrics=[v2.SummaryMetric(SIZE)]),
    ]


def _swept_panels(content: WorkspaceContent) -> list[Any]:
    from wandb_workspaces.reports import v2

    swept = [
        v2.ParallelCoordinatesPlotColumn(v2.Config(f"overrides.{key}"), key)
        for key in content.swept
    ]
    results = [
        v2.ParallelCoordinatesPlotColumn(v2.SummaryMetric(key))
        for key in (SIZE, content.score)
    ]
    title = "what was swept, and what it came to"
    return [
        v2.ParallelCoordinatesPlot(columns=[*swept, *results], title=title),
        v2.RunComparer(diff_only="split"),
    ]


def _layer_panels(content: WorkspaceContent) -> list[Any]:
    from wandb_workspaces.reports import v2

    pictures = ["quant/plan_bits", "hessian/spectral_density"]
    if content.metric:
        pictures.append(f"sensitivity/{content.metric}_over_subsets")
    return [
        v2.WeavePanelSummaryTable(table_name="sensitivity/importance"),
        v2.MediaBrowser(title="plans and spectra", media_keys=pictures),
    ]


def _sweep_panels() -> list[Any]:
    from wandb_workspaces.reports import v2

    return [
        v2.WeavePanelSummaryTable(table_name="sweep/runs"),
        v2.MediaBrowser(title="sweep", media_keys=["sweep/score_against_size"]),
    ]


def _placed(panels: Sequence[Any]) -> list[Any]:
    """The panels, two in a row."""
    from wandb_workspaces.reports import v2

    for index, panel in enumerate(panels):
        row, column = divmod(index, 2)
        panel.layout = v2.Layout(column * WIDTH, row * HEIGHT, WIDTH, HEIGHT)
    return list(panels)
