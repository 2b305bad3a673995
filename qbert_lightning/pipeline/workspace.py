"""`qbert workspace`: the W&B workspace that compares a project's or a sweep's runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from qbert_lightning.errors import ENVIRONMENT, USAGE, QbertError
from qbert_lightning.pipeline.sweep_table import differing_overrides, sweep_records
from qbert_lightning.pipeline.sync import check_server
from qbert_lightning.tracking import WandbSettings
from qbert_lightning.tracking.wandb_labels import override_values
from qbert_lightning.tracking.wandb_workspace import (
    WorkspaceContent,
    build_workspace,
    save_workspace,
    workspace_json,
)


def workspace(arguments: Sequence[str]) -> int:
    """Carry out ``workspace [SWEEP] [options]``.

    Args:
        arguments: What follows ``workspace``.

    Returns:
        0.

    Raises:
        QbertError: (code 2) for other arguments, (code 3) without the package, a key
            or a server.
    """
    options = _parser().parse_args(list(arguments))
    content = content_of(options)
    if not options.print:
        check_server()
    try:
        built = build_workspace(content)
    except ImportError as error:
        raise QbertError(
            f"{error}: accepted pip install 'qbert-lightning[wandb-workspaces]'",
            ENVIRONMENT,
        ) from error
    if options.print:
        sys.stdout.write(workspace_json(built) + "\n")
        return 0
    try:
        address = save_workspace(built)
    # Whatever a service we do not know fails with; nothing of ours can be at fault.
    except Exception as error:
        raise QbertError(
            f"W&B: {type(error).__name__}: {error}", ENVIRONMENT
        ) from error
    sys.stdout.write(f"workspace  {address}\n")
    return 0


def content_of(options: argparse.Namespace) -> WorkspaceContent:
    """What the workspace compares: the options, and what a sweep's records tell.

    Raises:
        QbertError: If the sweep has no runs.
    """
    known = WorkspaceContent(project=options.project, entity=options.entity or "")
    if options.sweep is None:
        return _replaced(known, name=options.name, group=options.group)
    folder = Path(options.sweep)
    records = sweep_records(folder) if folder.is_dir() else []
    if not records:
        raise QbertError(f"workspace {folder}: accepted a sweep's folder", USAGE)
    differing = differing_overrides([override_values(r.overrides) for r in records])
    scores = [record.primary_metric for record in records]
    metrics = [(record.sensitivity or {}).get("metric") for record in records]
    return _replaced(
        known,
        name=options.name or f"qbert {folder.resolve().name}",
        group=options.group or folder.resolve().name,
        score=next(filter(None, scores), None),
        swept=differing,
        metric=next(filter(None, metrics), None),
    )


def _replaced(content: WorkspaceContent, **values: object) -> WorkspaceContent:
    """The content with the values that are given."""
    given = {key: value for key, value in values.items() if value}
    return WorkspaceContent(**{**vars(content), **given})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise QbertError(f"{self.prog}: {message}", USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "qbert workspace",
        allow_abbrev=False,
        description="Save a W&B workspace with panels that compare runs.",
    )
    project = WandbSettings().project
    parser.add_argument("sweep", nargs="?", help="a sweep's folder: its group and keys")
    parser.add_argument("--project", default=project, help=f"default {project}")
    parser.add_argument("--entity", help="user or team; default the key's own")
    parser.add_argument("--group", help="only runs of this group")
    parser.add_argument("--name", help="the workspace's title")
    parser.add_argument(
        "--print", action="store_true", help="print the JSON; no key, no network"
    )
    return parser
